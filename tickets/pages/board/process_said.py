"""The process page's numbers in words, each with the address of exactly the rows behind it. No counting here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from tickets.figures.ageing import BANDS, Aged
from tickets.figures.flows import SOURCE, Flow
from tickets.figures.forecast import Forecast
from tickets.figures.hazard import Expected
from tickets.figures.interval import RANKED_FROM
from tickets.figures.waiting import STEPS, Wait
from tickets.figures.window import Window
from tickets.holding import HOLDERS, Holder
from tickets.pages.board.said import Number
from tickets.pages.board.sankey import Ribbon, drawn
from tickets.workflow import Status

_AT_DEPARTMENT = tuple(step for step in STEPS if HOLDERS[step] == Holder.DEPARTMENT)
_HANDED_OVER = 10
"""Hand-overs told in words."""


@dataclass(frozen=True, slots=True)
class Links:
    """Where the rows of one list are shown; `fixed` goes along with each."""

    fixed: Mapping[str, str]

    def to(self, list_: str, **asked: str) -> str:
        """`/board/process/rows/?list=…`."""
        return f"{reverse('board-process-rows')}?{urlencode({'list': list_, **self.fixed, **asked})}"

    def number(self, count: int, list_: str, **asked: str) -> Number:
        """A count that opens its rows."""
        return Number(f"{count:,}", "", self.to(list_, **asked), count)


def of_window(window: Window) -> Links:
    """For numbers of a period, as they stood at its cut-off."""
    period = {"since": window.since_on.isoformat(), "until": window.until_on.isoformat()}
    return Links(period | {"as_of": window.as_of.isoformat()})


def of_moment(at: datetime) -> Links:
    """For numbers of this moment."""
    return Links({"as_of": at.isoformat()})


def worked(seconds: float, day: int) -> str:
    """Opening time: days from one day on, else hours, else minutes."""
    if seconds >= day:
        return f"{seconds / day:.1f} 天"
    return f"{seconds / 3600:.1f} 时" if seconds >= 3600 else f"{seconds / 60:.0f} 分"


def steps(waits: Sequence[Wait], names: Mapping[str, str], links: Links, *, day: int) -> dict[str, Any]:
    """Each step, and the steps that departments hold by department, most steps first."""
    whole = {wait.status: wait for wait in waits if wait.department is None}
    by_department: dict[str, dict[Status, Wait]] = {}
    for wait in waits:
        if wait.department:
            by_department.setdefault(wait.department, {})[wait.status] = wait
    ordered = sorted(by_department.items(), key=lambda item: (-sum(w.n + w.waiting for w in item[1].values()), item[0]))
    return {
        "whole": [_step(wait, links, whole, day, status=str(wait.status)) for wait in whole.values()],
        "columns": [status.label for status in _AT_DEPARTMENT],
        "lines": [
            {
                "label": names.get(code, code),
                "cells": [
                    _step(mine[status], links, whole, day, status=str(status), department=code)
                    if status in mine
                    else None
                    for status in _AT_DEPARTMENT
                ],
            }
            for code, mine in ordered
        ],
    }


def _step(wait: Wait, links: Links, whole: Mapping[Status, Wait], day: int, **asked: str) -> dict[str, Any]:
    return {
        "label": wait.status.label,
        "median": "" if wait.median is None else worked(wait.median, day),
        "p90": "" if wait.p90 is None else worked(wait.p90, day),
        "n": links.number(wait.n, "step", part="ended", **asked),
        "waiting": links.number(wait.waiting, "step", part="waiting", **asked),
        "heat": _heat(wait, whole[wait.status]) if wait.department else "",
        "ranked": wait.ranked,
    }


def _heat(wait: Wait, whole: Wait) -> str:
    """How its median compares with all departments' at the same step; few cases are not compared."""
    if not wait.ranked or wait.median is None or not whole.median:
        return ""
    times = wait.median / whole.median
    return next((f"heat-{level}" for level, above in ((4, 2), (3, 1.25), (2, 0.8)) if times >= above), "heat-1")


def aged(rows: Sequence[Aged], names: Mapping[str, str], links: Links) -> dict[str, Any]:
    """A line for each department, and one for all where there are several."""
    bands = [band.label for band in BANDS]
    lines = [_aged(one, names.get(one.department, one.department), links, department=one.department) for one in rows]
    if len(rows) > 1:
        every = Aged(
            "",
            tuple(map(sum, zip(*(one.counts for one in rows), strict=True))),
            sum(one.late for one in rows),
            sum(one.total for one in rows),
            min(one.oldest for one in rows),
        )
        lines.insert(0, _aged(every, "全部", links))
    return {"bands": bands, "lines": lines}


def _aged(one: Aged, label: str, links: Links, **place: str) -> dict[str, Any]:
    counts = zip(BANDS, one.counts, strict=True)
    return {
        "label": label,
        "total": links.number(one.total, "age", **place),
        "late": links.number(one.late, "age", part="late", **place),
        "cells": [
            {
                "number": links.number(count, "age", band=band.code, **place),
                "heat": f"share-{_share(count, one.total)}" if count else "",
            }
            for band, count in counts
        ],
    }


def _share(count: int, total: int) -> int:
    return 1 + min(3, int(8 * count / total))


def flow(found: Flow, names: Mapping[str, str], links: Links) -> dict[str, Any]:
    """The drawing, its table, and the greatest hand-overs from one department to another."""
    drawing = drawn(found.bands, names)
    ribbons = [_ribbon(ribbon, links) for ribbon in drawing.ribbons]
    handed = {(band.place, band.source, band.target) for band in found.handed_over[:_HANDED_OVER]}
    return {
        "n": links.number(found.n, "flow", source=SOURCE),
        "longer": found.longer,
        "height": drawing.height,
        "ribbons": ribbons,
        "nodes": [{"node": node, "url": _node_url(node.layer, node.name, links)} for node in drawing.nodes],
        "handed": [one for one in ribbons if one["key"] in handed],
    }


def _ribbon(ribbon: Ribbon, links: Links) -> dict[str, Any]:
    band = ribbon.band
    asked = {"place": str(band.place), "source": band.source, "target": band.target}
    return {
        "key": (band.place, band.source, band.target),
        "number": links.number(band.n, "flow", **asked),
        "label": ribbon.label,
        "look": ribbon.look,
        "path": ribbon.path,
    }


def _node_url(layer: int, name: str, links: Links) -> str:
    if layer <= 3:
        return links.to("flow", place=str(layer), source=name)
    return links.to("flow", target=name)


def outlook(found: Forecast, names: Mapping[str, str], links: Links) -> dict[str, Any]:
    """What is expected to break: in all, by day, by department and day."""
    return {
        "whole": _expected(found.whole(), links),
        "since": found.since,
        "days": [
            {"label": f"{day:%m-%d}", **_expected(one, links, day=day.isoformat())}
            for day, one in found.by_day().items()
        ],
        "lines": [
            {"label": names.get(code, code), "cells": _cells(mine, found.days, links, code)}
            for code, mine in found.by_department().items()
        ],
    }


def _cells(
    mine: Mapping[date | None, Expected], days: Iterable[date], links: Links, code: str
) -> list[dict[str, Any] | None]:
    found = [_expected(mine[None], links, department=code)]
    return [
        *found,
        *(_expected(mine[day], links, department=code, day=day.isoformat()) if day in mine else None for day in days),
    ]


def _expected(one: Expected, links: Links, **asked: str) -> dict[str, Any]:
    return {
        "mean": f"{one.mean:.1f}",
        "low": one.low,
        "high": one.high,
        "n": links.number(one.n, "risk", **asked),
        "few": one.n < RANKED_FROM,
    }
