"""Who sees a request: asked on the form of who is signed in, shown on the receipt, changed by who submitted it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from qihu.accounts.models import Contact
from qihu.clock import now
from qihu.errors import Invalid
from tickets.models import Ticket
from tickets.pages.firm import held
from tickets.pages.firm.forms import AskForm, sharing
from tickets.services.belonging import show_to

_V = Ticket.Visibility
_CARDS = {
    _V.FIRM: ("企", "同事登录后看得到进度；您离职后由企业接着办"),
    _V.ME: ("我", "同事和企业管理员都看不到；您离职后仍归您"),
    _V.SHIELDED: ("密", "办理部门只看到代称，由服务中心转达；本企业同事看得到"),
}
_ALONE = "办理部门只看到代称，看不到企业名称和电话；由服务中心转达"


def known(contact: Contact | None) -> dict[str, Any]:
    """What the form of a signed-in person starts with: the firm's name, their own name and phone."""
    if contact is None:
        return {}
    writing = [m for m in contact.held if m.writes]
    first = writing[0].enterprise if writing else None
    return {
        "contact_name": contact.name,
        "contact_phone": contact.phone,
        "enterprise_name": first.name if first else "",
        "enterprise": str(first.pk) if first else "",
        "visibility": _V.FIRM if first else _V.ME,
    }


def asked(form: AskForm) -> dict[str, Any]:
    """Context of `firm/visibility.html` on the form; nothing for who is not signed in."""
    if form.contact is None:
        return {}
    typed = form.data if form.is_bound else form.initial
    return _offered(form.contact, str(typed.get("visibility", "")), str(typed.get("enterprise", "")))


def _offered(contact: Contact, visibility: str, enterprise: str) -> dict[str, Any]:
    """The cards, and the firms among which to choose; without a firm nothing can be the firm's."""
    writing = [m for m in contact.held if m.writes]
    cards = [
        {"value": value.value, "glyph": glyph, "label": value.label, "examples": says}
        for value, (glyph, says) in _CARDS.items()
        if writing or value != _V.FIRM
    ]
    if not writing:
        cards[-1]["examples"] = _ALONE
    firms = [
        {"value": str(m.enterprise_id), "label": m.enterprise.name, "chosen": str(m.enterprise_id) == enterprise}
        for m in writing
    ]
    return {"contact": contact, "visibilities": cards, "visibility": visibility, "firms": firms}


def shown(ticket: Ticket, contact: Contact | None) -> dict[str, Any]:
    """Context of the receipt: who sees it now, and the choice for who submitted it."""
    now_seen = _V(ticket.visibility).label if ticket.visibility else ""
    context: dict[str, Any] = {"seen_by": now_seen, "signed_in": contact is not None}
    if contact is None or ticket.contact_id != contact.pk:
        return context
    current = ticket.visibility or (_V.SHIELDED if ticket.shielded else _V.ME)
    return context | _offered(contact, current, str(ticket.enterprise_id or "")) | {"may_share": True}


class ShareForm(forms.Form):
    """The choice made anew."""

    visibility = forms.CharField(required=False)
    enterprise = forms.CharField(required=False)


@require_POST
@never_cache
def change(request: HttpRequest, number: str) -> HttpResponse:
    """Who submitted it lets others see it, or no longer."""
    at = now()
    seen = held.seen_or_404(request, number, at=at)
    form = ShareForm(request.POST)
    form.is_valid()
    try:
        show_to(ticket_id=seen.ticket.pk, caller=seen.caller, at=at, **sharing(form.cleaned_data))
    except Invalid as refusal:
        messages.error(request, "；".join(refusal.fields.values()) or refusal.message)
    else:
        messages.success(request, "已更改谁看得到。")
    response = redirect("receipt", number)
    response.status_code = 303
    return response
