"""Who somebody is to an event: the audiences that rules name, as keys of people.

A restricted request is told to its own discipline department and to supervisors; whatever a rule says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from qihu.accounts.models import OF_REGION, Department, Grant, Role, within
from tickets.models import Event, Leg
from tickets.models.notice_rule import Audience
from tickets.terms import Remark
from tickets.workflow import Action, Clock, Party, approvers

_OFFICERS = frozenset({Role.OFFICER, Role.DISCIPLINE})
_OFFICER, _REVIEWER, _HEAD, _CO = Audience.OFFICER, Audience.REVIEWER, Audience.HEAD, Audience.CO_OFFICERS
_HOLDERS: Mapping[str, tuple[Audience, ...]] = {
    Clock.ACCEPT: (Audience.INTAKE, Audience.DISPATCHER),
    Clock.DISPATCH: (Audience.DISPATCHER,),
    Clock.REVIEW: (_REVIEWER,),
    Clock.ARBITRATE: (Audience.DISPATCHER,),
    Clock.CALL_BACK: (Audience.INTAKE,),
    Clock.LEG: (_CO,),
    Clock.SUPERVISE: (_HEAD,),
}
"""Who holds a clock; every other one the officer."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Everybody who could be told of a batch of events, the legs of their requests, who asked for what and which
    departments objected (by request, with the number of the event).
    """

    grants: Sequence[Grant]
    legs: Mapping[int, Sequence[Leg]]
    askers: Mapping[tuple[int, object], int]
    objectors: Mapping[int, Sequence[tuple[int, int]]]

    def of_department(self, department_id: int | None, roles: Iterable[Role]) -> set[int]:
        """Holders of these roles in that department."""
        wanted = frozenset(roles)
        return {
            g.user_id for g in self.grants if department_id and g.department_id == department_id and g.role in wanted
        }

    def of_region(self, event: Event, *roles: Role) -> set[int]:
        """Holders of these roles where the request lies, or above."""
        path = event.ticket.region.path
        return {g.user_id for g in self.grants if g.region and g.role in roles and within(path, g.region.path)}

    def helping(self, event: Event) -> Sequence[Leg]:
        """The leg that the event is about, or those that began with it."""
        legs = self.legs.get(event.ticket_id, ())
        if event.leg_id:
            return [leg for leg in legs if leg.pk == event.leg_id]
        return [leg for leg in legs if leg.assigned_at == event.happened_at]


def crowd(events: Sequence[Event]) -> Crowd:
    """Two queries: the grants that count, with their people; the legs. One more each where something asked was decided
    and where a return was ruled on.
    """
    legs: dict[int, list[Leg]] = {}
    for leg in Leg.objects.filter(ticket__in={e.ticket_id for e in events}).select_related("department").order_by("pk"):
        legs.setdefault(leg.ticket_id, []).append(leg)
    departments = {e.department_id for e in events} | {e.ticket.department_id for e in events}
    departments |= {leg.department_id for found in legs.values() for leg in found}
    objectors = _objectors(events)
    departments |= {department for found in objectors.values() for _, department in found}
    theirs = Q(department__in=departments - {None}) | Q(role__in=sorted(OF_REGION))
    grants = Grant.objects.filter(theirs, user__is_active=True).select_related("region", "user").order_by("pk")
    return Crowd(list(grants), legs, _asked(events), objectors)


def _asked(events: Sequence[Event]) -> dict[tuple[int, object], int]:
    """Who asked, by request and approval, for what these events refuse."""
    decided = {event.ticket_id for event in events if event.kind == "approval" and event.data.get("op") != "asked"}
    if not decided:
        return {}
    found = Event.objects.filter(ticket__in=decided, kind="approval", data__op="asked", actor__isnull=False)
    return {(event.ticket_id, event.data.get("approval")): event.actor_id or 0 for event in found.order_by("pk")}


def _objectors(events: Sequence[Event]) -> dict[int, list[tuple[int, int]]]:
    """Who objected, and when, to requests on whose return these events rule."""
    found: dict[int, list[tuple[int, int]]] = {}
    if ruled := {event.ticket_id for event in events if event.kind == Action.RULE_ON_RETURN}:
        made = Event.objects.filter(ticket__in=ruled, kind=Action.OBJECT, department__isnull=False).order_by("seq")
        for ticket, seq, department in made.values_list("ticket_id", "seq", "department_id"):
            found.setdefault(ticket, []).append((seq, department or 0))
    return found


def people(audience: str, event: Event, crowd: Crowd) -> set[int]:
    """Keys of the members of staff who are this audience to this event, without whoever made it."""
    found = _AUDIENCES[Audience(audience)](event, crowd)
    if event.ticket.restricted:
        found &= _initiated(event, crowd)
    return found - {event.actor_id or 0}


def departments(audience: str, event: Event, crowd: Crowd) -> set[int]:
    """Keys of the departments whose groups hear of this event; of a restricted one none does."""
    if event.ticket.restricted:
        return set()
    if audience == Audience.CO_GROUP:
        return {leg.department_id for leg in crowd.helping(event)}
    return {_lead(event)} - {None} if audience == Audience.GROUP else set()  # type: ignore[return-value]


def tells_firm(event: Event) -> bool:
    """Whether the firm's phone hears of it: not of what it did itself, nor with a link into a restricted request."""
    return event.party != Party.FIRM and not (event.kind == Remark.ASK_CONFIRM and event.ticket.restricted)


def _initiated(event: Event, crowd: Crowd) -> set[int]:
    """Who may know of a restricted request at all."""
    ours = event.ticket.department
    inside = ours if ours and ours.kind == Department.Kind.DISCIPLINE else None
    watching = crowd.of_region(event, Role.SUPERVISOR)
    return watching | crowd.of_department(inside.pk if inside else None, [*_OFFICERS, Role.HEAD])


def _lead(event: Event) -> int | None:
    """The department that the event is about; of a co-handler's leg the one that leads."""
    return event.ticket.department_id if event.leg_id else event.department_id


def _officers(event: Event, crowd: Crowd) -> set[int]:
    return crowd.of_department(_lead(event), _OFFICERS)


def _officer(event: Event, crowd: Crowd) -> set[int]:
    """Whoever signed; before that the whole department; before that whoever hands requests out."""
    lead = _lead(event)
    if not lead:
        return _dispatcher(event, crowd)
    signed = event.ticket.officer_id
    return {signed} if signed and lead == event.ticket.department_id else _officers(event, crowd)


def _head(event: Event, crowd: Crowd) -> set[int]:
    return crowd.of_department(event.ticket.department_id, [Role.HEAD])


def _dispatcher(event: Event, crowd: Crowd) -> set[int]:
    """Of a restricted request that has nowhere to go, the supervisor."""
    return crowd.of_region(event, Role.SUPERVISOR if event.ticket.restricted else Role.DISPATCHER)


def _reviewer(event: Event, crowd: Crowd) -> set[int]:
    """The head at tier 1, the director above it and of what was drawn."""
    ticket = event.ticket
    own = ticket.restricted or (ticket.tier == 1 and not ticket.review_drawn)
    return _head(event, crowd) if own else crowd.of_region(event, Role.DIRECTOR)


def _holder(event: Event, crowd: Crowd) -> set[int]:
    held = _HOLDERS.get(str(event.data.get("clock", "")), (_OFFICER,))
    return {key for audience in held for key in _AUDIENCES[audience](event, crowd)}


def _co_officers(event: Event, crowd: Crowd) -> set[int]:
    """Whoever signed the leg; before that the whole department that helps."""
    return {
        key
        for leg in crowd.helping(event)
        for key in ({leg.officer_id} if leg.officer_id else crowd.of_department(leg.department_id, _OFFICERS))
    }


def _objector(event: Event, crowd: Crowd) -> set[int]:
    """Head and officers of the department whose return is ruled on."""
    before = [department for seq, department in crowd.objectors.get(event.ticket_id, ()) if seq < event.seq]
    return crowd.of_department(before[-1] if before else None, [*_OFFICERS, Role.HEAD])


def _asker(event: Event, crowd: Crowd) -> set[int]:
    """Whoever asked for what was now granted (the move names them) or refused (their own event does)."""
    known = event.data.get("asked_by") or crowd.askers.get((event.ticket_id, event.data.get("approval")))
    return {int(known)} if known else set()


def _approver(event: Event, crowd: Crowd) -> set[int]:
    """Whoever may say the second word, by the table of moves."""
    found: frozenset[Party] = approvers(Action(event.data["action"]), restricted=event.ticket.restricted)
    return crowd.of_region(event, *(Role(party) for party in found))


def _in_region(role: Role) -> Callable[[Event, Crowd], set[int]]:
    return lambda event, crowd: crowd.of_region(event, role)


_AUDIENCES: Mapping[Audience, Callable[[Event, Crowd], set[int]]] = {
    Audience.OFFICER: _officer,
    Audience.OFFICERS: _officers,
    Audience.HEAD: _head,
    Audience.HOLDER: _holder,
    Audience.REVIEWER: _reviewer,
    Audience.CO_OFFICERS: _co_officers,
    Audience.OBJECTOR: _objector,
    Audience.ASKER: _asker,
    Audience.APPROVER: _approver,
    Audience.INTAKE: _in_region(Role.INTAKE),
    Audience.DISPATCHER: _dispatcher,
    Audience.DIRECTOR: _in_region(Role.DIRECTOR),
    Audience.SUPERVISOR: _in_region(Role.SUPERVISOR),
    Audience.LEADER: _in_region(Role.LEADER),
}
