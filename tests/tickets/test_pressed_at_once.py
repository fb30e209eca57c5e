"""Each move that two people may press at the same moment: real threads, real commits, one winner, a sound log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from qihu.accounts.models import Region, User
from qihu.errors import DomainError
from tests import make
from tests.people import user
from tests.see import deadline
from tests.tickets.lives import keeps_clocks, keeps_log
from tests.tickets.test_at_once import at_once
from tickets.access import Caller
from tickets.models import CallBack, Deadline, Event, Leg, Ticket
from tickets.services import (
    approvals,
    callback,
    centre,
    closing,
    departure,
    dispatch,
    handling,
    joining,
    legs,
    sweep,
)
from tickets.workflow import Clock

pytestmark = pytest.mark.usefixtures("committed")
HOUR = timedelta(hours=1)
LATER = make.MONDAY + HOUR
Press = Callable[[], object]
PARTS = [{"text": "授信。", "department": "finance"}, {"text": "用地。", "department": "land"}]


def by(name: str) -> Caller:
    return Caller(user(name))


def won(results: list[object]) -> list[object]:
    return [one for one in results if not isinstance(one, DomainError)]


def sound(*tickets: Ticket, at: datetime = LATER) -> None:
    for ticket in tickets:
        now = Ticket.objects.select_related("region", "department").get(pk=ticket.pk)
        helping = list(Leg.objects.filter(ticket=now).select_related("department"))
        events = list(Event.objects.filter(ticket=now).select_related("department").order_by("seq"))
        keeps_log(now, events, helping, at=at)
        keeps_clocks(now, list(now.deadlines.order_by("pk")), helping)
        assert now.pending == now.approvals.filter(state="pending").count()


@pytest.fixture
def second_director(django_db_setup, django_db_blocker, committed):
    person, _ = User.objects.get_or_create(username="director.second", defaults={"name": "副主任"})
    person.grants.create(role="director", region=Region.objects.get(code="330800"))
    yield Caller(person)
    person.grants.all().delete()


def _approve(asked, who: Caller) -> Press:
    return lambda: approvals.approve(approval_id=asked.pk, caller=who, at=LATER)


def _refuse(asked, who: Caller) -> Press:
    return lambda: approvals.refuse(approval_id=asked.pk, caller=who, at=LATER, text="再想想")


@pytest.mark.parametrize("other", [_approve, _refuse], ids=["two say yes", "one yes, one no"])
def test_a_second_word_is_said_once(other, second_director):
    asked = make.asked_to_rest()
    results = at_once(_approve(asked, by("director")), other(asked, second_director))
    assert len(won(results)) == 1
    asked.refresh_from_db()
    assert asked.state in {"approved", "refused"}
    assert make.fresh(asked.ticket).status == ("suspended" if asked.state == "approved" else "in_progress")
    sound(asked.ticket)


def test_a_rejection_is_approved_while_the_dispatcher_hands_it_out():
    ticket = make.triaged()
    asked = centre.reject(
        ticket_id=ticket.pk, caller=by("intake"), at=make.MONDAY + make.MINUTE, reason="outside", text="请找县里"
    ).approval
    results = at_once(
        _approve(asked, by("director")),
        lambda: dispatch.assign(ticket_id=ticket.pk, caller=by("dispatcher"), at=LATER, department="finance"),
    )
    # handed out first, it may still be rejected; rejected first, it is not handed out any more
    assert not isinstance(results[0], DomainError)
    assert make.fresh(ticket).status == "rejected"
    sound(ticket)


EXCLUDING: dict[str, tuple[Callable[[], Ticket], Callable[[Ticket], Press], Callable[[Ticket], Press]]] = {
    "two rulings": (
        make.disputed,
        lambda t: lambda: dispatch.rule_on_return(
            ticket_id=t.pk, caller=by("dispatcher"), at=LATER, upheld=True, text="成立", department="economy"
        ),
        lambda t: lambda: dispatch.rule_on_return(
            ticket_id=t.pk, caller=by("dispatcher"), at=LATER, upheld=False, text="不成立"
        ),
    ),
    "two splits": (
        make.assigned,
        *[
            lambda t: lambda: joining.split(ticket_id=t.pk, caller=by("dispatcher"), at=LATER, parts=PARTS)
        ] * 2,
    ),
    "the firm reopens and the supervisor does": (
        make.closed,
        lambda t: lambda: closing.reopen(ticket_id=t.pk, at=LATER, reason="没有到账"),
        lambda t: lambda: closing.reopen(ticket_id=t.pk, at=LATER, reason="虚假办结", caller=by("supervisor")),
    ),
    "two ask for the same": (
        make.signed,
        *[
            lambda t: lambda: departure.suspend(ticket_id=t.pk, caller=make.head_of(t), at=LATER, reason="quota")
        ] * 2,
    ),
    "supervised while withdrawn": (
        make.assigned,
        lambda t: lambda: centre.supervise(ticket_id=t.pk, caller=by("supervisor"), at=LATER, text="三日内答复"),
        lambda t: lambda: closing.withdraw(ticket_id=t.pk, at=LATER),
    ),
    "asked for facts while signed": (
        make.assigned,
        lambda t: lambda: centre.request_info(ticket_id=t.pk, caller=by("intake"), at=LATER, items=["纳税证明"]),
        lambda t: lambda: handling.sign(ticket_id=t.pk, caller=make.officer_of(t), at=LATER),
    ),
}  # fmt: skip


@pytest.mark.parametrize("story", EXCLUDING, ids=str)
def test_of_two_that_exclude_each_other_one_wins(story):
    start, first, other = EXCLUDING[story]
    ticket = start()
    results = at_once(first(ticket), other(ticket))
    assert len(won(results)) == 1, results
    sound(ticket, *ticket.children.all())


def test_objecting_and_signing_leave_it_disputed_from_one_of_the_two():
    """Signed first, it is objected to from in_progress; objected first, it cannot be signed."""
    ticket = make.assigned()
    results = at_once(
        lambda: departure.object_to(
            ticket_id=ticket.pk,
            caller=make.head_of(ticket),
            at=LATER,
            reason="not_our_duty",
            basis="“三定”规定",
            suggested_department="economy",
        ),
        lambda: handling.sign(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=LATER),
    )
    now = make.fresh(ticket)
    assert now.status == "disputed"
    assert now.came_from == ("in_progress" if len(won(results)) == 2 else "assigned")
    sound(ticket)


def test_two_requests_merged_into_each_other_leave_one_open():
    first, other = make.assigned(), make.assigned()
    results = at_once(
        lambda: joining.merge(ticket_id=first.pk, caller=by("intake"), at=LATER, into=other.number),
        lambda: joining.merge(ticket_id=other.pk, caller=by("dispatcher"), at=LATER, into=first.number),
    )
    assert len(won(results)) == 1
    assert sorted(Ticket.objects.values_list("status", flat=True)) == ["assigned", "merged"]
    sound(first, other)


def _ends(ticket: Ticket, clock: Clock) -> datetime:
    due = deadline(ticket, clock).due_at
    assert due is not None
    return due + make.MINUTE


def test_the_firm_supplements_as_its_time_runs_out():
    ticket = make.info_needed()
    at = _ends(ticket, Clock.COMPLETE)
    at_once(
        lambda: closing.supplement(ticket_id=ticket.pk, at=at, text="附上证明。"),
        lambda: sweep.sweep(at=at),
    )
    kinds = set(Event.objects.filter(ticket=ticket).values_list("kind", flat=True))
    assert len(kinds & {"supplement", "lapse"}) == 1
    sound(ticket, at=at)


def test_the_officer_resumes_as_the_hold_ends():
    ticket = make.suspended()
    at = _ends(ticket, Clock.REVIEW_HOLD)
    at_once(
        lambda: departure.resume(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=at),
        lambda: sweep.sweep(at=at),
    )
    assert Event.objects.filter(ticket=ticket, kind="resume").count() == 1
    assert make.fresh(ticket).status == "in_progress"
    sound(ticket, at=at)


def test_a_leg_is_answered_while_the_firm_withdraws():
    leg = make.helped()
    bank = by("officer.rural-bank")
    legs.leg_sign(ticket_id=leg.ticket_id, caller=bank, at=make.MONDAY + 20 * make.MINUTE)
    at_once(
        lambda: legs.leg_reply(ticket_id=leg.ticket_id, caller=bank, at=LATER, text="可以授信。"),
        lambda: closing.withdraw(ticket_id=leg.ticket_id, at=LATER),
    )
    leg.refresh_from_db()
    assert leg.status in {"replied", "released"}
    assert make.fresh(leg.ticket).status == "withdrawn"
    sound(leg.ticket)


def test_two_calls_that_deny_it_reopen_it_once():
    ticket = make.closed()
    results = at_once(
        *(
            lambda who=who: callback.call_back(
                ticket_id=ticket.pk, caller=by(who), at=make.MONDAY + 2 * HOUR, contacted=True, solved=False
            )
            for who in ("intake", "supervisor")
        )
    )
    assert len(won(results)) == CallBack.objects.count() == 1
    assert Event.objects.filter(ticket=ticket, kind="reopen").count() == 1
    sound(ticket, at=make.MONDAY + 2 * HOUR)


def test_an_extension_is_approved_as_the_answer_falls_due():
    """Undecided when the answer was due, it is refused, whichever of the two comes first."""
    ticket = make.signed()
    due = deadline(ticket, Clock.RESOLVE).due_at
    until = (due + timedelta(days=3)).date()
    asked = departure.extend(
        ticket_id=ticket.pk, caller=make.head_of(ticket), at=LATER, reason="尽调", until=until
    ).approval
    at = due + make.MINUTE
    results = at_once(
        lambda: approvals.approve(approval_id=asked.pk, caller=by("director"), at=at),
        lambda: sweep.sweep(at=at),
    )
    sweep.sweep(at=at)  # the first may have skipped what the approval held
    assert isinstance(results[0], DomainError)
    asked.refresh_from_db()
    assert asked.state == "refused"
    assert Deadline.objects.get(ticket=ticket, clock=Clock.RESOLVE).extended == 0
    assert Event.objects.filter(ticket=ticket, kind="breach", data__clock="RESOLVE").count() == 1
    sound(ticket, at=at)
