"""ANSWERS: the figures of domain.md §5 over [since, until), counted from a projection of the log.

`report()` counts, `opened()` lists exactly the requests behind one number, `standing` says what waits now;
`projection` keeps the rows true to the log.
"""

from tickets.figures.count import Group, Report, label_of, report
from tickets.figures.figure import Figure
from tickets.figures.interval import Interval
from tickets.figures.measures import BY_CODE, DIMENSIONS, MEASURES, PERIODS, Measure, Part
from tickets.figures.rows import PAGE, Opened, opened
from tickets.figures.window import Window, live_or, window_from

__all__ = [
    "BY_CODE",
    "DIMENSIONS",
    "MEASURES",
    "PAGE",
    "PERIODS",
    "Figure",
    "Group",
    "Interval",
    "Measure",
    "Opened",
    "Part",
    "Report",
    "Window",
    "label_of",
    "live_or",
    "opened",
    "report",
    "window_from",
]
