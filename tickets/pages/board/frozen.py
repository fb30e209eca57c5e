"""冻结: months whose figures are kept for good, and one of them beside its restatements and today's count."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from qihu.accounts.models import User
from qihu.clock import now
from qihu.doors import told_on
from routing.promises.book import current_book
from routing.promises.words import ordinary_day
from tickets.figures import DIMENSIONS, Figure, label_of
from tickets.figures.fresh import freshen
from tickets.figures.frozen import month_of
from tickets.figures.kept import Line, Version, frozen_or_404, months, place_asked, versions
from tickets.figures.scope import Scope, counted_for
from tickets.figures.window import zone
from tickets.models import FrozenMonth, Restated
from tickets.pages.board.said import Cell, Links, cell, lines
from tickets.pages.board.views import frame, viewer
from tickets.services import freezing

_LISTED = ("closed", "solved", "on_time")


class RestateForm(forms.Form):
    """Why the month is counted again."""

    use_required_attribute = False
    reason = forms.CharField(
        label="重述理由",
        max_length=freezing.REASON[-1],
        error_messages={
            "required": f"理由须有 {freezing.REASON[0]} 至 {freezing.REASON[-1]} 字。",
            "max_length": f"最多 {freezing.REASON[-1]} 字。",
        },
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="写明哪些情况是冻结之后才知道的，4 至 200 字；请勿写个人信息。",
    )


@require_safe
@login_required
def listed(request: HttpRequest) -> HttpResponse:
    """Every frozen month with its main figures, as they were kept."""
    user, at = viewer(request), now()
    scope = counted_for(user)
    place, day = place_asked(scope, request.GET.get("place", "")), _day(at)
    context = {"months": [_line(one, place, day) for one in months(place)], "switch": _switch(scope, place)}
    return render(request, "board/frozen.html", frame(user, "board-frozen") | context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def month(request: HttpRequest, month: str) -> HttpResponse:
    """One month: kept, restated, today. POST restates it; 422 with what was typed where the reason will not do."""
    user, at, on = viewer(request), now(), month_of(month)
    scope = counted_for(user)
    place, frozen = place_asked(scope, request.GET.get("place", "")), frozen_or_404(on)
    form = RestateForm(request.POST or None)
    if request.method == "POST" and _restated(form, on, user, at):
        return redirect(f"{reverse('board-frozen-month', args=[f'{on:%Y-%m}'])}?{urlencode({'place': place})}")
    freshen(at)
    context = _told(frozen, place, scope, at) | {"form": form if freezing.may_restate(user) else None}
    if "verify" in request.GET:
        context["verified"] = _verified(frozen, place)
    page = frame(user, "board-frozen") | context | {"switch": _switch(scope, place), "place": place}
    return render(request, "board/frozen_month.html", page, status=422 if form.errors else 200)


def _restated(form: RestateForm, on: date, user: User, at: datetime) -> bool:
    if form.is_valid():
        with told_on(form):
            freezing.restate(month=on, by=user, reason=form.cleaned_data["reason"], at=at)
    return not form.errors


def _day(at: datetime) -> int:
    calendar = current_book().calendar()
    return ordinary_day(calendar, at.astimezone(calendar.zone).date())


def _line(line: Line, place: str, day: int) -> dict[str, Any]:
    frozen, links = line.frozen, Links(line.window, edition=line.frozen.definitions)
    shown = [cell(line.figures[code], links, day=day) if line.figures else None for code in _LISTED]
    return {
        "frozen": frozen,
        "name": _name(frozen.month),
        "url": f"{reverse('board-frozen-month', args=[str(frozen)])}?{urlencode({'place': place})}",
        "submitted": cell(line.figures["submitted"], links, day=day) if line.figures else None,
        "cells": shown,
    }


def _told(frozen: FrozenMonth, place: str, scope: Scope, at: datetime) -> dict[str, Any]:
    kept, restated, today = versions(frozen, place, at=at)
    day = _day(at)
    columns = [kept, *restated, today]
    by = "chain_tag" if scope.of_department else "department"
    return {
        "frozen": frozen,
        "name": _name(frozen.month),
        "as_of": frozen.as_of.astimezone(zone()),
        "known_at": frozen.known_at.astimezone(zone()),
        "heads": [_head(one) for one in columns],
        "restatements": [one.taken for one in restated],
        "rows": _rows(columns, day),
        "lines": lines(kept.groups(by), Links(kept.window, by, frozen.definitions), day=day),
        "by_label": DIMENSIONS[by],
        "empty": kept.content is None,
        "note": kept.definitions.note,
    }


def _head(version: Version) -> str:
    if isinstance(version.taken, Restated):
        return f"第 {version.taken.ordinal} 次重述"
    return "冻结" if version.taken else "今天重算"


def _rows(columns: list[Version], day: int) -> list[dict[str, Any]]:
    """One line for each figure that any of them knows; a value that is not the frozen one is marked."""
    found = [one.figures for one in columns]
    codes = dict.fromkeys(code for figures in found for code in figures)
    return [_row(code, found, columns, day) for code in codes]


def _row(code: str, found: list[dict[str, Figure]], columns: list[Version], day: int) -> dict[str, Any]:
    figures = [one.get(code) for one in found]
    cells: list[tuple[Cell | None, bool]] = []
    for figure, column in zip(figures, columns, strict=True):
        links = Links(column.window, edition=column.definitions.number)
        shown = cell(figure, links, day=day, measures=column.definitions.by_code) if figure else None
        cells.append((shown, _numbers(figure) != _numbers(figures[0])))
    label, sentence = next((one.label, one.sentence) for one in figures if one)
    return {"label": label, "sentence": sentence, "cells": cells, "changed": any(c for _, c in cells)}


def _numbers(figure: Figure | None) -> tuple[object, ...] | None:
    """What is compared: the definition's wording is not."""
    if figure is None:
        return None
    return figure.hits, figure.denominator, figure.numerator, figure.interval, figure.median, figure.p90


def _verified(frozen: FrozenMonth, place: str) -> list[tuple[str, bool]]:
    """The viewer's page in every count that was kept."""
    taken: list[FrozenMonth | Restated] = [frozen, *frozen.restatements.select_related("frozen").order_by("ordinal")]
    said = [f"第 {one.ordinal} 次重述" if isinstance(one, Restated) else "冻结数据" for one in taken]
    return [(name, freezing.verify(one, places=[place]).equal) for name, one in zip(said, taken, strict=True)]


def _name(month: date) -> str:
    return f"{month.year}年{month.month}月"


def _switch(scope: Scope, place: str) -> list[dict[str, Any]]:
    """Where a person watches several places: each of them."""
    places = scope.places()
    if len(places) < 2:
        return []
    dimension = "department" if scope.of_department else "region"
    return [
        {"label": label_of(dimension, one[2:]), "url": f"?{urlencode({'place': one})}", "current": one == place}
        for one in places
    ]
