"""Every move of a leg × where the leg stands × where its request stands × who presses, against the table."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from qihu.errors import Conflict, DomainError, Forbidden
from tests import make
from tests.people import user
from tests.tickets.test_workflow import CALLERS
from tickets.access import Caller
from tickets.models import Deadline, Event, Leg, Ticket
from tickets.services import approvals, centre, closing, departure, handling, joining, legs, review
from tickets.services.intent import LegIntent
from tickets.services.transition import perform
from tickets.workflow import ENDED, LEG_MOVES, LEGS_MOVE_IN, OPEN_LEGS, LegAction, LegStatus, Party, Status

pytestmark = pytest.mark.django_db
MINUTE = make.MINUTE
START = make.MONDAY
PRESSED = START + 60 * MINUTE


def by(name: str) -> Caller:
    return Caller(user(name))


CO: dict[str, tuple[Callable[[], Caller], Party]] = {
    "co-officer": (lambda: by("officer.rural-bank"), Party.CO_OFFICER),
    "co-head": (lambda: by("head.rural-bank"), Party.CO_HEAD),
}
_OTHERS = ("firm", "system", "officer", "head", "rival officer", "dispatcher", "supervisor")
EVERYBODY = {name: CALLERS[name][0] for name in _OTHERS} | {name: one[0] for name, one in CO.items()}


def _leg(status: LegStatus) -> Leg:
    """A leg of the bank in that status; its request is assigned to finance."""
    ticket = make.assigned()
    (leg,) = legs.assign_leg(
        ticket_id=ticket.pk, caller=by("dispatcher"), at=START + MINUTE, departments=["rural-bank"]
    ).legs
    bank = {"ticket_id": ticket.pk, "caller": by("officer.rural-bank")}
    if status in {LegStatus.SIGNED, LegStatus.REPLIED}:
        legs.leg_sign(**bank, at=START + 2 * MINUTE)
    if status == LegStatus.REPLIED:
        legs.leg_reply(**bank, at=START + 3 * MINUTE, text="可以授信。")
    if status == LegStatus.RETURNED:
        legs.leg_return(**bank, at=START + 3 * MINUTE, reason="无此业务。")
    return leg


def _signed(t: Ticket) -> None:
    handling.sign(ticket_id=t.pk, caller=make.officer_of(t), at=START + 5 * MINUTE)


def _disputed(t: Ticket) -> None:
    departure.object_to(
        ticket_id=t.pk,
        caller=make.head_of(t),
        at=START + 6 * MINUTE,
        reason="not_our_duty",
        basis="“三定”规定",
        suggested_department="economy",
    )


def _suspended(t: Ticket) -> None:
    _signed(t)
    asked = departure.suspend(ticket_id=t.pk, caller=make.head_of(t), at=START + 6 * MINUTE, reason="quota").approval
    approvals.approve(approval_id=asked.pk, caller=by("director"), at=START + 7 * MINUTE)


def _replied(t: Ticket) -> None:
    _signed(t)
    at = START + 8 * MINUTE
    handling.reply(ticket_id=t.pk, caller=make.officer_of(t), at=at, outcome="solved", text="已办妥。")


def _answered(t: Ticket) -> None:
    _replied(t)
    review.deliver(ticket_id=t.pk, caller=make.head_of(t), at=START + 9 * MINUTE)


def _closed(t: Ticket) -> None:
    _answered(t)
    closing.rate(ticket_id=t.pk, at=START + 10 * MINUTE, process=5, result=5)


def _rejected(t: Ticket) -> None:
    asked = centre.reject(
        ticket_id=t.pk, caller=by("intake"), at=START + 6 * MINUTE, reason="litigation", text="请向法院反映。"
    ).approval
    approvals.approve(approval_id=asked.pk, caller=by("dispatcher"), at=START + 7 * MINUTE)


def _split(t: Ticket) -> None:
    parts = [{"text": "授信。", "department": "finance"}, {"text": "用地。", "department": "land"}]
    joining.split(ticket_id=t.pk, caller=by("dispatcher"), at=START + 6 * MINUTE, parts=parts)


LED_TO: dict[str, tuple[Status, Callable[[Ticket], object]]] = {
    "assigned": (Status.ASSIGNED, lambda _: None),
    "in_progress": (Status.IN_PROGRESS, _signed),
    "disputed": (Status.DISPUTED, _disputed),
    "suspended": (Status.SUSPENDED, _suspended),
    "info_needed": (
        Status.INFO_NEEDED,
        lambda t: centre.request_info(ticket_id=t.pk, caller=by("intake"), at=START + 6 * MINUTE, items=["证明"]),
    ),
    "reviewing": (Status.REVIEWING, _replied),
    "answered": (Status.ANSWERED, _answered),
    "closed": (Status.CLOSED, _closed),
    "withdrawn": (Status.WITHDRAWN, lambda t: closing.withdraw(ticket_id=t.pk, at=START + 6 * MINUTE)),
    "rejected": (Status.REJECTED, _rejected),
    "merged": (
        Status.MERGED,
        lambda t: joining.merge(
            ticket_id=t.pk, caller=by("intake"), at=START + 6 * MINUTE, into=make.assigned().number
        ),
    ),
    "split": (Status.IN_PROGRESS, _split),
}
_ONLY_ENDED = {"reviewing", "answered", "closed"}
REACHABLE = [
    (leg, led)
    for leg in (LegStatus.ASSIGNED, LegStatus.SIGNED, LegStatus.REPLIED, LegStatus.RETURNED)
    for led in LED_TO
    if leg not in OPEN_LEGS or led not in _ONLY_ENDED
]
"""The closing gate keeps an open leg from every status after the reply."""


def _expected(action: LegAction, leg: Leg, caller: str) -> type[DomainError] | None:
    row = LEG_MOVES[action]
    if caller not in CO or CO[caller][1] not in row.by:
        return Forbidden
    return None if leg.status in row.sources and leg.ticket.status in LEGS_MOVE_IN else Conflict


@pytest.mark.parametrize(("status", "led"), REACHABLE)
def test_every_leg_move_from_everywhere_by_everybody(status, led):
    leg = _leg(status)
    ends, lead_to = LED_TO[led]
    lead_to(make.fresh(leg.ticket))
    leg = Leg.objects.select_related("ticket").get(pk=leg.pk)
    assert leg.ticket.status == ends
    released = ends in ENDED or led == "split"
    assert leg.status == (LegStatus.RELEASED if released and status in OPEN_LEGS else status)
    assert Deadline.objects.live([leg.ticket_id]).filter(leg=leg).exists() == (leg.status in OPEN_LEGS)
    for caller, who in EVERYBODY.items():
        for action in LegAction:
            expected = _expected(action, leg, caller)
            wanted = LegIntent(
                action=action, ticket_id=leg.ticket_id, leg_id=leg.pk, at=PRESSED, caller=who(), text="理由"
            )
            before = (leg.ticket.version, leg.ticket.last_seq)
            with transaction.atomic():
                if expected is None:
                    _is_made(wanted, leg)
                else:
                    with pytest.raises(expected):
                        perform(wanted)
                transaction.set_rollback(True)
            now = Ticket.objects.get(pk=leg.ticket_id)
            assert (now.version, now.last_seq) == before, (caller, action)


def _is_made(wanted: LegIntent, leg: Leg) -> None:
    row = LEG_MOVES[wanted.action]
    done = perform(wanted)
    now = Leg.objects.get(pk=leg.pk)
    event = Event.objects.get(ticket=leg.ticket_id, seq=done.event.seq)
    assert (now.status, event.kind, event.leg_id) == (row.target, wanted.action, leg.pk)
    assert (event.department_id, event.to_status) == (leg.department_id, "")
    assert Party(event.party) in row.by
    assert (now.ended_at == PRESSED) == (row.target not in OPEN_LEGS)
    clock = Deadline.objects.get(leg=leg)
    assert (clock.state == "met") == bool(row.stops)


def test_the_table_of_legs_is_the_domains():
    """domain.md §3: assigned → signed → replied, or returned; by the co-handler alone."""
    assert {action: (set(row.sources), row.target) for action, row in LEG_MOVES.items()} == {
        LegAction.LEG_SIGN: ({LegStatus.ASSIGNED}, LegStatus.SIGNED),
        LegAction.LEG_REPLY: ({LegStatus.SIGNED}, LegStatus.REPLIED),
        LegAction.LEG_RETURN: ({LegStatus.ASSIGNED, LegStatus.SIGNED}, LegStatus.RETURNED),
    }
    assert all(row.by == {Party.CO_OFFICER, Party.CO_HEAD} for row in LEG_MOVES.values())
