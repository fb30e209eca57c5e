"""The second person's word on a two-step move: yes makes the move, no changes nothing (domain.md §3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from qihu.errors import Conflict, Forbidden, Invalid, Unknown
from tickets import access
from tickets.access import Caller
from tickets.models import Approval, Text, Ticket
from tickets.services import asking
from tickets.services.intent import Aside, Done, Intent
from tickets.services.ledger import Extend, Order, RestsSince
from tickets.services.transition import perform_all, refuse_stale
from tickets.workflow import Action, Party, approvers


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What an approved move does beside its row: attributes to set, promises to change."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    orders: tuple[Order, ...] = ()


def _extended(ticket: Ticket, approval: Approval, approver_id: int | None) -> Consequence:
    by = int(approval.data.get("by", 0))
    order = Extend(by=by, reason=f"延期 {by}，经批准", approver_id=approver_id)
    return Consequence(changes={"extensions": ticket.extensions + 1}, orders=(order,))


def _rests(ticket: Ticket, approval: Approval, _approver_id: int | None) -> Consequence:
    since = approval.data.get("since")
    late = (RestsSince(since=datetime.fromisoformat(str(since))),) if since else ()
    return Consequence(changes={"suspensions": ticket.suspensions + 1}, orders=late)


CONSEQUENCES: Mapping[Action, Callable[[Ticket, Approval, int | None], Consequence]] = {
    Action.EXTEND: _extended,
    Action.SUSPEND: _rests,
    Action.REJECT: lambda _ticket, _approval, _approver: Consequence(),
    Action.EXCLUDE: lambda _ticket, _approval, _approver: Consequence(changes={"excluded": True}),
    Action.MARK_TEST: lambda _ticket, _approval, _approver: Consequence(changes={"test": True}),
}


@transaction.atomic
def approve(
    *, approval_id: int, caller: Caller, at: datetime, text: str = "", expected_version: int | None = None
) -> Done:
    """Say yes: the move is made now, in the approver's name. Raises `Unknown`, `Forbidden`, `Conflict`, `Stale`."""
    approval, ticket = _waiting(approval_id, caller, expected_version)
    action = Action(approval.action)
    effect = CONSEQUENCES[action](ticket, approval, caller.actor_id)
    asked = _reason(approval)
    words = asked if action == Action.REJECT else text.strip() or asked  # where to go instead is the firm's to read
    intent = Intent(
        action=action,
        ticket_id=ticket.pk,
        at=at,
        caller=caller,
        data=dict(approval.data) | {"approval": approval.pk, "asked_by": approval.asked_by_id},
        changes=effect.changes,
        text=words,
        parts=[{"ask": "审批意见", "text": text.strip()}] if words != text.strip() and text.strip() else (),
        orders=effect.orders,
        approval=approval,
    )
    (done,) = perform_all([intent], locked={ticket.pk: ticket})
    asking.decided(approval, Approval.State.APPROVED, at=at, seq=done.event.seq, by=caller.actor_id)
    return done


@transaction.atomic
def refuse(*, approval_id: int, caller: Caller, at: datetime, text: str, expected_version: int | None = None) -> Done:
    """Say no, with the reason; the request stays as it is. Raises as `approve`, and `Invalid` without a reason."""
    approval, ticket = _waiting(approval_id, caller, expected_version)
    if not text.strip():
        raise Invalid("请写明不同意的理由。", fields={"text": "请写明不同意的理由。"})
    remark = Aside(
        kind=asking.KIND,
        ticket_id=ticket.pk,
        at=at,
        caller=caller,
        party=_as_what(approval, ticket, caller),
        data={"op": str(Approval.State.REFUSED), "action": approval.action, "approval": approval.pk},
        changes={"pending": ticket.pending - 1},
        text=text,
    )
    (done,) = perform_all([remark], locked={ticket.pk: ticket})
    asking.decided(approval, Approval.State.REFUSED, at=at, seq=done.event.seq, by=caller.actor_id)
    return done


def _waiting(approval_id: int, caller: Caller, expected_version: int | None) -> tuple[Approval, Ticket]:
    """The pending approval with its request locked, for somebody who may say the second word."""
    found = Approval.objects.filter(pk=approval_id).first()
    ticket = Ticket.objects.lock([found.ticket_id]).first() if found else None
    approval = Approval.objects.select_related("asked_by").filter(pk=approval_id).first()
    if approval is None or ticket is None:
        raise Unknown("没有这项申请。")
    _as_what(approval, ticket, caller)
    if approval.asked_by_id == caller.actor_id:
        raise Forbidden("申请人不能审批自己的申请。")
    if approval.state != Approval.State.PENDING:
        raise Conflict(f"这项申请{Approval.State(approval.state).label}，不能再审批。")
    refuse_stale(expected_version, ticket)
    return approval, ticket


def _as_what(approval: Approval, ticket: Ticket, caller: Caller) -> Party:
    allowed = approvers(Action(approval.action), restricted=ticket.restricted)
    party = next((one for one in access.parties(caller, ticket) if one in allowed), None)
    if party is None:
        raise Forbidden("这项申请不由您审批。")
    return party


def _reason(approval: Approval) -> str:
    """The asker's words, which become the move's where the approver adds none."""
    asked = Text.objects.filter(event__ticket=approval.ticket_id, event__seq=approval.seq).first()
    return asked.body if asked else ""
