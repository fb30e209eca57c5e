"""待我审批: what waits for a second person's word, on its request and as a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tickets import access
from tickets.models import Approval, Text, Ticket
from tickets.pages.desk import queues, telling
from tickets.pages.desk.seat import Seat, at_desk
from tickets.timeline import Entry
from tickets.workflow import Action, Party, Rejection, Suspension, approvers

PAGE = 50
REASON_MAX = 500


class DecideForm(forms.Form):
    """The second person's words; refusing needs some. `version` is that of the page."""

    use_required_attribute = False
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    text = forms.CharField(
        label="审批意见",
        required=False,
        max_length=REASON_MAX,
        help_text="不同意时须写明理由。",
        error_messages={"max_length": f"最多 {REASON_MAX} 字。"},
        widget=forms.Textarea(attrs={"rows": 2}),
    )


def asked_of(action: Action, *, restricted: bool) -> str:
    """“企服中心主任”: who may say the second word."""
    allowed = approvers(action, restricted=restricted)
    return "或".join(party.label for party in Party if party in allowed)


Decided = tuple[int, DecideForm]
"""A word on an approval (its key) that was not taken, with what was typed."""


def waiting(
    ticket: Ticket, seat: Seat, mine: Sequence[Party], story: Iterable[Entry], decided: Decided | None = None
) -> list[dict[str, object]]:
    """What is asked for on this request, with a form where the reader may decide: one query where something is."""
    if not ticket.pending:
        return []
    words = {entry.seq: entry.text for entry in story}
    return [
        _shown(one, seat, words.get(one.seq, ""))
        | {
            "form": _form(one, ticket, seat, mine, decided),
            "by": asked_of(Action(one.action), restricted=ticket.restricted),
        }
        for one in Approval.objects.of_ticket(ticket).pending()
    ]


def _form(
    asked: Approval, ticket: Ticket, seat: Seat, mine: Sequence[Party], decided: Decided | None
) -> DecideForm | None:
    allowed = approvers(Action(asked.action), restricted=ticket.restricted)
    if asked.asked_by_id == seat.user.pk or not allowed & set(mine):
        return None
    if decided and decided[0] == asked.pk:
        return decided[1]
    return DecideForm(initial={"version": ticket.version}, auto_id=f"id_approval_{asked.pk}_%s")


def _shown(asked: Approval, seat: Seat, words: str) -> dict[str, object]:
    return {
        "key": asked.pk,
        "what": Action(asked.action).label,
        "detail": _detail(asked),
        "who": asked.asked_by.name,
        "party": Party(asked.asked_party).label,
        "when": telling.moment(asked.asked_at, seat.at),
        "why": words,
    }


def _detail(asked: Approval) -> str:
    """What exactly is asked for, beside the reason."""
    said, action = asked.data, asked.action
    if action == Action.EXTEND and said.get("until"):
        return f"延至 {date.fromisoformat(str(said['until'])):%Y年%m月%d日}"
    listed = {Action.REJECT: Rejection, Action.SUSPEND: Suspension}.get(Action(action))
    code = str(said.get("reason", ""))
    label = str(listed(code).label) if listed and code in listed.values else ""
    if said.get("since"):
        since = datetime.fromisoformat(str(said["since"])).astimezone(ZoneInfo(settings.TIME_ZONE))
        return f"{label}，补记自 {since:%m月%d日 %H:%M}"
    return label


@require_safe
@at_desk
def listed(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Oldest first; each leads to its request, where it is decided."""
    after = request.GET.get("after", "")
    found = access.approvals_of(seat.user)
    if after.isdecimal() and len(after) < 19:
        found = found.filter(pk__gt=int(after))
    rows = list(found.order_by("pk").with_words()[: PAGE + 1])
    shown = rows[:PAGE]
    words = _words(shown)
    context = {
        "user_title": seat.title,
        "nav": queues.nav(seat, current="approvals"),
        "rows": [
            _shown(one, seat, words.get((one.ticket_id, one.seq), ""))
            | {
                "title": one.ticket.filing.title,
                "short": telling.short_number(one.ticket.number),
                "department": one.ticket.department.name if one.ticket.department else "",
                "url": f"/desk/t/{one.ticket.number}/#approval-{one.pk}",
            }
            for one in shown
        ],
        "older": f"?after={shown[-1].pk}" if len(rows) > PAGE else "",
        "first": "/desk/approvals/" if after else "",
    }
    return render(request, "desk/approvals.html", context)


def _words(found: Sequence[Approval]) -> dict[tuple[int, int], str]:
    """Why each was asked for: one query."""
    texts = Text.objects.filter(event__ticket__in={one.ticket_id for one in found}, event__kind="approval")
    rows = texts.values_list("event__ticket_id", "event__seq", "body")
    return {(ticket, seq): body for ticket, seq, body in rows}
