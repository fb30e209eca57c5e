"""Who hears of what. One row per event, recipient and channel, so a second run tells nobody twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import Q

from qihu.accounts.models import Grant, Role, within
from tickets.models import Confirmation, Event, Notice, Ticket
from tickets.terms import Remark
from tickets.workflow import CENTRE_CLOCKS, Action, Clock, Status

_TO_DEPARTMENT = frozenset({Action.ROUTE, Action.ASSIGN, Action.REASSIGN, Action.REWORK})
_TO_HANDLERS = frozenset(
    {Action.URGE, Action.WITHDRAW, Action.SEND_BACK, Action.DELIVER, Action.RATE, Action.LAPSE, Remark.SOURCE}
    | {Remark.MESSAGE, Remark.MATERIAL}
)


def notify_all(wanted: Sequence[Mapping[str, int]], *, at: datetime) -> None:
    """Write the in-app notices for these events (`ticket_id`, `seq` each)."""
    chosen = Q(pk__in=[])
    for one in wanted:
        chosen |= Q(ticket_id=one["ticket_id"], seq=one["seq"])
    events = list(Event.objects.filter(chosen).select_related("ticket__region").order_by("ticket_id", "seq"))
    people = _people(events)
    Notice.objects.bulk_create(
        [
            Notice(
                ticket=event.ticket,
                seq=event.seq,
                recipient_id=user,
                kind=event.kind,
                clock=event.data.get("clock", ""),
                created_at=at,
            )
            for event in events
            for user in sorted(_recipients(event, people) - {event.actor_id or 0})
        ],
        ignore_conflicts=True,
    )


def _people(events: Iterable[Event]) -> list[Grant]:
    """Everybody who could be told, in one query."""
    departments = {e.department_id for e in events if e.department_id}
    theirs = Q(department__in=departments) | Q(role__in=[Role.DISPATCHER, Role.DIRECTOR, Role.SUPERVISOR, Role.INTAKE])
    return list(Grant.objects.filter(theirs, user__is_active=True).select_related("region"))


def _to_centre(event: Event) -> bool:
    return event.kind == Action.DEFER or event.data.get("clock") in CENTRE_CLOCKS


def _recipients(event: Event, people: Sequence[Grant]) -> set[int]:
    ticket = event.ticket
    if _to_centre(event):
        return _of_centre(ticket, people, {Role.SUPERVISOR}) if ticket.restricted else _of_centre(ticket, people)
    officers = _of_department(event, people, {Role.OFFICER, Role.DISCIPLINE})
    heads = _of_department(event, people, {Role.HEAD})
    handler = {ticket.officer_id} if ticket.officer_id else officers
    if event.kind in _TO_DEPARTMENT:
        return officers
    if event.kind == Action.REPLY:
        return heads if ticket.tier == 1 or ticket.restricted else _of_centre(ticket, people, {Role.DIRECTOR})
    if event.kind == "breach":
        holder = heads if event.data.get("clock") == Clock.REVIEW else handler
        return holder | heads | (set() if ticket.restricted else _of_centre(ticket, people, {Role.DIRECTOR}))
    if event.kind == Action.URGE or (event.kind == Remark.MESSAGE and not event.department_id):
        waits = not event.department_id and not ticket.restricted
        return _of_centre(ticket, people, {Role.DISPATCHER}) if waits else handler | heads
    doubted = event.kind == Remark.CONFIRM and event.data["op"] != Confirmation.State.CONFIRMED
    asking = _of_centre(ticket, people, {Role.INTAKE}) if doubted and not ticket.restricted else set()
    told = (doubted or event.kind in _TO_HANDLERS) and ticket.status != Status.SUBMITTED
    return asking | (handler if told else set())


def _of_department(event: Event, people: Sequence[Grant], roles: set[Role]) -> set[int]:
    return {
        g.user_id for g in people if event.department_id and g.department_id == event.department_id and g.role in roles
    }


def _of_centre(
    ticket: Ticket, people: Sequence[Grant], roles: Iterable[Role] = (Role.DISPATCHER, Role.DIRECTOR)
) -> set[int]:
    wanted = set(roles)
    return {g.user_id for g in people if g.region and g.role in wanted and within(ticket.region.path, g.region.path)}
