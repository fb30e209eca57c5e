"""Around the shield: the conversation with the firm, lifting the shield for oneself, asking that it all be erased."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from qihu.doors import told_on
from qihu.errors import Conflict, Forbidden
from tickets import access
from tickets.models import Erasure, Event, RelayedMessage, Ticket
from tickets.pages.desk import queues, telling
from tickets.pages.desk.seat import Seat, at_desk
from tickets.remarked import remarked
from tickets.services import erasing, relay, shield
from tickets.terms import Remark


class MessageForm(forms.Form):
    """What is to be passed on."""

    use_required_attribute = False
    text = forms.CharField(
        label="写给企业",
        max_length=relay.TEXT_MAX,
        help_text="企业在自己的回执页上看到并可回复；不显示您的电话。",
        error_messages={"required": "请写下要转达的话。", "max_length": f"最多 {relay.TEXT_MAX} 字。"},
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class RevealForm(forms.Form):
    """Why the firm must be known."""

    use_required_attribute = False
    reason = forms.CharField(
        label="理由",
        max_length=shield.REASON_MAX,
        help_text="企业会看到这句话。写清为什么不知道企业是谁就办不成，例如：兑付奖补资金须核对开户名称。",
        error_messages={"required": "请写明理由，企业会看到。", "max_length": f"最多 {shield.REASON_MAX} 字。"},
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ForgetForm(forms.Form):
    """Why personal data and words should go."""

    use_required_attribute = False
    cause = forms.ChoiceField(
        label="事由",
        choices=Erasure.Cause.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择事由。", "invalid_choice": "请从列出的事由中选择。"},
    )
    reason = forms.CharField(
        label="理由",
        max_length=500,
        help_text="安全管理员据此决定。请勿抄录企业和个人的信息。",
        error_messages={"required": "请写明理由。", "max_length": "最多 500 字。"},
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@dataclass(frozen=True, slots=True)
class Plain:
    """One page with one form: its words, its verb, and where it leads."""

    template: str
    form: type[forms.Form]
    verb: Callable[..., object]
    said: str
    onwards: str


_MESSAGES = Plain("desk/messages.html", MessageForm, relay.send, "已转达，企业会在回执页看到。", "messages/")
_REVEAL = Plain("desk/reveal.html", RevealForm, shield.reveal, "已记录并告知企业。24 小时内您可在本页查看。", "")
_FORGET = Plain("desk/forget.html", ForgetForm, erasing.ask, "已提出，等安全管理员决定。", "")


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def conversation(request: HttpRequest, seat: Seat, number: str) -> HttpResponse:
    """What was written to and fro, and the form for the next word."""
    ticket = access.ticket_or_404(seat.user, number)
    writes = relay.writer(seat.caller, ticket) is not None
    if writes and request.method != "HEAD":
        relay.seen(ticket, by_firm=False, at=seat.at)
    return _page(request, seat, ticket, _MESSAGES, {"writes": writes and ticket.is_open, "said": _said(ticket, seat)})


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def reveal(request: HttpRequest, seat: Seat, number: str) -> HttpResponse:
    """Lift the shield for oneself, with a reason that the firm reads."""
    ticket = access.ticket_or_404(seat.user, number)
    if shield.may_reveal(seat.caller, ticket) is None:
        raise Forbidden("被保密的身份只有主办部门负责人和企服中心主任可以查看，并须写明理由。")
    return _page(request, seat, ticket, _REVEAL, {})


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def forget(request: HttpRequest, seat: Seat, number: str) -> HttpResponse:
    """Ask that personal data and words be erased; the security administrator decides."""
    ticket = access.ticket_or_404(seat.user, number)
    if not erasing.ASKERS & set(access.parties(seat.caller, ticket)):
        raise Forbidden("删除由受理员或企服中心主任提出。")
    return _page(request, seat, ticket, _FORGET, {})


def _page(request: HttpRequest, seat: Seat, ticket: Ticket, plain: Plain, more: dict[str, Any]) -> HttpResponse:
    form = plain.form(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        refused = _tried(plain, form, seat, ticket)
        if refused is None:
            messages.success(request, plain.said)
            return HttpResponseRedirect(f"/desk/t/{ticket.number}/{plain.onwards}", status=303)
        status = refused
    context = {
        "user_title": seat.title,
        "nav": queues.nav(seat, current=""),
        "number": ticket.number,
        "title": ticket.filing.title,
        "form": form,
        "hours": int(shield.REVEALED_FOR.total_seconds() // 3600),
    }
    return render(request, plain.template, context | more, status=status)


def _tried(plain: Plain, form: forms.Form, seat: Seat, ticket: Ticket) -> int | None:
    """Do it; None when it is done, else the status of the page that says why not."""
    if not form.is_valid():
        return 422
    try:
        with told_on(form):
            plain.verb(ticket_id=ticket.pk, caller=seat.caller, at=seat.at, **form.cleaned_data)
    except Conflict as refusal:  # it has moved on: told on the form, with what was typed
        form.add_error(None, refusal.message)
        return refusal.status
    return 422 if form.errors else None


def _said(ticket: Ticket, seat: Seat) -> list[dict[str, object]]:
    """The conversation, oldest first: two queries."""
    read = {one.seq: one.read_at for one in RelayedMessage.objects.of_ticket(ticket)}
    events = Event.objects.filter(ticket=ticket, kind=Remark.MESSAGE).select_related("actor", "text", "department")
    return [
        {
            "who": remarked(event, for_firm=False),
            "when": telling.moment(event.happened_at, seat.at),
            "iso": event.happened_at.isoformat(),
            "text": event.text.body if event.text else "",
            "read": telling.moment(read.get(event.seq), seat.at) if event.actor_id else "",
            "ours": event.actor_id is not None,
        }
        for event in events.order_by("seq")
    ]
