"""The engine against the slow reference, over calendars of every shape and zones about to change their clocks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from routing.promises.amount import Amount, PromiseError, Unit
from routing.promises.backwards import before
from routing.promises.explain import explain
from routing.promises.worktime import Day, Opening, WorkCalendar, add_opening, due, opening_seconds, shift
from tests.routing.promises.reference import Reference

# zone and first day of a window of 30 days; the clocks change, or the festival is, around its twelfth
WINDOWS = [
    ("Asia/Shanghai", date(2026, 2, 4)),
    ("Asia/Shanghai", date(1986, 4, 23)),
    ("Asia/Shanghai", date(1991, 9, 4)),
    ("Europe/Berlin", date(2026, 3, 18)),
    ("Europe/Berlin", date(2026, 10, 14)),
    ("America/Sao_Paulo", date(2018, 10, 24)),
    ("America/Sao_Paulo", date(2018, 2, 7)),
    ("Australia/Sydney", date(2026, 9, 23)),
    ("Australia/Sydney", date(2026, 3, 25)),
    ("Australia/Lord_Howe", date(2026, 9, 23)),
    ("Asia/Tehran", date(2021, 3, 11)),
    ("Asia/Tehran", date(2021, 9, 11)),
    ("Asia/Kathmandu", date(2026, 1, 1)),
    ("America/St_Johns", date(2007, 10, 24)),
    ("Pacific/Apia", date(2011, 12, 18)),
]


@st.composite
def hours(draw, most: int = 3) -> tuple[tuple[int, int], ...]:
    """One to three openings within a day, 24:00 included."""
    marks = sorted(draw(st.sets(st.integers(0, 1440), min_size=2, max_size=2 * most)))
    return tuple(zip(marks[::2], marks[1::2], strict=False))


@st.composite
def weeks(draw, change: date) -> list[Opening]:
    """Every weekday its own: closed, a half day, several openings, overnight; perhaps other hours from a date on."""
    seasons = [(None, change), (change + timedelta(days=1), None)] if draw(st.booleans()) else [(None, None)]
    usual = draw(hours())
    found = []
    for season in seasons:
        for weekday in draw(st.sets(st.integers(0, 6), min_size=1)):
            spans = draw(st.sampled_from([usual, usual[:1]]) | hours())
            night = (spans[-1][0], spans[-1][0] + draw(st.integers(1, 1440)))
            spans = (*spans[:-1], night) if draw(st.integers(0, 3)) == 0 else spans
            found += [Opening(weekday, *span, *season) for span in spans]
    return found


@st.composite
def worlds(draw) -> tuple[WorkCalendar, Reference]:
    """A calendar and its reference. One that makes no sense (nights that overlap) is thrown back."""
    zone, first = draw(st.sampled_from(WINDOWS))
    on = st.dates(first, first + timedelta(days=29))
    rows = st.one_of(
        st.just(Day(working=False)),
        hours().map(lambda spans: Day(working=True, openings=spans)),
        st.just(Day(working=True)),
    )
    weekly = draw(weeks(first + timedelta(days=12)))
    try:
        calendar = WorkCalendar("随机", 1, ZoneInfo(zone), tuple(weekly), draw(st.dictionaries(on, rows, max_size=6)))
    except PromiseError:
        reject()
    reference = Reference(calendar, first)
    assume(sum(reference.open[9 * 86_400 : 16 * 86_400]) > 3600)
    return calendar, reference


moments = st.integers(9 * 86_400, 15 * 86_400)
# within what a window can answer: the calendar may open for an hour a week
amounts = st.one_of(
    st.builds(Amount, st.integers(0, 90), st.just(Unit.MIN)),
    st.builds(Amount, st.integers(0, 72), st.just(Unit.H)),
    st.builds(Amount, st.integers(0, 9), st.just(Unit.WH)),
    st.builds(Amount, st.integers(1, 4), st.sampled_from([Unit.D, Unit.WD])),
)
pauses = st.lists(st.tuples(moments, st.integers(0, 86_400)), max_size=3)
usual = settings(max_examples=100, deadline=None)
many = settings(max_examples=600, deadline=None)


def answerable(reference: Reference, start: int, amount: Amount) -> None:
    """Enough opening time and working days on both sides of the start, within the window."""
    need = amount.value * 3600 if amount.unit is Unit.WH else 0
    assume(reference.elapsed(start, 26 * 86_400) > need and reference.elapsed(4 * 86_400, start) > need)
    on, far = reference.date(start), timedelta(days=9)
    assume(sum(on < day < on + far for day in reference.closing) >= amount.value or amount.unit is not Unit.WD)
    assume(sum(on - far < day < on for day in reference.closing) >= amount.value or amount.unit is not Unit.WD)


def same_as_the_reference(world, start, length, amount):
    calendar, reference = world
    answerable(reference, start, amount)
    begin = reference.moment(start)
    end = due(calendar, begin, amount).at
    seconds = opening_seconds(calendar, begin, reference.moment(start + length))
    assert seconds == reference.elapsed(start, start + length)
    assert reference.second(add_opening(calendar, begin, seconds)) == reference.add(start, seconds)
    assert reference.second(end) == reference.due(start, amount.value, amount.unit)
    assert reference.second(before(calendar, begin, amount)) == reference.before(start, amount.value, amount.unit)
    assert explain(calendar, begin, amount)[-1].at == end


def pauses_are_time_that_does_not_count(world, start, hours, spans):
    calendar, reference = world
    paused = [(begin, begin + length) for begin, length in spans if begin >= start]
    assume(reference.elapsed(start, 24 * 86_400) > hours * 3600 + sum(reference.elapsed(*span) for span in paused))
    found = reference.add(start, hours * 3600, paused)
    assume(found not in {begin for begin, _ in paused})  # a pause from the due time itself still moves it
    first = due(calendar, reference.moment(start), Amount(hours, Unit.WH)).at
    pairs = [(reference.moment(begin), reference.moment(end)) for begin, end in paused]
    assert reference.second(shift(calendar, Unit.WH, first, pairs)) == found


def there_and_back(world, start, later, amount):
    calendar, reference = world
    first, second = sorted((reference.moment(start), reference.moment(later)))
    answerable(reference, min(start, later), amount)
    assert due(calendar, first, amount).at <= due(calendar, second, amount).at
    if amount.unit is Unit.WH:
        assert opening_seconds(calendar, first, due(calendar, first, amount).at) == amount.value * 3600
        assert opening_seconds(calendar, before(calendar, first, amount), first) == amount.value * 3600
    assert before(calendar, first, amount) <= before(calendar, second, amount)
    total = opening_seconds(calendar, first, due(calendar, second, amount).at)
    assert total == opening_seconds(calendar, first, second) + opening_seconds(
        calendar, second, due(calendar, second, amount).at
    )


@usual
@given(worlds(), moments, st.integers(0, 5 * 86_400), amounts)
def test_every_answer_is_the_references(world, start, length, amount):
    same_as_the_reference(world, start, length, amount)


@usual
@given(worlds(), moments, st.integers(1, 9), pauses)
def test_a_pause_is_time_that_does_not_count(world, start, hours, spans):
    pauses_are_time_that_does_not_count(world, start, hours, spans)


@usual
@given(worlds(), moments, moments, amounts)
def test_inverse_monotony_and_additivity_both_ways(world, start, later, amount):
    there_and_back(world, start, later, amount)


@pytest.mark.full
@many
@given(worlds(), moments, moments, amounts, pauses)
def test_all_of_it_at_length(world, start, later, amount, spans):
    same_as_the_reference(world, start, abs(later - start), amount)
    there_and_back(world, start, later, amount)
    pauses_are_time_that_does_not_count(world, start, max(1, amount.value % 9), spans)


def test_the_reference_itself_knows_what_can_be_looked_up():
    berlin = WorkCalendar("b", 1, ZoneInfo("Europe/Berlin"), tuple(Opening(day, 0, 1440) for day in range(7)))
    slow = Reference(berlin, date(2026, 3, 18))
    midnight = slow.second(datetime(2026, 3, 28, 23, 0, tzinfo=UTC))
    assert slow.due(midnight - 3600, 1, "d") == midnight + 23 * 3600
    assert slow.elapsed(midnight, midnight + 23 * 3600) == 23 * 3600
    assert slow.date(midnight) == date(2026, 3, 29)
