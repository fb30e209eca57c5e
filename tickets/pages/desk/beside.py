"""What helps with a form: the script and the earlier calls beside a call-back, likely main requests beside a merge."""

from __future__ import annotations

from routing.triage.alike import WITHIN
from tickets import access
from tickets.alike import alike as alike_to
from tickets.models import CallBack, Script, Ticket
from tickets.pages.desk import telling
from tickets.pages.desk.seat import Seat
from tickets.workflow import Status


def calls(ticket: Ticket, seat: Seat) -> dict[str, object]:
    """What is read out on the phone, and who has called before: two queries."""
    return {
        "due": telling.moment(ticket.call_back_due_at, seat.at),
        "script": [{"line": one.line, "hint": one.hint} for one in Script.objects.order_by("position")],
        "before": [
            {"when": telling.moment(one.at, seat.at), "who": one.by.name, "said": _said(one)}
            for one in CallBack.objects.of_ticket(ticket)
        ],
    }


def _said(call: CallBack) -> str:
    if not call.contacted:
        return "未接通"
    denied = "，没有人联系过" if call.was_contacted is False else ""
    satisfied = {True: "，满意", False: "，不满意", None: ""}[call.satisfied]
    return ("已解决" if call.solved else "没有解决") + satisfied + denied


def likely(ticket: Ticket, seat: Seat) -> list[dict[str, str]]:
    """Open requests whose words are alike and that this one may follow, the most alike first: two queries."""
    among = seat.visible.filter(access.named_to(seat.user)).open().exclude(pk=ticket.pk).filter(parent=None)
    found = alike_to(ticket.filing.text, among=among, since=seat.at - WITHIN, region=ticket.region.path, limit=5)
    return [
        {
            "number": one.ticket.number,
            "title": one.ticket.filing.title,
            "status": Status(one.ticket.status).label,
            "url": f"/desk/t/{one.ticket.number}/",
        }
        for one in found
    ]
