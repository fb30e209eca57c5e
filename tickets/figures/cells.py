"""The monthly sums: which cells a row counts in, keeping them as rows come and go, and making them all anew."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connection

from tickets.figures.atoms import BIT
from tickets.figures.counters import BINS, EDGES, bin_of, counters_of, timed
from tickets.figures.folding import Row
from tickets.figures.measures import DIMENSIONS, Definitions
from tickets.figures.places import Places
from tickets.figures.window import zone
from tickets.models import Cell

Key = tuple[date, str, str, str]
"""Month, place, dimension, value."""
DAY, CLOSED_ON = "day", "closed_on"
UNITS = frozenset({"department", "officer"})
"""Dimensions of who handles it: parts of a split request count there, elsewhere the whole one (domain.md §5)."""
_WHOLE, _UNIT = f"flags & {BIT['part']} = 0", f"flags & {BIT['divided']} = 0"
_COUNTED = BIT["counted"]
_VALUES: Mapping[str, str] = {
    "": "''",
    **{name: name for name in DIMENSIONS},
    "officer": "COALESCE(officer::text, '')",
    DAY: "submitted_on::text",
}
_ADD = """
INSERT INTO tickets_cell AS cell (definitions, month, place, dimension, value, counts)
SELECT %(number)s, k.month, k.place, k.dimension, k.value, k.counts::bigint[]
  FROM unnest(%(months)s::date[], %(places)s::text[], %(dimensions)s::text[], %(values)s::text[], %(counts)s::text[])
       AS k(month, place, dimension, value, counts)
    ON CONFLICT (definitions, place, dimension, month, value) DO UPDATE SET counts = (
       SELECT array_agg(was + more ORDER BY i)
         FROM unnest(cell.counts, EXCLUDED.counts) WITH ORDINALITY AS both_(was, more, i))
"""


class Changes:
    """What a pass takes out of the sums and puts into them: written at its end."""

    def __init__(self, definitions: Definitions, places: Places) -> None:
        self._counters = counters_of(definitions.number)
        self._timed = timed(definitions)
        self._closings = [measure for measure in definitions.measures if measure.by_closing]
        self.places = places
        self._rows: Counter[tuple[Any, ...]] = Counter()

    def put_in(self, row: Row) -> None:
        """It counts from now on."""
        self._rows[_profile(row)] += 1

    def take_out(self, row: Row) -> None:
        """It counts no more."""
        self._rows[_profile(row)] -= 1

    def write(self) -> None:
        """Add everything up in the cells: one statement."""
        cells = self._cells()
        changed = sorted(key for key, counts in cells.items() if any(counts))
        if not changed:
            return
        months, places, dimensions, values = (list(column) for column in zip(*changed, strict=True))
        counts = ["{" + ",".join(map(str, cells[key])) + "}" for key in changed]
        with connection.cursor() as cursor:
            cursor.execute(
                _ADD,
                {
                    "number": self._counters.number,
                    "months": months,
                    "places": places,
                    "dimensions": dimensions,
                    "values": values,
                    "counts": counts,
                },
            )

    def _cells(self) -> dict[Key, list[int]]:
        size = len(self._counters.order)
        sums: dict[Key, list[int]] = defaultdict(lambda: [0] * size)
        others: dict[Key, list[int]] = defaultdict(list)
        for profile, n in self._rows.items():
            row = Row._make((0, None, *profile[:2], *[None] * 5, *profile[2:]))
            if n == 0 or not row.flags & _COUNTED:
                continue
            columns = {"burden": n * (row.burden or 0)}
            for place, whole in self._placed(row):
                for dimension, value in _groups(row, of_department=not whole):
                    self._counters.add(sums[row.month, place, dimension, value], row.flags, n, columns)
                for key, i, bins in self._more(row, place):
                    counts = others[key]
                    counts += [0] * (bins - len(counts))
                    counts[i] += n
        return sums | others

    def _placed(self, row: Row) -> Iterator[tuple[str, bool]]:
        """Each region that it lies in, and its lead department."""
        for code in self.places.above(row.region):
            yield f"r:{code}", True
        if row.department:
            yield f"d:{row.department}", False

    def _more(self, row: Row, place: str) -> Iterator[tuple[Key, int, int]]:
        """Bins of its lengths of time, and the day on which it was closed: cell, counter, how many there are."""
        if row.flags & BIT["part" if place.startswith("r:") else "divided"]:
            return
        for measure in self._timed:
            seconds = getattr(row, measure.times)
            if seconds is not None and measure.population.holds(row.flags):
                yield (row.month, place, measure.times, ""), bin_of(seconds), BINS
        for measure in self._closings:
            if row.closed_at and measure.population.holds(row.flags):
                on = row.closed_at.astimezone(zone()).date()
                yield (on.replace(day=1), place, CLOSED_ON, on.isoformat()), 0, 1


def _profile(row: Row) -> tuple[Any, ...]:
    """What the sums see of a row."""
    return (row.submitted_on, row.month, *row[9:])


def _groups(row: Row, *, of_department: bool) -> Iterator[tuple[str, str]]:
    """Every group that it counts in at a place."""
    whole, unit = not row.flags & BIT["part"], not row.flags & BIT["divided"]
    for dimension in ("", *DIMENSIONS, DAY):
        if unit if of_department or dimension in UNITS else whole:
            yield dimension, _value(row, dimension)


def _value(row: Row, dimension: str) -> str:
    if dimension == DAY:
        return row.submitted_on.isoformat()
    value = getattr(row, dimension) if dimension else ""
    return "" if value is None else str(value)


def sum_up(definitions: Definitions, places: Places) -> None:
    """All cells of an edition anew from the current rows; other editions' cells go. In a transaction."""
    above = [(code, f"r:{one}") for code in places.paths for one in places.above(code)]
    Cell.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(_current(definitions))
        params = {"regions": [region for region, _ in above], "above": [place for _, place in above]}
        for sql in _sums(definitions):
            cursor.execute(sql, params)
        cursor.execute("DROP TABLE counted")


def _current(definitions: Definitions) -> str:
    """What counts, narrow: it is read once for each dimension."""
    columns = ["month", "submitted_on", "flags", "closed_at", "burden", *DIMENSIONS]
    columns += sorted({measure.times for measure in timed(definitions)})
    return (
        f"CREATE TEMPORARY TABLE counted ON COMMIT DROP AS SELECT {', '.join(columns)} FROM tickets_fact"  # noqa: S608
        f" WHERE state = 'now' AND flags & {_COUNTED} <> 0"
    )


def _sums(definitions: Definitions) -> Iterator[str]:
    """A statement for each dimension and kind of place."""
    counters = counters_of(definitions.number)
    for by_region in (True, False):
        for dimension, value in _VALUES.items():
            only = _UNIT if dimension in UNITS or not by_region else _WHOLE
            yield _sum(definitions, ("month", dimension, value), counters.sql(), only, by_region=by_region)
        own = _WHOLE if by_region else _UNIT
        for measure in timed(definitions):
            only = f"{own} AND {measure.population.sql()} AND {measure.times} IS NOT NULL"
            group = ("month", measure.times, "''")
            yield _sum(definitions, group, _BINNED, only, by_region=by_region, told=_bin(measure.times))
        for measure in definitions.measures:
            if measure.by_closing:
                on = f"(closed_at AT TIME ZONE '{zone()}')::date"
                only = f"{own} AND closed_at IS NOT NULL AND {measure.population.sql()}"
                group = (f"date_trunc('month', {on})::date", CLOSED_ON, f"{on}::text")
                yield _sum(definitions, group, "ARRAY[sum(n)]::bigint[]", only, by_region=by_region)


_BINNED = f"ARRAY[{', '.join(f'COALESCE(sum(n) FILTER (WHERE bin = {i}), 0)' for i in range(1, BINS + 1))}]::bigint[]"


def _bin(column: str) -> str:
    return f"width_bucket({column}, ARRAY[{', '.join(map(str, EDGES))}]::bigint[]) AS bin"


def _sum(
    definitions: Definitions,
    group: tuple[str, str, str],
    counts: str,
    only: str,
    *,
    by_region: bool,
    told: str = "flags",
) -> str:
    """Rows that tell the same are put together first: a hundred conditions are then asked of far fewer."""
    month, dimension, value = group
    key, above = _place(by_region=by_region)
    return (
        "INSERT INTO tickets_cell (definitions, month, place, dimension, value, counts)"  # noqa: S608 - fixed texts
        f" SELECT {definitions.number}, month, place, '{dimension}', value, {counts}"
        f" FROM (SELECT {month} AS month, {key} AS key, {value} AS value, {told}, count(*) AS n, sum(burden) AS burden"
        f" FROM counted WHERE {only} GROUP BY 1, 2, 3, 4) alike {above} GROUP BY month, place, value"
    )


def _place(*, by_region: bool) -> tuple[str, str]:
    """What places are told apart by, and how the places above each are found."""
    if by_region:
        return "region", "JOIN unnest(%(regions)s::text[], %(above)s::text[]) AS up(key, place) USING (key)"
    return "department", "CROSS JOIN LATERAL (SELECT 'd:' || key AS place WHERE key <> '') up"


def sums_of(
    number: int, places: Sequence[str], dimensions: Sequence[str], since: date, until: date
) -> list[tuple[date, str, str, list[int]]]:
    """Month, dimension, value and counts of the cells of these places in months `[since, until)`."""
    found = Cell.objects.filter(
        definitions=number, place__in=places, dimension__in=dimensions, month__gte=since, month__lt=until
    )
    return list(found.values_list("month", "dimension", "value", "counts"))
