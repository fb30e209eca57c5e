"""What a new calendar version says of the past: what its predecessor said (pure).

A version may change the days to come. Were it to tell another past as well, a due time half of which has been lived
through would move by hours that nobody gained or lost.
"""

from dataclasses import replace
from datetime import date, timedelta

from routing.promises.calendars import Opening, WorkCalendar

_DAY = timedelta(days=1)


def settled_before(old: WorkCalendar, effective_on: date) -> date:
    """The first date that a successor may tell anew: the effective one, or the first without a notice."""
    if old.coverage is None:
        return effective_on
    return min(effective_on, date(old.coverage[1] + 1, 1, 1))


def spliced(old: WorkCalendar, new: WorkCalendar, *, effective_on: date) -> WorkCalendar:
    """`new`, with the dates before `settled_before` as `old` has them. PromiseError where the two do not fit."""
    since = settled_before(old, effective_on)
    days = {on: day for on, day in old.days.items() if on < since}
    days |= {on: day for on, day in new.days.items() if on >= since}
    return replace(new, weekly=_weekly(old, new, since), days=dict(sorted(days.items())))


def _weekly(old: WorkCalendar, new: WorkCalendar, since: date) -> tuple[Opening, ...]:
    if frozenset(old.weekly) == frozenset(new.weekly):
        return new.weekly
    before = [_until(one, since - _DAY) for one in old.weekly if one.from_on is None or one.from_on < since]
    after = [_from(one, since) for one in new.weekly if one.to_on is None or one.to_on >= since]
    return (*before, *after)


def _until(one: Opening, last: date) -> Opening:
    return replace(one, to_on=last if one.to_on is None else min(one.to_on, last))


def _from(one: Opening, first: date) -> Opening:
    return replace(one, from_on=first if one.from_on is None else max(one.from_on, first))


def changed_dates(old: WorkCalendar, new: WorkCalendar, *, first: date, last: date) -> list[date]:
    """Dates in `[first, last]` whose openings differ."""
    span = range(first.toordinal(), last.toordinal() + 1)
    return [on for on in map(date.fromordinal, span) if old.hours_on(on) != new.hours_on(on)]
