"""代录: a firm's request written down by hand, with what the same firm asked lately shown before it is saved."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qihu.doors import told_on
from qihu.errors import Conflict, Forbidden, Unknown
from routing.triage.alike import WITHIN
from tickets import access
from tickets.alike import Firm, Found, of_firm
from tickets.models import Confirmation, Source, Ticket
from tickets.pages.basket import Basket, before_submission, told_at
from tickets.pages.desk import queues, telling
from tickets.pages.desk.catalogue import catalogue
from tickets.pages.desk.entry_form import EntryForm
from tickets.pages.desk.outgoing import firm_was_told
from tickets.pages.desk.rows import pill
from tickets.pages.desk.seat import Seat, at_desk
from tickets.services import confirming, entry, filing, sending
from tickets.terms import Remark
from tickets.workflow import Status

MINE_SINCE = timedelta(hours=24)
_C = Ticket.Channel
HINTS = {
    _C.HOTLINE: "填 12345 工单号",
    _C.COUNTER: "填窗口受理号",
    _C.VISIT: "写明哪次走访",
    _C.MEETING: "写明哪一期、第几个问题",
    _C.LEADER: "写明谁批示、批示号",
}


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def new(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The form; a first press shows what the same firm asked lately, the second decides."""
    _only_who_enters(seat)
    options = catalogue(departments=False, categories=True)
    if request.method != "POST":
        return _shown(request, seat, EntryForm(seat=seat, options=options, initial=_initial(seat)))
    form = EntryForm(request.POST, seat=seat, options=options)
    basket = before_submission(request, at=seat.at)
    if not form.is_valid() or basket.stays:
        told = basket.dropped and not basket.errors
        return _shown(request, seat, form, basket=basket, status=200 if told else 422)
    if into := request.POST.get("into", ""):
        return _added(request, seat, form, basket, into)
    found = [] if "distinct" in request.POST else _twins(seat, _firm(form.cleaned_data), form.cleaned_data["text"])
    if found:
        return _shown(request, seat, form, basket=basket, found=found, asked=True)
    return _entered(request, seat, form, basket)


def _only_who_enters(seat: Seat) -> None:
    if not access.channels_of(seat.user):
        raise Forbidden("代企业录入由受理员办理；部门经办可以录入走访中听到的诉求。")


def _initial(seat: Seat) -> dict[str, object]:
    channels = access.channels_of(seat.user)
    return {
        "key": str(uuid.uuid4()),
        "channel": channels[0].value,
        "received_at": seat.at.astimezone(ZoneInfo(settings.TIME_ZONE)),
        "region": settings.DEFAULT_REGION,
    }


def _firm(said: dict[str, Any]) -> Firm:
    return Firm(name=said["enterprise_name"], uscc=said["uscc"], phone=said["contact_phone"])


def _twins(seat: Seat, firm: Firm, text: str) -> list[Found]:
    """What this firm asked lately and this person may know of: open, or told in like words."""
    among = seat.visible.filter(access.named_to(seat.user))
    found = of_firm(firm, text, among=among, since=seat.at - WITHIN)
    return [one for one in found if one.ticket.is_open or one.alike]


def _entered(request: HttpRequest, seat: Seat, form: EntryForm, basket: Basket) -> HttpResponse:
    status = 422
    try:
        with told_on(form), told_at(basket):
            receipt = entry.enter(
                filed=form.filed(),
                heard=form.heard(),
                caller=seat.caller,
                key=form.cleaned_data["key"],
                at=seat.at,
                files=basket.files,
            )
            if basket.missing and not receipt.repeated:
                messages.warning(request, f"有 {basket.missing} 个文件没有带上（已过期），请打开诉求后补充。")
            return HttpResponseRedirect(reverse("desk-entered", args=[receipt.ticket.number]), status=303)
    except Conflict as refusal:  # entered before, which the person can see and correct
        form.add_error("reference", refusal.message)
        status = refusal.status
    return _shown(request, seat, form, basket=basket, status=status)


def _added(request: HttpRequest, seat: Seat, form: EntryForm, basket: Basket, number: str) -> HttpResponse:
    ticket = access.ticket_or_404(seat.user, number)
    status = 422
    try:
        with told_on(form), told_at(basket):
            entry.add_source(
                ticket_id=ticket.pk, heard=form.heard(), caller=seat.caller, at=seat.at, files=basket.files
            )
            messages.success(request, "已并入为这件诉求的又一个来源，不另立新件。")
            return HttpResponseRedirect(reverse("desk-ticket", args=[number]), status=303)
    except Conflict as refusal:
        form.add_error(None, refusal.message)
        status = refusal.status
    return _shown(request, seat, form, basket=basket, status=status)


def _shown(
    request: HttpRequest,
    seat: Seat,
    form: EntryForm,
    *,
    status: int = 200,
    basket: Basket | None = None,
    found: Sequence[Found] = (),
    asked: bool = False,
) -> HttpResponse:
    lately = list(Source.objects.entered_lately(seat.user.pk, since=seat.at - MINE_SINCE)[:8])
    context = {
        "user_title": seat.title,
        "nav": queues.nav(seat, current="entry"),
        "form": form,
        "basket": basket or Basket(key=sending.page_key()),
        "hints": [(one.value, HINTS[one]) for one in access.channels_of(seat.user)],
        "twins": [_twin(one, seat) for one in found],
        "asked": asked,
        "lately": [_line_of(source, seat) for source in lately],
    }
    return render(request, "desk/entry.html", context, status=status)


@require_POST
@at_desk
def alike(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What the firm typed so far asked lately: the fragment beside the form. Posted, so no name is in an address."""
    _only_who_enters(seat)
    typed = {name: request.POST.get(name, "")[:200] for name in ("enterprise_name", "uscc", "contact_phone")}
    try:
        phone = filing.normal_phone(typed["contact_phone"])
    except ValidationError:  # still being typed
        phone = ""
    firm = Firm(name=typed["enterprise_name"], uscc=typed["uscc"].strip().upper(), phone=phone)
    found = _twins(seat, firm, request.POST.get("text", "")[: filing.TEXT_MAX])
    return render(request, "desk/_twins.html", {"twins": [_twin(one, seat) for one in found]})


def _twin(one: Found, seat: Seat) -> dict[str, object]:
    ticket = one.ticket
    return {
        "number": ticket.number,
        "url": reverse("desk-ticket", args=[ticket.number]),
        "title": ticket.filing.title,
        "text": ticket.filing.text[:120],
        "status": pill(ticket),
        "state": telling.STATUS_STATE.get(Status(ticket.status), ""),
        "channel": Ticket.Channel(ticket.channel).label,
        "department": ticket.department.name if ticket.department else "未交办",
        "when": telling.moment(ticket.submitted_at, seat.at),
        "alike": one.alike,
        "open": ticket.is_open,
    }


def _line_of(source: Source, seat: Seat) -> dict[str, object]:
    given: Confirmation | None = getattr(source, "confirmation", None)
    return {
        "number": source.ticket.number,
        "url": reverse("desk-entered", args=[source.ticket.number]),
        "title": source.ticket.filing.title,
        "when": telling.moment(source.entered_at, seat.at),
        "state": Confirmation.State(given.state).label if given else "并入",
    }


@require_safe
@at_desk
def entered(request: HttpRequest, seat: Seat, number: str) -> HttpResponse:
    """What this person has just entered: number and the firm's link, though the request may not be theirs to see."""
    mine = Source.objects.entered_lately(seat.user.pk, since=seat.at - MINE_SINCE)
    source = mine.filter(ticket__number=number, confirmation__isnull=False).first()
    if source is None:
        raise Unknown("没有找到您最近录入的这件诉求。")
    given = source.confirmation
    waiting = given.state == Confirmation.State.WAITING
    context = {
        "user_title": seat.title,
        "nav": queues.nav(seat, current="entry"),
        "number": number,
        "title": source.ticket.filing.title,
        "channel": Ticket.Channel(source.channel).label,
        "link": _address(request, given) if waiting else "",
        "told": firm_was_told(source.ticket, seat, kind=Remark.ASK_CONFIRM),
        "until": telling.moment(given.expires_at, seat.at),
        "state": Confirmation.State(given.state).label,
        "seen": seat.visible.filter(pk=source.ticket_id).exists(),
    }
    return render(request, "desk/entered.html", context)


def _address(request: HttpRequest, given: Confirmation) -> str:
    return request.build_absolute_uri(reverse("confirm", args=[confirming.token_of(given)]))


@require_POST
@at_desk
def renew(request: HttpRequest, seat: Seat, number: str, source: int) -> HttpResponse:
    """A new link for the firm, sent at once; the one sent before ends."""
    ticket = access.ticket_or_404(seat.user, number)
    given = confirming.renew(ticket=ticket, source_id=source, caller=seat.caller, at=seat.at)
    said = "已重新生成确认链接，短信发给企业联系人，原来的链接作废。"
    if not access.identity_hidden(ticket, access.parties(seat.caller, ticket)):  # the link's page names the firm
        said += f"需要转发时用：{_address(request, given)}（7 天内有效，只能用一次）"
    messages.success(request, said)
    return HttpResponseRedirect(reverse("desk-ticket", args=[number]), status=303)
