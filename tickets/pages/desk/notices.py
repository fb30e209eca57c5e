"""通知: what this person was told of their requests, one line a request and day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import groupby
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from qihu.errors import Unknown
from tickets.models import Notice
from tickets.models.notice import NoticeQuerySet
from tickets.pages.desk import queues, telling
from tickets.pages.desk.seat import Seat, at_desk
from tickets.services.notify.words import line

PAGE = 50
_STATE = {
    "breach": "late",
    "rework": "late",
    "reopen": "late",
    **dict.fromkeys(
        ("defer", "urge", "send_back", "warning", "object", "leg_return", "supervise", "instruct", "confirm"), "warn"
    ),
    **dict.fromkeys(("deliver", "rate", "leg_reply"), "ok"),
    **dict.fromkeys(("reply", "approval", "message", "material"), "info"),
}


def _inbox(seat: Seat, *, everything: bool) -> NoticeQuerySet:
    """Newest first, of requests that this person still sees."""
    mine = Notice.objects.inbox(seat.user.pk) if everything else Notice.objects.unread(seat.user.pk)
    return mine.among(seat.visible)


@require_safe
@at_desk
def inbox(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The newest fifty; older unread ones appear as these are read, older read ones on the next page."""
    everything, before = request.GET.get("show") == "all", request.GET.get("before", "")
    rows = _inbox(seat, everything=everything)
    if before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows.select_related("template", "ticket__filing", "ticket__department", "ticket__officer")[: PAGE + 1])
    shown = _by_request(found[:PAGE], seat)
    context = {
        "user_title": seat.title,
        "nav": queues.nav(seat, current="inbox"),
        "notices": shown,
        "days": [(day, list(rows)) for day, rows in groupby(shown, key=lambda row: row["day"])],
        "everything": everything,
        "older": f"?show=all&before={found[PAGE - 1].pk}" if everything and len(found) > PAGE else "",
        "more": not everything and len(found) > PAGE,
    }
    return render(request, "desk/notices.html", context)


def _by_request(found: Sequence[Notice], seat: Seat) -> list[dict[str, object]]:
    """One line a request and day, led by its newest notice: five broken promises are one thing to look at."""
    zone = ZoneInfo(settings.TIME_ZONE)
    of = {notice.pk: (notice.ticket_id, notice.created_at.astimezone(zone).date()) for notice in found}
    heard, unread = Counter(of.values()), {of[n.pk] for n in found if n.read_at is None}
    newest: dict[tuple[int, date], Notice] = {}
    for notice in found:
        newest.setdefault(of[notice.pk], notice)
    return [
        _told(notice, seat) | {"others": heard[key] - 1, "unread": key in unread, "day": _day(of[notice.pk][1], seat)}
        for key, notice in newest.items()
    ]


def _day(on: date, seat: Seat) -> str:
    today = seat.at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    return {0: "今天", 1: "昨天"}.get((today - on).days, "更早")


def _told(notice: Notice, seat: Seat) -> dict[str, object]:
    return {
        "key": notice.pk,
        "state": _STATE.get(notice.kind, ""),
        "says": line(notice),
        "title": notice.ticket.filing.title,
        "short": telling.short_number(notice.ticket.number),
        "when": telling.moment(notice.created_at, seat.at),
        "iso": notice.created_at.isoformat(),
    }


@require_POST
@at_desk
def open_one(request: HttpRequest, seat: Seat, key: int) -> HttpResponse:
    """Mark one read, and what else is unread of the same request; then show the request."""
    mine = _inbox(seat, everything=True)
    notice = mine.select_related("ticket").filter(pk=key).first()
    if notice is None:
        raise Unknown("没有这条通知。")
    Notice.objects.unread(seat.user.pk).of_ticket(notice.ticket).mark_read(at=seat.at)
    return HttpResponseRedirect(f"/desk/t/{notice.ticket.number}/", status=303)


@require_POST
@at_desk
def read_all(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Mark the whole inbox read; what they no longer see is neither touched nor counted."""
    count = _inbox(seat, everything=False).mark_read(at=seat.at)
    messages.success(request, f"{count} 条通知已读。")
    return HttpResponseRedirect("/desk/notices/", status=303)
