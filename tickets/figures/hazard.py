"""How likely a promise that has come so far is to break: learned from promises that came as far before it (pure).

Time runs as the share of the promise that is used: 0 where it starts, 1 where it is due. So promises of one hour and
of twenty days can be compared, and a pause uses nothing. Kaplan–Meier with late entry: a promise that was older than
what is looked back to when the looking begins counts only from then on, one that still runs up to where it has come.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt

DUE = 1.0
FEWEST = 30
"""Promises that came as far, below which a group tells nothing of its own."""
Z80 = 1.2815515655446004  # two-sided 80 %


@dataclass(frozen=True, slots=True)
class Observation:
    """Seen from `entered` to `left` (shares of the promise); `done`: it was met then, else it is lost from sight."""

    entered: float
    left: float
    done: bool


@dataclass(frozen=True, slots=True)
class Chance:
    """Of breaking: `p`, how unsure it is (standard error), and how many promises came as far."""

    p: float
    unsure: float
    n: int


class Pace:
    """What a group of promises did."""

    def __init__(self, seen: Iterable[Observation]) -> None:
        held = [one for one in seen if one.entered < one.left and one.entered < DUE]
        self._entered = sorted(one.entered for one in held)
        self._left = sorted(one.left for one in held)
        done = Counter(one.left for one in held if one.done and one.left <= DUE)
        self._times = sorted(done)
        self._kept = self._products(done)

    def _products(self, done: Counter[float]) -> Sequence[float]:
        """For each moment at which something was met: the share of what was open then that was not met until due."""
        kept = [1.0]
        for time in reversed(self._times):
            open_ = bisect_left(self._entered, time) - bisect_left(self._left, time)
            kept.append(kept[-1] * (1 - done[time] / open_))
        return kept[::-1]

    def open_at(self, share: float) -> int:
        """How many were seen open with that share used."""
        return bisect_right(self._entered, share) - bisect_right(self._left, share)

    def chance(self, share: float) -> Chance:
        """Of not being met until due, given that it is not met with `share` used.

        Drawn half a promise towards even: nothing seen says "even", and never "surely".
        """
        n = self.open_at(share)
        kept = self._kept[bisect_right(self._times, share)]
        p = (kept * n + 0.5) / (n + 1)
        return Chance(p, sqrt(p * (1 - p) / (n + 1)), n)


@dataclass(frozen=True, slots=True)
class Paces:
    """Of groups, each promise being in several: the narrowest that saw enough tells."""

    by_group: dict[Hashable, Pace]

    def chance(self, groups: Sequence[Hashable], share: float) -> tuple[Hashable, Chance]:
        """`groups`: narrowest first; the last one tells where none saw `FEWEST`. With the group that told."""
        for group in groups:
            pace = self.by_group.get(group)
            if pace and pace.open_at(share) >= FEWEST:
                return group, pace.chance(share)
        return groups[-1], self.by_group.get(groups[-1], Pace([])).chance(share)


def learned(seen: Iterable[tuple[Sequence[Hashable], Observation]]) -> Paces:
    """From observations, each with the groups that it is in."""
    held = defaultdict[Hashable, list[Observation]](list)
    for groups, one in seen:
        for group in groups:
            held[group].append(one)
    return Paces({group: Pace(ones) for group, ones in held.items()})


@dataclass(frozen=True, slots=True)
class Expected:
    """Of `n` promises `mean` are expected to break; between `low` and `high` of them with 80 %."""

    n: int
    mean: float
    low: int
    high: int


def expected(chances: Iterable[tuple[Hashable, Chance]]) -> Expected:
    """Of promises with the groups that told their chances.

    Each promise breaks or not by itself (Poisson-binomial variance); what is not known of a group's pace moves all
    promises judged by it the same way, and is added.
    """
    ones = list(chances)
    mean = sum(chance.p for _, chance in ones)
    unsure = defaultdict[Hashable, float](float)
    for group, chance in ones:
        unsure[group] += chance.unsure
    spread = sqrt(sum(c.p * (1 - c.p) for _, c in ones) + sum(one * one for one in unsure.values()))
    low, high = floor(mean - Z80 * spread), ceil(mean + Z80 * spread)
    return Expected(len(ones), mean, max(0, low), min(len(ones), high))
