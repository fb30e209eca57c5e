"""Where requests wait: what is about to break, how old they are, which steps take long, how they go around."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from qihu.clock import now
from routing.promises.book import current_book
from routing.promises.words import ordinary_day
from tickets.figures import Window, ageing, flows, forecast, waiting
from tickets.figures.fresh import freshen
from tickets.figures.listing import Line, Listing, of_stakes, paged
from tickets.figures.load_lists import LOAD, behind
from tickets.figures.process_lists import node_names
from tickets.figures.seen import requests_of
from tickets.figures.window import zone
from tickets.models.lists import TicketQuerySet
from tickets.pages.board import process_said as said
from tickets.pages.board.period import PeriodForm, Preset, presets
from tickets.pages.board.turning import page_asked, pager
from tickets.pages.board.views import frame, viewer

DAYS = 30
"""Looked back where no period is asked for."""
_LIKELIEST = 10


@require_safe
@login_required
def process(request: HttpRequest) -> HttpResponse:
    """The page. 422 with what was typed kept, where the period makes no sense."""
    user, at = viewer(request), now()
    scope = requests_of(user)
    form = PeriodForm(recent(request.GET, at, DAYS), at=at)
    asked = form.asked()
    context = frame(user, "board-process") | offered(form, at)
    if asked is None:
        return render(request, "board/process.html", context, status=422)
    freshen(at)
    return render(request, "board/process.html", context | _counted(asked[0], scope, at))


def recent(query: QueryDict, at: datetime, days: int) -> QueryDict:
    """What was asked, or the last `days` days where no period was."""
    if query.get("since") or query.get("last") or query.get("until"):
        return query
    today = at.astimezone(zone()).date()
    typed = query.copy()
    typed["since"], typed["last"] = str(today - timedelta(days=days - 1)), str(today)
    return typed


def offered(form: PeriodForm, at: datetime) -> dict[str, Any]:
    """Periods by name, and what is wrong with the one typed."""
    tomorrow = at.astimezone(zone()).date() + timedelta(days=1)
    named = [Preset(f"近 {days} 天", tomorrow - timedelta(days=days), tomorrow) for days in (30, 90)]
    since, last = form.data.get("since", ""), form.data.get("last", "")
    chosen = [
        {"label": one.label, "url": one.url(""), "current": (since, last) == (str(one.since), str(one.last))}
        for one in (*named, *presets(at))
    ]
    return {"form": form, "presets": chosen, "problems": list(form.said())}


def _counted(window: Window, scope: TicketQuerySet, at: datetime) -> dict[str, Any]:
    calendar = current_book().calendar()
    day = ordinary_day(calendar, at.astimezone(calendar.zone).date())
    names = node_names()
    ahead = forecast.forecast(scope, at=at)
    links = said.of_window(window)
    return {
        "window": window,
        "as_of": at.astimezone(zone()),
        "outlook": said.outlook(ahead, names, said.of_moment(at)),
        "outlook_sentence": forecast.SENTENCE,
        "likeliest": [shown(line, day) for line in of_stakes(scope)(ahead.stakes[:_LIKELIEST])],
        "aged": said.aged(ageing.ageing(scope, at=at), names, said.of_moment(at)),
        "aged_sentence": ageing.SENTENCE,
        "steps": said.steps(waiting.waits(window, scope=scope), names, links, day=day),
        "steps_sentence": waiting.SENTENCE,
        "flow": said.flow(flows.flow(window, scope=scope), names, links),
        "flow_sentence": flows.SENTENCE,
    }


@require_safe
@login_required
def rows(request: HttpRequest) -> HttpResponse:
    """The rows behind one number of the process and the load pages."""
    user, at = viewer(request), now()
    asked = request.GET
    freshen(at)
    calendar = current_book().calendar()
    day = ordinary_day(calendar, at.astimezone(calendar.zone).date())
    found = paged(behind(user, asked.dict(), at=at), page_asked(request))
    section = "board-load" if asked["list"] in LOAD else "board-process"
    return render(request, "board/process_rows.html", frame(user, section) | _listed(request, found, day, section))


def _listed(request: HttpRequest, found: Listing, day: int, section: str) -> dict[str, Any]:
    return {
        "listing": found,
        "lines": [shown(line, day) for line in found.lines],
        "back": reverse(section),
        "risk": any(line.chance is not None for line in found.lines),
        "pager": pager(request, found.page, found.pages),
    }


def shown(line: Line, day: int) -> dict[str, Any]:
    """A row in words."""
    return {
        "line": line,
        "ticket": line.ticket,
        "worked": "" if line.seconds is None else said.worked(line.seconds, day),
        "chance": "" if line.chance is None else f"{100 * line.chance:.0f} %",
        "hot": line.chance is not None and line.chance >= 0.5,
    }
