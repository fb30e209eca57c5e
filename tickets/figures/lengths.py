"""Median and P90 of lengths of time, exactly: the monthly bins tell where they lie, the rows tell what they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from tickets.figures.cells import sums_of
from tickets.figures.counters import EDGES
from tickets.figures.measures import Definitions, Measure
from tickets.figures.scope import Scope
from tickets.figures.select import own, rows_of
from tickets.figures.tally import months_only, parted, value_sql, whole_months
from tickets.figures.window import Window


class Moved(Exception):
    """The projection went on between two reads of one count: it is counted again. Where it stays so, sums and rows do
    not agree, and `manage.py rebuild_figures` makes them anew.
    """


@dataclass(frozen=True, slots=True)
class Length:
    """Seconds; None where nothing was measured. P90 by nearest rank."""

    median: float | None = None
    p90: float | None = None


Lengths = dict[tuple[str, str, str], Length]
"""By figure, dimension and value."""


def lengths(
    window: Window, measures: Sequence[Measure], names: Sequence[str], scope: Scope, definitions: Definitions
) -> Lengths:
    """Of these figures, for the whole ("") and by these dimensions."""
    months = whole_months(window)
    found = Lengths()
    if months and months_only(window):
        found |= _by_bins(months, measures, scope, definitions)
        names = [name for name in names if name]
    for measure in measures if names else ():
        found |= _measured(window, measure, names, scope)
    return found


def _measured(
    window: Window, measure: Measure, dimensions: Sequence[str], scope: Scope
) -> Iterator[tuple[tuple[str, str, str], Length]]:
    column = measure.times
    rows = rows_of(window, scope, also=f"{measure.population.sql()} AND {column} IS NOT NULL")
    # the first value at or above that share is what nearest rank says
    selects = [
        f"SELECT '{name}', {value_sql(name)}, percentile_cont(0.5) WITHIN GROUP (ORDER BY {column}),"  # noqa: S608
        f" percentile_disc(0.9) WITHIN GROUP (ORDER BY {column})"
        f" FROM found WHERE {own(scope, parted(name)[0])} GROUP BY 2"
        for name in dimensions
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH found AS MATERIALIZED (SELECT * FROM {rows.sql} f) {' UNION ALL '.join(selects)}",  # noqa: S608
            rows.params,
        )
        for name, value, median, p90 in cursor.fetchall():
            yield (measure.code, name, value), Length(_seconds(median), _seconds(p90))


def _seconds(value: Any) -> float | None:
    return None if value is None else float(value)


@dataclass(frozen=True, slots=True)
class _Rank:
    """The length of one rank, counted from 0: the `skip`-th in its bin."""

    measure: Measure
    rank: int
    low: int
    high: int | None
    skip: int


def _by_bins(
    months: tuple[date, date], measures: Sequence[Measure], scope: Scope, definitions: Definitions
) -> Iterator[tuple[tuple[str, str, str], Length]]:
    bins = {measure.times: [0] * len(EDGES) for measure in measures}
    for _, dimension, _, counts in sums_of(definitions.number, scope.places(), list(bins), *months):
        bins[dimension] = list(map(int.__add__, bins[dimension], counts))
    ranks = [_rank(measure, rank, bins[measure.times]) for measure in measures for rank in _ranks(bins[measure.times])]
    at = dict(zip(((one.measure.code, one.rank) for one in ranks), _values(ranks, months, scope), strict=True))
    for measure in measures:
        if n := sum(bins[measure.times]):
            low, high, p90 = (at[measure.code, rank] for rank in _quantiles(n))
            yield (measure.code, "", ""), Length((low + high) / 2, float(p90))


def _quantiles(n: int) -> tuple[int, int, int]:
    """Ranks of the two in the middle and of P90, the nearest rank."""
    return (n - 1) // 2, n // 2, -(-9 * n // 10) - 1


def _ranks(bins: Sequence[int]) -> list[int]:
    n = sum(bins)
    return sorted(set(_quantiles(n))) if n else []


def _rank(measure: Measure, rank: int, bins: Sequence[int]) -> _Rank:
    bin_, before = 0, 0
    while before + bins[bin_] <= rank:
        before += bins[bin_]
        bin_ += 1
    high = EDGES[bin_ + 1] if bin_ + 1 < len(EDGES) else None
    return _Rank(measure, rank, EDGES[bin_], high, rank - before)


def _values(ranks: Sequence[_Rank], months: tuple[date, date], scope: Scope) -> list[int]:
    """Among the rows of its bin alone, each; one statement."""
    if not ranks:
        return []
    inside, params = scope.sql()
    selects = []
    for i, one in enumerate(ranks):
        column, above = one.measure.times, f"AND {one.measure.times} < {one.high}" if one.high is not None else ""
        selects.append(
            f"(SELECT {i} AS i, {column} AS seconds FROM tickets_fact WHERE state = 'now' AND month >= %(first)s"  # noqa: S608
            f" AND month < %(after)s AND {column} >= {one.low} {above} AND {one.measure.population.sql()}"
            f" AND {own(scope, '')} AND {inside} ORDER BY {column} OFFSET {one.skip} LIMIT 1)"
        )
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(selects), params | {"first": months[0], "after": months[1]})
        found = dict(cursor.fetchall())
    if len(found) < len(ranks):
        raise Moved
    return [found[i] for i in range(len(ranks))]
