"""Laws of working time over random calendars, and the engine against a slow, plainly right reference."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.promises.amount import Amount, Unit
from routing.promises.explain import explain
from routing.promises.worktime import Day, Opening, WorkCalendar, add_opening, due, opening_seconds, shift
from tests.routing.promises.calendars import Slow

FROM = datetime(2026, 3, 1, tzinfo=UTC)
PLAIN = ["Asia/Shanghai", "UTC", "Asia/Kathmandu"]
CHANGING = [
    "Europe/Berlin",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Africa/Casablanca",
]


@st.composite
def hours(draw) -> tuple[tuple[int, int], ...]:
    """One or two openings of a day, sometimes up to 24:00."""
    marks = sorted(draw(st.sets(st.integers(0, 1440), min_size=2, max_size=4)))
    return tuple(zip(marks[::2], marks[1::2], strict=False))


@st.composite
def calendars(draw, zones=PLAIN) -> WorkCalendar:
    """A few open weekdays, some with an overnight opening, and dated rows in the weeks asked about."""
    weekdays = draw(st.sets(st.integers(0, 6), min_size=1, max_size=7))
    day_hours = draw(hours())
    if draw(st.booleans()) and len(weekdays) < 7 and not {(day + 1) % 7 for day in weekdays} & weekdays:
        day_hours = ((day_hours[0][0], day_hours[0][0] + 1440 - 60),)
    weekly = tuple(Opening(day, *pair) for day in weekdays for pair in day_hours)
    on = st.dates(date(2026, 2, 25), date(2026, 4, 5))
    off = draw(st.dictionaries(on, st.just(Day(working=False, name="休")), max_size=6))
    own = draw(st.dictionaries(on, hours().map(lambda pairs: Day(working=True, openings=pairs)), max_size=4))
    zone = draw(st.sampled_from(zones))
    return WorkCalendar("随机", 1, ZoneInfo(zone), weekly, {**off, **own})


minutes = st.integers(0, 20 * 1440)
starts = minutes.map(lambda number: FROM + timedelta(minutes=number))
lengths = st.integers(0, 3000).map(lambda number: number * 60)
spans_of_time = st.integers(0, 14 * 1440).map(lambda number: timedelta(minutes=number))
amounts = st.one_of(
    st.builds(Amount, st.integers(0, 60), st.sampled_from([Unit.MIN, Unit.H, Unit.WH])),
    st.builds(Amount, st.integers(1, 20), st.sampled_from([Unit.D, Unit.WD])),
)
pauses = st.lists(st.tuples(starts, st.integers(0, 4000)), max_size=4).map(
    lambda found: [(start, start + timedelta(minutes=length)) for start, length in found]
)
usual = settings(max_examples=100, deadline=None)
many = settings(max_examples=3000, deadline=None)


def same_as_the_reference(calendar, start, length, nth):
    slow = Slow(calendar, FROM, 40)
    seconds = opening_seconds(calendar, start, start + length)
    assert seconds == slow.elapsed(start, start + length)
    assert add_opening(calendar, start, seconds) == slow.add(start, seconds)
    assert due(calendar, start, Amount(nth, Unit.WD)).at == slow.working_day(start, nth)


def inverse_and_additive(calendar, start, seconds, more):
    end = add_opening(calendar, start, seconds)
    assert opening_seconds(calendar, start, end) == seconds
    further = add_opening(calendar, end, more)
    assert further == (add_opening(calendar, start, seconds + more) if more else end)
    assert opening_seconds(calendar, start, further) == seconds + more


def monotone(calendar, start, later, amount):
    first, second = sorted([start, later])
    assert start <= due(calendar, start, amount).at
    assert due(calendar, first, amount).at <= due(calendar, second, amount).at


def told_as_computed(calendar, start, amount, spans):
    steps = explain(calendar, start, amount, spans)
    base = due(calendar, start, amount).at
    assert steps[-1].at == shift(calendar, amount.unit, base, spans)
    if amount.unit is Unit.WH and not spans:
        assert sum(step.seconds for step in steps) == amount.value * 3600
    assert all(one.at <= other.at for one, other in pairwise(steps))


@usual
@given(calendars(), starts, spans_of_time, st.integers(1, 8))
def test_reference(calendar, start, length, nth):
    same_as_the_reference(calendar, start, length, nth)


@usual
@given(calendars(PLAIN + CHANGING), starts, lengths, lengths)
def test_inverse_and_additivity(calendar, start, seconds, more):
    inverse_and_additive(calendar, start, seconds, more)


@usual
@given(calendars(PLAIN + CHANGING), starts, starts, amounts)
def test_monotony(calendar, start, later, amount):
    monotone(calendar, start, later, amount)


@usual
@given(calendars(PLAIN + CHANGING), starts, amounts, pauses)
def test_the_explanation_arrives_where_the_engine_does(calendar, start, amount, spans):
    told_as_computed(calendar, start, amount, spans)


@usual
@given(calendars(PLAIN + CHANGING), starts, pauses, st.sampled_from(list(Unit)))
def test_pauses_only_ever_add_and_their_order_is_nothing(calendar, due_at, spans, unit):
    moved = shift(calendar, unit, due_at, spans)
    assert moved >= due_at
    assert moved == shift(calendar, unit, due_at, [*reversed(spans), *spans])


@pytest.mark.full
@many
@given(calendars(), starts, spans_of_time, st.integers(1, 30))
def test_reference_at_length(calendar, start, length, nth):
    same_as_the_reference(calendar, start, length, nth)


@pytest.mark.full
@many
@given(calendars(PLAIN + CHANGING), starts, starts, lengths, lengths, amounts, pauses)
def test_all_laws_at_length(calendar, start, later, seconds, more, amount, spans):
    inverse_and_additive(calendar, start, seconds, more)
    monotone(calendar, start, later, amount)
    told_as_computed(calendar, start, amount, spans)
