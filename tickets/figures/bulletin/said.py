"""Figures in a bulletin's words: cells with n and interval, and the addresses of the requests behind them."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from tickets.figures.bulletin.content import NOTHING, Bar, Cell
from tickets.figures.figure import Figure
from tickets.figures.interval import Interval
from tickets.figures.measures import BY_CODE, Kind, Part

NONE = Cell(text=NOTHING)
_HOUR, _DAY = 3600, 86_400


def behind(code: str, part: Part, by: str = "", value: str = "", month: str = "") -> str:
    """The query that opens the requests behind a number; `month` where it is not the bulletin's own."""
    group = {"by": by, "value": value} if by else {}
    other = {"month": month} if month else {}
    return urlencode({"figure": code, "part": str(part)} | group | other)


def percent(share: float) -> str:
    """78.6 %."""
    return f"{100 * share:.1f} %"


def span(figure: Figure) -> str:
    """67.6–86.6 %, and that it rests on the strict count where it does."""
    if figure.interval is None:
        return ""
    strict = "从严 " if BY_CODE[figure.code].strict else ""
    return f"{strict}{100 * figure.interval.low:.1f}–{100 * figure.interval.high:.1f} %"


def bar_of(figure: Figure) -> tuple[float, float, float] | None:
    """Low, high and the value that the interval is about, in percent."""
    if figure.interval is None or figure.rate is None:
        return None
    strict = next((twin.rate for twin in figure.twins if BY_CODE[figure.code].strict), None)
    return _percents(figure.interval, figure.rate if strict is None else strict)


def _percents(interval: Interval, value: float) -> tuple[float, float, float]:
    return round(100 * interval.low, 1), round(100 * interval.high, 1), round(100 * value, 1)


def bar(figure: Figure, label: str) -> Bar | None:
    """A line of a chart; nothing where there is no rate."""
    found = bar_of(figure)
    strict = "从严" if BY_CODE[figure.code].strict else ""
    return Bar(f"{label}{strict}", *found, figure.denominator) if found else None


def value_cell(figure: Figure, *, by: str = "", value: str = "", month: str = "") -> Cell:
    """The number alone, open to its requests."""
    rows = behind(figure.code, Part.NUMERATOR, by, value, month)
    if figure.kind is Kind.COUNT:
        unit = BY_CODE[figure.code].unit
        total = figure.numerator or 0
        return Cell(text=f"{total:,.0f} {unit}", value=total, unit=unit, rows=rows)
    if figure.kind is Kind.TIME:
        return _length(figure, rows)
    if figure.rate is None:
        return NONE
    return Cell(text=percent(figure.rate), value=figure.rate, unit="%", rows=rows)


def _length(figure: Figure, rows: str) -> Cell:
    """Median and P90 in words; for a spreadsheet the median in hours."""
    if figure.median is None:
        return NONE
    opening = figure.code == "handling_net"
    small = "" if figure.p90 is None else f"P90 {_lasting(figure.p90, opening=opening)}"
    text = f"中位 {_lasting(figure.median, opening=opening)}"
    return Cell(text=text, small=small, value=round(figure.median / _HOUR, 2), unit="小时", rows=rows)


def _lasting(seconds: float, *, opening: bool) -> str:
    """Opening time is told in hours, for days differ; time on the clock from a day on in days."""
    if seconds < _HOUR:
        return f"{seconds / 60:.0f} 分"
    if opening:
        return f"{seconds / _HOUR:.1f} 工作小时"
    return f"{seconds / _DAY:.1f} 天" if seconds >= _DAY else f"{seconds / _HOUR:.1f} 小时"


def n_cell(figure: Figure, *, by: str = "", value: str = "") -> Cell:
    """What it rests on."""
    if figure.kind is Kind.COUNT:
        return NONE
    n = figure.denominator
    return Cell(text=f"{n:,}", value=n, unit="n", rows=behind(figure.code, Part.DENOMINATOR, by, value))


def span_cell(figure: Figure) -> Cell:
    """The interval, in words and as a bar."""
    return Cell(text=span(figure), bar=bar_of(figure)) if figure.interval else NONE


def whole_cell(figure: Figure | None, *, by: str = "", value: str = "", month: str = "") -> Cell:
    """The number with n and interval below it; a dash where nothing was counted."""
    if figure is None or (figure.kind is not Kind.COUNT and not figure.denominator):
        return NONE
    cell = value_cell(figure, by=by, value=value, month=month)
    parts = [cell.small, span(figure), f"n={figure.denominator:,}" if figure.kind is not Kind.COUNT else ""]
    return replace(cell, small=" · ".join(part for part in parts if part))
