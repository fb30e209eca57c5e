"""Counting: every figure of a window, for the whole and for each value of the dimensions asked, in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from qihu.accounts.models import Department, Region
from qihu.errors import Invalid
from routing.promises.book import PromiseBook
from routing.rules.models import Category, ChainTag
from tickets.figures.facts import BY_DEPARTMENT, WHOLE, Query, facts
from tickets.figures.interval import RANKED_FROM, Interval, wilson
from tickets.figures.measures import BY_CLOSING, BY_CODE, DIMENSIONS, MEASURES, Kind, Measure
from tickets.figures.window import Window
from tickets.models.lists import TicketQuerySet
from tickets.models.ticket import Ticket

_NAMED: dict[str, tuple[Any, str]] = {
    "department": (Department, "code"),
    "chain_tag": (ChainTag, "code"),
    "region": (Region, "code"),
    "category": (Category, "code"),
}
NOBODY = {"department": "尚未交办", "chain_tag": "未选链", "category": "未归类"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number and what it rests on.

    `numerator` is the weighted sum (35.6 where 基本满意 counts 0.9) and `hits` the number of requests behind it;
    `denominator` is n. `rate` 0–1, None where n is 0. `interval` rests on the strict count. Of a length of time
    `median` and `p90` are seconds, and numerator and rate None.
    """

    code: str
    label: str
    sentence: str
    kind: Kind
    hits: int
    denominator: int
    numerator: float | None = None
    rate: float | None = None
    interval: Interval | None = None
    median: float | None = None
    p90: float | None = None
    twins: tuple[Figure, ...] = ()

    @property
    def ranked(self) -> bool:
        """Enough requests to be compared with others (n ≥ 20)."""
        return self.denominator >= RANKED_FROM


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The figures of one value of a dimension; `value` "" is for requests that have none."""

    value: str
    label: str
    figures: dict[str, Figure]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Figures by code for the whole, and by dimension the groups, most requests first."""

    window: Window
    figures: dict[str, Figure]
    groups: dict[str, tuple[Group, ...]]


def report(
    window: Window,
    *,
    by: Sequence[str] = (),
    scope: TicketQuerySet | None = None,
    only: Sequence[str] | None = None,
    book: PromiseBook | None = None,
) -> Report:
    """Count `only` these figures (default: all of the submission window) for the whole and for each of `by`.

    `by`: names of `DIMENSIONS`, or "week". Raises `Invalid` for an unknown one. `scope` restricts to requests that
    a viewer may see (`access.visible_to`); without it everything is counted. Restricted requests never are.
    """
    dimensions = [_dimension(name) for name in by]
    measures = _wanted(only)
    closing = any(measure.code in BY_CLOSING for measure in measures)
    rows = _rows(facts(window, scope=scope, by_closing=closing, book=book), dimensions, measures)
    whole = next((row for row in rows if row["dimension"] is None), None)
    return Report(
        window=window,
        figures=_figures(measures, whole or {}),
        groups={name: _groups(name, rows, measures) for name in dimensions},
    )


def _dimension(name: str) -> str:
    if name not in DIMENSIONS and name != "week":
        known = "、".join(DIMENSIONS)
        raise Invalid(f"不能按“{name}”分组。", fields={"by": f"不能按“{name}”分组，可用：{known}。"})
    return name


def _wanted(only: Sequence[str] | None) -> list[Measure]:
    if only is None:
        return [measure for measure in MEASURES if measure.code not in BY_CLOSING]
    return [measure for measure in MEASURES if measure.code in only or measure.twin_of in only]


def _rows(query: Query, dimensions: Sequence[str], measures: Sequence[Measure]) -> list[dict[str, Any]]:
    """The whole, then each dimension; a department counts the parts of split requests, all else the whole ones."""
    columns = ", ".join(column for measure in measures for column in _columns(measure))
    whole = [name for name in dimensions if name != "department"]
    selects = [_grouped(whole, columns, WHOLE, total=True)]
    if "department" in dimensions:
        selects.append(_grouped(["department"], columns, BY_DEPARTMENT, total=False))
    with connection.cursor() as cursor:
        cursor.execute(f"{query.sql} {' UNION ALL '.join(selects)}", query.params)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _grouped(dimensions: Sequence[str], columns: str, counted: str, *, total: bool) -> str:
    kinds = "".join(f"WHEN GROUPING({name}) = 0 THEN '{name}' " for name in dimensions)
    labels = "".join(f"WHEN GROUPING({name}) = 0 THEN max({name}_name) " for name in dimensions)
    head = f"CASE {kinds} END AS dimension" if dimensions else "NULL AS dimension"
    value = f"COALESCE({', '.join(dimensions)})" if dimensions else "NULL"
    label = f"CASE {labels} END" if dimensions else "NULL"
    sets = ", ".join(["()"] * total + [f"({name})" for name in dimensions])
    return (
        f"SELECT {head}, {value} AS value, {label} AS label, {columns}"  # noqa: S608 - fixed texts only
        f" FROM facts WHERE {counted} GROUP BY GROUPING SETS ({sets})"
    )


def _columns(measure: Measure) -> list[str]:
    code, hits = measure.code, measure.hits
    found = [
        f"count(*) FILTER (WHERE {measure.population}) AS {code}_n",
        f"count(*) FILTER (WHERE {hits}) AS {code}_hits",
    ]
    if measure.weight:
        found.append(f"sum({measure.weight}) FILTER (WHERE {hits}) AS {code}_sum")
    if measure.strict:
        found.append(f"count(*) FILTER (WHERE {measure.population} AND ({measure.strict})) AS {code}_strict")
    if measure.seconds:
        # P90 by nearest rank is what percentile_disc does: the first value at or above that share
        within = f"WITHIN GROUP (ORDER BY {measure.seconds}) FILTER (WHERE {measure.population})"
        found.append(f"percentile_cont(0.5) {within} AS {code}_median")
        found.append(f"percentile_disc(0.9) {within} AS {code}_p90")
    return found


def _figures(measures: Sequence[Measure], row: dict[str, Any]) -> dict[str, Figure]:
    plain = {measure.code: _figure(measure, row) for measure in measures}
    return {
        code: _figure(BY_CODE[code], row, twins=tuple(f for c, f in plain.items() if BY_CODE[c].twin_of == code))
        for code in plain
        if not BY_CODE[code].twin_of
    }


def _figure(measure: Measure, row: dict[str, Any], twins: tuple[Figure, ...] = ()) -> Figure:
    code = measure.code
    n, hits = row.get(f"{code}_n") or 0, row.get(f"{code}_hits") or 0
    total = float(row.get(f"{code}_sum") or 0) if measure.weight else float(hits)
    is_rate, is_time = measure.kind is Kind.RATE, measure.kind is Kind.TIME
    return Figure(
        code=code,
        label=measure.label,
        sentence=measure.sentence,
        kind=measure.kind,
        hits=hits,
        denominator=n,
        numerator=None if is_time else round(total, 6),
        rate=total / n if is_rate and n else None,
        interval=wilson(row.get(f"{code}_strict", hits) or 0, n) if is_rate else None,
        median=_seconds(row.get(f"{code}_median")),
        p90=_seconds(row.get(f"{code}_p90")),
        twins=twins,
    )


def _seconds(value: Any) -> float | None:
    return None if value is None else float(value)


def _groups(name: str, rows: Sequence[dict[str, Any]], measures: Sequence[Measure]) -> tuple[Group, ...]:
    mine = [row for row in rows if row["dimension"] == name]
    groups = [Group(value=row["value"] or "", label=_label(name, row), figures=_figures(measures, row)) for row in mine]
    if name == "week":
        return tuple(sorted(groups, key=lambda g: g.value))
    return tuple(sorted(groups, key=lambda g: (not g.value, -_size(g), g.value)))


def _size(group: Group) -> int:
    return next(iter(group.figures.values())).denominator


def _label(name: str, row: dict[str, Any]) -> str:
    value = row["value"] or ""
    return label_of(name, value) if not value or name == "channel" else str(row["label"] or value)


def label_of(by: str, value: str) -> str:
    """Name of one value of a dimension: 金融办 for department "finance"; the value itself where it is unknown."""
    if not value:
        return NOBODY.get(by, "未填")
    if by == "channel":
        return str(dict(Ticket.Channel.choices).get(value, value))
    model, key = _NAMED[by]
    found = model.objects.filter(**{key: value}).values_list("name", flat=True).first()
    return str(found or value)
