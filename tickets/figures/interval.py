"""How sure a rate is (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

Z = 1.959963984540054  # two-sided 95 %
RANKED_FROM = 20
"""No rank under this n (domain.md §5)."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds of a share, 0–1."""

    low: float
    high: float


@lru_cache(maxsize=16_384)  # groups are mostly small: the same few counts come back thousands of times a page
def wilson(hits: int, n: int) -> Interval | None:
    """Wilson's 95 % interval of `hits` in `n`; None for n = 0, because there is no rate."""
    if n == 0:
        return None
    share, square = hits / n, Z * Z
    middle = share + square / (2 * n)
    reach = Z * sqrt(share * (1 - share) / n + square / (4 * n * n))
    whole = 1 + square / n
    return Interval(max(0.0, (middle - reach) / whole), min(1.0, (middle + reach) / whole))
