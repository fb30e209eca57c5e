"""Signing in by phone and one-time code, and out again; signed in, the same address is the list."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from qihu.address import address
from qihu.clock import now
from qihu.errors import DomainError, Invalid, Locked
from qihu.signin import codes, sessions
from qihu.signin.sending import Unsent
from tickets.pages.me.forms import CodeForm, NameForm, PhoneForm
from tickets.pages.me.listing import listed
from tickets.pages.me.visitor import Visitor, see, signed_in
from tickets.services.belonging import adopt


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def me(request: HttpRequest) -> HttpResponse:
    """The list for who is signed in; for others the door. A post asks for a code."""
    if request.method == "POST":
        return _asked(request)
    if sessions.contact_of(request, at=now()):
        return listed(request)
    return _phone(request, PhoneForm(initial={"next": _safe(request, request.GET.get("next", ""))}))


def _phone(request: HttpRequest, form: PhoneForm, *, status: int = 200) -> HttpResponse:
    return render(request, "me/phone.html", {"form": form}, status=status)


def _asked(request: HttpRequest) -> HttpResponse:
    """A code is sent, or why not; either way the next step is to type one. Nothing tells who is known here."""
    form = PhoneForm(request.POST)
    if not form.is_valid():
        return _phone(request, form, status=422)
    given = form.cleaned_data
    typing = CodeForm(initial=given)
    try:
        sent = codes.issue(phone=given["phone"], address=address(request), at=now())
    except Unsent as refusal:
        form.add_error("phone", refusal.message)
        return _phone(request, form, status=refusal.status)
    except Locked as refusal:
        return _code(request, typing, told=refusal)
    return _code(request, typing, shown=sent.shown)


def _code(request: HttpRequest, form: CodeForm, *, shown: str = "", told: DomainError | None = None) -> HttpResponse:
    status = told.status if told else 422 if form.errors else 200
    response = render(request, "me/code.html", {"form": form, "shown": shown, "told": told}, status=status)
    if isinstance(told, Locked):
        response["Retry-After"] = str(told.retry_after)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def code(request: HttpRequest) -> HttpResponse:
    """The code typed: signed in under a new key, or told beside the field."""
    if request.method != "POST":
        return see("me")
    at, form = now(), CodeForm(request.POST)
    if not form.is_valid():
        return _code(request, form)
    given = form.cleaned_data
    try:
        contact = codes.redeem(phone=given["phone"], code=given["code"], address=address(request), at=at)
    except (Invalid, Locked) as refusal:
        form.add_error("code", refusal.message)
        return _code(request, form, told=refusal)
    adopt(contact=contact)
    response = HttpResponseRedirect(_safe(request, given["next"]) or "/me/", status=303)
    sessions.remember(request, response, sessions.open_session(contact=contact, at=at, kept=given["keep"]))
    rotate_token(request)
    return response


def _safe(request: HttpRequest, back: str) -> str:
    """A path of our own, else ""."""
    ours = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return back if ours else ""


@require_POST
@signed_in
def out(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Sign out here, or everywhere."""
    everywhere = request.POST.get("everywhere") == "1"
    response = see("start")
    sessions.forget(request, response)
    if everywhere:
        sessions.end_all(contact=visitor.contact, at=visitor.at)
    messages.info(request, "已在所有设备上退出登录。" if everywhere else "已退出登录。")
    return response


@require_POST
@signed_in
def name(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """How colleagues and officers address the person."""
    form = NameForm(request.POST)
    if form.is_valid():
        visitor.contact.name = form.cleaned_data["name"]
        visitor.contact.save(update_fields=["name"])
        messages.success(request, "称呼已保存。")
    else:
        messages.error(request, "；".join(map(str, form.errors["name"])))
    return see("me-firms")
