"""ANSWERS: the figures of domain.md §5, counted from the log over [since, until) as the log stood at `as_of`.

`report()` counts, `opened()` lists exactly the requests behind one number, `standing` says what waits now.
"""

from tickets.figures.count import Figure, Group, Report, label_of, report
from tickets.figures.interval import Interval
from tickets.figures.measures import BY_CODE, DIMENSIONS, MEASURES, Measure, Part
from tickets.figures.rows import PAGE, Opened, opened
from tickets.figures.window import Window, window_from

__all__ = [
    "BY_CODE",
    "DIMENSIONS",
    "MEASURES",
    "PAGE",
    "Figure",
    "Group",
    "Interval",
    "Measure",
    "Opened",
    "Part",
    "Report",
    "Window",
    "label_of",
    "opened",
    "report",
    "window_from",
]
