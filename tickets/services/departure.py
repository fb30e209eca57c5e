"""When a department cannot go on as planned: object to the assignment, ask for more time, let it rest, resume."""

from __future__ import annotations

from datetime import UTC, date, datetime

from django.db import transaction

from qihu.accounts.models import Department
from qihu.errors import Invalid
from routing.promises.amount import Amount
from routing.promises.book import calendar_version
from routing.promises.worktime import due
from tickets.access import SYSTEM, Caller
from tickets.models import Deadline, Ticket
from tickets.services.circumstances import Looked
from tickets.services.intent import Done
from tickets.services.transition import move
from tickets.workflow import Action, Clock, ReturnReason, Suspension


@transaction.atomic
def object_to(
    *,
    ticket_id: int,
    caller: Caller,
    at: datetime,
    reason: str,
    basis: str,
    suggested_department: str,
    expected_version: int | None = None,
) -> Done:
    """退单: why, on which legal basis, and whose it is instead (a department's code). Raises `Invalid`."""
    errors = {}
    if reason not in ReturnReason.values:
        errors["reason"] = "请选择退单原因。"
    if not basis.strip():
        errors["basis"] = "请写明职责依据（法规或“三定”规定）。"
    suggested = Department.objects.filter(code=suggested_department, active=True).first()
    if suggested is None or suggested.kind == Department.Kind.PARTNER:
        errors["suggested_department"] = "请选择建议的承办部门。"
    if errors:
        raise Invalid("退单还不完整。", fields=errors)
    data = {"reason": reason, "suggested_department": suggested_department}
    return move(Action.OBJECT, ticket_id, caller, at, expected_version, text=basis, data=data)


@transaction.atomic
def extend(
    *,
    ticket_id: int,
    caller: Caller,
    at: datetime,
    reason: str,
    until: date,
    expected_version: int | None = None,
) -> Done:
    """Ask for more time, until a day: as many units as reach it, at most what the table allows. Two-step.

    Raises `Invalid` for a day that is not later than the agreed one or beyond the longest extension.
    """
    ticket = Ticket.objects.lock([ticket_id]).filter(pk=ticket_id).first()
    by = _units_until(ticket, until, at) if ticket else 0
    data = {"until": until.isoformat(), "by": by}
    return move(Action.EXTEND, ticket_id, caller, at, expected_version, text=reason, data=data)


def _units_until(ticket: Ticket, until: date, at: datetime) -> int:
    """Units of the promise by which its due day reaches `until`; 0 where a guard of the table will refuse anyhow."""
    deadline = Deadline.objects.live([ticket.pk]).filter(clock=Clock.RESOLVE).first()
    most, _ = Looked(ticket, None, at).extension
    if deadline is None or most is None or deadline.agreed is None or deadline.due_at is None:
        return 0
    calendar = calendar_version(deadline.calendar_version_id)
    due_on = deadline.due_at.astimezone(calendar.zone).date()
    if until <= due_on:
        raise Invalid("日期不对。", fields={"until": f"须晚于现在的到期日 {due_on:%m月%d日}。"})
    unit = deadline.agreed.unit
    for by in range(1, most.value + 1 if most.unit == unit else 1):
        # the same step from the due day: what the ledger will reckon from the start, shifted by the same pauses
        reached = due(calendar, deadline.due_at, Amount(by, unit)).at.astimezone(calendar.zone).date()
        if reached >= until:
            return by
    raise Invalid("延期太长。", fields={"until": f"最多延长{most.words()}。"})


def suspend(
    *,
    ticket_id: int,
    caller: Caller,
    at: datetime,
    reason: str,
    text: str = "",
    since: datetime | None = None,
    expected_version: int | None = None,
) -> Done:
    """Ask to let the request rest for a listed reason; looked at again when REVIEW_HOLD ends. Two-step.

    `since`: it rests since then and is entered late; what has broken stays broken. Raises `Invalid` for an unknown
    reason, or a `since` that is not between the assignment and now.
    """
    if reason not in Suspension.values:
        raise Invalid("请选择挂起原因。", fields={"reason": "请选择挂起原因。"})
    data = {"reason": reason}
    if since is not None:
        _refuse_impossible(since, ticket_id, at)
        data["since"] = since.astimezone(UTC).isoformat()
    words = text.strip() or Suspension(reason).label
    return move(Action.SUSPEND, ticket_id, caller, at, expected_version, text=words, data=data)


def _refuse_impossible(since: datetime, ticket_id: int, at: datetime) -> None:
    if since > at:
        raise Invalid("补记的时间有误。", fields={"since": "不能晚于现在。"})
    ticket = Ticket.objects.filter(pk=ticket_id).first()
    if ticket and ticket.assigned_at and since < ticket.assigned_at:
        raise Invalid("补记的时间有误。", fields={"since": "不能早于交办本部门的时间。"})


def resume(
    *, ticket_id: int, at: datetime, caller: Caller = SYSTEM, text: str = "", expected_version: int | None = None
) -> Done:
    """Go on; by the system when REVIEW_HOLD has ended."""
    return move(Action.RESUME, ticket_id, caller, at, expected_version, text=text)
