"""The firm's pages: start, the form of a QR code, the door with number and access code, and the receipt."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qihu.address import address
from qihu.clock import now
from qihu.doors import told_on
from qihu.errors import Conflict, Invalid, Locked, RefusedByRule, Unknown
from qihu.signin import sessions
from tickets.models import QRCode, Ticket
from tickets.pages.basket import Basket, before_submission, told_at
from tickets.pages.firm import belongs, device, held, material, promises
from tickets.pages.firm import receipt as page
from tickets.pages.firm.forms import (
    AskForm,
    FindForm,
    MessageForm,
    RateForm,
    ReopenForm,
    ReworkForm,
    SupplementForm,
    UrgeForm,
    WithdrawForm,
)
from tickets.services import closing, codes, intake, relay, sending
from tickets.services.answered import permit
from tickets.terms import Remark
from tickets.workflow import Action

FILED = "filed"
"""Cookie with the number just filed: its receipt says thanks and clears the draft, once."""


@require_safe
@never_cache
def start(request: HttpRequest) -> HttpResponse:
    """The front door: file, look up, what this browser holds, and what happens next."""
    at = now()
    qr = codes.open_qr(at=at)
    region = qr.region.path if qr else ""
    context = {
        "qr": qr,
        "form": FindForm(),
        "promised": promises.promised(region),
        "tickets": held.tickets(request, at=at, most=5),
        "contact": sessions.contact_of(request, at=at),
    }
    return render(request, "firm/start.html", context)


@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    """For a borrowed or shared phone: this browser holds nothing any more."""
    response = HttpResponseRedirect(reverse("start"))
    response.delete_cookie(held.COOKIE, samesite="Lax")
    messages.info(request, "已从这台设备上移除。凭编号和查询码仍可再次打开。")
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(private=True, no_cache=True)  # not `no-store`: "back" must find what was typed, and the same key
def ask(request: HttpRequest, code: str) -> HttpResponse:
    """The form of one QR code; the same key posted again is answered with the same receipt."""
    at = now()
    qr = codes.qr_for_filing(code, at=at)
    contact = sessions.contact_of(request, at=at)
    if request.method != "POST":
        initial = {"key": str(uuid.uuid4()), "chain_tag": qr.chain_tag_id or ""} | belongs.known(contact)
        return _asked(request, AskForm(initial=initial, qr=qr, contact=contact))
    form = AskForm(request.POST, qr=qr, contact=contact)
    basket = before_submission(request, at=at)
    if form.is_valid() and not basket.stays:
        return _submitted(request, form, qr, basket, at)
    return _asked(request, form, status=200 if basket.dropped else 422, basket=basket)


def _submitted(request: HttpRequest, form: AskForm, qr: QRCode, basket: Basket, at: datetime) -> HttpResponse:
    with told_on(form):
        filed = form.filed()
    if form.errors:
        return _asked(request, form, status=422, basket=basket)
    try:
        done = intake.submit(filed=filed, qr=qr, key=form.cleaned_data["key"], at=at, files=basket.files)
    except Invalid as refusal:  # the key was used with other words: a new key makes the next press a new request
        form.add_error(None, "您刚才已经提交过一件内容不同的诉求。如果这是另一件事，请再点一次“提交诉求”。")
        return _asked(request, form, status=refusal.status, key=str(uuid.uuid4()), basket=basket)
    if basket.unfinished:
        messages.warning(request, f"诉求已提交，有 {basket.unfinished} 个文件没传完，请在“补充材料”里接着传。")
    if basket.missing and not done.repeated:
        messages.warning(request, f"有 {basket.missing} 个文件没有带上（已过期或已随别的诉求提交），请重新补充。")
    response = _see(done.ticket.number)
    response.set_cookie(FILED, done.ticket.number, max_age=300, httponly=True, samesite="Lax")
    held.remember(request, response, done.ticket)
    return response


def _asked(
    request: HttpRequest, form: AskForm, *, status: int = 200, key: str = "", basket: Basket | None = None
) -> HttpResponse:
    typed = form.data.get("chain_tag") if form.is_bound else form.initial["chain_tag"]
    context = {
        "form": form,
        "qr": form.qr,
        "basket": basket or Basket(key=sending.page_key()),
        "key": key or form.cleaned_data.get("key") if form.is_bound else form.initial["key"],
        "choices": _choices(form),
        "chosen": typed or "",
        "promised": promises.promised(form.qr.region.path),
    } | belongs.asked(form)
    return render(request, "firm/ask.html", context, status=status)


def _choices(form: AskForm) -> list[dict[str, str]]:
    tags = [
        {"value": tag.code, "glyph": tag.glyph, "label": tag.plain_name, "examples": tag.examples} for tag in form.tags
    ]
    return [*tags, {"value": "", "glyph": "?", "label": "说不准", "examples": "先空着，我们替您判断"}]


def _see(number: str) -> HttpResponse:
    response = HttpResponseRedirect(reverse("receipt", args=[number]))
    response.status_code = 303
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def find(request: HttpRequest) -> HttpResponse:
    """Number and access code, typed in."""
    return _enter(request) if request.method == "POST" else _door(request, FindForm())


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """The receipt for whoever holds it; others are asked for the code, whether or not the number exists."""
    if request.method == "POST":
        return _enter(request)
    at = now()
    seen = held.seen(request, number, at=at)
    if seen is None:
        return _door(request, FindForm(initial={"number": number}), status=404)
    return _page(request, seen, at=at)


def _door(request: HttpRequest, form: FindForm, *, status: int = 200) -> HttpResponse:
    return render(request, "firm/find.html", {"form": form}, status=status)


def _enter(request: HttpRequest) -> HttpResponse:
    form = FindForm(request.POST)
    if not form.is_valid():
        return _door(request, form, status=422)
    number, code = form.cleaned_data["number"], form.cleaned_data["code"]
    try:
        ticket = codes.open_with_code(number=number, code=code, address=address(request), at=now())
    except (Unknown, Locked) as refusal:  # told beside the field, on the page that asked
        form.add_error("code", refusal.message)
        response = _door(request, form, status=refusal.status)
        if isinstance(refusal, Locked):
            response["Retry-After"] = str(refusal.retry_after)
        return response
    response = _see(ticket.number)
    held.remember(request, response, ticket)
    return response


@require_safe
@never_cache
def live(request: HttpRequest, number: str) -> HttpResponse:
    """The living part of the receipt alone; 304 while nothing has changed."""
    at = now()
    seen = held.seen_or_404(request, number, at=at)
    ticket = seen.ticket
    tag = page.tag(ticket, at=at)
    if unchanged := get_conditional_response(request, etag=tag):
        return unchanged
    picture = _told(page.picture(ticket, at=at, caller=seen.caller), ticket, at)
    response = render(request, "firm/live.html", _blank_forms(seen) | picture)
    response["ETag"] = tag
    return response


def _blank_forms(seen: held.Seen) -> dict[str, forms.Form | Basket]:
    fields = {f"{name}_basket": material.blank(seen) for name, offered in OFFERED.items() if offered.files}
    return fields | {f"{name}_form": offered.form() for name, offered in OFFERED.items()}


def _told(picture: dict[str, Any], ticket: Ticket, at: datetime) -> dict[str, Any]:
    """Whoever wrote to the firm may know that it has the message before it."""
    if picture["talk"]:
        relay.seen(ticket, by_firm=True, at=at)
    return picture


def _page(request: HttpRequest, seen: held.Seen, *, at: datetime, status: int = 200, **more: Any) -> HttpResponse:
    fresh = request.COOKIES.get(FILED) == seen.ticket.number
    shown = page.picture(seen.ticket, at=at, caller=seen.caller) | belongs.shown(seen.ticket, seen.contact)
    offered = {"fresh": fresh, "basket": material.offered(seen, at=at)}
    context = _blank_forms(seen) | _told(shown, seen.ticket, at) | offered | more
    response = render(request, "firm/receipt.html", context, status=status)
    if fresh:
        response.delete_cookie(FILED, samesite="Lax")
    return response


@dataclass(frozen=True, slots=True)
class Offered:
    """A move that the firm makes on its receipt: the form, the verb, what is said when it is done.

    `traced`: which browser it came from is kept, as a hash (`tickets.services.origins`).
    """

    form: type[forms.Form]
    verb: Callable[..., object]
    said: str
    files: bool = False
    traced: bool = False


OFFERED: Mapping[str, Offered] = {
    Action.URGE: Offered(UrgeForm, closing.urge, "已催办，经办人和部门负责人都会收到。"),
    Action.WITHDRAW: Offered(WithdrawForm, closing.withdraw, "已撤回。"),
    Action.RATE: Offered(RateForm, closing.rate, "已收到您的评价。", traced=True),
    Remark.MESSAGE: Offered(MessageForm, relay.answer, "已送达，经办部门会看到。"),
    Action.REWORK: Offered(ReworkForm, closing.rework, "已退回重办，部门会重新联系您。", files=True),
    Action.REOPEN: Offered(ReopenForm, closing.reopen, "已重开，会重新交部门办理。", files=True),
    Action.SUPPLEMENT: Offered(SupplementForm, closing.supplement, "已补充，接着办理。", files=True),
}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def make_move(request: HttpRequest, number: str, move: str) -> HttpResponse:
    """One of the firm's moves. What is refused is told on the receipt itself, with what was typed."""
    offered = OFFERED.get(move)
    if offered is None:
        raise Unknown("没有这个页面。")
    if request.method != "POST":
        return _see(number)
    at = now()
    seen = held.seen_or_404(request, number, at=at)
    if move == Remark.MESSAGE:
        relay.permit(seen.caller, seen.ticket)
    else:
        permit(Action(move), caller=seen.caller, ticket=seen.ticket)
    form = offered.form(request.POST)
    basket = material.along(request, seen, at=at) if offered.files else Basket()
    status = _tried(request, offered, form, basket, seen, at=at)
    if status is None:
        messages.success(request, offered.said)
        response = _see(number)
        if offered.traced:
            device.remember(request, response)
        return response
    back = {f"{move}_form": form, f"{move}_basket": basket}
    return _page(request, held.seen_or_404(request, number, at=at), at=at, status=status, **back)


def _tried(
    request: HttpRequest, offered: Offered, form: forms.Form, basket: Basket, seen: held.Seen, *, at: datetime
) -> int | None:
    """Make the move; None when it is done, else the status of the page that says why not."""
    if basket.dropped and not basket.errors:
        return HTTPStatus.OK
    if not form.is_valid() or basket.errors:
        return Invalid.status
    said = form.cleaned_data | ({"files": basket.keys} if offered.files else {})
    if offered.traced:
        said["origin"] = device.origin_of(request)
    try:
        with told_on(form), told_at(basket):
            offered.verb(ticket_id=seen.ticket.pk, at=at, caller=seen.caller, **said)
    except (Conflict, RefusedByRule) as refusal:  # moved on: the receipt as it stands now says more than an error
        messages.warning(request, refusal.message)
        return refusal.status
    return Invalid.status if form.errors or basket.errors else None


@require_POST
@never_cache
def add_material(request: HttpRequest, number: str) -> HttpResponse:
    """More photos and documents, from the receipt."""
    at = now()
    seen = held.seen_or_404(request, number, at=at)
    basket = material.added(request, seen, at=at)
    if not basket.stays:
        messages.success(request, "已补充，检查后经办人就能打开。")
        return _see(number)
    return _page(request, seen, at=at, status=Invalid.status if basket.errors else 200, basket=basket)
