"""What waits for this person's word: the second half of two-step moves, oldest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from qihu.errors import Conflict, Forbidden, Invalid, RefusedByRule, Unknown
from tickets import access
from tickets.models import Approval, Text
from tickets.pages.desk import queues, telling
from tickets.pages.desk.seat import APPROVING, Seat, at_desk
from tickets.services import approvals
from tickets.services.intent import Done
from tickets.terms import Action, Rejection, Suspension

PAGE = 30
_WORDS: Mapping[str, tuple[Callable[..., Done], str]] = {
    "approve": (approvals.approve, "已同意。"),
    "refuse": (approvals.refuse, "已回复不同意。"),
}


@require_safe
@at_desk
def listed(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Every request for a word, with its reason."""
    return _page(request, seat)


def _page(
    request: HttpRequest, seat: Seat, *, refused: int = 0, error: str = "", typed: str = "", status: int = 200
) -> HttpResponse:
    if not seat.roles & APPROVING:
        raise Forbidden("您没有要审批的事项。")
    after = request.GET.get("after", "")
    waiting = access.approvals_of(seat.user).with_words().order_by("pk")
    waiting = waiting.filter(pk__gt=int(after)) if after.isdecimal() and len(after) < 18 else waiting
    rows = list(waiting[: PAGE + 1])
    said = _reasons(rows[:PAGE])
    shown = [
        asked(one, seat, said.get((one.ticket_id, one.seq), ""))
        | ({"error": error, "typed": typed} if one.pk == refused else {})
        for one in rows[:PAGE]
    ]
    context = {
        "user_title": seat.title,
        "nav": queues.nav(seat, current="approvals"),
        "approvals": shown,
        "older": f"/desk/approvals/?after={rows[PAGE - 1].pk}" if len(rows) > PAGE else "",
    }
    return render(request, "desk/approvals.html", context, status=status)


def _reasons(rows: list[Approval]) -> dict[tuple[int, int], str]:
    """The askers' words by request and event: one query."""
    found = Text.objects.filter(ticket__in={one.ticket_id for one in rows}, event__seq__in={one.seq for one in rows})
    return {(one.ticket_id, one.event.seq): one.body for one in found.select_related("event")}


def asked(approval: Approval, seat: Seat, reason: str) -> dict[str, object]:
    """One asked move as a card shows it."""
    ticket = approval.ticket
    return {
        "key": approval.pk,
        "action": Action(approval.action).label,
        "number": ticket.number,
        "title": ticket.filing.title,
        "department": ticket.department.name if ticket.department else "服务中心",
        "who": approval.asked_by.name,
        "when": telling.moment(approval.asked_at, seat.at),
        "reason": reason,
        "facts": _facts(approval),
    }


def _facts(approval: Approval) -> list[tuple[str, str]]:
    data, found = approval.data, []
    if until := data.get("until"):
        found.append(("延期至", str(until)))
    code = str(data.get("reason", ""))
    if code in Suspension.values:
        found.append(("挂起原因", str(Suspension(code).label)))
    if code in Rejection.values:
        found.append(("不予受理原因", str(Rejection(code).label)))
    return found


@require_POST
@at_desk
def decide(request: HttpRequest, seat: Seat, key: int, word: str) -> HttpResponse:
    """Say yes or no; what is refused is told beside what was typed. `back=ticket`: to the request's own page."""
    if word not in _WORDS:
        raise Unknown("没有这个操作。")
    verb, said = _WORDS[word]
    approval = access.approval_or_404(seat.user, key)
    text = request.POST.get("text", "")[:1000]
    to_ticket = request.POST.get("back") == "ticket"
    try:
        verb(approval_id=approval.pk, caller=seat.caller, at=seat.at, text=text)
    except Invalid as refusal:
        return _page(request, seat, refused=key, error=refusal.message, typed=text, status=refusal.status)
    except (Conflict, RefusedByRule) as refusal:  # somebody was first, or it has moved on: the list says more
        messages.warning(request, refusal.message)
    else:
        messages.success(request, said)
    return HttpResponseRedirect(f"/desk/t/{approval.ticket.number}/" if to_ticket else "/desk/approvals/", status=303)
