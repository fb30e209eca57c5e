"""A month's figures as integers, to be kept: whoever counts them again from the same log gets the same bytes.

Rates, intervals and lengths of time come back from the integers (`figures_of_content`), so nothing kept was rounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from qihu.accounts.models import Region
from qihu.crypto import sm3
from qihu.errors import Invalid, Unknown
from tickets.figures.count import Group, labels_of
from tickets.figures.counters import Counters, counters_of
from tickets.figures.figure import Figure, families, figure_from, nested
from tickets.figures.lengths import Length, lengths
from tickets.figures.measures import DIMENSIONS, Definitions, Measure
from tickets.figures.scope import Scope, everything, scope_of
from tickets.figures.select import rows_of
from tickets.figures.tally import tally
from tickets.figures.window import Window, midnight, months_on

Told = dict[str, dict[str, int | None]]
"""Of one group: by figure `n`, `hits`, `strict`; `sum` of a column; `weighed`: the weighted count in millionths;
`half_seconds`: the median in half seconds and `p90` in seconds."""
Content = dict[str, Any]
"""`{"whole": Told, "groups": {dimension: {value: Told}}}`: one place's page."""
KEPT = tuple(name for name in DIMENSIONS if name != "officer")
"""Groups that are frozen. Nothing about single officers is kept for good."""
MONTHS_AFTER = 2
_MILLION = 1_000_000
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


def month_of(typed: str) -> date:
    """First day of a month as written in addresses and commands. Raises `Unknown` unless it is like 2026-08."""
    found = _MONTH.fullmatch(typed)
    if found is None:
        raise Unknown(f"没有“{typed[:20]}”这个月份，应为 2026-08 这样的写法。")
    return date(int(found[1]), int(found[2]), 1)


def cut_off(month: date) -> datetime:
    """The last moment of the second month after it, Shanghai's time (domain.md §5)."""
    return midnight(months_on(month, MONTHS_AFTER + 1)) - timedelta(microseconds=1)


def month_window(month: date, *, known: datetime | None) -> Window:
    """The month at its cut-off, as known at that moment; None: with all that is known today."""
    return Window(midnight(month), midnight(months_on(month, 1)), cut_off(month), known)


def scope_of_place(place: str) -> Scope:
    """Of a page's place. Raises `Invalid` where there is no such region."""
    kind, _, code = place.partition(":")
    if kind == "d" and code:
        return scope_of(departments=[code])
    path = Region.objects.filter(code=code).values_list("path", flat=True).first() if kind == "r" else None
    if path is None:
        raise Invalid(f"没有“{place[:42]}”这个范围。")
    return scope_of(regions=[path])


def places_counted(window: Window) -> list[str]:
    """Every place with requests in the window, with what lies above; the whole is always among them."""
    scope = everything()
    rows = rows_of(window, scope)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT region, department FROM {rows.sql} f", rows.params)  # noqa: S608
        pairs = cursor.fetchall()
    paths = Region.objects.filter(code__in={region for region, _ in pairs}).values_list("path", flat=True)
    regions = {code for path in [*paths, *scope.regions] for code in path.split("/") if code}
    return sorted([f"r:{code}" for code in regions] + [f"d:{one}" for one in {two for _, two in pairs} if one])


def anything_in(window: Window) -> bool:
    """Whether there is any request that figures are about, if only a test."""
    rows = rows_of(window, everything())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {rows.sql} f)", rows.params)  # noqa: S608
        found: bool = cursor.fetchone()[0]
    return found


def content_of(window: Window, place: str, definitions: Definitions) -> Content:
    """The place's figures for the whole and by `KEPT` dimensions, integers only. The window must not be live."""
    scope, names, counters = scope_of_place(place), ["", *KEPT], counters_of(definitions.number)
    measures = kept_measures(definitions)
    sums = tally(window, names, scope, definitions)
    long = lengths(window, [one for one in measures if one.times], names, scope, definitions)

    def told(name: str, value: str, counts: Sequence[int]) -> Told:
        return {one.code: _told(one, counts, long.get((one.code, name, value)), counters) for one in measures}

    groups = {name: {v: told(name, v, counts) for v, counts in sums[name].items() if any(counts)} for name in KEPT}
    return {"whole": told("", "", sums[""].get("", [0] * len(counters.order))), "groups": groups}


def kept_measures(definitions: Definitions) -> list[Measure]:
    """Figures of the month of submission; those about the month of closing and means of others are none."""
    return [one for one in definitions.measures if not one.of and not one.by_closing]


def _told(one: Measure, counts: Sequence[int], length: Length | None, counters: Counters) -> dict[str, int | None]:
    found: dict[str, int | None] = {
        "n": counters.n(one, counts),
        "hits": counters.hits(one, counts),
        "strict": counters.strict(one, counts),
    }
    if one.sums:
        found["sum"] = round(counters.total(one, counts))
    elif one.weights:
        found["weighed"] = round(counters.total(one, counts) * _MILLION)
    if one.times:
        length = length or Length()
        found["half_seconds"] = None if length.median is None else round(2 * length.median)
        found["p90"] = None if length.p90 is None else round(length.p90)
    return found


def figures_of_content(told: Mapping[str, Mapping[str, int | None]], definitions: Definitions) -> dict[str, Figure]:
    """The figures that were kept, each with its twins in it, as `report` would give them."""
    return nested(families(kept_measures(definitions)), lambda one, twins: _figure(one, told[one.code], twins))


def groups_of_content(content: Content, by: str, definitions: Definitions) -> list[Group]:
    """The groups of one dimension, most requests first; labels are today's."""
    found = content["groups"].get(by, {})
    labels = labels_of(by, list(found))
    groups = [
        Group(value=value, label=labels[value], figures=figures_of_content(told, definitions))
        for value, told in found.items()
    ]
    return sorted(groups, key=lambda one: (not one.value, -one.figures["submitted"].denominator, one.value))


def _figure(one: Measure, told: Mapping[str, int | None], twins: tuple[Figure, ...]) -> Figure:
    n, hits, strict = (told[name] or 0 for name in ("n", "hits", "strict"))
    total = float(hits)
    if one.sums:
        total = float(told["sum"] or 0)
    elif one.weights:
        total = (told["weighed"] or 0) / _MILLION
    half, p90 = told.get("half_seconds"), told.get("p90")
    length = Length(None if half is None else half / 2, None if p90 is None else float(p90))
    return figure_from(one, n=n, hits=hits, strict=strict, total=total, length=length, twins=twins)


def canonical(value: object) -> bytes:
    """Canonical JSON: sorted keys, no blanks, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest_of_page(content: Content) -> bytes:
    """SM3 of a page: 32 bytes."""
    return sm3(canonical(content))


def digest_of_month(window: Window, definitions: int, pages: Iterable[tuple[str, bytes]]) -> bytes:
    """SM3 of what was counted, at which cut-off, as known when, by which edition, and of every page's digest."""
    known = window.known.isoformat() if window.known else ""
    head = [window.since.isoformat(), window.until.isoformat(), window.as_of.isoformat(), known, definitions]
    return sm3(canonical([*head, sorted((place, digest.hex()) for place, digest in pages)]))
