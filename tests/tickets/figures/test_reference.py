"""Hundreds of random histories: the one statement and the slow reference count the same requests."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest
from django.db import connection

from tests.tickets.figures.histories import live
from tests.tickets.figures.reference import facts
from tickets.figures import MEASURES, Part, Window, report
from tickets.figures.facts import facts as facts_query
from tickets.figures.window import window_from
from tickets.models import Event

pytestmark = pytest.mark.django_db
AT = datetime(2026, 6, 30, tzinfo=UTC)


def members_of(window: Window) -> dict[str, dict[int, bool]]:
    """For every figure, who is counted over and whether they are counted: the predicates, in one statement."""
    query = facts_query(window, scope=None)
    columns = ", ".join(
        f"({m.where(Part.DENOMINATOR)}), COALESCE(({m.where(Part.NUMERATOR)}), FALSE)" for m in MEASURES
    )
    with connection.cursor() as cursor:
        cursor.execute(f"{query.sql} SELECT ticket_id, {columns} FROM facts", query.params)  # noqa: S608
        rows = cursor.fetchall()
    return {m.code: {row[0]: row[2 * i + 2] for row in rows if row[2 * i + 1]} for i, m in enumerate(MEASURES)}


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.full), pytest.param(3, marks=pytest.mark.full)])
def test_every_figure_equals_the_reference(seed, monkeypatch):
    whole = window_from("2026-03-02", "2026-04-13", at=AT)
    live(200, seed=seed, since=whole.since, until=whole.until, monkeypatch=monkeypatch)
    logs: dict[int, list[Event]] = defaultdict(list)
    for event in Event.objects.order_by("ticket_id", "seq"):
        logs[event.ticket_id].append(event)
    early = Window(whole.since + timedelta(days=7), whole.until - timedelta(days=7), whole.until)
    for window in (whole, early):
        expected: dict[str, dict[int, object]] = defaultdict(dict)
        for key, events in logs.items():
            seen = [e for e in events if e.happened_at <= window.as_of]
            if seen and window.since <= events[0].happened_at < window.until:
                for code, value in facts(seen, window.as_of).items():
                    if value is not None:
                        expected[code][key] = value
        agrees(window, expected)


def agrees(window: Window, expected: dict[str, dict[int, object]]) -> None:
    counted, members_found = report(window).figures, members_of(window)
    every = counted | {twin.code: twin for figure in counted.values() for twin in figure.twins}
    assert every["submitted"].hits > 50
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
