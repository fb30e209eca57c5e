"""Why a promise was not kept: the head says so in writing once a red light is lit (domain.md §4)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from qihu.errors import Forbidden, Invalid, RefusedByRule
from tickets import access
from tickets.access import Caller
from tickets.models import Deadline, Ticket
from tickets.services.intent import Aside, Done
from tickets.services.transition import perform_all, refuse_stale
from tickets.terms import RED_CLOCKS, Remark
from tickets.workflow import Party


def owed(ticket_id: int) -> list[Deadline]:
    """Broken promises of a request that nobody has given a reason for, oldest first: one query."""
    broken = Deadline.objects.of_ticket(ticket_id).filter(breached_at__isnull=False, reason_seq__isnull=True)
    return list(broken.filter(clock__in=sorted(RED_CLOCKS)))


@transaction.atomic
def give_reason(
    *, ticket_id: int, clock: str, caller: Caller, at: datetime, reason: str, expected_version: int | None = None
) -> Done:
    """Say why. One reason answers every broken promise of that clock so far.

    Raises `Forbidden` for anybody but the head of the lead department, `RefusedByRule` where nothing is owed,
    `Invalid` without words.
    """
    ticket = Ticket.objects.lock([ticket_id]).get()
    refuse_stale(expected_version, ticket)
    if Party.HEAD not in access.parties(access.as_of_now(caller), ticket):
        raise Forbidden("超期原因由主办部门负责人说明。")
    if not reason.strip():
        raise Invalid("请写明原因。", fields={"reason": "请写明超期的原因。"})
    found = [one for one in owed(ticket_id) if one.clock == clock]
    if not found:
        raise RefusedByRule("这项时限没有待说明的超期。")
    said = Aside(
        kind=Remark.LATE_REASON,
        ticket_id=ticket_id,
        at=at,
        party=Party.HEAD,
        caller=caller,
        data={"clock": clock},
        text=reason,
        turns_version=False,
    )
    (done,) = perform_all([said], locked={ticket_id: ticket})
    Deadline.objects.filter(pk__in=[one.pk for one in found]).update(reason_seq=done.event.seq)
    return done
