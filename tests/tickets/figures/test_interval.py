"""Wilson's interval against published values, and its edges."""

import pytest

from tickets.figures.interval import wilson


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(72, 78, 0.842, 0.964), (55, 70, 0.676, 0.866), (0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0), (1, 1, 0.207, 1.0)],
)
def test_bounds(hits, n, low, high):
    band = wilson(hits, n)
    assert band is not None
    assert (band.low, band.high) == (pytest.approx(low, abs=6e-4), pytest.approx(high, abs=6e-4))


def test_no_requests_no_interval():
    assert wilson(0, 0) is None
