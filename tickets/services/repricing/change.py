"""One change of the promises, a draft's or a published version's: which promises it touches, what it makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from routing.promises.book import calendar_version, published_table, read_calendar, read_table
from routing.promises.calendars import WorkCalendar
from routing.promises.drafts import future_only, in_force
from routing.promises.models import CalendarVersion, PolicySet, Rung
from routing.promises.zones import instant, moment
from tickets.models import Deadline, Recalculation
from tickets.services.repricing.facts import Fact, parts_of, repeats, running, spans_of, stream
from tickets.services.repricing.reckon import ByCalendar, ByPolicy, Fresh, Reckoner, later
from tickets.services.repricing.tally import Line, Tally
from tickets.workflow import Clock

Scope = Recalculation.Scope


@dataclass(frozen=True, kw_only=True)
class Change:
    """Exactly one of `policy_set` and `version`; `at` is the moment of the change, by which breaks are told."""

    at: datetime
    policy_set: PolicySet | None = None
    version: CalendarVersion | None = None
    scope: Scope = Scope.RUNNING
    effective_on: date | None = None
    correction: bool = False

    @property
    def target(self) -> dict[str, int]:
        """The columns of a promise that follow."""
        if self.policy_set:
            return {"policy_set_id": self.policy_set.pk}
        return {"calendar_version_id": self.version.pk} if self.version else {}

    @property
    def words(self) -> str:
        """What a ledger row names as its cause."""
        return str(self.policy_set or self.version)

    @cached_property
    def calendar(self) -> WorkCalendar:
        """The calendar as it is, or as it would be published. Raises `Invalid` for a draft that cannot be."""
        if self.version is None:
            raise TypeError("a change of policies has no calendar of its own")
        if self.version.published_at:
            return calendar_version(self.version.pk)
        current = in_force(self.version)
        if current is None or self.correction:
            return read_calendar(self.version)
        today = self.today
        return future_only(current, self.version, effective_on=self.effective_on or today, today=today)

    @cached_property
    def rearms(self) -> bool:
        """Whether what a promise sets off next can change although its due time does not: another ladder, or hours."""
        if self.policy_set is None:
            return True
        ladders: dict[int, set[tuple[object, ...]]] = {key: set() for key in _published_sets(self.policy_set.pk)}
        columns = ("set_id", "clock", "code", "position", "measure", "value", "unit", "at_least", "effect")
        for key, *rung in Rung.objects.filter(set__in=list(ladders)).values_list(*columns):
            ladders[key].add(tuple(rung))
        return any(ladder != ladders[self.policy_set.pk] for ladder in ladders.values())

    @property
    def today(self) -> date:
        """The local date of the change, where the calendar is."""
        if self.version is None:
            raise TypeError("a change of policies has no zone of its own")
        return self.at.astimezone(ZoneInfo(self.version.calendar.zone)).date()

    def promises(self) -> QuerySet[Deadline]:
        """What is in scope and has not followed yet: run again, it finds what is left."""
        found = running(at=self.at)
        if self.policy_set:
            return found.exclude(policy_set=self.policy_set.pk)
        if self.version is None:
            return found.none()
        found = found.filter(calendar_version__calendar=self.version.calendar_id)
        found = found.exclude(calendar_version=self.version.pk)
        if self.scope == Scope.PROVISIONAL:
            return found.filter(provisional=True)
        if self.correction:
            return found
        since = self.effective_on or self.today
        return found.filter(due_at__gte=moment(instant(ZoneInfo(self.version.calendar.zone), since)))

    def reckoner(self, promises: QuerySet[Deadline]) -> Reckoner:
        """For these promises."""
        if self.policy_set:
            table = published_table if self.policy_set.published_at else read_table
            return ByPolicy(table(self.policy_set.pk), self.at, repeats(promises))
        return ByCalendar(self.calendar, self.at)

    def outcomes(self, promises: QuerySet[Deadline]) -> Iterator[tuple[Fact, Fresh | None]]:
        """Each of `promises`, a part of this change's, with what becomes of it; in the order of requests."""
        reckon, spans, floors = self.reckoner(promises), spans_of(promises), self._floors(promises)
        for fact in stream(promises):
            fresh = reckon(fact, spans.get(fact.key, ()))
            if fresh and fact.clock == Clock.RESOLVE and fact.leg is None:
                fresh = later(fresh, floors.get(fact.ticket))
            yield fact, fresh

    def _floors(self, promises: QuerySet[Deadline]) -> Mapping[int, datetime]:
        """When the last part of each split request is due after the change, whichever of them has followed already."""
        parts = parts_of(promises.filter(clock=Clock.RESOLVE)).values_list("pk", "ticket__parent_id", "due_at")
        floors: dict[int, datetime] = {}
        due = {key: (parent, at) for key, parent, at in parts if parent and at}
        if not due:
            return floors
        moving = self.promises().filter(pk__in=list(due))
        reckon, spans = self.reckoner(moving), spans_of(moving)
        for fact in stream(moving):
            if fresh := reckon(fact, spans.get(fact.key, ())):
                due[fact.key] = (due[fact.key][0], fresh.due_at)
        for parent, at in due.values():
            floors[parent] = max(at, floors.get(parent, at))
        return floors


def _published_sets(besides: int) -> list[int]:
    """Keys of the sets that promises may follow, and that one."""
    found = PolicySet.objects.filter(Q(published_at__isnull=False) | Q(pk=besides))
    return list(found.order_by("pk").values_list("pk", flat=True))


def of(row: Recalculation) -> Change:
    """The change that a recalculation carries out."""
    return Change(
        at=row.asked_at,
        policy_set=row.policy_set,
        version=row.calendar_version,
        scope=Scope(row.scope),
        effective_on=row.effective_on,
        correction=row.correction,
    )


def foresee(change: Change) -> list[Line]:
    """What would move, by department and clock; nothing is written. Streams; a handful of queries in all."""
    tally = Tally()
    for fact, fresh in change.outcomes(change.promises()):
        tally.add(fact, fresh, at=change.at)
    return tally.lines()


def within(promises: QuerySet[Deadline], tickets: Iterable[int]) -> QuerySet[Deadline]:
    """Those of these requests."""
    return promises.filter(ticket_id__in=list(tickets))
