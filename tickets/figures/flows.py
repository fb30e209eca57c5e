"""How requests went from department to department: who took them in, who got them next, how they ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection

from tickets.figures.window import Window
from tickets.models.lists import TicketQuerySet
from tickets.workflow import ENDED, Outcome, Status

SENTENCE = (
    "计时段内首次提交的诉求，按主办部门的先后；办结的看结果，其余看现在的状态。"
    "只画件数最多的十二个部门，其余并为“其他部门”；经手三个以上部门的，画最先两个和最后一个。"
)
SHOWN = 12
"""Departments with a node of their own."""
OTHERS, SOURCE = "~", "in"
"""Stand for the departments gathered, and for the service centre that everything comes from."""
_LAYERS = 3
_OPEN = "open"
ENDINGS = {
    **{str(outcome): str(outcome.label) for outcome in Outcome},
    str(Status.CLOSED): "已办结",
    str(Status.REJECTED): str(Status.REJECTED.label),
    str(Status.WITHDRAWN): str(Status.WITHDRAWN.label),
    _OPEN: "在办",
}
"""Where a request can end, in the order drawn."""

_WENT = """
WITH mine AS ({scope}),
led AS (
    SELECT s.ticket_id, s.nth, s.department, s.came_from,
           row_number() OVER (PARTITION BY s.ticket_id ORDER BY s.nth) AS place
      FROM mine JOIN tickets_stay s ON s.ticket_id = mine.id WHERE s.department <> ''),
went AS (
    SELECT ticket_id, string_agg(department, '>' ORDER BY nth) AS path
      FROM led WHERE place = 1 OR came_from <> '' GROUP BY ticket_id),
told AS (
    SELECT mine.id, mine.submitted_at,
           concat_ws('|', COALESCE(went.path, ''), mine.status, mine.outcome) AS story
      FROM mine LEFT JOIN went ON went.ticket_id = mine.id)
"""
"""A request's story in one text: `finance>land|closed|solved`."""


@dataclass(frozen=True, slots=True)
class Band:
    """`n` requests that went from `source` to `target` after `place` departments.

    Names are `SOURCE`, codes of departments, `OTHERS`, and at the end keys of `ENDINGS`.
    """

    place: int
    source: str
    target: str
    n: int
    ends: bool


@dataclass(frozen=True, slots=True)
class Flow:
    """All bands, biggest first, of `n` requests; `longer` of them had more departments than are drawn."""

    bands: tuple[Band, ...]
    n: int
    longer: int

    @property
    def handed_over(self) -> tuple[Band, ...]:
        """From one department to another, biggest first."""
        return tuple(band for band in self.bands if band.place > 0 and not band.ends)


@dataclass(frozen=True, slots=True)
class _Story:
    path: tuple[str, ...]
    ending: str

    def chain(self, shown: frozenset[str]) -> tuple[str, ...]:
        """The nodes it passes, the first and the last included."""
        path = self.path if len(self.path) <= _LAYERS else (*self.path[: _LAYERS - 1], self.path[-1])
        return (SOURCE, *(code if code in shown else OTHERS for code in path), self.ending)


def flow(window: Window, *, scope: TicketQuerySet) -> Flow:
    """Of the requests first submitted in the window. One query."""
    told = _told(window, scope)
    counts = Counter[tuple[int, str, str, bool]]()
    shown = _biggest(told)
    for text, n in told.items():
        for band in _bands(text, shown):
            counts[band] += n
    bands = [Band(place, source, target, n, ends) for (place, source, target, ends), n in counts.items()]
    longer = sum(n for text, n in told.items() if len(_read(text).path) > _LAYERS)
    ordered = tuple(sorted(bands, key=lambda band: (-band.n, band.place, band.source, band.target)))
    return Flow(ordered, sum(told.values()), longer)


def behind(
    window: Window, *, scope: TicketQuerySet, place: int | None = None, source: str = "", target: str = ""
) -> Sequence[int]:
    """Keys of exactly the requests of one band or node, newest first; what is not given may be any. Two queries."""
    told = _told(window, scope)
    shown = _biggest(told)

    def fits(band: tuple[int, str, str, bool]) -> bool:
        return place in {None, band[0]} and source in {"", band[1]} and target in {"", band[2]}

    fitting = [text for text in told if any(fits(band) for band in _bands(text, shown))]
    select = "SELECT id FROM told WHERE story = ANY(%s) ORDER BY submitted_at DESC, id DESC"
    return [key for (key,) in _rows(window, scope, select, [fitting])]


def _told(window: Window, scope: TicketQuerySet) -> dict[str, int]:
    return dict(_rows(window, scope, "SELECT story, count(*) FROM told GROUP BY story ORDER BY story", []))


def _rows(window: Window, scope: TicketQuerySet, select: str, more: list[Any]) -> list[Any]:
    """The index on `submitted_at` bounds the requests, the one on (ticket, nth) finds their steps."""
    mine = scope.filter(
        submitted_at__gte=window.since, submitted_at__lt=window.until, submitted_at__lte=window.as_of
    ).order_by()
    try:
        sql, params = mine.values("id", "submitted_at", "status", "outcome").query.sql_with_params()
    except EmptyResultSet:  # Django knows beforehand that this viewer sees nothing
        return []
    with connection.cursor() as cursor:
        cursor.execute(_WENT.replace("{scope}", sql) + select, [*params, *more])
        rows: list[Any] = cursor.fetchall()
    return rows


def _read(text: str) -> _Story:
    path, status, outcome = text.split("|")
    ended = outcome if status == Status.CLOSED and outcome else status
    ending = ended if Status(status) in ENDED else _OPEN
    return _Story(tuple(code for code in path.split(">") if code), ending)


def _biggest(told: dict[str, int]) -> frozenset[str]:
    sizes = Counter[str]()
    for text, n in told.items():
        for code in set(_read(text).path):
            sizes[code] += n
    ordered = sorted(sizes, key=lambda code: (-sizes[code], code))
    return frozenset(ordered[:SHOWN])


def _bands(text: str, shown: frozenset[str]) -> Iterator[tuple[int, str, str, bool]]:
    chain = _read(text).chain(shown)
    for place, (source, target) in enumerate(pairwise(chain)):
        yield place, source, target, place == len(chain) - 2
