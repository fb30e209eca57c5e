"""Random histories: every figure, of the whole and of every group, and the requests behind it, as the reference says.

The reference reads the events that had happened (and were known) by then, one request after another.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from tests.tickets.figures import reference
from tests.tickets.figures.histories import live
from tests.tickets.figures.reference import Unit
from tickets.figures import BY_CODE, DIMENSIONS, MEASURES, PERIODS, Figure, Part, Window, opened, projection, report
from tickets.figures.measures import BY_CLOSING, Kind
from tickets.figures.rows import behind
from tickets.figures.window import window_from
from tickets.models import Checkpoint, Event
from tickets.services import batch, born, intake
from tickets.services.intent import Stamp

pytestmark = pytest.mark.django_db
AT = datetime(2026, 6, 30, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WHOLE = window_from("2026-03-02", "2026-04-13", at=AT)
NAMES = ("", *DIMENSIONS, *PERIODS)
UNITS = {"department", "officer"}
CODES = [measure.code for measure in MEASURES]
SUBMITTED = [code for code in CODES if code not in BY_CLOSING]
Logs = Mapping[int, list[Event]]
Groups = dict[tuple[str, str], list[Unit]]


@dataclass(frozen=True)
class History:
    """Logs by request, and when the first and the last event was recorded."""

    logs: Logs
    recorded: tuple[datetime, datetime]


@pytest.fixture(params=[1, pytest.param(2, marks=pytest.mark.full), pytest.param(3, marks=pytest.mark.full)])
def history(request, monkeypatch) -> History:
    """Lived by the verbs; each transaction is recorded some hours after the one before, long after it happened."""
    recording(monkeypatch, since=WHOLE.until + 30 * DAY)
    span = {"since": WHOLE.since, "until": WHOLE.until}
    live(200, seed=request.param, monkeypatch=monkeypatch, varied=True, **span)
    projection.catch_up(at=AT)
    logs: dict[int, list[Event]] = defaultdict(list)
    for event in Event.objects.order_by("ticket_id", "seq"):
        logs[event.ticket_id].append(event)
    kinds = {event.kind for events in logs.values() for event in events}
    assert kinds >= {"absorb", "split", "extend", "suspend", "exclude", "mark_test", "call_back", "reopen", "object"}
    recorded = [event.recorded_at for events in logs.values() for event in events]
    return History(logs, (min(recorded), max(recorded)))


def recording(monkeypatch: pytest.MonkeyPatch, *, since: datetime) -> None:
    """Transactions are stamped an hour after one another instead of all within this test's one."""
    clock = iter(range(10**6))
    stamp, arrival = batch.current_stamp, intake.read_arrival

    def late(read: Stamp) -> Stamp:
        return replace(read, at=since + next(clock) * HOUR)

    def arrives(index: bytes) -> tuple[Stamp, int, int, int | None]:
        read, *more = arrival(index)
        return late(read), *more  # type: ignore[return-value]

    monkeypatch.setattr(batch, "current_stamp", lambda: late(stamp()))
    monkeypatch.setattr(intake, "read_arrival", arrives)
    monkeypatch.setattr(born, "read_stamp", lambda: arrives(b"")[:3])


def groups_of(history: History, window: Window) -> tuple[Groups, Groups]:
    """Dimension and value → the requests in it: of those first submitted in the window, and of those last closed."""
    found: Groups = defaultdict(list)
    ended: Groups = defaultdict(list)
    for submitted_at, unit in reference.units(history.logs, window.as_of, window.known):
        came = window.since <= submitted_at < window.until
        closed = unit.closed_at is not None and window.since <= unit.closed_at < window.until
        on = reference.periods(unit.closed_at) if unit.closed_at else {}
        for name in NAMES:
            if not (unit.divided if name in UNITS else unit.part):
                if came:
                    found[name, unit.groups.get(name, "")].append(unit)
                if closed:
                    ended[name, (unit.groups | on).get(name, "")].append(unit)
    return found, ended


def every(figures: Mapping[str, Figure]) -> dict[str, Figure]:
    return dict(figures) | {twin.code: twin for one in figures.values() for twin in one.twins}


def agrees(history: History, window: Window) -> None:
    """Every figure of the whole and of every group of every dimension and period."""
    found, ended = groups_of(history, window)
    figures, closings = shown(window, SUBMITTED), shown(window, [*BY_CLOSING])
    assert set(figures) == set(found) | {("", "")}
    for group, told in figures.items():
        same(every(told), found.get(group, []), group)
    hits = {group: told["closings"].hits for group, told in closings.items()}
    assert hits == {("", ""): 0} | {group: len(members) for group, members in ended.items()}


def shown(window: Window, codes: list[str]) -> dict[tuple[str, str], Mapping[str, Figure]]:
    """What the report says of the whole and of every group."""
    told = report(window, by=NAMES[1:], only=codes)
    groups = {(name, one.value): one.figures for name, groups in told.groups.items() for one in groups}
    return {("", ""): told.figures} | groups


def same(figures: Mapping[str, Figure], members: list[Unit], group: tuple[str, str]) -> None:
    by_code = reference.counted(members)
    for code, figure in figures.items():
        over = by_code[code]
        if code == "index":
            assert figure.rate == pytest.approx(reference.index_of(by_code)), group
            continue
        assert (figure.denominator, figure.hits) == (len(over), len(hits_of(code, over))), (code, group)
        if figure.kind is Kind.TIME:
            assert (figure.median, figure.p90) == pytest.approx(reference.lengths(over), abs=1.5), (code, group)
        else:
            assert figure.numerator == pytest.approx(sum(over.values())), (code, group)
        if figure.kind is Kind.RATE:
            assert figure.rate == pytest.approx(reference.rate(over)), (code, group)


def hits_of(code: str, over: Mapping[int, object]) -> set[int]:
    """Who is counted; of a length of time everybody, be it none."""
    return {key for key, counted in over.items() if counted or BY_CODE[code].kind is Kind.TIME}


def test_every_figure_of_every_group_equals_the_reference(history):
    agrees(history, replace(WHOLE, since=WHOLE.since + 7 * DAY, until=WHOLE.until - 7 * DAY))
    for window in (WHOLE, window_from("2026-03-01", "2026-05-01", at=AT)):
        current = replace(window, live=True)
        agrees(history, current)  # from the monthly sums, as far as they reach
        assert Checkpoint.objects.get().as_of == AT
        for codes in (SUBMITTED, [*BY_CLOSING]):
            assert shown(current, codes) == shown(window, codes)


def test_as_it_stood_and_as_it_was_known_at_any_moment(history):
    dice = random.Random(7)
    first, last = history.recorded
    for _ in range(4):
        as_of, known = WHOLE.since + (first - WHOLE.since) * dice.random(), first + (last - first) * dice.random()
        agrees(history, replace(WHOLE, as_of=as_of))
        agrees(history, replace(WHOLE, as_of=as_of, known=known))
        agrees(history, replace(WHOLE, as_of=known, known=known))


def combinations_of(found: Groups, ended: Groups) -> Iterator[tuple[str, Part, str, str, set[int]]]:
    """Figure, part, dimension, value and the keys behind it."""
    for name, value in sorted({*found, *ended}):
        members = reference.counted(found.get((name, value), []))
        members["closings"] = {unit.key: True for unit in ended.get((name, value), [])}
        for code, part in product(CODES, Part):
            if BY_CODE[code].kind is not Kind.INDEX:
                hits = hits_of(code, members[code])
                keys = {
                    Part.NUMERATOR: hits,
                    Part.DENOMINATOR: set(members[code]),
                    Part.REST: set(members[code]) - hits,
                }
                yield code, part, name, value, keys[part]


@pytest.mark.parametrize("wanted", [500, pytest.param(10**6, marks=pytest.mark.full)])
def test_every_number_opens_exactly_its_requests(history, wanted):
    every_one = list(combinations_of(*groups_of(history, WHOLE)))
    chosen = random.Random(3).sample(every_one, min(wanted, len(every_one)))
    for code, part, name, value, keys in chosen:
        asked = {"figure": code, "part": part, "by": name, "value": value}
        assert set(behind(WHOLE, **asked)) == keys, asked
        page = opened(WHOLE, **asked)
        assert (page.total, len(page.tickets) + page.hidden) == (len(keys), min(len(keys), 50)), asked
        assert {ticket.pk for ticket in page.tickets} <= keys
