"""Warnings and the supervision ladder (domain.md §4): each step once, dated when it came, in working time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from qihu.errors import Forbidden, Invalid, RefusedByRule
from routing.promises.models import LadderSwitch, Rung
from tests import make
from tests.see import deadline, kinds
from tickets.models import Alert, Deadline, Event, Notice
from tickets.services import callback, departure, dispatch, handling, joining, lateness, review
from tickets.services.approvals import approve
from tickets.services.notify import notify_all
from tickets.services.sweep import sweep
from tickets.workflow import Clock

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


def lit(ticket) -> list[tuple[str, datetime]]:
    """What RESOLVE has set off, in order."""
    alerts = Alert.objects.filter(deadline__ticket=ticket, deadline__clock=Clock.RESOLVE).order_by("at", "pk")
    return list(alerts.values_list("threshold", "at"))


def test_the_whole_ladder_of_an_ordinary_request():
    """L2 assigned on Monday 2 March 2026 at 10:00: due the next Monday at 17:30 (5 wd)."""
    ticket = make.signed()
    while sweep(at=local("2026-04-01T09:00")):
        pass
    assert deadline(ticket, Clock.RESOLVE).due_at == local("2026-03-09T17:30")
    # 10:00 to 17:30 is 6 h on Monday, and 7 h on each of five days: 41 h; 70 % of it 28.7 h → Friday 10:42
    assert lit(ticket) == [
        ("used-70", local("2026-03-06T10:42")),
        ("left-1wd", local("2026-03-06T17:30")),
        ("breach", local("2026-03-09T17:30")),
        ("late-1wd", local("2026-03-10T17:30")),
        ("late-3wd", local("2026-03-12T17:30")),
        ("late-5wd", local("2026-03-16T17:30")),
    ]
    ticket = make.fresh(ticket)
    assert (ticket.tier, ticket.supervised) == (2, True)
    happened = Event.objects.filter(ticket=ticket, happened_at__gte=local("2026-03-10T17:30"))
    told = [
        (e.kind, e.happened_at) for e in happened.order_by("seq") if e.kind in {"supervise", "raise_tier", "listed"}
    ]
    assert told == [
        ("supervise", local("2026-03-10T17:30")),
        ("raise_tier", local("2026-03-12T17:30")),
        ("listed", local("2026-03-16T17:30")),
    ]
    owed = deadline(ticket, Clock.SUPERVISE)
    assert (owed.started_at, owed.due_at) == (local("2026-03-10T17:30"), local("2026-03-11T17:30"))
    assert owed.breached_at == owed.due_at  # it began and broke between two sweeps


def test_a_short_promise_has_no_day_left_to_warn_of():
    ticket = make.signed(difficulty="L1")
    sweep(at=make.MONDAY + 30 * DAY)
    assert [code for code, _ in lit(ticket)][:2] == ["used-70", "breach"]


def test_hours_on_the_clock_are_warned_about_on_the_clock():
    ticket = make.signed(urgent=True)
    start = deadline(ticket, Clock.RESOLVE).started_at
    sweep(at=start + 20 * HOUR)
    assert lit(ticket) == [("used-70", start + 0.7 * 24 * HOUR)]


def test_a_step_comes_after_its_moment_and_never_twice():
    ticket = make.signed()
    comes = local("2026-03-06T10:42")
    sweep(at=comes)
    assert lit(ticket) == []
    sweep(at=comes + SECOND)
    sweep(at=comes + SECOND)
    assert lit(ticket) == [("used-70", comes)]
    one = deadline(ticket, Clock.RESOLVE)
    assert (one.reached, one.fires_at) == (20, local("2026-03-06T17:30"))
    with pytest.raises(IntegrityError, match="alert_once"), transaction.atomic():
        Alert.objects.create(deadline=one, threshold="used-70", at=comes, seq=1)


def test_an_answer_in_time_climbs_no_further():
    ticket = make.signed()
    at = local("2026-03-09T17:30")
    handling.reply(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=at, outcome="solved", text="已办妥。")
    sweep(at=at + 8 * DAY)
    assert [code for code, _ in lit(ticket)] == ["used-70", "left-1wd"]
    review.deliver(ticket_id=ticket.pk, caller=make.head_of(ticket), at=at + 8 * DAY)
    assert deadline(ticket, Clock.RESOLVE).breached_at is None


def test_a_pause_moves_the_warnings_with_the_due_time():
    ticket = make.signed()
    since, until = local("2026-03-03T09:00"), local("2026-03-05T09:00")
    handling.reply(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=since, outcome="solved", text="已办妥。")
    review.send_back(ticket_id=ticket.pk, caller=make.head_of(ticket), at=until, text="请补充依据。")
    sweep(at=until + 30 * DAY)
    assert lit(ticket)[:3] == [
        ("used-70", local("2026-03-10T10:42")),  # 14 h of opening time later: Friday 10:42 → Tuesday 10:42
        ("left-1wd", local("2026-03-10T17:30")),
        ("breach", local("2026-03-11T17:30")),
    ]


def test_a_pause_after_the_breach_holds_the_ladder_back_but_not_the_breach():
    ticket = make.signed()
    since, until = local("2026-03-10T09:00"), local("2026-03-12T09:00")
    handling.reply(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=since, outcome="solved", text="已办妥。")
    sweep(at=until)
    assert lit(ticket)[-1] == ("breach", local("2026-03-09T17:30"))
    review.send_back(ticket_id=ticket.pk, caller=make.head_of(ticket), at=until, text="请补充依据。")
    sweep(at=local("2026-03-20T09:00"))
    assert lit(ticket)[3:5] == [("late-1wd", local("2026-03-12T17:30")), ("late-3wd", local("2026-03-16T17:30"))]


def test_an_extension_moves_what_has_not_been_lit_yet(cast):
    ticket = make.signed()
    asked = local("2026-03-06T14:00")  # after 70 %
    head = make.head_of(ticket)
    done = departure.extend(
        ticket_id=ticket.pk, caller=head, at=asked, reason="需省厅批复。", until=local("2026-03-13T00:00").date()
    )
    approve(approval_id=done.approval.pk, caller=cast.as_director, at=asked + HOUR)
    sweep(at=local("2026-03-30T09:00"))
    assert lit(ticket)[:3] == [
        ("used-70", local("2026-03-06T10:42")),
        ("left-1wd", local("2026-03-12T17:30")),
        ("breach", local("2026-03-13T17:30")),
    ]


def test_classifying_restarts_nothing_that_was_lit(cast):
    ticket = make.signed()
    at = local("2026-03-06T11:00")
    sweep(at=at)
    dispatch.classify(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=at, difficulty="L3")
    sweep(at=local("2026-03-20T09:00"))
    assert [code for code, _ in lit(ticket)] == ["used-70"]


def test_the_highest_tier_is_not_raised_and_the_step_is_logged():
    ticket = make.signed()
    type(ticket).objects.filter(pk=ticket.pk).update(tier=3)
    sweep(at=make.MONDAY + 30 * DAY)
    assert make.fresh(ticket).tier == 3
    assert "raise_tier" not in kinds(ticket)
    assert "late-3wd" in dict(lit(ticket))
    assert "listed" in kinds(ticket)


def test_a_rehearsal_shows_what_would_have_lit_and_does_nothing():
    LadderSwitch.objects.update(rehearsal=True)
    ticket = make.signed()
    sweep(at=local("2026-04-01T09:00"))
    alerts = Alert.objects.filter(deadline__ticket=ticket, deadline__clock=Clock.RESOLVE)
    assert list(alerts.filter(lit=False).order_by("at").values_list("threshold", flat=True)) == [
        "used-70", "left-1wd", "late-1wd", "late-3wd", "late-5wd"
    ]  # fmt: skip
    assert alerts.get(lit=True).threshold == "breach"
    ticket = make.fresh(ticket)
    assert (ticket.tier, ticket.supervised) == (1, False)
    assert not {"warning", "supervise", "raise_tier", "listed"} & set(kinds(ticket))
    LadderSwitch.objects.update(rehearsal=False)
    assert sweep(at=local("2026-05-01T09:00")) == 0  # each once, rehearsed or lit


def test_a_rehearsal_with_nothing_but_steps_is_written():
    LadderSwitch.objects.update(rehearsal=True)
    ticket = make.signed()
    Deadline.objects.filter(ticket=ticket).exclude(clock=Clock.RESOLVE).update(fires_at=None)
    assert sweep(at=local("2026-03-06T12:00")) == 1
    assert sweep(at=local("2026-03-06T12:00")) == 0


def test_a_yellow_light_reaches_officer_and_head():
    ticket = make.signed()
    sweep(at=local("2026-03-06T12:00"))
    event = Event.objects.get(ticket=ticket, kind="warning")
    assert event.data == {
        "clock": "RESOLVE", "turn": 2, "round": 1, "op": "used-70", "effect": "yellow", "amount": "70%"
    }  # fmt: skip
    notify_all([{"ticket_id": ticket.pk, "seq": event.seq}], at=event.happened_at)
    told = Notice.objects.filter(ticket=ticket, kind="warning", recipient__isnull=False)
    assert {n.recipient.username for n in told} == {"officer.finance", "head.finance"}


def test_steps_are_data():
    """Another table, another ladder: a promise keeps the set it started with."""
    newest = Rung.objects.select_related("set").first().set
    with pytest.raises(IntegrityError, match="final"), transaction.atomic():
        Rung.objects.filter(set=newest).delete()
    for bad in (
        {"measure": "share", "value": 100, "position": 10},
        {"measure": "after", "value": 1, "unit": "wd", "position": 40},
        {"measure": "before", "value": 1, "unit": "h", "position": 10},
    ):
        draft = type(newest).objects.create(number=900 + len(bad) + bad["position"])
        with pytest.raises(IntegrityError, match="rung_measure"), transaction.atomic():
            Rung.objects.create(set=draft, clock="RESOLVE", code="x", effect="yellow", **bad)


class TestReason:
    def test_a_head_says_why(self, cast):
        ticket = make.routed()
        late = local("2026-03-10T09:00")
        sweep(at=late)
        assert [one.clock for one in lateness.owed(ticket.pk)] == ["SIGN", "CONTACT", "RESOLVE"]
        for caller in (make.officer_of(ticket), cast.as_dispatcher):
            with pytest.raises(Forbidden, match="负责人"):
                lateness.give_reason(ticket_id=ticket.pk, clock="RESOLVE", caller=caller, at=late, reason="人手不足。")
        head = make.head_of(ticket)
        with pytest.raises(Invalid):
            lateness.give_reason(ticket_id=ticket.pk, clock="RESOLVE", caller=head, at=late, reason=" ")
        done = lateness.give_reason(ticket_id=ticket.pk, clock="RESOLVE", caller=head, at=late, reason="等省厅批复。")
        assert [one.clock for one in lateness.owed(ticket.pk)] == ["SIGN", "CONTACT"]
        assert deadline(ticket, Clock.RESOLVE).reason_seq == done.event.seq
        with pytest.raises(RefusedByRule):
            lateness.give_reason(ticket_id=ticket.pk, clock="RESOLVE", caller=head, at=late, reason="再说一次。")

    def test_nothing_is_owed_for_other_clocks(self):
        ticket = make.signed()
        sweep(at=local("2026-03-05T09:00"))
        assert {"INTERIM", "NOTE"} <= set(
            Deadline.objects.filter(ticket=ticket, breached_at__isnull=False).values_list("clock", flat=True)
        )
        assert lateness.owed(ticket.pk) == []


def test_a_false_closure_is_listed(cast):
    ticket = make.closed(result=2)
    at = ticket.closed_at + HOUR
    callback.call_back(
        ticket_id=ticket.pk, caller=cast.as_supervisor, at=at, contacted=True, solved=False, satisfied=False
    )
    assert kinds(ticket)[-3:] == ["call_back", "listed", "reopen"]
    assert Event.objects.get(ticket=ticket, kind="listed").data["op"] == "false_closure"


def test_a_merged_request_hands_on_how_far_it_came(cast):
    """Each step once for the matter: what the child's promise set off is not set off again at the parent."""
    old = make.signed()
    at = local("2026-03-06T12:00")
    fresh = make.signed(at=at)
    sweep(at=at)
    assert "used-70" in dict(lit(old))
    joining.merge(ticket_id=old.pk, into=fresh.number, caller=cast.as_dispatcher, at=at + HOUR)
    taken = deadline(fresh, Clock.RESOLVE)
    assert (taken.reached, taken.fires_at) == (20, local("2026-03-06T17:30"))
