"""What is foreseen is what is done, department by department, on a rich random set; and by whom it is done."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta
from random import Random

import pytest
from django.db import connections, transaction

from qihu.errors import DomainError
from routing.promises import worktime
from routing.promises.amount import Amount, Unit
from routing.promises.book import calendar_version, current_book
from tests import make
from tests.people import user
from tests.tickets.promises.changes import (
    calendar_draft,
    done,
    enforce,
    enforce_calendar,
    policy_draft,
    worked_off,
)
from tickets.access import Caller
from tickets.models import Deadline, Event, Recalculation, Shift, Slice, Ticket
from tickets.services import approvals, closing, departure, dispatch
from tickets.services.clocks import price
from tickets.services.repricing import work
from tickets.services.repricing.change import Change, foresee
from tickets.services.repricing.tally import total

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LIVE = (Deadline.State.RUNNING, Deadline.State.PAUSED)
CHANGED = make.MONDAY + 9 * DAY + 5 * HOUR
CELLS = (
    ("RESOLVE", "L1", "3wd"),
    ("RESOLVE", "L2", "4wd"),
    ("RESOLVE", "L3", "12d"),
    ("RESOLVE", "L4", "40wd"),
    ("RESOLVE", "urgent", "12h"),
    ("NOTE", "L2", "10wh"),
    ("NOTE", "L3", "6wd"),
    ("INTERIM", "L4", "5wd"),
    ("LEG", "L2", "2wd"),
    ("REVIEW", "L2", "–"),
    ("RATE", "L2", "3wd"),
)


def crowd(rng: Random, count: int) -> list[Ticket]:
    """Requests of every grade, three regions and departments: resting, asked, extended, credited, merged, split."""
    return [_one(rng, make.MONDAY + rng.randrange(0, 8 * 24 * 60) * make.MINUTE) for _ in range(count)]


def _one(rng: Random, at: datetime) -> Ticket:
    qr = rng.choice(("DEMO-CAPITAL", "DEMO-TALENT", "DEMO-INDUSTRY", "DEMO-INNOVATION"))
    life = rng.choice(LIVES)
    graded = {"difficulty": rng.choice(("L1", "L2", "L2", "L3", "L4")), "urgent": rng.random() < 0.2}
    ticket = life(rng, at, qr)
    _tried(dispatch.classify, ticket_id=ticket.pk, caller=Caller(user("dispatcher")), at=at + 2 * HOUR, **graded)
    if rng.random() < 0.3:
        region = rng.choice(("330802", "330825"))
        _tried(
            dispatch.classify, ticket_id=ticket.pk, caller=Caller(user("dispatcher")), at=at + 3 * HOUR, region=region
        )
    return make.fresh(ticket)


def _tried(verb, **wanted):
    """A move that the table may refuse for this request."""
    try:
        with transaction.atomic():
            verb(**wanted)
    except DomainError:
        return False
    return True


def _rested(rng, at, qr):
    ticket = make.suspended(at=at, qr=qr)
    if rng.random() < 0.6:
        departure.resume(ticket_id=ticket.pk, caller=make.head_of(ticket), at=at + rng.randrange(1, 40) * HOUR)
    return ticket


def _asked(rng, at, qr):
    ticket = make.info_needed(at=at, qr=qr)
    if rng.random() < 0.6:
        closing.supplement(ticket_id=ticket.pk, at=at + rng.randrange(1, 30) * HOUR, text="见附件。")
    return ticket


def _extended(_rng, at, qr):
    ticket = make.signed(at=at, qr=qr)
    due = Deadline.objects.get(ticket=ticket, clock="RESOLVE").due_at
    asked = departure.extend(
        ticket_id=ticket.pk, caller=make.head_of(ticket), at=at + HOUR, reason="尽调", until=(due + 2 * DAY).date()
    )
    approvals.approve(approval_id=asked.approval.pk, caller=Caller(user("director")), at=at + 90 * make.MINUTE)
    return ticket


def _credited(rng, at, qr):
    ticket = make.disputed(at=at, qr=qr)
    dispatch.rule_on_return(
        ticket_id=ticket.pk,
        caller=Caller(user("dispatcher")),
        at=at + rng.randrange(1, 20) * HOUR,
        upheld=True,
        department="economy",
        text="退单成立。",
    )
    return ticket


def _sent_back(_rng, at, qr):
    return make.replied(at=at, qr=qr)


LIVES = (
    lambda _r, at, qr: make.submitted(at=at, qr=qr),
    lambda _r, at, qr: make.triaged(at=at),
    lambda _r, at, qr: make.assigned(at=at, qr=qr),
    lambda _r, at, qr: make.signed(at=at, qr=qr),
    lambda _r, at, qr: make.answered(at=at, qr=qr),
    lambda _r, at, qr: make.closed(at=at, qr=qr, result=2),
    lambda _r, at, qr: make.helped(at=at, qr=qr).ticket,
    lambda _r, at, qr: make.merged(at=at, qr=qr).parent,
    lambda _r, at, qr: make.split(at=at, qr=qr),
    *(_rested, _asked, _extended, _credited, _sent_back),
)


def expected(row: Deadline, at: datetime) -> datetime | None:
    """Straight from domain.md §4, by other code: the amount of the table in force, from the start, shifted."""
    ticket = make.fresh(row.ticket)
    ticket.round = row.round
    repeats = Event.objects.filter(ticket=ticket, seq=row.turn, kind="interim").exists() and row.clock == "INTERIM"
    amount = price(current_book(), ticket, row.clock, repeat=repeats)
    if amount is None:
        return None
    calendar = calendar_version(row.calendar_version_id)
    due = worktime.due(calendar, row.started_at, Amount(amount.value + row.extended, Unit(amount.unit))).at
    spans = row.shifts.filter(kind__in=["pause", "credit"]).values_list("since", "until")
    return worktime.shift(calendar, amount.unit, due, spans)


def state() -> dict[int, tuple[datetime, ...]]:
    live = Deadline.objects.filter(state__in=LIVE, due_at__isnull=False, breached_at=None)
    return {row.pk: row for row in live.select_related("ticket")}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "seed", [1, 2, pytest.param(3, marks=pytest.mark.full), pytest.param(4, marks=pytest.mark.full)]
)
class TestForeseenIsDone:
    def test_policies(self, seed):
        crowd(Random(seed), 40)
        draft = policy_draft(*CELLS)
        foreseen = foresee(Change(at=CHANGED, policy_set=draft))
        before = state()

        recalculation = worked_off(enforce(draft, at=CHANGED), at=CHANGED)

        assert foreseen == recalculation.predicted == done(recalculation)
        assert len({line["department"] for line in foreseen}) > 3
        assert min(total(foreseen)["earlier"], total(foreseen)["later"]) > 3
        assert total(foreseen)["breaks"]
        self._as_the_law_says(before, recalculation)

    def _as_the_law_says(self, before, recalculation):
        moved = 0
        for key, old in before.items():
            new = Deadline.objects.get(pk=key)
            if old.due_at < (old.paused_at or CHANGED):
                continue
            assert new.promised_due_at == old.promised_due_at
            assert new.policy_set_id == recalculation.policy_set_id
            want = expected(new, CHANGED)
            plain = (
                new.clock not in {"RATE", "COMPLETE", "REVIEW_HOLD"}
                and not Ticket.objects.filter(parent_id=new.ticket_id).exists()
            )
            if want is not None and plain:
                assert new.due_at == want, new
            changed = (new.amount, new.unit, new.due_at) != (old.amount, old.unit, old.due_at)
            assert Shift.objects.filter(deadline=new, kind="policy", due_before=old.due_at).exists() == changed
            moved += changed
        assert moved == Shift.objects.filter(kind="policy").count()

    def test_calendars(self, seed):
        crowd(Random(seed), 40)
        draft = calendar_draft(*(date(2026, 3, day) for day in (3, 12, 13, 17)))
        scope = Recalculation.Scope.RUNNING
        foreseen = foresee(Change(at=CHANGED, version=draft, scope=scope))

        recalculation = worked_off(enforce_calendar(draft, at=CHANGED, scope=scope), at=CHANGED)

        assert foreseen == recalculation.predicted == done(recalculation)
        assert total(foreseen)["later"] > 20
        assert total(foreseen)["earlier"] == total(foreseen)["breaks"] == 0


@pytest.mark.django_db
def test_a_split_request_is_due_with_its_last_part_after_the_change():
    whole = make.split()
    draft = policy_draft(("RESOLVE", "L2", "9wd"), region="330800")
    worked_off(enforce(draft, at=make.MONDAY + DAY), at=make.MONDAY + DAY)
    dues = [
        Deadline.objects.get(ticket=one, clock="RESOLVE").due_at
        for one in (whole, *Ticket.objects.filter(parent=whole))
    ]
    assert dues[0] == max(dues[1:])


@pytest.mark.django_db
def test_restricted_requests_follow_and_are_counted_nowhere(cast):
    ticket = make.triaged()
    dispatch.assign(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=make.MONDAY + HOUR, department="discipline")
    recalculation = worked_off(
        enforce(policy_draft(("RESOLVE", "L2", "3wd")), at=make.MONDAY + DAY), at=make.MONDAY + DAY
    )
    assert Deadline.objects.get(ticket=ticket, clock="RESOLVE").amount == 3
    assert recalculation.predicted == done(recalculation) == []


@pytest.mark.django_db
def test_one_request_that_fails_holds_up_nobody(monkeypatch):
    good, bad = make.signed(), make.signed()
    recalculation = enforce(policy_draft(("RESOLVE", "L2", "3wd")), at=make.MONDAY + DAY)
    perform_all = work.perform_all

    def failing(asides, **more):
        if any(one.ticket_id == bad.pk for one in asides):
            raise ValueError
        return perform_all(asides, **more)

    monkeypatch.setattr(work, "perform_all", failing)
    worked_off(recalculation, at=make.MONDAY + DAY)
    assert Deadline.objects.get(ticket=good, clock="RESOLVE").amount == 3
    assert Deadline.objects.get(ticket=bad, clock="RESOLVE").amount == 5
    assert [keys for keys in recalculation.slices.values_list("failed", flat=True) if keys] == [[bad.pk]]


@pytest.mark.usefixtures("committed")
def test_two_workers_and_a_move_that_holds_a_request(monkeypatch):
    """Slices of three, two workers at once, one request held: each promise moves once, the held one at the end."""
    monkeypatch.setattr(work, "SIZE", 3)
    tickets = [make.signed() for _ in range(20)]
    at = make.MONDAY + DAY
    recalculation = enforce(policy_draft(("RESOLVE", "L2", "3wd")), at=at)
    work.work(recalculation_id=recalculation.pk, at=at)

    def worker():
        try:
            while work.work(recalculation_id=recalculation.pk, at=at):
                pass
        finally:
            connections.close_all()

    with transaction.atomic():
        Ticket.objects.lock([tickets[4].pk]).get()
        threads = [threading.Thread(target=worker) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert not Event.objects.filter(ticket=tickets[4], kind="policy").exists()
    worked_off(recalculation, at=at)
    assert Slice.objects.filter(done_at=None).count() == 0
    for ticket in tickets:
        assert Event.objects.filter(ticket=ticket, kind="policy").count() == 1
        assert Deadline.objects.get(ticket=ticket, clock="RESOLVE").amount == 3
    assert recalculation.predicted == done(recalculation)
