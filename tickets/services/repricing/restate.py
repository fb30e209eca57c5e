"""A correction of the past: which ended promises would have been judged otherwise. They themselves stay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet

from routing.promises.amount import OPENING, Amount, Unit
from routing.promises.book import calendar_version
from routing.promises.calendars import WorkCalendar
from routing.promises.splice import changed_dates
from routing.promises.zones import instant, moment
from tickets.models import Deadline, Recalculation, Restatement
from tickets.services.repricing.change import Change
from tickets.services.repricing.facts import Fact, spans_of, stream
from tickets.services.repricing.reckon import reckoned
from tickets.workflow import ENDING_CLOCKS

_DAY = timedelta(days=1)
_CHUNK = 1000


def record(recalculation: Recalculation, change: Change) -> None:
    """Write a row for each; nothing for a change that is no correction."""
    former, version = recalculation.former_version, change.version
    if not recalculation.correction or former is None or version is None:
        return
    touched = _touched(calendar_version(former.pk), change.calendar, change.today)
    if not touched:
        return
    ended = _ended(version.calendar_id, version.pk, change.calendar, touched)
    rows = list[Restatement]()
    for one in _otherwise(ended, change):
        one.recalculation, one.reason = recalculation, recalculation.reason
        rows.append(one)
        if len(rows) == _CHUNK:
            Restatement.objects.bulk_create(rows)
            rows.clear()
    Restatement.objects.bulk_create(rows)


def _touched(old: WorkCalendar, new: WorkCalendar, today: date) -> list[date]:
    """Past dates whose openings are corrected."""
    earliest = Deadline.objects.filter(calendar_version__calendar__code=new.code).order_by("started_at")
    begun = earliest.values_list("started_at", flat=True).first()
    return changed_dates(old, new, first=begun.date() - _DAY, last=today) if begun else []


def _ended(calendar_id: int, version_id: int, calendar: WorkCalendar, touched: list[date]) -> QuerySet[Deadline]:
    """Met or broken promises in opening time that ran on a corrected date."""
    first = moment(instant(calendar.zone, touched[0]))
    after = moment(instant(calendar.zone, touched[-1] + 2 * _DAY))
    judged = Q(met_at__isnull=False) | Q(breached_at__isnull=False)
    found = Deadline.objects.filter(judged, calendar_version__calendar=calendar_id, unit__in=sorted(OPENING))
    ran = found.filter(started_at__lt=after).filter(Q(due_at__gte=first) | Q(met_at__gte=first))
    return ran.exclude(calendar_version=version_id).exclude(clock__in=sorted(ENDING_CLOCKS))


def _otherwise(ended: QuerySet[Deadline], change: Change) -> Iterator[Restatement]:
    spans = spans_of(ended)
    met = {key: at for key, at in ended.values_list("pk", "met_at") if at}
    late = set(ended.filter(breached_at__isnull=False).values_list("pk", flat=True))
    for fact in stream(ended):
        due = _due(fact, spans.get(fact.key, ()), change)
        was, would = fact.key in late, due < (met.get(fact.key) or fact.paused_at or change.at)
        if was != would:
            yield Restatement(
                deadline_id=fact.key,
                was_late=was,
                would_be_late=would,
                due_at=fact.due_at,
                would_be_due_at=due,
            )


def _due(fact: Fact, spans: Sequence[tuple[datetime, datetime]], change: Change) -> datetime:
    amount = Amount(fact.amount or 0, Unit(fact.unit))
    return reckoned(fact, amount, change.calendar, spans, at=change.at).due_at
