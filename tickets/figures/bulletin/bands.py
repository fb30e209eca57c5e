"""Red and black list (红黑榜) without false ranks (pure): who cannot be told apart stands together (domain.md §5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tickets.figures.interval import RANKED_FROM, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One department: `hits` of `n`, the share and its interval."""

    value: str
    label: str
    hits: int
    n: int
    rate: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class List:
    """`bands`, best first, each in the order of codes: no rank within one. `few`: under n = 20, not compared."""

    bands: tuple[tuple[Standing, ...], ...]
    few: tuple[Standing, ...]

    @property
    def red(self) -> tuple[Standing, ...]:
        """The best band; nobody where all overlap."""
        return self.bands[0] if len(self.bands) > 1 else ()

    @property
    def black(self) -> tuple[Standing, ...]:
        """The last band; nobody where all overlap."""
        return self.bands[-1] if len(self.bands) > 1 else ()


def listed(standings: Iterable[Standing]) -> List:
    """Whose intervals overlap, directly or through others, share a band."""
    every = sorted(standings, key=lambda one: one.value)
    enough = [one for one in every if one.n >= RANKED_FROM]
    return List(_bands(enough), tuple(one for one in every if one.n < RANKED_FROM))


def _bands(enough: list[Standing]) -> tuple[tuple[Standing, ...], ...]:
    bands: list[list[Standing]] = []
    reach = 0.0
    for one in sorted(enough, key=lambda standing: (standing.interval.low, standing.value)):
        if not bands or one.interval.low > reach:
            bands.append([])
        bands[-1].append(one)
        reach = max(reach, one.interval.high)
    return tuple(tuple(sorted(band, key=lambda one: one.value)) for band in reversed(bands))
