"""Who says that a firm is theirs: the queue of claims with their evidence, confirmed or refused by intake."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from qihu.accounts import claims
from qihu.accounts.models import Claim, Membership, Role
from qihu.errors import Conflict, Forbidden, Invalid
from tickets import access
from tickets.pages.desk import queues, telling
from tickets.pages.desk.seat import Seat, at_desk

PAGE = 30
_DONE = 20


@require_safe
@at_desk
def listed(request: HttpRequest, seat: Seat) -> HttpResponse:
    """What waits, oldest first, and what was decided lately."""
    return _page(request, seat)


def _page(
    request: HttpRequest, seat: Seat, *, refused: int = 0, error: str = "", typed: str = "", status: int = 200
) -> HttpResponse:
    _only_intake(seat)
    after = request.GET.get("after", "")
    waiting = access.claims_of(seat.user).filter(decided_at=None).annotate(owners=Subquery(_owners())).order_by("pk")
    waiting = waiting.filter(pk__gt=int(after)) if after.isdecimal() and len(after) < 18 else waiting
    rows = list(waiting[: PAGE + 1])
    done = access.claims_of(seat.user).exclude(decided_at=None).order_by("-decided_at", "-pk")[:_DONE]
    context = {
        "user_title": seat.title,
        "nav": queues.nav(seat, current="claims"),
        "claims": [
            _shown(one, seat) | ({"error": error, "typed": typed} if one.pk == refused else {}) for one in rows[:PAGE]
        ],
        "older": f"/desk/claims/?after={rows[PAGE - 1].pk}" if len(rows) > PAGE else "",
        "done": [_decided(one, seat) for one in done],
    }
    return render(request, "desk/claims.html", context, status=status)


def _owners() -> Any:
    """How many own the firm with the claimed code already."""
    there = Membership.objects.owners().filter(enterprise__uscc=OuterRef("uscc")).order_by()
    return there.values("enterprise").annotate(n=Count("pk")).values("n")


def _shown(claim: Claim, seat: Seat) -> dict[str, object]:
    return {
        "key": claim.pk,
        "name": claim.name,
        "uscc": claim.uscc,
        "region": claim.region.name,
        "who": claim.contact.name or "未填称呼",
        "phone": claim.contact.phone,
        "proved": telling.moment(claim.contact.confirmed_at, seat.at),
        "evidence": claim.evidence,
        "when": telling.moment(claim.made_at, seat.at),
        "owners": getattr(claim, "owners", None),
    }


def _decided(claim: Claim, seat: Seat) -> dict[str, object]:
    return {
        "name": claim.name,
        "uscc": claim.uscc,
        "decision": Claim.Decision(claim.decision).label,
        "state": "ok" if claim.decision == Claim.Decision.CONFIRMED else "late",
        "by": claim.decided_by.name if claim.decided_by else "可信平台",
        "reason": claim.reason,
        "when": telling.moment(claim.decided_at, seat.at),
    }


@require_POST
@at_desk
def decide(request: HttpRequest, seat: Seat, key: int) -> HttpResponse:
    """Confirm or refuse a claim of one's own regions; what is refused is told beside what was typed."""
    _only_intake(seat)
    claim = access.claim_or_404(seat.user, key)
    reason, confirms = request.POST.get("reason", "").replace("\x00", ""), request.POST.get("decision") == "confirm"
    verb = claims.confirm if confirms else claims.refuse
    try:
        verb(claim_id=claim.pk, by=seat.user, at=seat.at, reason=reason)
    except (Invalid, Conflict) as refusal:
        return _page(request, seat, refused=claim.pk, error=refusal.message, typed=reason, status=refusal.status)
    messages.success(
        request, f"{claim.name}：{'已确认，申请人成为管理员' if confirms else '未通过，申请人会看到理由'}。"
    )
    return HttpResponseRedirect("/desk/claims/", status=303)


def _only_intake(seat: Seat) -> None:
    if Role.INTAKE not in seat.roles:
        raise Forbidden("企业认领由受理员核对。")
