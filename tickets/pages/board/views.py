"""The managers' board, and the requests behind each of its numbers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from qihu.accounts.models import Role, User
from qihu.clock import now
from qihu.errors import Forbidden, Invalid
from routing.promises.book import current_book
from routing.promises.coverage import coverage_warnings
from routing.promises.words import ordinary_day
from tickets.figures import DIMENSIONS, PAGE, Opened, Part, Report, Window, label_of, opened, report, standing
from tickets.figures.fresh import fresh_window, freshen
from tickets.figures.kept import frozen_in
from tickets.figures.measures import edition_asked
from tickets.figures.scope import Scope, counted_for, places_of, seen_by
from tickets.figures.window import zone
from tickets.models.lists import TicketQuerySet
from tickets.pages.board.period import PeriodForm, presets, weeks
from tickets.pages.board.said import TOLD_BY, Links, cards, lines
from tickets.pages.board.tabs import tabs
from tickets.pages.board.turning import page_asked, pager

_PARTS = {Part.NUMERATOR: "计入分子", Part.DENOMINATOR: "分母全部", Part.REST: "未计入分子"}


@require_safe
@login_required
def board(request: HttpRequest) -> HttpResponse:
    """Figures of a period. 422 with what was typed kept, where the period makes no sense."""
    user, at = viewer(request), now()
    scope = counted_for(user)
    form = PeriodForm(request.GET, at=at)
    asked = form.asked()
    context = frame(user) | _period(form, at) | {"warnings": coverage_warnings(at)}
    if asked is None:
        return render(request, "board/board.html", context, status=422)
    window, by = asked
    by = scope.permits(by) or ("chain_tag" if scope.of_department else "department")
    freshen(at)
    context |= _counted(window, by, scope) | {"needs": _needs(seen_by(user), at), "by": by}
    return render(request, "board/board.html", context)


@require_safe
@login_required
def rows(request: HttpRequest) -> HttpResponse:
    """The requests behind one number; `late_now` and `triage_now` are of this moment, not of a period."""
    user, at = viewer(request), now()
    scope, asked = counted_for(user), request.GET
    if asked.get("figure", "") in standing.LISTS:
        return render(request, "board/rows.html", frame(user) | _standing(request, seen_by(user), at))
    window = fresh_window(asked, at=at)
    found = opened(
        window,
        figure=asked.get("figure", ""),
        part=asked.get("part", Part.NUMERATOR),
        by=scope.permits(asked.get("by", "")) if "value" in asked else "",
        value=asked.get("value", ""),
        scope=scope,
        seen=seen_by(user),
        page=page_asked(request),
        definitions=edition_asked(asked.get("definitions", "")),
    )
    return render(request, "board/rows.html", frame(user) | _listed(request, found))


def viewer(request: HttpRequest) -> User:
    """Who is signed in. Raises `Forbidden` for nobody."""
    if not isinstance(request.user, User):
        raise Forbidden("没有权限。")
    return request.user


def frame(user: User, section: str = "board") -> dict[str, Any]:
    """What every page of the board shows around its content; `section`: the tab it belongs to."""
    titles = dict.fromkeys(str(Role(grant.role).label) for grant in user.held)
    return {"user_title": "、".join(titles), "places": places_of(user), "tabs": list(tabs(section, user))}


def _period(form: PeriodForm, at: datetime) -> dict[str, Any]:
    since, last, by = (form.data.get(name, "") for name in ("since", "last", "by"))
    offered = [
        {
            "label": preset.label,
            "url": preset.url(by if by in DIMENSIONS else ""),
            "current": (since, last) == (f"{preset.since}", f"{preset.last}"),
        }
        for preset in presets(at)
    ]
    return {"form": form, "presets": offered, "problems": list(form.said())}


def _counted(window: Window, by: str, scope: Scope) -> dict[str, Any]:
    """Everything by submission, and the closings by week."""
    calendar = current_book().calendar()
    wanted = tuple(dict.fromkeys((by, "chain_tag", "week")))
    counted = report(window, by=wanted, scope=scope, lengths_by=False, with_closings=True, told_by=TOLD_BY)
    window = counted.window
    day = ordinary_day(calendar, window.as_of.astimezone(calendar.zone).date())
    return {
        "window": window,
        "frozen": frozen_in(window),
        "as_of": window.as_of.astimezone(zone()),
        "cards": cards(counted.figures, Links(window), day=day),
        "lines": lines(counted.groups[by], Links(window, by), day=day),
        "chains": lines(counted.groups["chain_tag"], Links(window, "chain_tag"), day=day),
        "dimensions": _dimensions(window, by, scope),
        "behind": counted.behind,
        "edition": counted.edition,
        "by_label": DIMENSIONS[by],
        "chart": _chart(counted),
    }


def _dimensions(window: Window, by: str, scope: Scope) -> list[dict[str, Any]]:
    period = {"since": window.since_on.isoformat(), "until": window.until_on.isoformat()}
    return [
        {"label": f"按{label}", "url": "?" + urlencode(period | {"by": name}), "current": name == by}
        for name, label in DIMENSIONS.items()
        if scope.of_department or name != "officer"
    ]


def _chart(counted: Report) -> dict[str, Any]:
    window = counted.window
    submitted = {group.value: group.figures["submitted"].hits for group in counted.groups["week"]}
    closed = {group.value: group.figures["closings"].hits for group in counted.groups["week"]}
    table = []
    for monday, week in weeks(window):
        links = Links(week)
        cells = [
            (submitted.get(monday, 0), links.rows("submitted", Part.NUMERATOR)),
            (closed.get(monday, 0), links.rows("closings", Part.NUMERATOR)),
        ]
        whole = week.until - week.since == timedelta(days=7) and week.until <= window.as_of
        table.append((f"{week.since_on:%m-%d} 至 {week.last_on:%m-%d}", f"{week.since_on:%m-%d}", cells, whole))
    # a week that has just begun would look like a collapse: it is in the table and not in the picture
    drawn = table[:-1] if len(table) > 2 and not table[-1][3] else table
    series = [
        {"name": name, "colour": colour, "data": [cells[i][0] for _, _, cells, _ in drawn]}
        for i, (name, colour) in enumerate((("收到", "info"), ("办结", "brand")))
    ]
    return {
        "id": "flow",
        "note": "按周" if drawn is table else "按周，不含未满的一周",
        "data": {"kind": "line", "x": [short for _, short, _, _ in drawn], "series": series, "unit": "件"},
        "rows": [(label if whole else f"{label}（未满）", cells) for label, _, cells, whole in table],
    }


def _needs(scope: TicketQuerySet, at: datetime) -> list[dict[str, Any]]:
    found = []
    for need in standing.needs(scope, at=at):
        red = need.code == standing.LATE
        when = need.when.astimezone(zone()) if need.when else None
        if red:
            title, detail = (
                f"{need.label} {need.count} 件超期",
                f"最早 {when:%m月%d日 %H:%M} 到期" if when else "",
            )
        else:
            title, detail = (
                f"待研判 {need.count} 件",
                f"最早须在 {when:%m月%d日 %H:%M} 前交办" if when else "",
            )
        asked = {"figure": need.code, "value": need.department}
        found.append(
            {
                "state": "late" if red else "warn",
                "tag": "红灯" if red else "研判",
                "title": title,
                "detail": detail,
                "action": "查看",
                "url": f"{reverse('board-rows')}?{urlencode(asked)}",
            }
        )
    return found


def _listed(request: HttpRequest, found: Opened) -> dict[str, Any]:
    window = found.window
    parts = [
        {"label": label, "url": _with(request, part=str(part), page=""), "current": part == found.part}
        for part, label in _PARTS.items()
    ]
    return {
        "heading": found.measure.label,
        "sentence": found.measure.sentence,
        "window": window,
        "as_of": window.as_of.astimezone(zone()),
        "group": _group(request),
        "parts": parts if found.measure.counted else [],
        "total": found.total,
        "tickets": found.tickets,
        "hidden": found.hidden,
        "pager": pager(request, found.page, found.pages),
        "back": _back(request, window),
    }


def _group(request: HttpRequest) -> str:
    by = request.GET.get("by", "")
    if by not in DIMENSIONS or "value" not in request.GET:
        return ""
    return f"{DIMENSIONS[by]}：{label_of(by, request.GET['value'])}"


def _standing(request: HttpRequest, scope: TicketQuerySet, at: datetime) -> dict[str, Any]:
    code, page = request.GET["figure"], page_asked(request)
    found = standing.listed(code, scope, at=at, department=request.GET.get("value", ""))
    total = found.count()
    pages = max(1, -(-total // PAGE))
    if not 1 <= page <= pages:
        raise Invalid("没有这一页。", fields={"page": "没有这一页。"})
    return {
        "heading": standing.LISTS[code],
        "sentence": "按此刻的时限列出，最早到期的在前。",
        "total": total,
        "tickets": list(found[(page - 1) * PAGE : page * PAGE]),
        "pager": pager(request, page, pages),
        "back": reverse("board"),
    }


def _back(request: HttpRequest, window: Window) -> str:
    period = {"since": window.since_on.isoformat(), "until": window.until_on.isoformat()}
    return f"{reverse('board')}?{urlencode(period | {'by': request.GET.get('by', '')})}"


def _with(request: HttpRequest, **changed: str) -> str:
    kept = request.GET.dict() | changed
    return "?" + urlencode({name: value for name, value in kept.items() if value or name == "value"})
