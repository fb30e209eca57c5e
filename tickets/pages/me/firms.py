"""The firms of a contact: invitations, members, hand-over, and claiming a firm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from qihu.accounts import claims, members
from qihu.accounts.models import Claim, FirmRole, Membership, Region
from qihu.doors import told_on
from qihu.errors import Conflict, Forbidden, Invalid, Unknown
from qihu.phones import masked
from qihu.signin.platform import platform
from tickets.pages.firm.promises import day_words
from tickets.pages.me.forms import ClaimForm, HandOverForm, InviteForm, NameForm
from tickets.pages.me.visitor import Visitor, see, signed_in

_HISTORY = 100
_CLAIMS = 10


@require_safe
@signed_in
def firms(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Who I am here, my firms, invitations that wait for me, and what became of my claims."""
    contact = visitor.contact
    waiting = Membership.objects.waiting().filter(contact=contact).select_related("enterprise", "invited_by")
    made = contact.claims.select_related("enterprise").order_by("-pk")[:_CLAIMS]
    context = {
        "contact": contact,
        "name_form": NameForm(initial={"name": contact.name}),
        "invitations": [
            {"key": m.pk, "firm": m.enterprise.name, "role": FirmRole(m.role).label, "by": _who(m)}
            for m in waiting.order_by("pk")
        ],
        "firms": [
            {"key": m.enterprise_id, "name": m.enterprise.name, "role": FirmRole(m.role).label} for m in contact.held
        ],
        "claims": [_claimed(one, visitor) for one in made],
    }
    return render(request, "me/firms.html", context)


def _who(invitation: Membership) -> str:
    return invitation.invited_by.label if invitation.invited_by else ""


def _claimed(one: Claim, visitor: Visitor) -> dict[str, object]:
    states = {Claim.Decision.CONFIRMED: "ok", Claim.Decision.REFUSED: "late"}
    return {
        "name": one.name,
        "label": Claim.Decision(one.decision).label if one.decision else "核对中",
        "state": states.get(Claim.Decision(one.decision), "info") if one.decision else "info",
        "reason": one.reason if one.decision == Claim.Decision.REFUSED else "",
        "when": day_words(one.made_at, visitor.at),
    }


@require_POST
@signed_in
def answer(request: HttpRequest, visitor: Visitor, key: int, word: str) -> HttpResponse:
    """Accept or decline an invitation."""
    if word == "accept":
        joined = members.accept(membership_id=key, contact=visitor.contact, at=visitor.at)
        messages.success(request, f"您已加入“{joined.enterprise.name}”。")
        return see("me")
    members.decline(membership_id=key, contact=visitor.contact, at=visitor.at)
    messages.info(request, "已谢绝这份邀请。")
    return see("me-firms")


@require_safe
@signed_in
def firm(request: HttpRequest, visitor: Visitor, key: int) -> HttpResponse:
    """One firm's members; its owners manage them here."""
    return _shown(request, visitor, key)


def _mine(visitor: Visitor, key: int) -> Membership:
    found = visitor.contact.membership(key)
    if found is None:
        raise Unknown("没有这家企业。")
    return found


def _shown(
    request: HttpRequest,
    visitor: Visitor,
    key: int,
    *,
    invite: InviteForm | None = None,
    over: HandOverForm | None = None,
    status: int = 200,
) -> HttpResponse:
    mine = _mine(visitor, key)
    every = Membership.objects.filter(enterprise=key).select_related("contact", "invited_by", "ended_by")
    there = list(every.filter(ended_at=None).order_by("accepted_at", "pk"))
    owner = mine.role == FirmRole.OWNER
    context = {
        "firm": mine.enterprise,
        "role": FirmRole(mine.role).label,
        "owner": owner,
        "members": [_member(m, visitor) for m in there],
        "roles": FirmRole.choices,
        "history": [_past(m, visitor) for m in every.exclude(ended_at=None).order_by("-ended_at", "-pk")[:_HISTORY]],
        "invite": invite or InviteForm(),
        "over": over or HandOverForm(others=_others(there, mine)),
    }
    return render(request, "me/firm.html", context, status=status)


def _others(there: list[Membership], mine: Membership) -> list[Membership]:
    return [m for m in there if m.accepted_at and m.pk != mine.pk]


def _member(m: Membership, visitor: Visitor) -> dict[str, object]:
    return {
        "key": m.pk,
        "label": _named(m),
        "initial": _named(m)[:1] if m.contact.name and m.accepted_at else "企",
        "role": m.role,
        "role_label": FirmRole(m.role).label,
        "me": m.contact_id == visitor.contact.pk,
        "waiting": m.accepted_at is None,
        "since": day_words(m.accepted_at or m.invited_at, visitor.at),
    }


def _named(m: Membership) -> str:
    """Whoever has not joined gives no name away: only the phone that was typed, half hidden."""
    return m.contact.label if m.accepted_at else masked(m.contact.phone)


def _past(m: Membership, visitor: Visitor) -> dict[str, object]:
    ended = day_words(m.ended_at, visitor.at) if m.ended_at else ""
    return {
        "label": _named(m),
        "role": FirmRole(m.role).label,
        "since": day_words(m.accepted_at, visitor.at) if m.accepted_at else "未接受",
        "until": ended,
        "by": m.ended_by.label if m.ended_by else "",
    }


@require_POST
@signed_in
def invite(request: HttpRequest, visitor: Visitor, key: int) -> HttpResponse:
    """Ask a colleague to join."""
    _mine(visitor, key)
    form = InviteForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            with told_on(form):
                members.invite(enterprise_id=key, by=visitor.contact, at=visitor.at, **form.cleaned_data)
        except Conflict as refusal:
            form.add_error("phone", refusal.message)
            status = refusal.status
    if form.errors:
        return _shown(request, visitor, key, invite=form, status=status)
    messages.success(request, "邀请已发出。请告诉同事用这个手机号登录，在“企业与成员”里接受。")
    return see("me-firm", key)


def _done(request: HttpRequest, visitor: Visitor, key: int, said: str, do: Callable[[], object]) -> HttpResponse:
    """Make a change; what is refused is told on the page as it stands."""
    _mine(visitor, key)
    try:
        do()
    except (Conflict, Invalid) as refusal:
        messages.error(request, refusal.message)
        return _shown(request, visitor, key, status=refusal.status)
    messages.success(request, said)
    return see("me-firm", key) if _still(visitor, key) else see("me-firms")


def _still(visitor: Visitor, key: int) -> bool:
    return Membership.objects.in_force().filter(enterprise=key, contact=visitor.contact).exists()


@require_POST
@signed_in
def role(request: HttpRequest, visitor: Visitor, key: int, member: int) -> HttpResponse:
    """Give a member another role."""
    wanted = request.POST.get("role", "")

    def do() -> object:
        return members.give_role(
            membership_id=member, enterprise_id=key, by=visitor.contact, role=wanted, at=visitor.at
        )

    return _done(request, visitor, key, "角色已更改。", do)


@require_POST
@signed_in
def remove(request: HttpRequest, visitor: Visitor, key: int, member: int) -> HttpResponse:
    """Take a member out, or an invitation back."""

    def do() -> object:
        return members.remove(membership_id=member, enterprise_id=key, by=visitor.contact, at=visitor.at)

    return _done(request, visitor, key, "已移出。对方立即看不到本企业的诉求。", do)


@require_POST
@signed_in
def leave(request: HttpRequest, visitor: Visitor, key: int) -> HttpResponse:
    """Leave the firm."""

    def do() -> object:
        return members.leave(enterprise_id=key, contact=visitor.contact, at=visitor.at)

    return _done(request, visitor, key, "您已离开这家企业。", do)


@require_POST
@signed_in
def hand_over(request: HttpRequest, visitor: Visitor, key: int) -> HttpResponse:
    """交接: somebody else owns the firm from now on."""
    mine = _mine(visitor, key)
    if mine.role != FirmRole.OWNER:
        raise Forbidden("成员由本企业的管理员管理。")
    there = Membership.objects.in_force().filter(enterprise=key).select_related("contact").order_by("pk")
    form = HandOverForm(request.POST, others=_others(list(there), mine))
    if form.is_valid():
        with told_on(form):
            members.hand_over(enterprise_id=key, by=visitor.contact, at=visitor.at, **form.cleaned_data)
    if form.errors:
        return _shown(request, visitor, key, over=form, status=422)
    messages.success(request, "已交接。")
    return see("me-firm", key) if form.cleaned_data["stays"] else see("me-firms")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def claim(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Say that a firm is mine; intake checks."""
    if request.method != "POST":
        return _claim_page(request, ClaimForm(initial={"region": settings.DEFAULT_REGION}))
    form = ClaimForm(request.POST)
    if not form.is_valid():
        return _claim_page(request, form, status=422)
    said: dict[str, Any] = {name: form.cleaned_data[name] for name in ("name", "uscc", "evidence")}
    try:
        claims.claim(contact=visitor.contact, region=form.regions[form.cleaned_data["region"]], at=visitor.at, **said)
    except Conflict as refusal:
        form.add_error(None, refusal.message)
        return _claim_page(request, form, status=refusal.status)
    messages.success(request, "已提交。受理员核对后，您会在这里看到结果。")
    return see("me-firms")


def _claim_page(request: HttpRequest, form: ClaimForm, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "platform": platform() is not None}
    return render(request, "me/claim.html", context, status=status)


@require_safe
@signed_in
def vouched(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Back from a trusted platform with its one-time ticket."""
    trusted = platform()
    if trusted is None:
        raise Unknown("没有这个页面。")
    word = trusted.vouch(request.GET.get("ticket", ""))
    region = Region.objects.get(pk=settings.DEFAULT_REGION)
    owned = claims.vouch(contact=visitor.contact, vouched=word, region=region, at=visitor.at)
    messages.success(request, f"已确认，您是“{owned.enterprise.name}”的管理员。")
    return see("me-firms")
