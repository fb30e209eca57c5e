"""The figures themselves as a table: every figure and twin, for the whole and for each group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tickets.figures import DIMENSIONS, PERIODS, Figure, Report
from tickets.services.exports.cells import Column, Row

COLUMNS = (
    Column("指标代码", width=24),
    Column("指标", width=24),
    Column("分组"),
    Column("组代码"),
    Column("组", width=20),
    Column("分子", number=True),
    Column("件数", number=True),
    Column("分母", number=True),
    Column("比率", number=True),
    Column("区间下限", number=True),
    Column("区间上限", number=True),
    Column("可排名", width=8),
    Column("中位数（秒）", number=True),
    Column("P90（秒）", number=True),
    Column("口径", width=60),
)

NAMED = {**DIMENSIONS, **PERIODS}
"""What figures can be grouped by."""


def rows(report: Report) -> list[Row]:
    """Whole first, then each dimension's groups in the report's order."""
    whole = [_row(one, "全部", "", "") for one in _each(report.figures.values())]
    return whole + [
        _row(one, NAMED[by], group.value, group.label)
        for by, groups in report.groups.items()
        for group in groups
        for one in _each(group.figures.values())
    ]


def _each(figures: Iterable[Figure]) -> Iterator[Figure]:
    for figure in figures:
        yield figure
        yield from figure.twins


def _row(figure: Figure, by: str, value: str, label: str) -> Row:
    band = figure.interval
    return [
        figure.code,
        figure.label,
        by,
        value,
        label,
        _number(figure.numerator),
        str(figure.hits),
        str(figure.denominator),
        _number(figure.rate),
        _number(band.low if band else None),
        _number(band.high if band else None),
        "是" if figure.ranked else "",
        _number(figure.median),
        _number(figure.p90),
        figure.sentence,
    ]


def _number(value: float | None) -> str:
    """Six digits after the point at the most, "" for none."""
    return "" if value is None else f"{value:.6f}".rstrip("0").rstrip(".")
