"""What the receipt tells beside the promise: what is asked for, parts, main request, until when to reopen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.urls import reverse

from tickets.guards import REOPENABLE
from tickets.models import Deadline, Ticket
from tickets.pages.firm import promises
from tickets.pages.firm.promises import day_words, local
from tickets.timeline import Entry, timeline
from tickets.workflow import Action, Clock, Outcome, Status

_LIGHTS = {Status.CLOSED: "ok", Status.ANSWERED: "ok", Status.SUSPENDED: "warn"}


def last(entries: Sequence[Entry], *kinds: str) -> Entry | None:
    """The newest line of one of these kinds."""
    return next((entry for entry in reversed(entries) if entry.kind in kinds), None)


def asked(ticket: Ticket, entries: Sequence[Entry]) -> dict[str, Any] | None:
    """The facts that are missing, item by item, while the firm is asked for them."""
    line = last(entries, Action.REQUEST_INFO) if ticket.status == Status.INFO_NEEDED else None
    return {"wanted": [ask for ask, _ in line.parts], "said": line.text} if line else None


def reopenable(ticket: Ticket, entries: Sequence[Entry]) -> str:
    """The last day on which the firm may reopen it: 4 月 1 日."""
    line = last(entries, Action.LAPSE, Action.RATE)
    ended = ticket.closed_at or (line.at if line else ticket.submitted_at)
    return _day(local(ended).date() + REOPENABLE)


def _day(day: date) -> str:
    return f"{day.month} 月 {day.day} 日"


def told(ticket: Ticket, entries: Sequence[Entry], deadlines: Sequence[Deadline], at: datetime) -> dict[str, str]:
    """Headline and detail where the status alone does not say it all; what is not named stays as it was."""
    if ticket.status == Status.REJECTED and (line := last(entries, Action.REJECT)):
        return {"headline": line.says, "detail": line.text}
    if ticket.status == Status.SUSPENDED and (line := last(entries, Action.SUSPEND)):
        return {"detail": f"{line.says}。到时恢复办理，答复时限按挂起的时间顺延。"}
    if ticket.status == Status.WITHDRAWN and (line := last(entries, Action.LAPSE, Action.WITHDRAW)):
        lapsed = line.kind == Action.LAPSE
        return (
            {"headline": "到期未补充，已自动撤回", "detail": "30 天内可以重开，写明补充内容后接着办。"}
            if lapsed
            else {}
        )
    return _closed(ticket, entries, deadlines, at) if ticket.status == Status.CLOSED else {}


def _closed(ticket: Ticket, entries: Sequence[Entry], deadlines: Sequence[Deadline], at: datetime) -> dict[str, str]:
    ended = last(entries, Action.RATE, Action.LAPSE)
    rated = ended is not None and ended.kind == Action.RATE
    thanks = "谢谢您的评价，它会直接计入这个部门的成绩。" if rated else "到期没有评价，已自动办结，记为“未评价”。"
    return {"headline": f"已办结：{Outcome(ticket.outcome).label}", "detail": thanks + _plan(ticket, deadlines, at)}


def _plan(ticket: Ticket, deadlines: Sequence[Deadline], at: datetime) -> str:
    if ticket.outcome != Outcome.PLANNED or ticket.planned_on is None:
        return ""
    next_look = promises.of(deadlines, Clock.FOLLOW_UP, ticket)
    promised = f"部门承诺 {_day(ticket.planned_on)}前完成"
    if next_look is None or next_look.state != Deadline.State.RUNNING or next_look.due_at is None:
        return f"{promised}。"
    return f"{promised}，完成前会一直跟踪；下一次进展在 {day_words(next_look.due_at, at)} 前。"


def parts(ticket: Ticket, entries: Sequence[Entry], at: datetime) -> list[dict[str, Any]]:
    """The parts of a split request: one query, none for any other."""
    if last(entries, Action.SPLIT) is None:
        return []
    return [_part(part, at) for part in Ticket.objects.parts_of(ticket).for_lists().order_by("pk")]


def _part(part: Ticket, at: datetime) -> dict[str, Any]:
    status = Status(part.status)
    return {
        "url": reverse("receipt", args=[part.number]),
        "number": part.number,
        "title": part.filing.title,
        "department": part.department.name if part.department else "企业综合服务中心",
        "status": status.label,
        "light": _LIGHTS.get(status, "info"),
        "due": f"下一步 {day_words(part.next_due_at, at)} 前" if part.is_open and part.next_due_at else "",
    }


def main_request(ticket: Ticket, at: datetime) -> dict[str, Any] | None:
    """Where what was merged is handled: status, department, answer; nothing of whose the main request is.

    Two queries for a merged request, three once it is answered; none for any other.
    """
    if ticket.status != Status.MERGED or ticket.parent_id is None:
        return None
    main = Ticket.objects.for_lists().get(pk=ticket.parent_id)
    while main.status == Status.MERGED and main.parent_id:
        main = Ticket.objects.for_lists().get(pk=main.parent_id)
    answer = None
    if main.status in {Status.ANSWERED, Status.CLOSED}:
        answer = last(timeline(main, for_firm=True), Action.DELIVER)
    return {
        "status": Status(main.status).label,
        "light": _LIGHTS.get(Status(main.status), "info"),
        "department": main.department.name if main.department else "企业综合服务中心",
        "outcome": Outcome(main.outcome).label if answer and main.outcome else "",
        "said": [_unnamed(words, main) for words in (answer.text, *(text for _, text in answer.parts))]
        if answer
        else [],
        "when": day_words(answer.at, at) if answer else "",
    }


def _unnamed(words: str, main: Ticket) -> str:
    """The answer without the other firm's name, code, contact and phone."""
    filing = main.filing
    for known in (filing.enterprise_name, filing.uscc, filing.contact_name, filing.contact_phone):
        words = words.replace(known, "有关企业") if known else words
    return words
