"""Counters of a window by group: from the monthly sums where they hold, from the rows for the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from django.db import connection

from tickets.figures.cells import CLOSED_ON, DAY, sums_of
from tickets.figures.counters import Counters, counters_of
from tickets.figures.measures import DIMENSIONS, PERIODS, Definitions
from tickets.figures.scope import Scope
from tickets.figures.select import own, rows_of
from tickets.figures.window import Window, midnight, months_on, zone

Sums = dict[str, list[int]]
"""Counters by the value of a dimension."""
_DAY = timedelta(days=1)
FINE = frozenset({"day", "week"})
"""Periods shorter than the months of the cells."""
_CROSS, _BETWEEN = "@", "|"


def crossed(dimension: str, period: str) -> str:
    """The name of a dimension within each period; its values are as `split_value` parts them."""
    return f"{dimension}{_CROSS}{period}"


def parted(name: str) -> tuple[str, str]:
    """Dimension and period of a name, "" for what it has not."""
    dimension, _, period = name.partition(_CROSS)
    return ("", dimension) if dimension in PERIODS else (dimension, period)


def split_value(value: str) -> tuple[str, str]:
    """First day of the period (ISO) and the dimension's value, of a crossed name."""
    period, _, own_value = value.partition(_BETWEEN)
    return period, own_value


def tally(window: Window, dimensions: Sequence[str], scope: Scope, definitions: Definitions) -> dict[str, Sums]:
    """For each dimension ("" for the whole, a name of `DIMENSIONS` or `PERIODS`, or both: `crossed`) the counters of
    its values.
    """
    counters = counters_of(definitions.number)
    found: dict[str, Sums] = {name: {} for name in dimensions}
    fine = any(parts[0] and parts[1] in FINE for parts in map(parted, dimensions))
    inside, edges = (None, [window]) if fine else _divided(window)
    if inside:
        _add_cells(found, inside, scope, counters)
    for edge in edges:
        for name, value, flags, n, burden in _grouped(edge, dimensions, scope):
            counters.add(_at(found[name], value, counters), flags, n, {"burden": burden})
    return found


def closings(
    window: Window, dimensions: Sequence[str], scope: Scope, definitions: Definitions
) -> dict[str, dict[str, int]]:
    """How many were last closed in the window, by dimension and value."""
    found: dict[str, dict[str, int]] = {name: defaultdict(int) for name in dimensions}
    holds = [measure.population for measure in definitions.measures if measure.by_closing]
    summed = [name for name in dimensions if name in {"", *PERIODS}]
    months, edges = _divided(window)
    if months and summed:
        for _, _, on, counts in sums_of(definitions.number, scope.places(), [CLOSED_ON], *months):
            for name in summed:
                found[name][period_of(name, date.fromisoformat(on))] += counts[0]
    rest = [name for name in dimensions if name not in summed]
    for part, names in [*((edge, summed) for edge in edges if summed), *([(window, rest)] if rest else [])]:
        for name, value, flags, n, _ in _grouped(part, names, scope, by_closing=True):
            found[name][value] += n if all(one.holds(flags) for one in holds) else 0
    return found


def period_of(name: str, on: date) -> str:
    """The period in which a day lies, by its first day, ISO; "" where no period is asked for."""
    first = {
        "": None,
        "day": on,
        "week": on - timedelta(days=on.weekday()),
        "month": on.replace(day=1),
        "quarter": on.replace(month=(on.month - 1) // 3 * 3 + 1, day=1),
        "year": on.replace(month=1, day=1),
    }[name]
    return first.isoformat() if first else ""


def whole_months(window: Window) -> tuple[date, date] | None:
    """First days of the first month that lies wholly in the window and of the first one after them."""
    inside, _ = _divided(window)
    return inside


def months_only(window: Window) -> bool:
    """Whether the whole months are all of it."""
    inside, edges = _divided(window)
    return inside is not None and not edges


def _divided(window: Window) -> tuple[tuple[date, date] | None, list[Window]]:
    """The whole months, for which there are sums, and what is left on either side."""
    if not window.live or midnight(window.since_on) != window.since or midnight(window.until_on) != window.until:
        return None, [window]
    first = window.since_on if window.since_on.day == 1 else months_on(window.since_on, 1)
    after = window.until_on.replace(day=1)
    if window.until > window.as_of and window.until_on.day != 1:
        after = months_on(window.until_on, 1)  # nothing has been submitted yet on the days beyond
    if first >= after:
        return None, [window]
    edges = [replace(window, until=midnight(first))] if window.since < midnight(first) else []
    if midnight(after) < window.until:
        edges.append(replace(window, since=midnight(after)))
    return (first, after), edges


def _add_cells(found: dict[str, Sums], months: tuple[date, date], scope: Scope, counters: Counters) -> None:
    stored = {name: _stored(name) for name in found}
    kept: dict[str, list[tuple[date, str, list[int]]]] = defaultdict(list)
    for month, kind, value, counts in sums_of(counters.number, scope.places(), sorted(set(stored.values())), *months):
        kept[kind].append((month, value, counts))
    for name, dimension in stored.items():
        for month, value, counts in kept[dimension]:
            sums = _at(found[name], _named(name, month, value), counters)
            sums[:] = map(int.__add__, sums, counts)


def _stored(name: str) -> str:
    """Under which dimension of the cells a wanted one is found."""
    dimension, period = parted(name)
    return DAY if period in FINE else dimension


def _named(name: str, month: date, value: str) -> str:
    period = parted(name)[1]
    if not period:
        return value
    of = period_of(period, date.fromisoformat(value) if period in FINE else month)
    return f"{of}{_BETWEEN}{value}" if _CROSS in name else of


def _at(sums: Sums, value: str, counters: Counters) -> list[int]:
    if value not in sums:
        sums[value] = [0] * len(counters.order)
    return sums[value]


def _grouped(
    window: Window, dimensions: Iterable[str], scope: Scope, *, by_closing: bool = False
) -> Iterator[tuple[str, str, int, int, int]]:
    """Dimension, value, flags, how many rows, the sum of what they relieved."""
    rows = rows_of(window, scope, by_closing=by_closing)
    selects = [
        f"SELECT '{name}', {value_sql(name, by_closing=by_closing)}, flags, count(*), COALESCE(sum(burden), 0)"  # noqa: S608
        f" FROM found WHERE {own(scope, parted(name)[0])} GROUP BY 2, 3"
        for name in dimensions
    ]
    sql = f"WITH found AS MATERIALIZED (SELECT * FROM {rows.sql} f) {' UNION ALL '.join(selects)}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, rows.params)
        for name, value, flags, n, burden in cursor.fetchall():
            yield name, value, flags, n, int(burden)


def value_sql(name: str, *, by_closing: bool = False) -> str:
    """The value of a dimension or period, as SQL over the rows."""
    dimension, period = parted(name)
    value = "COALESCE(officer::text, '')" if dimension == "officer" else dimension if dimension in DIMENSIONS else "''"
    if not period:
        return value
    on = f"(closed_at AT TIME ZONE '{zone()}')" if by_closing else "submitted_on"
    of = f"to_char(date_trunc('{period}', {on}::timestamp), 'YYYY-MM-DD')"
    return f"{of} || '{_BETWEEN}' || {value}" if _CROSS in name else of
