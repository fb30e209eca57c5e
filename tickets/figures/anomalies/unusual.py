"""When something is more than chance: exact tails of the binomial and of the Poisson distribution. Pure."""

from __future__ import annotations

import math

RARE = 0.001
"""A department that does as all others would be named once in a thousand looks. With some thirty departments and a
dozen kinds an ordinary month still names somebody every third time: the page says “worth checking”, not “wrong”."""
LEAST = 3
"""Fewer than three of anything is never named: twice is a coincidence."""
PRIOR_SHARE, PRIOR_N = 0.05, 20
"""Where there is hardly anybody to compare with: as if twenty others had been seen, one of them noticed."""


def base_rate(hits: int, n: int) -> float:
    """The share among the others, with the prior."""
    return (hits + PRIOR_SHARE * PRIOR_N) / (n + PRIOR_N)


def binomial_tail(hits: int, n: int, share: float) -> float:
    """Chance of `hits` or more among `n` where each has the chance `share`, in (0, 1)."""
    if hits <= 0:
        return 1.0
    total = 0.0
    for k in range(hits, n + 1):
        term = math.exp(
            math.lgamma(n + 1)
            - math.lgamma(k + 1)
            - math.lgamma(n - k + 1)
            + k * math.log(share)
            + (n - k) * math.log1p(-share)
        )
        total += term
        if k > n * share and term < total * 1e-12:
            break
    return min(total, 1.0)


def poisson_tail(hits: int, expected: float) -> float:
    """Chance of `hits` or more where `expected` (> 0) is the mean."""
    total = 0.0
    for k in range(hits, hits + 2000):
        term = math.exp(k * math.log(expected) - expected - math.lgamma(k + 1))
        total += term
        if k > expected and term <= total * 1e-12:
            break
    return min(total, 1.0)


def stands_out(hits: int, n: int, base: float) -> bool:
    """Whether so many of so many are clearly more than that share."""
    return hits >= LEAST and hits > n * base and binomial_tail(hits, n, base) < RARE
