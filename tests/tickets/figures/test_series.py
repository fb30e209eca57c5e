"""Period by period the figures are those of the period alone, from the monthly sums and from the rows alike."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import product

import pytest

from qihu.errors import Invalid
from tests.counting import opened, report
from tests.tickets.figures.histories import live
from tickets.figures import Window, live_or, projection, window_from
from tickets.figures.series import series, window_of
from tickets.figures.tally import split_value
from tickets.figures.window import of_dates

pytestmark = pytest.mark.django_db
LATER = datetime(2026, 7, 1, tzinfo=UTC)
SPAN = ("2026-03-02", "2026-05-01")


@pytest.fixture
def history(monkeypatch):
    window = window_from(*SPAN, at=LATER)
    live(70, seed=11, since=window.since, until=window.until, monkeypatch=monkeypatch)
    projection.catch_up(at=LATER)


def counts(figures):
    every = figures | {twin.code: twin for figure in figures.values() for twin in figure.twins}
    return {code: (f.hits, f.denominator, f.numerator) for code, f in every.items() if not code.startswith("handling")}


def test_each_point_is_the_period_counted_alone(history):
    for window, every, by in product(
        (live_or(*SPAN, at=LATER), window_from(*SPAN, at=LATER)),
        ("day", "week", "month", "quarter", "year"),
        ("", "department", "chain_tag", "officer"),
    ):
        found = series(window, every=every, by=by)
        for point in found.points if every != "day" else found.points[::9]:
            alone = report(window_of(point, found.counted.window), by=[by] if by else [], lengths_by=False)
            groups = {split_value(group.value)[1]: counts(group.figures) for group in point.groups}
            expected = {g.value: counts(g.figures) for g in alone.groups[by]} if by else {"": counts(alone.figures)}
            assert groups == expected, (every, by)
        assert sum(g.figures["submitted"].hits for p in found.points for g in p.groups) > 50


def test_the_points_of_a_cut_quarter_lie_in_the_window(history):
    found = series(of_dates(date(2026, 3, 10), date(2026, 4, 20), as_of=LATER), every="quarter")
    assert [(point.since, point.until) for point in found.points] == [
        (date(2026, 3, 10), date(2026, 4, 1)),
        (date(2026, 4, 1), date(2026, 4, 20)),
    ]


def test_lengths_and_rows_of_a_point(history):
    found = series(live_or(*SPAN, at=LATER), every="month")
    for point in found.points:
        window = window_of(point, found.counted.window)
        (group,) = point.groups
        alone = report(window).figures["handling_net"]
        assert (group.figures["handling_net"].median, group.figures["handling_net"].p90) == (alone.median, alone.p90)
        assert opened(window, figure="solved", part="denominator").total == group.figures["solved"].denominator


def test_the_sums_tell_the_same_median_as_the_rows(history):
    window = live_or("2026-03-01", "2026-05-01", at=LATER)
    by_bins = report(window).figures
    by_rows = report(window_from("2026-03-01", "2026-05-01", at=LATER)).figures
    for code in ("handling_net", "handling_full"):
        assert by_bins[code].denominator > 10
        assert (by_bins[code].median, by_bins[code].p90) == (by_rows[code].median, by_rows[code].p90)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"every": "hour"}, "every"),
        ({"every": "month", "by": "week"}, "by"),
        ({"every": "month", "by": "beauty"}, "by"),
    ],
)
def test_bad_input_is_told_by_field(asked, field):
    with pytest.raises(Invalid) as refused:
        series(window_from(*SPAN, at=LATER), **asked)
    assert field in refused.value.fields


def test_ten_years_of_days_are_too_many():
    ten = Window(datetime(2016, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), LATER)
    with pytest.raises(Invalid, match="太多"):
        series(ten, every="day")
