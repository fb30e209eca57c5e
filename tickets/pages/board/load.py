"""Load and workload: when requests come in, who has how much of them, and whether it can be worked off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from qihu.accounts.models import User
from qihu.clock import now
from routing.promises.book import current_book
from tickets.figures import Window, arrivals, load
from tickets.figures.seen import department_names, own_officers, requests_of
from tickets.figures.window import zone
from tickets.pages.board.period import PeriodForm
from tickets.pages.board.process import offered, recent
from tickets.pages.board.process_said import Links, of_moment, of_window
from tickets.pages.board.views import frame, viewer

DAYS = 56
"""Looked back where no period is asked for."""


@require_safe
@login_required
def loaded(request: HttpRequest) -> HttpResponse:
    """The page. 422 with what was typed kept, where the period makes no sense or is too long."""
    user, at = viewer(request), now()
    requests_of(user)
    form = PeriodForm(recent(request.GET, at, DAYS), at=at)
    asked = form.asked()
    if asked is not None and arrivals.too_long(asked[0]):
        form.add_error("last", f"时段最长 {arrivals.LONGEST} 天。")
        asked = None
    context = frame(user, "board-load") | offered(form, at)
    if asked is None:
        return render(request, "board/load.html", context, status=422)
    return render(request, "board/load.html", context | _counted(asked[0], user, at))


def _counted(window: Window, user: User, at: datetime) -> dict[str, Any]:
    scope, names, calendar = requests_of(user), department_names(), current_book().calendar()
    rows = arrivals.arrivals(window, scope=scope, calendar=calendar)
    of = own_officers(user)
    held = load.held(window, scope=scope, officers_of=of)
    return {
        "window": window,
        "as_of": at.astimezone(zone()),
        "hours": range(24),
        "arrivals": _arrivals(rows, of_window(window)),
        "arrivals_sentence": arrivals.SENTENCE,
        "held": [_held(one, names, window, at) for one in held],
        "with_officers": bool(of),
        "held_sentence": load.SENTENCE,
        "capacity": _capacity(load.capacity(scope, at=at, calendar=calendar), names, at),
        "capacity_sentence": load.CAPACITY_SENTENCE,
    }


def _arrivals(rows: Sequence[arrivals.Row], links: Links) -> list[dict[str, Any]]:
    most = max((count / row.days for row in rows if row.days for count in row.hours), default=0)
    return [
        {
            "label": arrivals.KINDS[row.kind],
            "days": row.days,
            "average": "—" if row.average is None else f"{row.average:.1f}",
            "total": links.number(row.total, "arrived", kind=row.kind),
            "cells": [
                {
                    "number": links.number(count, "arrived", kind=row.kind, hour=str(hour)),
                    "heat": f"share-{1 + min(3, int(4 * count / row.days / most))}" if count else "",
                }
                for hour, count in enumerate(row.hours)
            ],
        }
        for row in rows
    ]


def _held(one: load.Held, names: Mapping[str, str], window: Window, at: datetime) -> dict[str, Any]:
    place = {"department": one.department}
    if one.is_officer:
        place["officer"] = str(one.officer or "")
    then, moment = of_window(window), of_moment(at)
    department = names.get(one.department, one.department)
    return {
        "label": (one.name or "还没有经办人") if one.is_officer else department,
        "officer": one.is_officer,
        "open": moment.number(one.open, "open", **place),
        "late": moment.number(one.late, "open", part="late", **place),
        "closed": then.number(one.closed, "closed", **place),
        "broken": then.number(one.broken, "broken", **place),
    }


def _capacity(found: load.Outlook, names: Mapping[str, str], at: datetime) -> list[dict[str, Any]]:
    closed_in, came_in, moment = of_window(found.closed_in), of_window(found.came_in), of_moment(at)
    return [
        {
            "label": names.get(one.department, one.department),
            "open": moment.number(one.open, "open", department=one.department),
            "closed": closed_in.number(one.closed, "closed", department=one.department),
            "a_day": f"{one.a_day:.1f}",
            "came": came_in.number(one.coming.n, "came", department=one.department),
            "coming": f"{one.coming.mean:.1f}（{one.coming.low}–{one.coming.high}）",
            "backlog": "" if one.backlog is None else f"{one.backlog:.1f} 天",
            "then": f"{one.then:.0f}",
            "grows": one.then > one.open and one.backlog is not None,
        }
        for one in found.departments
    ]
