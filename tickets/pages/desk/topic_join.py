"""From a request to its topic: requests like it, topics it may join, or a new topic of those ticked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from qihu.doors import told_on
from qihu.errors import Conflict, Forbidden
from routing.triage.alike import WITHIN
from tickets import access
from tickets.access import identity_hidden, parties
from tickets.alike import Found
from tickets.alike import alike as find_alike
from tickets.models import Ticket, Topic, TopicMember
from tickets.models.topic import TITLE_MAX
from tickets.pages.desk import queues, telling
from tickets.pages.desk.rows import pill
from tickets.pages.desk.seat import Seat, at_desk
from tickets.services.topics import gathering
from tickets.topic_access import may_gather, sees, tickets_named, topic_or_404, topics_visible_to
from tickets.workflow import Status

BESIDE, TICKED, OFFERED = 5, 20, 20
LEAST = 0.2
"""Cosine from which on a request is shown as like another: a person looks, so more than what counts as the same."""


class NewForm(forms.Form):
    """A new topic's name."""

    use_required_attribute = False
    title = forms.CharField(
        label="专题名称",
        max_length=TITLE_MAX,
        help_text="一眼看出是什么问题，如“人才公寓轮候太久”。",
        error_messages={"required": "请给专题起个名字。", "max_length": f"最多 {TITLE_MAX} 字。"},
    )


def topic_line(seat: Seat, ticket: Ticket) -> dict[str, Any] | None:
    """What a request's page says of its topic and of requests like it: no query, the rest is asked for later."""
    if ticket.restricted:
        return None
    topic = ticket.topic
    shown = topic if topic and sees(seat.user, topic) else None
    return {
        "alike": reverse("desk-alike", args=[ticket.number]),
        "join": reverse("desk-join", args=[ticket.number]) if may_gather(seat.user, ticket) and not topic else "",
        "in": bool(topic),
        "title": shown.title if shown else "",
        "url": reverse("desk-topic", args=[shown.number]) if shown else "",
    }


def _alike(seat: Seat, ticket: Ticket, *, limit: int) -> list[Found]:
    """Requests like this one that this person may see, of the last ninety days."""
    among = seat.visible.exclude(pk=ticket.pk).filter(test=False)
    text = f"{ticket.filing.title}\n{ticket.filing.text}"
    return find_alike(text, among=among, since=seat.at - WITHIN, least=LEAST, limit=limit)


def _row(found: Found, seat: Seat) -> dict[str, Any]:
    ticket = found.ticket
    return {
        "number": ticket.number,
        "url": reverse("desk-ticket", args=[ticket.number]),
        "title": ticket.filing.title,
        "enterprise": telling.enterprise(ticket, hidden=identity_hidden(ticket, parties(seat.caller, ticket))),
        "department": ticket.department.name if ticket.department else "未交办",
        "pill": pill(ticket),
        "pill_state": telling.STATUS_STATE.get(Status(ticket.status), ""),
        "when": telling.moment(ticket.submitted_at, seat.at),
        "score": round(100 * found.score),
        "taken": ticket.topic_id is not None,
    }


@require_safe
@at_desk
def beside(request: HttpRequest, seat: Seat, number: str) -> HttpResponse:
    """相似诉求: the fragment that a request's page asks for once it is there; alone it is a page of its own."""
    ticket = access.ticket_or_404(seat.user, number)
    found = [] if ticket.restricted else _alike(seat, ticket, limit=BESIDE)
    context: dict[str, Any] = {
        "similar": [_row(one, seat) for one in found],
        "topic_line": topic_line(seat, ticket),
        "ticket": ticket,
    }
    if request.headers.get("HX-Request"):
        return render(request, "desk/_alike.html", context)
    context |= {"user_title": seat.title, "nav": queues.nav(seat, current=""), "number": number}
    return render(request, "desk/alike.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def join(request: HttpRequest, seat: Seat, number: str) -> HttpResponse:
    """加入专题: one that runs, or a new one together with the requests ticked."""
    ticket = access.ticket_or_404(seat.user, number)
    if not may_gather(seat.user, ticket):
        raise Forbidden("专题由研判员、企服中心主任和督办员来立。")
    if request.method != "POST":
        return _shown(request, seat, ticket, NewForm())
    if into := request.POST.get("topic", ""):
        return _into(request, seat, ticket, topic_or_404(seat.user, into))
    form, status = NewForm(request.POST), 422
    try:
        with told_on(form):
            if form.is_valid():
                others = [
                    one.pk for one in tickets_named(seat.user, request.POST.getlist("with")[: gathering.AT_ONCE_MAX])
                ]
                topic = gathering.open_by_hand(
                    caller=seat.caller, at=seat.at, title=form.cleaned_data["title"], tickets=[ticket.pk, *others]
                )
                messages.success(request, "专题已立。")
                return HttpResponseRedirect(reverse("desk-topic", args=[topic.number]), status=303)
    except Conflict as refusal:
        form.add_error(None, refusal.message)
        status = refusal.status
    return _shown(request, seat, ticket, form, status=status)


def _into(request: HttpRequest, seat: Seat, ticket: Ticket, topic: Topic) -> HttpResponse:
    try:
        gathering.gather(topic_id=topic.pk, caller=seat.caller, at=seat.at, tickets=[ticket.pk])
    except Conflict as refusal:
        messages.error(request, refusal.message)
        return _shown(request, seat, ticket, NewForm(), status=refusal.status)
    messages.success(request, f"已加入专题“{topic.title}”。")
    return HttpResponseRedirect(reverse("desk-topic", args=[topic.number]), status=303)


def _shown(request: HttpRequest, seat: Seat, ticket: Ticket, form: NewForm, *, status: int = 200) -> HttpResponse:
    q = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:TITLE_MAX]
    running = (
        topics_visible_to(seat.user).live().filter(title__icontains=q) if q else topics_visible_to(seat.user).live()
    )
    pointed = set(
        TopicMember.objects.filter(ticket=ticket, state=TopicMember.State.CANDIDATE).values_list("topic", flat=True)
    )
    topics = sorted(running.for_lists().order_by("-pk")[:OFFERED], key=lambda topic: topic.pk not in pointed)
    context = {
        "user_title": seat.title,
        "nav": queues.nav(seat, current="topics"),
        "ticket": ticket,
        "form": form,
        "q": q,
        "topics": [
            {"number": t.number, "title": t.title, "alike": t.pk in pointed, "n": getattr(t, "requests", 0)}
            for t in topics
        ],
        "similar": [_row(one, seat) for one in _alike(seat, ticket, limit=TICKED)],
        "ticked": request.POST.getlist("with"),
    }
    return render(request, "desk/topic_join.html", context, status=status)
