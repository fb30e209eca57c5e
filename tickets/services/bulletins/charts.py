"""Charts as SVG, the same in every file (pure): lines with intervals, as on the board, and columns.

Everything is an attribute, so that a strict CSP and a typesetter take it alike; words have the colour of the text
around, so that a dark page shows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from tickets.figures.bulletin import Bars, Columns

WIDTH = 640
_LINE, _TOP = 34, 26
_LEFT, _RIGHT = 170, 150
_TALL, _FOOT = 150, 24
_BAND, _BRAND = "#a9cfc8", "#0b6b5d"
FONT = "Noto Sans SC"


def svg(chart: Bars | Columns) -> str:
    """The chart, WIDTH wide; its words are text, not outlines."""
    drawn, height = (
        (_bars(chart), _bars_height(chart)) if isinstance(chart, Bars) else (_columns(chart), _columns_height())
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        f' role="img" aria-label="{escape(chart.title)}" font-family="{FONT}, sans-serif" font-size="13">'
    )
    return "".join([head, *drawn, "</svg>"])


def _bars_height(chart: Bars) -> int:
    return _TOP + _LINE * len(chart.bars) + 6


def _columns_height() -> int:
    return _TALL + _FOOT + 24


def _text(x: float, y: float, said: str, *, anchor: str = "start", size: int = 13) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="currentColor" font-size="{size}">{escape(said)}</text>'
    )


def _rect(x: float, y: float, width: float, height: float, fill: str) -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}" rx="2"/>'


def _bars(chart: Bars) -> Iterator[str]:
    """A scale from 0 to 100 %, under it a line for each share."""
    span, bottom = WIDTH - _LEFT - _RIGHT, _TOP + _LINE * len(chart.bars)
    for tick in (0, 25, 50, 75, 100):
        x = _LEFT + span * tick / 100
        yield f'<line x1="{x:g}" x2="{x:g}" y1="{_TOP - 6}" y2="{bottom}" stroke="currentColor" stroke-opacity="0.15"/>'
        yield _text(x, _TOP - 12, f"{tick} %", anchor="middle", size=11)
    for index, bar in enumerate(chart.bars):
        y = _TOP + _LINE * index
        low, high, at = (_LEFT + span * share / 100 for share in (bar.low, bar.high, bar.value))
        yield _text(_LEFT - 10, y + 20, _cut(bar.label), anchor="end")
        yield _rect(low, y + 8, max(high - low, 1), 16, _BAND)
        yield _rect(at - 1.5, y + 4, 3, 24, _BRAND)
        yield _text(WIDTH - _RIGHT + 12, y + 15, f"{bar.value:.1f} %")
        yield _text(WIDTH - _RIGHT + 12, y + 29, f"{bar.low:.1f}–{bar.high:.1f} · n={bar.n:,}", size=11)


def _cut(label: str) -> str:
    return label if len(label) <= 12 else f"{label[:11]}…"


def _columns(chart: Columns) -> Iterator[str]:
    """A column for each count, its number on top."""
    most, step = max([*chart.values, 1]), WIDTH / len(chart.values)
    for index, (label, value) in enumerate(zip(chart.labels, chart.values, strict=True)):
        tall, middle = _TALL * value / most, step * (index + 0.5)
        yield _rect(middle - min(step * 0.3, 30), 24 + _TALL - tall, min(step * 0.6, 60), tall, _BRAND)
        yield _text(middle, 18 + _TALL - tall, f"{value:,}", anchor="middle")
        yield _text(middle, 24 + _TALL + 18, label, anchor="middle", size=12)
    yield f'<line x1="0" x2="{WIDTH}" y1="{24 + _TALL}" y2="{24 + _TALL}" stroke="currentColor" stroke-opacity="0.5"/>'
