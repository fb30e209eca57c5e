"""Hundreds of random histories: the one statement and the slow reference count the same requests."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from qihu.accounts.models import Department
from tests.tickets.figures.histories import live
from tests.tickets.figures.reference import facts, first_submission, is_test, lead
from tickets.figures import MEASURES, Window, projection, report
from tickets.figures.measures import Kind
from tickets.figures.rows import behind
from tickets.figures.window import window_from
from tickets.models import Event

pytestmark = pytest.mark.django_db
AT = datetime(2026, 6, 30, tzinfo=UTC)


def members_of(window: Window) -> dict[str, dict[int, bool]]:
    """For every figure, who is counted over and whether they are counted: from the rows behind it."""
    found = {}
    for m in MEASURES:
        if m.kind is Kind.INDEX:
            continue
        n = behind(window, figure=m.code, part="denominator")
        hits = set(behind(window, figure=m.code, part="numerator"))
        found[m.code] = {key: key in hits for key in n}
    return found


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.full), pytest.param(3, marks=pytest.mark.full)])
def test_every_figure_equals_the_reference(seed, monkeypatch):
    whole = window_from("2026-03-02", "2026-04-13", at=AT)
    live(220, seed=seed, since=whole.since, until=whole.until, monkeypatch=monkeypatch)
    projection.catch_up()
    logs: dict[int, list[Event]] = defaultdict(list)
    for event in Event.objects.order_by("ticket_id", "seq"):
        logs[event.ticket_id].append(event)
    kinds = {event.kind for events in logs.values() for event in events}
    assert kinds >= {"absorb", "split", "extend", "suspend", "exclude", "mark_test", "call_back", "reopen", "object"}
    early = Window(whole.since + timedelta(days=7), whole.until - timedelta(days=7), whole.until)
    for window in (whole, early):
        units = list(counted_in(window, logs))
        agrees(window, by_code((key, facts) for key, facts, _, part, _ in units if not part))
        agrees_by_department(window, [(key, facts, led) for key, facts, led, _, divided in units if not divided])


def counted_in(
    window: Window, logs: dict[int, list[Event]]
) -> Iterator[tuple[int, dict[str, object], object, bool, bool]]:
    """Requests of the window as the log stood: key, facts, lead department, whether a part, whether split."""
    known = {key: [e for e in events if e.happened_at <= window.as_of] for key, events in logs.items()}
    for key, events in known.items():
        if not events:
            continue
        parent = events[0].data.get("parent")
        matter = known[parent or key]
        submitted_at = first_submission(matter)
        merged = next(e.to_status for e in reversed(events) if e.to_status) == "merged"
        if merged or not window.since <= submitted_at < window.until:
            continue
        test = is_test(events) or is_test(matter)
        found = {"tests": True} if test else facts(events, window.as_of, submitted_at)
        yield key, found, lead(events), parent is not None, any(e.kind == "split" for e in events)


def by_code(units: Iterable[tuple[int, dict[str, object]]]) -> dict[str, dict[int, object]]:
    """Figure → who is counted over → whether counted."""
    expected: dict[str, dict[int, object]] = defaultdict(dict)
    for key, found in units:
        for code, value in found.items():
            if value is not None:
                expected[code][key] = value
    return expected


def agrees_by_department(window: Window, units: list[tuple[int, dict[str, object], object]]) -> None:
    codes = dict(Department.objects.values_list("pk", "code"))
    groups = {group.value: group.figures for group in report(window, by=["department"]).groups["department"]}
    led = {codes.get(department, "") for _, _, department in units}
    assert set(groups) == led
    for one in led:
        expected = by_code((key, found) for key, found, department in units if codes.get(department, "") == one)
        every = groups[one] | {twin.code: twin for figure in groups[one].values() for twin in figure.twins}
        for code, members in expected.items():
            if not code.startswith("handling"):
                counted = (sum(bool(value) for value in members.values()), len(members))
                assert (every[code].hits, every[code].denominator) == counted, (one, code)


def agrees(window: Window, expected: dict[str, dict[int, object]]) -> None:
    counted, members_found = report(window).figures, members_of(window)
    every = counted | {twin.code: twin for figure in counted.values() for twin in figure.twins}
    assert every["submitted"].hits > 50
    assert set(expected) <= set(every)
    for code, members in expected.items():
        figure = every[code]
        if code.startswith("handling"):
            lengths = sorted(float(x) for x in members.values())  # type: ignore[arg-type]
            assert figure.denominator == len(lengths)
            assert figure.median == pytest.approx(median(lengths), abs=1.5), code
            assert figure.p90 == pytest.approx(lengths[math.ceil(0.9 * len(lengths)) - 1], abs=1.5), code
            continue
        hits = {key for key, value in members.items() if value}
        assert members_found[code] == {key: bool(value) for key, value in members.items()}, code
        assert (figure.hits, figure.denominator) == (len(hits), len(members)), code
