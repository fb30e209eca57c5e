"""值得核对: what stands out in a period, kind by kind, with exactly the requests behind each group. No verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from qihu.accounts.models import User
from qihu.clock import now
from qihu.doors import told_on
from tickets.figures import Window
from tickets.figures.anomalies import (
    BY_CODE,
    MOST_DAYS,
    Checked,
    Group,
    Page,
    Seen,
    checked,
    group_of,
    looked_at,
    may_check,
    page_of,
    period,
    watched_by,
)
from tickets.figures.anomalies.asking import DAYS
from tickets.figures.window import zone
from tickets.pages.board.period import PeriodForm, presets
from tickets.pages.board.turning import page_asked, pager
from tickets.pages.board.views import frame, viewer
from tickets.services.checking import LONGEST, SHORTEST, check

SECTION = "board-anomalies"
_BAR, _GAP, _HIGH = 10, 3, 34
"""Of the small multiples, in units of their viewBox."""


class SpanForm(PeriodForm):
    """The board's period, at most a quarter; the last thirty days where nothing is asked."""

    def __init__(self, query: QueryDict, *, at: datetime) -> None:
        asked = query.copy()
        if not (asked.get("since") or asked.get("last") or asked.get("until")):
            today = at.astimezone(zone()).date()
            asked["since"], asked["last"] = f"{today - timedelta(days=DAYS - 1)}", f"{today}"
        super().__init__(asked, at=at)

    def span(self) -> Window | None:
        """The window, or None with errors on the fields."""
        found = self.asked()
        if found and found[0].until - found[0].since > timedelta(days=MOST_DAYS):
            self.add_error("last", f"一次最多查看 {MOST_DAYS} 天。")
            return None
        return found[0] if found else None


class CheckForm(forms.Form):
    """What somebody found when they looked."""

    reason = forms.CharField(
        label="核对情况",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "请写明核对情况。"},
        help_text=f"{SHORTEST} 至 {LONGEST} 个字：怎么核对的、结论是什么。不要写企业和个人信息；登记后不能修改。",
    )


@require_safe
@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """A card for each kind, then the groups. 422 with what was typed kept, where the period makes no sense."""
    user, at = viewer(request), now()
    watched = watched_by(user)
    form = SpanForm(request.GET, at=at)
    window = form.span()
    context = frame(user, SECTION) | _period(form, at)
    if window is None:
        return render(request, "board/anomalies.html", context, status=422)
    chosen = request.GET.get("kind", "")
    seen = looked_at(watched, window)
    groups = [group for one in seen for group in one.groups if chosen in {"", one.kind.code}]
    looked = checked([group for one in seen for group in one.groups])
    context |= {
        "window": window,
        "cards": [_card(one, window, looked, chosen) for one in seen],
        "groups": [_row(group, window, looked[group.kind.code, group.value]) for group in groups],
        "chosen": BY_CODE.get(chosen),
        "all_url": "?" + urlencode(_dates(window)),
    }
    return render(request, "board/anomalies.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def group(request: HttpRequest, kind: str) -> HttpResponse:
    """The events behind one group, and what was checked; a supervisor adds to it."""
    user, at = viewer(request), now()
    asked = request.GET
    window = period(asked.get("since", ""), asked.get("until", ""), at=at)
    value = asked.get("value", "")
    form = CheckForm(request.POST or None)
    if request.method == "POST" and _checked(form, user, window, kind, value, at):
        messages.success(request, "已登记核对情况。")
        return HttpResponseRedirect(request.get_full_path())
    found = group_of(watched_by(user), window, kind=kind, value=value)
    context = _opened(request, page_of(found, page_asked(request)), window) | {
        "form": form if may_check(user) else None,
        "checked": checked([found])[kind, value],
    }
    status = 422 if form.errors else 200
    return render(request, "board/anomaly.html", frame(user, SECTION) | context, status=status)


def _checked(form: CheckForm, user: User, window: Window, kind: str, value: str, at: datetime) -> bool:
    if form.is_valid():
        with told_on(form):
            check(user=user, window=window, kind=kind, value=value, reason=form.cleaned_data["reason"], at=at)
    return not form.errors


def _period(form: SpanForm, at: datetime) -> dict[str, Any]:
    dates = (form.data.get("since"), form.data.get("last"))
    offered = [
        {"label": one.label, "url": one.url(""), "current": dates == (f"{one.since}", f"{one.last}")}
        for one in presets(at)
        if one.until - one.since <= timedelta(days=MOST_DAYS)
    ]
    return {"form": form, "presets": offered, "problems": list(form.said())}


def _card(seen: Seen, window: Window, looked: Mapping[tuple[str, str], Checked], chosen: str) -> dict[str, Any]:
    code = seen.kind.code
    left = sum(1 for group in seen.groups if not looked[code, group.value].whole)
    return {
        "seen": seen,
        "left": left,
        "current": code == chosen,
        "url": "?" + urlencode(_dates(window) | {"kind": code}) + "#groups",
        "bars": _bars(seen.weeks),
        "wide": len(seen.weeks) * (_BAR + _GAP),
        "high": _HIGH,
        "said": f"近 {len(seen.weeks)} 周每周注意到：" + "、".join(f"{week} {n}" for week, n in seen.weeks),
    }


def _bars(weeks: tuple[tuple[str, int], ...]) -> list[dict[str, Any]]:
    most = max((n for _, n in weeks), default=0) or 1
    return [
        {"x": i * (_BAR + _GAP), "y": _HIGH - tall, "wide": _BAR, "high": tall, "week": week, "n": n}
        for i, (week, n) in enumerate(weeks)
        for tall in [max(round(n / most * (_HIGH - 2)), 1)]
    ]


def _row(group: Group, window: Window, looked: Checked) -> dict[str, Any]:
    query = _dates(window) | {"value": group.value}
    return {
        "group": group,
        "looked": looked,
        "url": f"{reverse('board-anomaly', args=[group.kind.code])}?{urlencode(query)}",
    }


def _opened(request: HttpRequest, page: Page, window: Window) -> dict[str, Any]:
    back = _dates(window) | {"kind": page.group.kind.code}
    return {
        "group": page.group,
        "window": window,
        "total": page.total,
        "rows": [{"flag": flag, "ticket": ticket, "at": flag.at.astimezone(zone())} for flag, ticket in page.rows],
        "pager": pager(request, page.page, page.pages),
        "back": f"{reverse(SECTION)}?{urlencode(back)}",
    }


def _dates(window: Window) -> dict[str, str]:
    return {"since": window.since_on.isoformat(), "until": window.until_on.isoformat()}
