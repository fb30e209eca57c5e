"""Cases 47–62 of peers.md §2.9, by number: what other systems get wrong in the life of a request.

Elsewhere: 56 in `test_entry.py`, 61 in `history/` and `notify/`; 62 in full in `test_erasing.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from qihu.errors import Conflict, Forbidden, RefusedByRule
from tests import make
from tests.counting import report
from tests.make import MINUTE, MONDAY, Caller, user
from tickets.access import SYSTEM
from tickets.figures import window_from
from tickets.models import Deadline, Event, Shift, Ticket
from tickets.services import (
    centre,
    closing,
    departure,
    dispatch,
    erasing,
    handling,
    joining,
    legs,
    relay,
    review,
)
from tickets.services.notify.write import notify_all
from tickets.services.sweep import sweep

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = datetime(2026, 5, 1, tzinfo=UTC)


def clock(ticket: Ticket, name: str, nth: int = 0) -> Deadline:
    return list(ticket.deadlines.filter(clock=name).order_by("pk"))[nth]


def breaches(ticket: Ticket, name: str) -> int:
    return Event.objects.filter(ticket=ticket, kind="breach", data__clock=name).count()


def reply(ticket: Ticket, *, at: datetime, outcome: str = "solved") -> None:
    """The answer, delivered a minute later."""
    now = make.fresh(ticket)
    handling.reply(ticket_id=ticket.pk, caller=make.officer_of(now), at=at, outcome=outcome, text="授信已到账")
    review.deliver(ticket_id=ticket.pk, caller=make.head_of(now), at=at + MINUTE)


def rate(ticket: Ticket, *, at: datetime) -> None:
    closing.rate(ticket_id=ticket.pk, at=at, process=5, result=5)


def fractions(as_of: datetime = LATER) -> dict[str, tuple[int, int]]:
    counted = report(window_from("2026-03-01", "2026-04-01", at=as_of)).figures
    every = counted | {twin.code: twin for figure in counted.values() for twin in figure.twins}
    return {code: (figure.hits, figure.denominator) for code, figure in every.items()}


def test_case_47_a_late_answer_keeps_the_original_due_and_how_late_it_was():
    ticket = make.signed()
    promised = clock(ticket, "RESOLVE").promised_due_at
    reply(ticket, at=promised + 37 * MINUTE)
    rate(ticket, at=promised + DAY)
    resolve = clock(ticket, "RESOLVE")
    assert (resolve.promised_due_at, resolve.due_at, resolve.breached_at) == (promised, promised, promised)
    assert resolve.met_at - resolve.promised_due_at == 37 * MINUTE
    assert breaches(ticket, "RESOLVE") == 1
    assert fractions()["on_time"] == (0, 1)


def test_case_48_neither_a_robot_nor_an_automatic_message_is_an_answer():
    ticket = make.assigned()
    for verb, more in ((handling.contact, {}), (handling.reply, {"outcome": "solved"}), (handling.interim, {})):
        with pytest.raises(Forbidden):
            verb(ticket_id=ticket.pk, caller=SYSTEM, at=MONDAY + MINUTE, text="已收到，谢谢！", **more)
    notify_all([{"ticket_id": ticket.pk, "seq": seq} for seq in range(1, ticket.last_seq + 1)], at=MONDAY)
    assert {clock(ticket, name).state for name in ("SIGN", "CONTACT", "INTERIM", "RESOLVE")} == {"running"}
    due = clock(ticket, "CONTACT").due_at
    sweep(at=due + MINUTE)
    assert breaches(ticket, "CONTACT") == 1


def test_case_49_an_internal_note_is_neither_contact_nor_answer():
    ticket = make.assigned()
    handling.sign(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=MONDAY + MINUTE)
    handling.note(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=MONDAY + 2 * MINUTE, text="内部：先问银行")
    assert {clock(ticket, name).state for name in ("CONTACT", "INTERIM", "RESOLVE")} == {"running"}
    assert (clock(ticket, "NOTE").state, clock(ticket, "NOTE", 1).state) == ("met", "running")


def test_case_50_a_second_message_before_the_first_answer_starts_nothing_anew():
    ticket = make.assigned()
    before = list(ticket.deadlines.order_by("pk").values("clock", "state", "started_at", "due_at"))
    relay.answer(ticket_id=ticket.pk, at=MONDAY + HOUR / 2, text="补充一下：是扩建二期。")
    closing.urge(ticket_id=ticket.pk, at=MONDAY + HOUR, text="请尽快")
    assert list(ticket.deadlines.order_by("pk").values("clock", "state", "started_at", "due_at")) == before


class TestReopened:
    def again(self, ticket: Ticket, *, at: datetime) -> None:
        """Reopened by the firm and answered in time."""
        closing.reopen(ticket_id=ticket.pk, at=at, reason="没有到账")
        handling.sign(ticket_id=ticket.pk, caller=make.officer_of(make.fresh(ticket)), at=at + MINUTE)
        reply(ticket, at=at + 2 * MINUTE)
        rate(ticket, at=at + HOUR)

    def test_case_51_reopening_what_was_in_time_keeps_that_and_counts_the_new_cycle_apart(self):
        ticket = make.closed()
        first = clock(ticket, "RESOLVE")
        self.again(ticket, at=MONDAY + DAY)
        kept, second = clock(ticket, "RESOLVE"), clock(ticket, "RESOLVE", 1)
        assert (kept.met_at, kept.due_at, kept.round) == (first.met_at, first.due_at, 1)
        assert (second.started_at, second.round) == (MONDAY + DAY, 2)
        found = fractions()
        assert (found["on_time"], found["solved"], found["rework"], found["first_time"]) == (
            *((1, 1), (1, 1), (1, 1)),
            (0, 1),
        )

    def test_case_51_reopening_what_was_late_keeps_the_breach(self):
        ticket = make.signed()
        due = clock(ticket, "RESOLVE").due_at
        reply(ticket, at=due + HOUR)
        rate(ticket, at=due + DAY)
        self.again(ticket, at=due + 2 * DAY)
        assert (clock(ticket, "RESOLVE").breached_at, clock(ticket, "RESOLVE", 1).breached_at) == (due, None)
        assert breaches(ticket, "RESOLVE") == 1
        found = fractions()
        assert (found["on_time"], found["overdue"], found["solved"]) == ((0, 1), (1, 1), (1, 1))

    def test_case_52_the_time_for_which_it_was_closed_is_no_pause(self):
        ticket = make.closed()
        due = clock(ticket, "RESOLVE").due_at
        self.again(ticket, at=MONDAY + 7 * DAY)
        assert clock(ticket, "RESOLVE").due_at == due
        assert not Shift.objects.filter(deadline__ticket=ticket, until__gt=MONDAY + DAY).exists()
        assert [d.started_at for d in ticket.deadlines.filter(clock="FULL").order_by("pk")] == [
            MONDAY,
            MONDAY + 7 * DAY,
        ]
        figures = report(window_from("2026-03-01", "2026-04-01", at=LATER)).figures
        assert figures["handling_net"].median == 30 * 60 + 2 * 60  # both handlings, nothing between
        assert figures["handling_full"].median == (7 * DAY + HOUR).total_seconds()

    def test_case_53_after_a_month_the_supervisor_may_and_the_firm_may_not(self, cast):
        ticket = make.closed()
        at = MONDAY + 35 * DAY
        with pytest.raises(RefusedByRule):
            closing.reopen(ticket_id=ticket.pk, at=at, reason="又欠了")
        closing.reopen(ticket_id=ticket.pk, at=at, reason="虚假办结", caller=cast.as_supervisor)
        now = make.fresh(ticket)
        assert (now.status, now.round, now.closed_at) == ("assigned", 2, None)
        closes = Event.objects.filter(ticket=ticket, to_status="closed", kind="rate")
        assert [event.happened_at for event in closes] == [MONDAY + HOUR]  # the first close stays on record
        found = fractions()
        assert (found["solved"], found["first_time"]) == ((0, 1), (1, 1))  # for 30 days it had stayed solved


class TestMerged:
    def overdue(self) -> tuple[Ticket, datetime]:
        ticket = make.signed()
        due = clock(ticket, "RESOLVE").due_at
        sweep(at=due + MINUTE)
        return make.fresh(ticket), due

    def test_case_54_an_overdue_request_takes_its_breach_to_the_fresh_one(self, cast):
        old, due = self.overdue()
        fresh = make.assigned(at=due + HOUR)
        joining.merge(ticket_id=old.pk, caller=cast.as_intake, at=due + 2 * HOUR, into=fresh.number)
        own, taken = clock(fresh, "RESOLVE"), clock(fresh, "RESOLVE", 1)
        assert (own.state, taken.state) == ("void", "running")
        assert (taken.promised_due_at, taken.breached_at, taken.started_at) == (due, due, MONDAY)
        sweep(at=due + DAY)
        assert breaches(fresh, "RESOLVE") == 0  # it was told once, on the request that broke it
        assert breaches(old, "RESOLVE") == 1
        found = fractions()
        assert (found["submitted"], found["on_time"], found["overdue"]) == ((1, 1), (0, 1), (1, 1))

    def test_case_54_a_fresh_request_changes_nothing_of_the_overdue_one(self, cast):
        old, due = self.overdue()
        fresh = make.assigned(at=due + HOUR)
        joining.merge(ticket_id=fresh.pk, caller=cast.as_intake, at=due + 2 * HOUR, into=old.number)
        resolve = clock(old, "RESOLVE")
        assert old.deadlines.filter(clock="RESOLVE").count() == 1
        assert (resolve.state, resolve.promised_due_at, resolve.breached_at) == ("running", due, due)
        assert not Deadline.objects.live([fresh.pk]).exists()
        found = fractions()
        assert (found["submitted"], found["on_time"], found["overdue"]) == ((1, 1), (0, 1), (1, 1))


class TestSplit:
    def test_case_55_the_parts_have_clocks_of_their_own_and_the_whole_is_due_with_the_last(self, cast):
        whole = make.split()
        parts = list(whole.children.order_by("pk"))
        assert {part.status for part in parts} == {"assigned"}
        dues = [clock(part, "RESOLVE").due_at for part in parts]
        assert {clock(part, "SIGN").started_at for part in parts} == {MONDAY + 5 * MINUTE}
        assert clock(whole, "RESOLVE").due_at == max(dues)
        live = set(Deadline.objects.live([whole.pk]).values_list("clock", flat=True))
        assert live == {"FULL", "RESOLVE"}  # nobody signs or contacts for the whole
        again = [{"text": "授信", "department": "finance"}, {"text": "用地", "department": "land"}]
        with pytest.raises(RefusedByRule):
            joining.split(ticket_id=whole.pk, caller=cast.as_dispatcher, at=MONDAY + HOUR, parts=again)
        with pytest.raises(RefusedByRule):
            joining.split(ticket_id=parts[0].pk, caller=cast.as_dispatcher, at=MONDAY + HOUR, parts=again)
        assert whole.children.count() == 2

    def test_case_60_the_whole_is_answered_only_when_every_part_is_closed(self):
        whole = make.split()
        for part in whole.children.order_by("pk"):
            with pytest.raises(RefusedByRule):
                reply(whole, at=MONDAY + 2 * HOUR)
            handling.sign(ticket_id=part.pk, caller=make.officer_of(make.fresh(part)), at=MONDAY + HOUR)
            reply(part, at=MONDAY + HOUR + MINUTE)
            rate(part, at=MONDAY + HOUR + 3 * MINUTE)
        reply(whole, at=MONDAY + 3 * HOUR)
        rate(whole, at=MONDAY + 4 * HOUR)
        assert make.fresh(whole).status == "closed"


def test_case_60_nor_before_every_helper_has_answered():
    leg = make.helped(department="economy")
    with pytest.raises(RefusedByRule, match="经"):
        reply(leg.ticket, at=MONDAY + HOUR)
    helper = Caller(user("officer.economy"))
    legs.leg_return(ticket_id=leg.ticket_id, caller=helper, at=MONDAY + 2 * HOUR, reason="不归我们管")
    reply(leg.ticket, at=MONDAY + 3 * HOUR)
    assert make.fresh(leg.ticket).status == "answered"


def test_case_57_what_the_firm_withdraws_is_in_the_count_and_in_no_rate_of_the_handling():
    make.withdrawn()
    make.closed()
    found = fractions()
    assert found["submitted"] == (2, 2)
    assert found["on_time"] == found["on_time_original"] == found["solved"] == found["participation"] == (1, 1)
    assert found["open"] == (0, 0)
    assert found["closed"] == (1, 2)  # shown: one of two came to an end with an answer


class TestTransfer:
    def test_case_58_nothing_is_transferred_while_it_rests_and_its_pause_is_kept_afterwards(self, cast):
        ticket = make.suspended()
        with pytest.raises(Conflict):
            dispatch.reassign(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=MONDAY + HOUR, department="economy")
        resolve = clock(ticket, "RESOLVE")
        rested_since, due = resolve.paused_at, resolve.due_at
        departure.resume(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=rested_since + DAY)
        shifted = clock(ticket, "RESOLVE").due_at
        at = rested_since + DAY + HOUR
        dispatch.reassign(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=at, department="economy")
        after = clock(ticket, "RESOLVE")
        assert (after.state, after.due_at) == ("running", shifted)
        assert shifted > due == after.promised_due_at
        assert clock(ticket, "SIGN", 1).started_at == at

    def test_case_58_facts_that_are_missing_hold_it_where_it_is(self, cast):
        ticket = make.info_needed()
        with pytest.raises(Conflict):
            dispatch.reassign(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=MONDAY + HOUR, department="economy")
        assert {clock(ticket, name).state for name in ("SIGN", "RESOLVE")} == {"paused"}

    def test_case_59_a_return_stops_no_clock(self, cast):
        ticket = make.disputed()
        due = clock(ticket, "RESOLVE").due_at
        assert {clock(ticket, name).state for name in ("INTERIM", "NOTE", "RESOLVE")} == {"running"}
        dispatch.rule_on_return(
            ticket_id=ticket.pk, caller=cast.as_dispatcher, at=MONDAY + 3 * HOUR, upheld=False, text="属金融办职责"
        )
        resolve = clock(ticket, "RESOLVE")
        assert (resolve.state, resolve.due_at, resolve.started_at) == ("running", due, MONDAY)
        assert not resolve.shifts.exists()

    def test_case_59_a_clock_that_runs_out_during_the_return_is_broken(self):
        ticket = make.disputed()
        sweep(at=clock(ticket, "RESOLVE").due_at + MINUTE)
        assert (breaches(ticket, "RESOLVE"), breaches(ticket, "ARBITRATE")) == (1, 1)


def test_case_62_forgetting_the_people_leaves_every_figure(cast):
    """In full, with every table searched for what was private: `test_erasing.py`."""
    ticket = make.closed()
    centre.supervise(ticket_id=make.signed().pk, caller=cast.as_supervisor, at=MONDAY + HOUR, text="请抓紧")
    before = fractions()
    erasing.erase(ticket_id=ticket.pk, cause="wish", at=MONDAY + 2 * DAY)
    assert fractions() == before
    assert not make.fresh(ticket).filing.contact_name
