"""举一反三 at the desk: the list of topics, one topic with its acts, and the requests behind its numbers."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from qihu.doors import told_on
from qihu.errors import Conflict, Invalid, Stale, Unknown
from tickets.access import identity_hidden, parties
from tickets.figures import Part, Window, window_from
from tickets.figures.inflow import WEEK_PARTS, members_behind, window_of
from tickets.figures.topic_rate import topic_rate, topics_behind
from tickets.figures.window import midnight, zone
from tickets.models import Topic, TopicMember
from tickets.models.topic import TITLE_MAX, TopicQuerySet
from tickets.pages.desk import queues, telling
from tickets.pages.desk.catalogue import catalogue
from tickets.pages.desk.rows import pill
from tickets.pages.desk.seat import Seat, at_desk
from tickets.pages.desk.topic_acts import ACTS, ActForm
from tickets.pages.desk.topic_sheet import STATE_COLOUR, due, sheet
from tickets.topic_access import permit_list, seen_by, topic_or_404, topics_visible_to, topics_waiting_for
from tickets.topic_moves import TopicAct, TopicState

PAGE = 30
_SALT = "tickets.desk.topics"
_S = TopicState
VIEWS: dict[str, tuple[str, tuple[TopicState, ...]]] = {
    "": ("全部", tuple(_S)),
    "proposed": ("待认定", (_S.PROPOSED,)),
    "running": ("进行中", (_S.OPEN, _S.MEASURED, _S.PUBLISHED)),
    "late": ("逾期", (_S.OPEN, _S.MEASURED)),
    "mine": ("等我办", tuple(_S)),
    "ended": ("已结", (_S.CLOSED, _S.DISMISSED)),
}


@require_safe
@at_desk
def listed(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Proposals first, each with why it is one; then what runs, then what has ended."""
    permit_list(seat.user)
    view = asked if (asked := request.GET.get("view", "")) in VIEWS else ""
    q = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:TITLE_MAX]
    found, figure = _asked(request, seat, view, q)
    place = _place(request.GET.get("cursor", ""))
    page = (found.after(*place) if place else found)[: PAGE + 1]
    rows = list(page)
    older = _cursor(rows[PAGE - 1]) if len(rows) > PAGE else ""
    kept = {"view": view, "q": q} | {name: value for name, value in figure.items() if name != "label"}
    context = {
        "user_title": seat.title,
        "nav": queues.nav(seat, current="topics"),
        "topics": [_row(one, seat) for one in rows[:PAGE]],
        "views": [
            {"label": label, "url": f"?{urlencode({'view': key, 'q': q})}", "current": key == view and not figure}
            for key, (label, _) in VIEWS.items()
        ],
        "view": view,
        "q": q,
        "older": f"?{urlencode({**kept, 'cursor': older})}" if older else "",
        "rate": _rate(seat),
        "figure": figure.get("label", ""),
    }
    return render(request, "desk/topics.html", context)


def _asked(request: HttpRequest, seat: Seat, view: str, q: str) -> tuple[TopicQuerySet, dict[str, str]]:
    """The topics wanted; and, where a number was opened, which."""
    mine = topics_visible_to(seat.user)
    figure: dict[str, str] = {}
    if (part := request.GET.get("part", "")) in [str(one) for one in Part]:
        period = {name: request.GET.get(name, "") for name in ("since", "until", "as_of")}
        window = window_from(period["since"], period["until"], at=seat.at, as_of=period["as_of"])
        mine = topics_behind(window, Part(part), scope=mine)
        label = "举一反三率：" + ("计入分子的专题" if part == Part.NUMERATOR else "时段内立的专题")
        figure = period | {"part": part, "label": label}
    if view == "late":
        mine = mine.overdue(seat.today)
    elif view == "mine":
        mine = mine.filter(pk__in=topics_waiting_for(seat.user, seat.today).values("pk"))
    elif view:
        mine = mine.standing(*VIEWS[view][1])
    if q:
        mine = mine.filter(title__icontains=q)
    return mine.for_lists().ranked(), figure


def _cursor(last: Topic) -> str:
    return signing.dumps([getattr(last, "rank", 0), last.pk], salt=_SALT)


def _place(typed: str) -> tuple[int, int] | None:
    try:
        rank, key = signing.loads(typed[:200], salt=_SALT)
    except signing.BadSignature:
        return None
    return int(rank), int(key)


def _row(topic: Topic, seat: Seat) -> dict[str, Any]:
    shown: Any = topic  # the counts that `for_lists` adds
    first, last = shown.first_at, shown.last_at
    days = (last.astimezone(zone()).date() - first.astimezone(zone()).date()).days + 1 if first else 0
    state = TopicState(topic.state)
    return {
        "number": topic.number,
        "url": reverse("desk-topic", args=[topic.number]),
        "title": topic.title,
        "pill": state.label,
        "state": STATE_COLOUR.get(state, ""),
        "why": f"{shown.firms} 家企业、{shown.requests} 件、{days} 天内" if shown.requests else "",
        "words": topic.words,
        "region": topic.region.name,
        "department": topic.department.name if topic.department else "",
        "owner": topic.owner.name if topic.owner else "",
        "due": due(topic, seat),
        "proposed": state == _S.PROPOSED,
    }


def _rate(seat: Seat) -> dict[str, Any]:
    """The topic rate of this year; each of its numbers opens its topics."""
    today = seat.today
    window = Window(midnight(date(today.year, 1, 1)), midnight(date(today.year + 1, 1, 1)), seat.at)
    figure = topic_rate(window, scope=topics_visible_to(seat.user))
    period = {"since": window.since_on, "until": window.until_on, "as_of": seat.at.isoformat()}
    return {
        "text": "—" if figure.rate is None else f"{figure.rate:.0%}",
        "hits": figure.hits,
        "n": figure.denominator,
        "band": f"{figure.interval.low:.0%}–{figure.interval.high:.0%}" if figure.interval else "",
        "sentence": figure.sentence,
        "low": not figure.ranked,
        "hits_url": f"?{urlencode({**period, 'part': Part.NUMERATOR})}",
        "n_url": f"?{urlencode({**period, 'part': Part.DENOMINATOR})}",
    }


@require_safe
@at_desk
def one(request: HttpRequest, seat: Seat, number: str) -> HttpResponse:
    """One topic."""
    return _opened(request, seat, topic_or_404(seat.user, number))


def _opened(
    request: HttpRequest, seat: Seat, topic: Topic, *, spoken: tuple[str, ActForm] | None = None, status: int = 200
) -> HttpResponse:
    after = request.GET.get("after", "")
    place = int(after) if after.isdecimal() and len(after) < 18 else 0
    context = {"user_title": seat.title, "nav": queues.nav(seat, current="topics")}
    context |= sheet(seat, topic, spoken=spoken, after=place)
    return render(request, "desk/topic.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def act(request: HttpRequest, seat: Seat, number: str, name: str) -> HttpResponse:
    """GET opens the act's form on the topic's page; POST does it. A refusal keeps what was typed."""
    topic, wanted = topic_or_404(seat.user, number), ACTS.get(name)
    if wanted is None:
        raise Unknown("没有这个操作。")
    options = catalogue(departments=wanted.act in {TopicAct.OPEN, TopicAct.ENTRUST}, categories=False)
    made: dict[str, Any] = {"topic": topic, "seat": seat, "options": options, "auto_id": f"id_{name}_%s"}
    if request.method != "POST":
        return _opened(request, seat, topic, spoken=(name, wanted.form(**made)))
    form, status = wanted.form(request.POST, **made), 422
    try:
        with told_on(form):
            if form.is_valid():
                wanted.verb(topic_id=topic.pk, caller=seat.caller, at=seat.at, **form.arguments())
                messages.success(request, wanted.said)
                return HttpResponseRedirect(reverse("desk-topic", args=[number]), status=303)
    except (Conflict, Stale, Unknown) as refusal:
        topic = topic_or_404(seat.user, number)  # gone from sight: stays a 404
        form.add_error(None, refusal.message)
        form.seen(topic.version)
        status = refusal.status
    if not wanted.panel:
        messages.error(request, "；".join(str(said) for said in form.non_field_errors()) or "没有办成，请再看一下。")
    return _opened(request, seat, topic, spoken=(name, form) if wanted.panel else None, status=status)


@require_safe
@at_desk
def rows(request: HttpRequest, seat: Seat, number: str) -> HttpResponse:
    """The requests behind one number of the topic's weeks, as far as this person may see them."""
    topic = topic_or_404(seat.user, number)
    part = asked if (asked := request.GET.get("part", "")) in WEEK_PARTS else "all"
    window = window_of(_day(request, "since"), _day(request, "until"), at=seat.at)
    found = members_behind(topic, window, part)
    seen = seen_by(seat.user, found, limit=500)
    context = {
        "user_title": seat.title,
        "nav": queues.nav(seat, current="topics"),
        "topic": topic,
        "heading": f"{window.since_on:%m-%d} 至 {window.last_on:%m-%d} · {WEEK_PARTS[part]}",
        "members": [_request(one, seat) for one in seen.members],
        "hidden": seen.hidden,
        "total": len(seen.members) + seen.hidden,
    }
    return render(request, "desk/topic_rows.html", context)


def _request(one: TopicMember, seat: Seat) -> dict[str, Any]:
    ticket = one.ticket
    return {
        "number": ticket.number,
        "url": reverse("desk-ticket", args=[ticket.number]),
        "title": ticket.filing.title,
        "enterprise": telling.enterprise(ticket, hidden=identity_hidden(ticket, parties(seat.caller, ticket))),
        "department": ticket.department.name if ticket.department else "未交办",
        "pill": pill(ticket),
        "when": telling.moment(ticket.submitted_at, seat.at),
        "joined": one.state == TopicMember.State.MEMBER,
    }


def _day(request: HttpRequest, name: str) -> date:
    try:
        return date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        raise Invalid("日期写法有误。", fields={name: "日期写法有误。"}) from None
