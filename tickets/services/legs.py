"""The co-handlers' verbs: a leg is assigned, signed, and replied to or returned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from qihu.accounts.models import Department
from qihu.errors import Invalid, Unknown
from tickets.access import Caller
from tickets.models import Leg, Ticket
from tickets.services.intent import Done, LegIntent
from tickets.services.transition import move, perform
from tickets.workflow import Action, LegAction


@transaction.atomic
def assign_leg(
    *,
    ticket_id: int,
    caller: Caller,
    at: datetime,
    departments: Sequence[str],
    text: str = "",
    expected_version: int | None = None,
) -> Done:
    """Ask departments (codes) to help, each with a leg and a clock of its own. Raises `Invalid`."""
    helpers = _helpers(ticket_id, departments)
    data = {"co_departments": [one.code for one in helpers]}
    return move(Action.ASSIGN_LEG, ticket_id, caller, at, expected_version, text=text, data=data, helpers=helpers)


def _helpers(ticket_id: int, codes: Sequence[str]) -> list[Department]:
    ticket = Ticket.objects.lock([ticket_id]).filter(pk=ticket_id).first()
    wanted = list(dict.fromkeys(codes))
    found = {one.code: one for one in Department.objects.filter(code__in=wanted, active=True)}
    secret = {code for code, one in found.items() if one.kind == Department.Kind.DISCIPLINE}
    missing = [code for code in wanted if code not in found or code in secret]
    if missing or not wanted:
        said = f"没有这个协办部门：{'、'.join(missing)}" if missing else "请选择协办部门。"
        raise Invalid("没有这个协办部门。", fields={"departments": said})
    helping = frozenset(Leg.objects.open().filter(ticket_id=ticket_id).values_list("department_id", flat=True))
    busy = [one.name for one in found.values() if one.pk in helping or (ticket and one.pk == ticket.department_id)]
    if ticket and ticket.restricted:
        raise Invalid("限制知悉的诉求不设协办。", fields={"departments": "限制知悉的诉求不设协办。"})
    if busy:
        raise Invalid("已在办理。", fields={"departments": f"已在主办或协办本件：{'、'.join(busy)}"})
    return [found[code] for code in wanted]


def leg_sign(
    *, ticket_id: int, caller: Caller, at: datetime, leg: int | None = None, expected_version: int | None = None
) -> Done:
    """Take the leg on; the signer becomes its officer."""
    return _make(LegAction.LEG_SIGN, ticket_id, caller, at, leg, expected_version)


def leg_reply(
    *,
    ticket_id: int,
    caller: Caller,
    at: datetime,
    text: str,
    leg: int | None = None,
    expected_version: int | None = None,
) -> Done:
    """The co-handler's part of the answer, for the lead department."""
    return _make(LegAction.LEG_REPLY, ticket_id, caller, at, leg, expected_version, text)


def leg_return(
    *,
    ticket_id: int,
    caller: Caller,
    at: datetime,
    reason: str,
    leg: int | None = None,
    expected_version: int | None = None,
) -> Done:
    """Not the co-handler's matter: back, with the reason."""
    return _make(LegAction.LEG_RETURN, ticket_id, caller, at, leg, expected_version, reason)


def _make(
    action: LegAction,
    ticket_id: int,
    caller: Caller,
    at: datetime,
    leg: int | None,
    expected_version: int | None,
    text: str = "",
) -> Done:
    return perform(
        LegIntent(
            action=action,
            ticket_id=ticket_id,
            leg_id=leg if leg is not None else _own(ticket_id, caller),
            at=at,
            caller=caller,
            expected_version=expected_version,
            text=text,
        )
    )


def _own(ticket_id: int, caller: Caller) -> int:
    """The leg of the caller's own department: the open one, else the last. Raises `Unknown`."""
    mine = caller.user.departments() if caller.user else frozenset[int]()
    legs = list(Leg.objects.filter(ticket_id=ticket_id).held_by(mine).order_by("pk"))
    if not legs:
        raise Unknown("您的部门不协办本件。")
    return next((leg.pk for leg in legs if leg.is_open), legs[-1].pk)
