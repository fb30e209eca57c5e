"""The firm's page behind a confirmation link: what was entered for it, and its word on that."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from qihu.clock import now
from qihu.doors import told_on
from tickets.models import Confirmation, Ticket
from tickets.pages.firm import held
from tickets.pages.firm.forms import REASON_MAX, Words, at_most
from tickets.pages.firm.promises import day_words
from tickets.services import confirming

_State = Confirmation.State
SAID = {
    _State.CONFIRMED: "已确认，谢谢。办理进度都在这一页。",
    _State.CORRECTED: "已收到您的更正，经办人会看到。办理进度都在这一页。",
}


class ConfirmForm(forms.Form):
    """Yes, yes but, or no."""

    state = forms.ChoiceField(label="您的答复", choices=_State.choices[1:], error_messages={"required": "请选择一项。"})
    text = Words(
        label="要更正什么",
        check=at_most(REASON_MAX),
        required=False,
        widget=forms.Textarea(attrs={"rows": "4"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Shown to whoever holds the link, until it is answered; after yes this browser holds the receipt."""
    at = now()
    given = confirming.opened(token, at=at)
    if request.method != "POST":
        return _page(request, given, ConfirmForm(), at)
    form = ConfirmForm(request.POST)
    if form.is_valid():
        with told_on(form):
            confirming.answer(token=token, at=at, **form.cleaned_data)
            return _answered(request, given, form.cleaned_data["state"])
    return _page(request, given, form, at, status=422)


def _answered(request: HttpRequest, given: Confirmation, state: str) -> HttpResponse:
    if state == _State.DENIED:
        return render(request, "firm/denied.html", {"number": given.source.ticket.number})
    ticket = given.source.ticket
    response = HttpResponseRedirect(reverse("receipt", args=[ticket.number]), status=303)
    messages.success(request, SAID[_State(state)])
    held.remember(request, response, ticket)
    return response


def _page(
    request: HttpRequest, given: Confirmation, form: ConfirmForm, at: datetime, *, status: int = 200
) -> HttpResponse:
    """The link may have been passed on: names and numbers are half hidden."""
    ticket, source = given.source.ticket, given.source
    form.fields["text"].required = True  # as it is shown: who corrects has to say what
    context: dict[str, Any] = {
        "form": form,
        "number": ticket.number,
        "text": ticket.filing.text,
        "firm": ticket.filing.enterprise_name,
        "contact": f"{_half(ticket.filing.contact_name)} {_half_phone(ticket.filing.contact_phone)}",
        "channel": Ticket.Channel(source.channel).label,
        "received": day_words(source.received_at, at),
        "until": day_words(given.expires_at, at),
    }
    response = render(request, "firm/confirm.html", context, status=status)
    response["Referrer-Policy"] = "no-referrer"
    return response


def _half(name: str) -> str:
    return f"{name[:1]}{'*' * max(1, len(name) - 1)}"


def _half_phone(phone: str) -> str:
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 8 else "****"
