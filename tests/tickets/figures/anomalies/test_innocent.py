"""False alarms: what innocent histories raise, and the arithmetic that keeps them few."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.tickets.figures.anomalies.plant import MARCH, ordinary
from tests.tickets.figures.histories import live
from tickets.figures import projection
from tickets.figures.anomalies import KINDS, looked_at, watched_by
from tickets.figures.anomalies.unusual import base_rate, binomial_tail, poisson_tail, stands_out
from tickets.figures.window import Window, of_dates

AT = datetime(2026, 6, 30, tzinfo=UTC)
RECORDED_LATER = "entered_late"
"""A history that a test makes is recorded today, whenever it is said to have happened: this kind finds all of it."""


@pytest.mark.django_db
def test_orderly_months_of_three_departments_raise_nothing(cast):
    for n, qr in enumerate(("DEMO-CAPITAL", "DEMO-INDUSTRY", "DEMO-TALENT")):
        ordinary(25, qr=qr, first=100 * n)
    projection.catch_up()
    found = {seen.kind.code: seen.groups for seen in looked_at(watched_by(cast.supervisor), MARCH)}
    assert found.pop(RECORDED_LATER)
    assert not any(found.values()), found


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.full), pytest.param(3, marks=pytest.mark.full)])
def test_random_lives_raise_few(seed, cast, monkeypatch):
    """Two hundred and twenty random lives, whose people put off, return and send back far more than any do."""
    window = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 14, tzinfo=UTC), AT)
    live(220, seed=seed, since=window.since, until=window.until, monkeypatch=monkeypatch)
    projection.catch_up()
    seen = {one.kind.code: one for one in looked_at(watched_by(cast.supervisor), window)}
    del seen[RECORDED_LATER]
    groups = {code: [(g.label, g.why) for g in one.groups] for code, one in seen.items() if one.groups}
    assert sum(map(len, groups.values())) <= 4, groups
    assert sum(one.noticed for one in seen.values()) >= 15  # there was enough to look at


def test_tails_are_those_of_the_distributions():
    assert binomial_tail(0, 10, 0.1) == 1.0
    assert binomial_tail(10, 10, 0.5) == pytest.approx(0.5**10)
    assert binomial_tail(2, 3, 0.5) == pytest.approx(0.5)
    assert binomial_tail(3, 20, 0.05) == pytest.approx(0.0754838, abs=1e-6)
    assert poisson_tail(1, 0.1) == pytest.approx(0.0951626, abs=1e-6)
    assert poisson_tail(5, 2.0) == pytest.approx(0.0526530, abs=1e-6)
    assert binomial_tail(900, 100_000, 0.005) < 1e-40


def test_two_of_two_never_stand_out_and_what_all_do_does_not():
    assert not stands_out(2, 2, 0.001)
    assert stands_out(3, 3, base_rate(0, 0))
    assert not stands_out(90, 100, base_rate(900, 1000))
    assert stands_out(20, 100, base_rate(30, 1000))


def test_one_look_names_an_ordinary_department_less_than_once_in_a_thousand():
    """Among departments that do the same, each with a hundred requests: the share of counts that would be named."""
    share = 0.05
    named = sum(
        binomial_tail(k, 100, share) - binomial_tail(k + 1, 100, share)
        for k in range(101)
        if stands_out(k, 100, base_rate(150, 3000))
    )
    assert named < 0.001


def test_the_longest_look_back_is_a_quarter():
    window = of_dates(date(2026, 1, 1), date(2026, 4, 1), as_of=AT)
    assert window.until - window.since == timedelta(days=90)
    assert len({kind.code for kind in KINDS}) == len(KINDS) == 12
