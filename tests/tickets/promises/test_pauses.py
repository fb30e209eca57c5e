"""Cases 24–33 of peers.md §2.9: what a pause moves, and what it never does."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from qihu.errors import Forbidden, Invalid
from tests import make
from tests.see import deadline, kinds
from tickets.dues import lights
from tickets.models import Deadline, Shift
from tickets.services import approvals, departure, dispatch, handling, review
from tickets.services.sweep import sweep
from tickets.workflow import Clock

pytestmark = pytest.mark.django_db
HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}+08:00")


def reply(ticket, at: datetime) -> None:
    handling.reply(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=at, outcome="solved", text="已办妥。")


def send_back(ticket, at: datetime) -> None:
    review.send_back(ticket_id=ticket.pk, caller=make.head_of(ticket), at=at, text="请补充依据。")


def paused(ticket, since: datetime, until: datetime) -> Deadline:
    """RESOLVE after a review that lasted so long."""
    reply(ticket, since)
    send_back(ticket, until)
    return deadline(ticket, Clock.RESOLVE)


SPANS = {
    "inside": ("03-02T10:00", "03-03T10:00", "03-03T11:00", "03-09T17:30", "03-10T10:00"),
    "over lunch": ("03-02T10:00", "03-03T11:30", "03-03T14:00", "03-09T17:30", "03-10T10:00"),
    "outside": ("03-02T10:00", "03-03T18:00", "03-03T23:00", "03-09T17:30", "03-09T17:30"),
    "a night": ("03-02T10:00", "03-03T16:30", "03-04T09:30", "03-09T17:30", "03-10T10:30"),
    "a weekend": ("03-02T10:00", "03-06T16:30", "03-09T09:30", "03-09T17:30", "03-10T10:30"),
    # Qingming: 4–6 April off
    "a holiday": ("03-30T10:00", "04-03T16:30", "04-07T09:30", "04-07T17:30", "04-08T10:30"),
    # after Spring Festival Saturday 28 February is a working day, Sunday 1 March is not
    "a make-up day": ("02-24T10:00", "02-28T09:00", "03-01T12:00", "03-02T17:30", "03-03T17:30"),
}


@pytest.mark.parametrize("name", SPANS)
def test_case_24_a_pause_moves_the_due_time_by_the_opening_time_it_covered(name):
    start, since, until, promised, due = map(local, SPANS[name])
    ticket = make.signed(at=start)
    assert deadline(ticket, Clock.RESOLVE).promised_due_at == promised
    after = paused(ticket, since, until)
    assert (after.due_at, after.promised_due_at) == (due, promised)
    shift = Shift.objects.get(deadline=after)
    assert (shift.since, shift.until, shift.due_before, shift.due_after) == (since, until, promised, due)


def test_case_24_hours_on_the_clock_pause_on_the_clock():
    ticket = make.signed(at=local("03-03T10:00"), urgent=True)
    after = paused(ticket, local("03-03T18:00"), local("03-03T23:00"))
    assert after.due_at == after.promised_due_at + 5 * HOUR


def test_case_25_three_pauses_in_a_day_add_up():
    ticket = make.signed()
    for since, until in (("09:30", "10:00"), ("11:00", "11:15"), ("14:00", "15:15")):
        if since == "14:00":  # the third send-back goes to the director
            type(ticket).objects.filter(pk=ticket.pk).update(tier=1, send_backs=0)
        after = paused(ticket, local(f"03-03T{since}"), local(f"03-03T{until}"))
    assert after.due_at == local("03-10T11:00")  # two hours into Tuesday
    assert Shift.objects.filter(deadline=after).count() == 3


def test_case_26_two_pauses_that_start_in_the_same_second():
    ticket = make.signed()
    at = local("03-03T10:00")
    paused(ticket, at, at)
    after = paused(ticket, at, at + HOUR)
    assert after.due_at == local("03-10T10:00")


def test_case_27_a_pause_of_no_length_moves_nothing():
    ticket = make.signed()
    at = local("03-03T10:00")
    after = paused(ticket, at, at)
    assert after.due_at == after.promised_due_at
    assert kinds(ticket)[-2:] == ["reply", "send_back"]


def test_case_28_a_pause_that_is_open_neither_runs_out_nor_moves_the_due_time_yet():
    ticket = make.signed()
    reply(ticket, local("03-03T10:00"))
    sweep(at=local("04-30T10:00"))
    open_ = deadline(ticket, Clock.RESOLVE)
    assert (open_.state, open_.breached_at, open_.due_at) == ("paused", None, open_.promised_due_at)
    assert [light.words for light in lights([open_], at=local("04-30T10:00"))] == ["暂停计时"]
    send_back(ticket, local("04-30T10:00"))
    assert deadline(ticket, Clock.RESOLVE).breached_at is None


def test_case_29_a_pause_after_the_breach_changes_nothing_of_it():
    ticket = make.signed()
    promised = deadline(ticket, Clock.RESOLVE).due_at
    after = paused(ticket, promised + HOUR, promised + 3 * DAY)
    assert (after.breached_at, after.due_at) == (promised, promised)
    assert Shift.objects.get(deadline=after).due_after == promised


def test_case_30_a_pause_does_not_stop_the_first_contact():
    """REPLY pauses RESOLVE, INTERIM and NOTE (the row of the table says so); CONTACT goes on and breaks."""
    ticket = make.routed(at=local("03-02T09:00"))
    officer = make.officer_of(ticket)
    handling.sign(ticket_id=ticket.pk, caller=officer, at=local("03-02T09:10"))
    reply(ticket, local("03-02T09:30"))
    sweep(at=local("03-02T12:00"))
    contact = deadline(ticket, Clock.CONTACT)
    assert (contact.state, contact.breached_at) == ("running", local("03-02T11:00"))


def test_case_31_a_credit_over_a_pause_counts_the_time_once(cast):
    """Review Tuesday 10:00–12:00, then a return upheld at 14:30: the credit covers the review, not beside it."""
    ticket = make.signed(at=local("03-02T17:00"))
    paused(ticket, local("03-03T10:00"), local("03-03T12:00"))
    at = local("03-03T14:00")
    departure.object_to(
        ticket_id=ticket.pk,
        caller=make.head_of(ticket),
        at=at,
        reason="not_our_duty",
        basis="三定方案第 3 条",
        suggested_department="land",
    )
    dispatch.rule_on_return(
        ticket_id=ticket.pk,
        caller=cast.as_dispatcher,
        at=local("03-03T14:30"),
        upheld=True,
        department="land",
        text="属实。",
    )
    resolve = deadline(ticket, Clock.RESOLVE)
    # Monday 17:00 to Tuesday 14:30 holds 0.5 + 3 + 1 h: due the next Monday 17:30, and 4.5 h
    assert resolve.promised_due_at == local("03-09T17:30")
    assert resolve.due_at == local("03-10T15:00")
    assert {one.kind for one in Shift.objects.filter(deadline=resolve)} == {"pause", "credit"}


def suspended(ticket, cast, at: datetime, **more):
    asked = departure.suspend(ticket_id=ticket.pk, caller=make.head_of(ticket), at=at, reason="quota", **more)
    return approvals.approve(approval_id=asked.approval.pk, caller=cast.as_director, at=at + 10 * make.MINUTE)


def test_case_32_a_pause_that_reaches_its_limit_ends_by_itself(cast):
    ticket = make.signed()
    suspended(ticket, cast, local("03-03T09:50"))
    hold = deadline(ticket, Clock.REVIEW_HOLD)
    assert hold.due_at == local("03-10T17:30")
    sweep(at=local("03-20T09:00"))
    ticket = make.fresh(ticket)
    assert (ticket.status, kinds(ticket)[-1]) == ("in_progress", "resume")
    pause = Shift.objects.get(deadline=deadline(ticket, Clock.RESOLVE))
    assert (pause.since, pause.until) == (local("03-03T10:00"), local("03-10T17:30"))


class TestCase33:
    """A pause that is entered late needs the director's word, and never undoes a breach."""

    def test_case_33_it_counts_from_when_it_began(self, cast):
        ticket = make.signed()
        since = local("03-03T09:00")
        suspended(ticket, cast, local("03-05T09:50"), since=since)
        resting = deadline(ticket, Clock.RESOLVE)
        assert (resting.state, resting.paused_at) == ("paused", since)
        departure.resume(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=local("03-05T17:30"))
        after = deadline(ticket, Clock.RESOLVE)
        assert after.due_at == local("03-12T17:30")  # three working days later
        shift = Shift.objects.get(deadline=after)
        assert (shift.since, shift.until) == (since, local("03-05T17:30"))

    def test_case_33_nothing_happens_before_the_second_word(self, cast):
        ticket = make.signed()
        asked = departure.suspend(
            ticket_id=ticket.pk,
            caller=make.head_of(ticket),
            at=local("03-05T10:00"),
            reason="quota",
            since=local("03-03T09:00"),
        )
        assert deadline(ticket, Clock.RESOLVE).state == "running"
        with pytest.raises(Forbidden):
            approvals.approve(approval_id=asked.approval.pk, caller=make.head_of(ticket), at=local("03-05T10:10"))
        approvals.refuse(
            approval_id=asked.approval.pk, caller=cast.as_director, at=local("03-05T10:20"), text="没有依据。"
        )
        assert deadline(ticket, Clock.RESOLVE).paused_at is None

    def test_case_33_what_has_broken_stays_broken(self, cast):
        ticket = make.signed()
        promised = deadline(ticket, Clock.RESOLVE).due_at
        suspended(ticket, cast, promised + DAY, since=promised - DAY)
        after = deadline(ticket, Clock.RESOLVE)
        assert after.breached_at == promised

    @pytest.mark.parametrize("since", ["03-05T10:01", "02-27T09:00"])
    def test_case_33_impossible_moments_are_refused_beside_the_field(self, since):
        ticket = make.signed()
        with pytest.raises(Invalid) as refused:
            departure.suspend(
                ticket_id=ticket.pk,
                caller=make.head_of(ticket),
                at=local("03-05T10:00"),
                reason="quota",
                since=local(since),
            )
        assert set(refused.value.fields) == {"since"}

    def test_case_33_time_is_not_given_twice(self, cast):
        """It began before the end of an earlier pause: it counts from there."""
        ticket = make.signed()
        paused(ticket, local("03-03T10:00"), local("03-04T10:00"))
        suspended(ticket, cast, local("03-05T09:50"), since=local("03-03T15:00"))
        assert deadline(ticket, Clock.RESOLVE).paused_at == local("03-04T10:00")
