"""Figures as a reader finds them a moment later: the projection is brought up to date, then counted."""

from __future__ import annotations

from typing import Any

from tickets import figures
from tickets.figures import Opened, Report, Window, projection
from tickets.figures import rows as figure_rows


def report(window: Window, **more: Any) -> Report:
    """`figures.report` with nothing waiting."""
    projection.catch_up()
    return figures.report(window, **more)


def opened(window: Window, **more: Any) -> Opened:
    """`figures.opened` with nothing waiting."""
    projection.catch_up()
    return figures.opened(window, **more)


def behind(window: Window, **more: Any) -> list[int]:
    """`figures.rows.behind` with nothing waiting."""
    projection.catch_up()
    return list(figure_rows.behind(window, **more))
