"""ANSWERS: what is worth checking (domain.md §7, "figures polished"): flags, never verdicts.

Each kind is a module with its definition, a sentence in Chinese and its thresholds; `looked_at()` says what all of
them found in a window, `group_of()` and `page_of()` open exactly the events behind one group. Read from the log and
the rows beside it, by what happened in the window; nothing is stored but what somebody has checked.
"""

from tickets.figures.anomalies.asking import MOST_DAYS, PAGE, Page, group_of, looked_at, page_of, period
from tickets.figures.anomalies.checked import Checked, checked
from tickets.figures.anomalies.kind import Flag, Group, Kind, Seen
from tickets.figures.anomalies.registry import BY_CODE, KINDS
from tickets.figures.anomalies.watched import Watched, may_check, watched_by, watches

__all__ = [
    "BY_CODE",
    "KINDS",
    "MOST_DAYS",
    "PAGE",
    "Checked",
    "Flag",
    "Group",
    "Kind",
    "Page",
    "Seen",
    "Watched",
    "checked",
    "group_of",
    "looked_at",
    "may_check",
    "page_of",
    "period",
    "watched_by",
    "watches",
]
