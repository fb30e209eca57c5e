"""What is counted for one edition of the definitions: each distinct condition once, the sums, and lengths in bins."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from tickets.figures.expression import Expression
from tickets.figures.measures import Definitions, Measure, editions

BINS = 96
_PER_OCTAVE = 4
EDGES: tuple[int, ...] = tuple(sorted({round(2 ** (i / _PER_OCTAVE)) - 1 for i in range(BINS + 8)}))[:BINS]
"""Lower edges of the bins of lengths of time, seconds; the last one is open (about half a year on)."""


def bin_of(seconds: int) -> int:
    """Which bin a length falls in."""
    return max(bisect_right(EDGES, seconds) - 1, 0)


class Summed(NamedTuple):
    """A counter: how many rows fulfil the condition, or the sum of a column over them."""

    condition: Expression
    column: str = ""


@dataclass(frozen=True, slots=True)
class Counters:
    """The counters of an edition in the order of `Cell.counts`."""

    number: int
    order: tuple[Summed, ...]
    at: Mapping[Summed, int]
    _kept: dict[int, tuple[int, ...]] = field(default_factory=dict)
    _spots: dict[str, _Spot] = field(default_factory=dict)

    def vector(self, flags: int) -> tuple[int, ...]:
        """1 for each condition that holds of a row with these flags (of a sum: the row's value counts)."""
        found = self._kept.get(flags)
        if found is None:
            found = self._kept[flags] = tuple(int(one.condition.holds(flags)) for one in self.order)
        return found

    def add(self, sums: list[int], flags: int, n: int, columns: Mapping[str, int]) -> None:
        """Add `n` rows of these flags, whose columns sum up to `columns`, to `sums`."""
        for i, holds in enumerate(self.vector(flags)):
            if holds:
                column = self.order[i].column
                sums[i] += columns[column] if column else n

    def sql(self) -> str:
        """All of them as one array, over rows of flags with how many there are (`n`) and the sums of their columns."""
        return f"ARRAY[{', '.join(_sql(one) for one in self.order)}]::bigint[]"

    def n(self, measure: Measure, counts: Sequence[int]) -> int:
        """Of how many the figure is."""
        return counts[self._spot(measure).n]

    def hits(self, measure: Measure, counts: Sequence[int]) -> int:
        """How many it counts."""
        return counts[self._spot(measure).hits]

    def strict(self, measure: Measure, counts: Sequence[int]) -> int:
        """How many the interval rests on."""
        return counts[self._spot(measure).strict]

    def total(self, measure: Measure, counts: Sequence[int]) -> float:
        """The numerator: the sum of a column, or the weighted count."""
        return self.read(measure, counts).total

    def read(self, measure: Measure, counts: Sequence[int]) -> Read:
        """All four at once: a series makes thousands of figures."""
        spot = self._spot(measure)
        total = 0.0
        for place, weight in spot.total:
            total += weight * counts[place]
        return Read(counts[spot.n], counts[spot.hits], counts[spot.strict], total)

    def _spot(self, measure: Measure) -> _Spot:
        """Where a figure's counters stand: found once, asked for thousands of times a page."""
        found = self._spots.get(measure.code)
        if found is None:
            found = self._spots[measure.code] = _Spot(
                self.at[Summed(measure.population)],
                self.at[Summed(measure.hits)],
                self.at[Summed(measure.strictly)],
                tuple((self.at[one], weight) for one, weight in _numerator(measure)),
            )
        return found


class Read(NamedTuple):
    """A figure's counts in one group, as the methods of `Counters` by these names say them."""

    n: int
    hits: int
    strict: int
    total: float


class _Spot(NamedTuple):
    """Places of a figure's counters; `total`: each with its weight."""

    n: int
    hits: int
    strict: int
    total: tuple[tuple[int, float], ...]


def _numerator(measure: Measure) -> Iterator[tuple[Summed, float]]:
    if measure.sums:
        yield Summed(measure.hits, measure.sums), 1
    elif measure.weights:
        yield from ((Summed(one), weight) for one, weight in measure.weighed())
    else:
        yield Summed(measure.hits), 1


@lru_cache
def counters_of(number: int) -> Counters:
    """Those of an edition."""
    definitions = editions()[number]
    order = tuple(dict.fromkeys(one for measure in definitions.measures for one in _needed(measure)))
    return Counters(number, order, {one: i for i, one in enumerate(order)})


def timed(definitions: Definitions) -> list[Measure]:
    """The figures that are lengths of time."""
    return [measure for measure in definitions.measures if measure.times]


def _needed(measure: Measure) -> list[Summed]:
    if measure.of or measure.by_closing:
        return []
    found = [Summed(measure.population), Summed(measure.hits), Summed(measure.strictly)]
    found += [Summed(one) for one, _ in measure.weighed()]
    return [*found, Summed(measure.hits, measure.sums)] if measure.sums else found


def _sql(one: Summed) -> str:
    value = f"sum({one.column or 'n'})"
    return f"COALESCE({value} FILTER (WHERE {one.condition.sql()}), 0)"
