"""Median and P90 of lengths of time, exactly: the monthly bins tell where they lie, the rows tell what they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from tickets.figures.cells import sums_of
from tickets.figures.counters import EDGES
from tickets.figures.measures import Definitions, Measure
from tickets.figures.scope import Scope
from tickets.figures.select import own, rows_of
from tickets.figures.tally import value_sql, whole_months
from tickets.figures.window import Window, midnight


class Moved(Exception):
    """The projection went on between two reads of one count: it is counted again."""


@dataclass(frozen=True, slots=True)
class Length:
    """Seconds; None where nothing was measured. P90 by nearest rank."""

    median: float | None = None
    p90: float | None = None


def lengths(
    window: Window, measure: Measure, dimensions: Sequence[str], scope: Scope, definitions: Definitions
) -> Mapping[tuple[str, str], Length]:
    """By dimension and value."""
    months = whole_months(window)
    if list(dimensions) == [""] and months and (midnight(months[0]), midnight(months[1])) == _span(window, months):
        found = _by_bins(window, months, measure, scope, definitions)
        return {("", ""): found}
    return dict(_measured(window, measure, dimensions, scope))


def _span(window: Window, months: tuple[date, date]) -> tuple[object, object]:
    """The window, as far as anything can lie in it."""
    return window.since, midnight(months[1]) if window.until > window.as_of else window.until


def _measured(
    window: Window, measure: Measure, dimensions: Sequence[str], scope: Scope
) -> Iterator[tuple[tuple[str, str], Length]]:
    rows = rows_of(window, scope)
    column, among = measure.times, measure.population.sql()
    # the first value at or above that share is what nearest rank says
    selects = [
        f"SELECT '{name}', {value_sql(name)}, percentile_cont(0.5) WITHIN GROUP (ORDER BY {column}),"  # noqa: S608
        f" percentile_disc(0.9) WITHIN GROUP (ORDER BY {column}) FROM found WHERE {own(scope, name)} GROUP BY 2"
        for name in dimensions
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH found AS MATERIALIZED (SELECT * FROM tickets_fact WHERE {rows.sql} AND {among}"  # noqa: S608
            f" AND {column} IS NOT NULL) {' UNION ALL '.join(selects)}",
            rows.params,
        )
        for name, value, median, p90 in cursor.fetchall():
            yield (name, value), Length(_seconds(median), _seconds(p90))


def _seconds(value: Any) -> float | None:
    return None if value is None else float(value)


def _by_bins(
    window: Window, months: tuple[date, date], measure: Measure, scope: Scope, definitions: Definitions
) -> Length:
    bins = [0] * len(EDGES)
    for _, _, _, counts in sums_of(definitions.number, scope.places(), [measure.times], *months):
        bins = list(map(int.__add__, bins, counts))
    n = sum(bins)
    if n == 0:
        return Length()
    wanted = sorted({(n - 1) // 2, n // 2, -(-9 * n // 10) - 1})
    at = {rank: _nth(rank, bins, months, measure, scope) for rank in wanted}
    return Length((at[(n - 1) // 2] + at[n // 2]) / 2, float(at[-(-9 * n // 10) - 1]))


def _nth(rank: int, bins: Sequence[int], months: tuple[date, date], measure: Measure, scope: Scope) -> int:
    """The length of that rank, counted from 0: among the rows of its bin alone."""
    bin_, before = 0, 0
    while before + bins[bin_] <= rank:
        before += bins[bin_]
        bin_ += 1
    inside, params = scope.sql()
    low, high = EDGES[bin_], EDGES[bin_ + 1] if bin_ + 1 < len(EDGES) else None
    column = measure.times
    above = f"AND {column} < %(high)s" if high is not None else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {column} FROM tickets_fact WHERE state = 'now' AND month >= %(first)s AND month < %(after)s"  # noqa: S608
            f" AND {column} >= %(low)s {above} AND {measure.population.sql()} AND {own(scope, '')} AND {inside}"
            f" ORDER BY {column} OFFSET %(skip)s LIMIT 1",
            params | {"first": months[0], "after": months[1], "low": low, "high": high, "skip": rank - before},
        )
        row = cursor.fetchone()
    if row is None:
        raise Moved
    return int(row[0])
