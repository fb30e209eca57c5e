"""For each view of the rail somebody who has it and a request in it, by real moves; and many rows like it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TypeVar

from django.db.models import Model

from qihu.accounts.models import Role
from tests import make
from tests.people import Cast
from tickets.models import Deadline, Filing, Leg, Ticket
from tickets.pages.desk.queue_list import QUEUES, Queue
from tickets.services import approvals, centre, closing, dispatch, handling, review, sweep

Row = TypeVar("Row", bound=Model)
CAST = Cast()
LOOKS_AS: Mapping[Role, str] = {
    Role.OFFICER: "officer.finance",
    Role.HEAD: "head.finance",
    Role.DISCIPLINE: "officer.discipline",
    Role.INTAKE: "intake",
    Role.DISPATCHER: "dispatcher",
    Role.DIRECTOR: "director",
    Role.SUPERVISOR: "supervisor",
    Role.LEADER: "leader",
}
SEATS = [(queue, LOOKS_AS[role]) for queue in QUEUES for role in sorted(queue.roles)]
"""Every view with everybody who has it."""
_MINUTE = make.MINUTE


def _helping() -> Ticket:
    ticket = make.triaged()
    dispatch.assign(
        ticket_id=ticket.pk,
        caller=CAST.as_dispatcher,
        at=make.MONDAY + _MINUTE,
        department="land",
        co_departments=["finance"],
    )
    return ticket


def _supervised() -> Ticket:
    ticket = make.signed()
    centre.supervise(ticket_id=ticket.pk, caller=CAST.as_supervisor, at=make.MONDAY + 15 * _MINUTE, text="说明")
    return ticket


def _late() -> Ticket:
    ticket = make.assigned(at=make.MONDAY - timedelta(days=3))
    while sweep.sweep(at=make.MONDAY):
        pass
    return ticket


def _reworked() -> Ticket:
    ticket = make.answered()
    closing.rework(ticket_id=ticket.pk, at=make.MONDAY + 50 * _MINUTE, reason="没有到账")
    return ticket


def _planned() -> Ticket:
    ticket = make.signed()
    handling.reply(
        ticket_id=ticket.pk,
        caller=CAST.as_officer,
        at=make.MONDAY + 20 * _MINUTE,
        outcome="planned",
        text="列入四月计划",
        planned_on=(make.MONDAY + timedelta(days=30)).date(),
    )
    review.deliver(ticket_id=ticket.pk, caller=CAST.as_head, at=make.MONDAY + 30 * _MINUTE)
    closing.rate(ticket_id=ticket.pk, at=make.MONDAY + 40 * _MINUTE, process=5, result=5)
    return ticket


def _of_tier_two() -> Ticket:
    ticket = make.signed()
    centre.raise_tier(ticket_id=ticket.pk, caller=CAST.as_dispatcher, at=make.MONDAY + 15 * _MINUTE, reason="重大")
    for asked in ticket.approvals.filter(state="pending"):
        approvals.approve(approval_id=asked.pk, caller=CAST.as_director, at=make.MONDAY + 16 * _MINUTE)
    handling.reply(
        ticket_id=ticket.pk,
        caller=CAST.as_officer,
        at=make.MONDAY + 20 * _MINUTE,
        outcome="solved",
        text="已放款",
    )
    return ticket


ONE_IN: Mapping[str, Callable[[], Ticket]] = {
    "mine": make.signed,
    "review": make.replied,
    "today": make.assigned,
    "sign": make.assigned,
    "helping": _helping,
    "owed": _supervised,
    "open": make.assigned,
    "late": _late,
    "rework": _reworked,
    "plans": _planned,
    "closed": make.closed,
    "triage": make.triaged,
    "waiting": make.submitted,
    "disputed": make.disputed,
    "completing": make.info_needed,
    "resting": make.suspended,
    "review2": _of_tier_two,
    "all-open": make.assigned,
    "all-late": _late,
    "calls": lambda: make.closed(result=2),
    "supervised": _supervised,
    "all": make.assigned,
}
"""By the key of the view. A view that is missing here fails its tests: give it one."""


def one_in(queue: Queue) -> Ticket:
    """A request that stands in that view of the department's and the centre's people."""
    return make.fresh(ONE_IN[queue.key]())


def many_like(ticket: Ticket, count: int) -> None:
    """So many more rows: copied with filing, clocks and legs, since a list reads nothing else. They have no log."""
    ticket = Ticket.objects.get(pk=ticket.pk)
    numbers = [f"{ticket.number}-{n}" for n in range(count)]
    copies = Ticket.objects.bulk_create([_like(ticket, number=number) for number in numbers])
    Filing.objects.bulk_create([_like(ticket.filing, ticket_id=copy.pk, search=["样"]) for copy in copies])
    for rows in (Deadline.objects.filter(ticket=ticket, leg=None), Leg.objects.filter(ticket=ticket)):
        rows.model.objects.bulk_create([_like(row, ticket_id=copy.pk) for row in rows for copy in copies])


def _like(row: Row, **other: object) -> Row:
    names = [field.attname for field in row._meta.concrete_fields if field.attname != "id"]
    return type(row)(**({name: getattr(row, name) for name in names} | other))
