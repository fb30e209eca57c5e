"""通知发送: which messages left the house and which did not, with "send again"; and templates tried on a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from qihu.doors import told_on
from qihu.errors import Forbidden, Invalid, Unknown
from tickets.models import Notice, NoticeRule, NoticeTemplate, Ticket
from tickets.models.notice import STUCK, Channel, State
from tickets.pages.desk import queues, telling
from tickets.pages.desk.seat import Seat, at_desk
from tickets.services.notify import send
from tickets.services.notify.preview import preview
from tickets.services.notify.told import COLOUR, told, why
from tickets.services.notify.words import Words, line

PAGE = 50
_P = ParamSpec("_P")


def at_centre(view: Callable[Concatenate[HttpRequest, Seat, _P], HttpResponse]) -> Callable[..., HttpResponseBase]:
    """A view for the director and for intake."""

    @at_desk
    @wraps(view)
    def seated(request: HttpRequest, seat: Seat, *args: Any, **kwargs: Any) -> HttpResponse:
        if not seat.roles & queues.AFTER_NOTICES:
            raise Forbidden("通知发送由受理员和企服中心主任查看。")
        return view(request, seat, *args, **kwargs)

    return seated


def firm_was_told(ticket: Ticket, seat: Seat, *, kind: str = "") -> list[dict[str, object]]:
    """What `desk/_told.html` shows beside a request, all or of one kind of event: one query."""
    return [asdict(one) | {"when": telling.moment(one.at, seat.at)} for one in told(ticket, kind=kind)]


@require_safe
@at_centre
def sent(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What did not get out, or everything; fifty a page, newest first."""
    everything, before = request.GET.get("show") == "all", request.GET.get("before", "")
    rows = Notice.objects.outside() if everything else Notice.objects.stuck()
    if before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows.among(send.resendable(seat.user)).with_words()[: PAGE + 1])
    context = {
        "user_title": seat.title,
        "nav": queues.nav(seat, current="sent"),
        "rows": [_row(notice, seat) for notice in found[:PAGE]],
        "everything": everything,
        "older": f"?show={'all' if everything else ''}&before={found[PAGE - 1].pk}" if len(found) > PAGE else "",
    }
    return render(request, "desk/sent.html", context)


def _row(notice: Notice, seat: Seat) -> dict[str, object]:
    state = State(notice.state)
    return {
        "key": notice.pk,
        "about": line(notice),
        "to": notice.receiver,
        "channel": Channel(notice.channel).label,
        "title": notice.ticket.filing.title,
        "number": notice.ticket.number,
        "label": state.label,
        "state": COLOUR.get(state, ""),
        "why": why(notice.error),
        "attempts": notice.attempts,
        "when": telling.moment(notice.sent_at or notice.created_at, seat.at),
        "next": telling.moment(notice.due_at, seat.at),
        "again": state in STUCK,
    }


@require_POST
@at_centre
def again(request: HttpRequest, seat: Seat, key: int) -> HttpResponse:
    """Send one again."""
    send.resend(notice_id=key, user=seat.user, at=seat.at)
    messages.success(request, "已重新排队，几秒内发送。")
    return HttpResponseRedirect("/desk/notices/sent/", status=303)


@require_POST
@at_centre
def again_all(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Send all of them again, after the provider works once more."""
    count = send.resend_all(user=seat.user, at=seat.at)
    messages.success(request, f"{count} 条已重新排队。")
    return HttpResponseRedirect("/desk/notices/sent/", status=303)


class WordsForm(forms.Form):
    """A template, or words to try in its place, and a request by its number."""

    template = forms.ModelChoiceField(
        NoticeTemplate.objects.order_by("code"), label="模板", error_messages={"required": "请选一个模板。"}
    )
    number = forms.CharField(
        label="诉求编号", max_length=24, error_messages={"required": "请填一件诉求的编号，用它的内容来预览。"}
    )


@require_safe
@at_centre
def words(request: HttpRequest, seat: Seat) -> HttpResponse:
    """How a template reads on a real request that this person may see."""
    form, said = WordsForm(request.GET or None), None
    with told_on(form):
        if form.is_valid():
            said = _tried(form, seat)
    context = {
        "user_title": seat.title,
        "nav": queues.nav(seat, current="sent"),
        "form": form,
        "said": said,
        "length": len(said.body) if said else 0,
        "sms": bool(said) and form.cleaned_data["template"].rules.filter(way=NoticeRule.Way.SMS).exists(),
    }
    return render(request, "desk/words.html", context, status=200 if said or not request.GET else 422)


def _tried(form: WordsForm, seat: Seat) -> Words:
    asked = form.cleaned_data
    try:
        return preview(asked["template"], number=asked["number"].strip(), user=seat.user)
    except Unknown as no:  # the field is the place to say it
        raise Invalid(no.message, fields={"number": no.message}) from no
