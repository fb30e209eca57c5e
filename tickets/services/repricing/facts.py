"""Running promises as plain rows: all that reckoning one anew needs, read in a stream and never row by row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain, starmap
from typing import NamedTuple

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from tickets.models import Deadline, Event, Shift
from tickets.workflow import MOVES, Clock, Status

_State = Deadline.State
Spans = Mapping[int, list[tuple[datetime, datetime]]]
_Pause = tuple[int, datetime | None, datetime | None]
_STREAM = 5000


class Fact(NamedTuple):
    """One promise and what prices it. `path` is the region's; `leg_department` that of the co-handler."""

    key: int
    ticket: int
    leg: int | None
    clock: str
    round: int
    state: str
    amount: int | None
    unit: str
    extended: int
    calendar_version: int
    started_at: datetime
    due_at: datetime
    provisional: bool
    paused_at: datetime | None
    difficulty: str
    urgent: bool
    restricted: bool
    channel: str
    category: str | None
    path: str
    department: int | None
    leg_department: int | None


_COLUMNS = (
    *("pk", "ticket_id", "leg_id", "clock", "round", "state", "amount", "unit", "extended", "calendar_version_id"),
    *("started_at", "due_at", "provisional", "paused_at", "ticket__difficulty", "ticket__urgent"),
    *("ticket__restricted", "ticket__channel", "ticket__category_id", "ticket__region__path"),
    *("ticket__department_id", "leg__department_id"),
)


def running(*, at: datetime) -> QuerySet[Deadline]:
    """Promises that run and have not run out by `at`: what is met, void or broken stays as it is."""
    in_time = Q(state=_State.RUNNING, due_at__gte=at) | Q(state=_State.PAUSED, due_at__gte=F("paused_at"))
    return Deadline.objects.filter(in_time, amount__isnull=False, breached_at__isnull=True)


def stream(promises: QuerySet[Deadline]) -> Iterator[Fact]:
    """The rows in the order of their requests."""
    ordered = promises.order_by("ticket_id", "pk").values_list(*_COLUMNS)
    return starmap(Fact, ordered.iterator(chunk_size=_STREAM))


def spans_of(promises: QuerySet[Deadline]) -> Spans:
    """Pauses and credits of these promises by their key; of an inherited one, those of the merged request too."""
    found: defaultdict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    ledger = Shift.objects.filter(
        kind__in=[Shift.Kind.PAUSE, Shift.Kind.CREDIT], since__isnull=False, until__isnull=False
    )
    own = ledger.filter(deadline__in=promises.order_by().values("pk"))
    rows = own.values_list("deadline_id", "since", "until").iterator(chunk_size=_STREAM)
    for key, since, until in chain(rows, _inherited(ledger, promises)):
        if since and until:
            found[key].append((since, until))
    return found


def _inherited(ledger: QuerySet[Shift], promises: QuerySet[Deadline]) -> Iterable[_Pause]:
    """The ledger stays with the merged request; its promise runs on at the parent with the same start."""
    heir = promises.filter(
        ticket_id=OuterRef("deadline__ticket__parent_id"),
        clock=OuterRef("deadline__clock"),
        started_at=OuterRef("deadline__started_at"),
    )
    merged = ledger.filter(deadline__ticket__status=Status.MERGED).annotate(heir=Subquery(heir.values("pk")[:1]))
    rows: Iterable[_Pause] = merged.filter(heir__isnull=False).values_list("heir", "since", "until")
    return rows


def repeats(promises: QuerySet[Deadline]) -> frozenset[int]:
    """Keys of those that a repeating move started: a further turn has an amount of its own."""
    starters: defaultdict[str, list[str]] = defaultdict(list)
    for move in MOVES:
        for clock in move.repeats:
            starters[str(clock)].append(move.action)
    found: set[int] = set()
    for name, actions in starters.items():
        begun = Event.objects.filter(ticket_id=OuterRef("ticket_id"), seq=OuterRef("turn"))
        of_clock = promises.filter(clock=name).annotate(begun_by=Subquery(begun.values("kind")[:1]))
        found |= set(of_clock.filter(begun_by__in=actions).order_by().values_list("pk", flat=True))
    return frozenset(found)


def parts_of(wholes: QuerySet[Deadline]) -> QuerySet[Deadline]:
    """RESOLVE of every part of the requests that these promises belong to: a whole is due with its last part."""
    found = Deadline.objects.filter(clock=Clock.RESOLVE, leg=None, due_at__isnull=False)
    parents = wholes.order_by().values("ticket_id")
    return found.filter(ticket__parent__in=parents).exclude(ticket__status=Status.MERGED)
