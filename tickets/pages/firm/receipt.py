"""What the receipt shows, in the shapes of the look's parts. Reads, never decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from qihu.crypto import sm3
from tickets.access import FIRM, Caller, parties
from tickets.models import Deadline, Ticket
from tickets.pages.files import placed
from tickets.pages.firm import around, promises
from tickets.pages.firm.promises import day_words, local
from tickets.services.attachments import Shown
from tickets.services.codes import shown_code
from tickets.services.standing import may_make
from tickets.terms import Remark
from tickets.timeline import Entry, timeline
from tickets.workflow import ENDED, Action, Clock, Outcome, Party, Status

_S = Status
_CENTRE = "企业综合服务中心"
_NEXT = {
    _S.SUBMITTED: "交到负责部门 → 联系您",
    _S.TRIAGE: "交到负责部门 → 联系您",
    _S.ASSIGNED: "签收 → 联系您 → 答复",
    _S.INFO_NEEDED: "您补充材料 → 接着办理",
    _S.DISPUTED: "确定由哪个部门办理 → 答复",
    _S.SUSPENDED: "恢复办理 → 答复",
    _S.IN_PROGRESS: "答复 → 您来评价是否解决",
    _S.REVIEWING: "审核通过后送到您手上 → 您来评价",
    _S.ANSWERED: "您来评价是否解决",
}
_OUTCOME_LIGHT = {Outcome.SOLVED: "ok", Outcome.PARTIAL: "warn", Outcome.UNSOLVED: "late"}


def tag(ticket: Ticket, *, at: datetime) -> str:
    """ETag of the living part: changes with the request, and every minute while words count down.

    Not while the firm is asked to rate or for facts: nothing must be drawn anew under what it is typing.
    """
    still = (ENDED - {Status.MERGED}) | {Status.ANSWERED, Status.INFO_NEEDED}
    minute = "" if ticket.status in still else f"{at:%Y%m%d%H%M}"
    return f'"{sm3(f"{ticket.number}|{ticket.last_seq}|{ticket.version}|{minute}".encode()).hex()[:20]}"'


def picture(ticket: Ticket, *, at: datetime, caller: Caller = FIRM) -> dict[str, Any]:
    """Everything the page shows: log, promises and one ledger are a query each, beside the request; files one more."""
    entries = timeline(ticket, for_firm=True)
    deadlines = list(ticket.deadlines.order_by("pk"))
    urged = _urged_today(ticket, at)
    who = parties(caller, ticket)
    moves = frozenset(may_make(ticket, who, user=None, at=at))
    if urged and ticket.is_open and Party.FIRM in who:
        moves |= {Action.URGE}  # shown as done for today
    answer = _answer(ticket, entries)
    files = placed(ticket, entries, caller, at=at)
    return {
        "ticket": ticket,
        "tag": tag(ticket, at=at),
        "moves": moves,
        "number": ticket.number,
        "title": ticket.filing.title,
        "chain_label": ticket.chain_tag.name if ticket.chain_tag else "",
        "status_label": Status(ticket.status).label,
        "access_code": shown_code(ticket),
        "only_reads": Party.FIRM not in who,
        "promise": _promise(ticket, deadlines, entries, at),
        "who": _who(ticket, deadlines, at),
        "urged": urged,
        "reply": _reply(ticket, answer, at) | {"files": files.get(answer.seq)} if answer else None,
        "timeline": _lines(ticket, entries, answer or around.last(entries, Action.REJECT), at, files),
        "asked": around.asked(ticket, entries),
        "parts": around.parts(ticket, entries, at),
        "main": around.main_request(ticket, at),
        "reopen_until": around.reopenable(ticket, entries) if Action.REOPEN in moves else "",
        "materials": files.get(0, ()),
        "talk": sum(entry.kind == Remark.MESSAGE for entry in entries),
        "own": _own(ticket, at),
        "draft": ticket.qr_code.code if ticket.qr_code else "",
    }


def _promise(ticket: Ticket, deadlines: Sequence[Deadline], entries: Sequence[Entry], at: datetime) -> dict[str, Any]:
    shown = promises.card(ticket, deadlines, at=at)
    return shown | around.told(ticket, entries, deadlines, at)


def _who(ticket: Ticket, deadlines: Sequence[Deadline], at: datetime) -> dict[str, str] | None:
    if ticket.status in {Status.MERGED, Status.REJECTED}:
        return None
    if ticket.department is None:
        if ticket.status in ENDED:
            return None
        return {"initial": "服", "name": _CENTRE, "doing": "正在确定由哪个部门负责"}
    people = f"{ticket.department.name} · {ticket.officer.name}" if ticket.officer else ticket.department.name
    return {
        "initial": (ticket.officer.name if ticket.officer else ticket.department.name)[:1],
        "name": people,
        "doing": "，".join(["主办", *_doing(ticket, deadlines, at)]),
    }


def _doing(ticket: Ticket, deadlines: Sequence[Deadline], at: datetime) -> list[str]:
    said = []
    if ticket.status == Status.ASSIGNED:
        said.append(_by(promises.of(deadlines, Clock.SIGN, ticket), "签收", "待签收", at))
    elif ticket.officer:
        said.append("已答复" if ticket.answered_at else "已签收")
    contact = promises.of(deadlines, Clock.CONTACT, ticket)
    if contact and contact.met_at and not ticket.answered_at:
        said.append("已联系您")
    elif contact and contact.state == Deadline.State.RUNNING:
        said.append(_by(contact, "联系您", "还没有联系您", at))
    return said


def _by(deadline: Deadline | None, promise: str, late: str, at: datetime) -> str:
    """明天 17:30 前签收, or that it did not happen in time."""
    if deadline is None or deadline.due_at is None:
        return late
    if deadline.due_at < at:
        return f"{late}（已超时）"
    return f"{day_words(deadline.due_at, at)} 前{promise}"


def _urged_today(ticket: Ticket, at: datetime) -> bool:
    return bool(ticket.urged_at and local(ticket.urged_at).date() == local(at).date())


def _answer(ticket: Ticket, entries: Sequence[Entry]) -> Entry | None:
    """The reply that stands: delivered, and not sent back since."""
    if ticket.status not in {Status.ANSWERED, Status.CLOSED}:
        return None
    return next((entry for entry in reversed(entries) if entry.kind == Action.DELIVER), None)


def _reply(ticket: Ticket, answer: Entry, at: datetime) -> dict[str, Any]:
    outcome = Outcome(ticket.outcome)
    return {
        "department": ticket.department.name if ticket.department else _CENTRE,
        "outcome": outcome.label,
        "state": _OUTCOME_LIGHT.get(outcome, "info"),
        "text": answer.text,
        "answers": [{"ask": ask, "text": text} for ask, text in answer.parts],
        "by": ticket.reply_author.name if ticket.reply_author else "",
        "when": day_words(answer.at, at),
    }


def _lines(
    ticket: Ticket, entries: Sequence[Entry], answer: Entry | None, at: datetime, files: Mapping[int, Sequence[Shown]]
) -> list[dict[str, Any]]:
    """Newest first, what comes next on top; the reply shown as a card is not said twice."""
    lines: list[dict[str, Any]] = [
        {
            "files": () if entry is answer else files.get(entry.seq, ()),
            "text": entry.says,
            "said": "" if entry is answer else entry.text,
            "when": day_words(entry.at, at),
            "iso": local(entry.at).isoformat(timespec="minutes"),
            "kind": "bad" if entry.bad else "",
        }
        for entry in reversed(entries)
    ]
    if ticket.status not in ENDED:
        if lines and not lines[0]["kind"]:
            lines[0]["kind"] = "now"
        lines.insert(0, {"text": _NEXT.get(Status(ticket.status), Status(ticket.status).label), "kind": "next"})
    return lines


def _own(ticket: Ticket, at: datetime) -> dict[str, str]:
    """What the firm itself wrote; the phone with its middle hidden, since screens are shown around."""
    filing = ticket.filing
    phone = filing.contact_phone
    return {
        "text": filing.text,
        "firm": filing.enterprise_name,
        "uscc": filing.uscc,
        "contact": f"{filing.contact_name} {phone[:3]}{'*' * max(0, len(phone) - 7)}{phone[-4:]}",
        "when": day_words(ticket.submitted_at, at),
        "shielded": "是" if ticket.shielded else "",
    }
