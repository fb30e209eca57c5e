"""The promise that matters now: a ring, a sentence, and how the time was reckoned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from routing.promises.amount import OPENING, Amount, Unit
from routing.promises.book import calendar_version, current_book
from routing.promises.explain import explain
from routing.promises.words import left, ordinary_day
from routing.promises.worktime import due, opening_seconds
from tickets.models import Deadline, Shift, Ticket
from tickets.workflow import Clock, Status

_S, _C = Status, Clock
_WARN_AT = 70
"""Share of the time used, in percent, from which the ring turns yellow (the ladder of domain.md §4)."""


@dataclass(frozen=True, slots=True)
class Saying:
    """What a status promises: the clock, what will have happened by then, and one sentence about now."""

    clock: Clock
    headline: str
    detail: str


SAYINGS = {
    _S.SUBMITTED: Saying(_C.ACCEPT, "交到负责部门", "已收到。系统正在按规则交办，通常只要几秒。"),
    _S.TRIAGE: Saying(_C.DISPATCH, "交到负责部门", "已收到。这件事由研判员人工确定由谁负责。"),
    _S.ASSIGNED: Saying(_C.RESOLVE, "答复", ""),
    _S.IN_PROGRESS: Saying(_C.RESOLVE, "答复", ""),
    _S.DISPUTED: Saying(_C.RESOLVE, "答复", ""),
    _S.SUSPENDED: Saying(_C.REVIEW_HOLD, "重新核查", ""),
    _S.INFO_NEEDED: Saying(_C.COMPLETE, "", "补充之前，部门的时限暂停。到时没有补充会自动撤回，30 天内可以重开。"),
    _S.REVIEWING: Saying(_C.REVIEW, "把答复送到您手上", "经办人已拟好答复，负责人正在审核。"),
    _S.ANSWERED: Saying(_C.RATE, "", "答复已送到。到时没有评价会自动办结，记为“未评价”。"),
}
_ASKED_OF_FIRM = {_C.RATE: "评价", _C.COMPLETE: "补充材料"}
ENDINGS = {
    _S.CLOSED: ("已办结", ""),
    _S.WITHDRAWN: ("已撤回", "这件诉求已按您的意思撤回。需要时可以重新提交。"),
    _S.REJECTED: ("不予受理", "原因和去处见下方进度。"),
    _S.MERGED: ("已并案", "同一件事不用办两遍，进展和答复见下。"),
}


def local(at: datetime) -> datetime:
    """In the zone of the service."""
    return at.astimezone(ZoneInfo(settings.TIME_ZONE))


def day_words(at: datetime, now: datetime) -> str:
    """今天 17:30 · 明天 17:30 · 11 月 27 日 17:30; the year where it is another."""
    there, here = local(at), local(now)
    clock = f"{there:%H:%M}"
    days = (there.date() - here.date()).days
    if days in {-1, 0, 1}:
        return f"{'昨今明'[days + 1]}天 {clock}"
    year = "" if there.year == here.year else f"{there.year} 年 "
    return f"{year}{there.month} 月 {there.day} 日 {clock}"


def promised(region: str) -> dict[str, str]:
    """Clock → amount in words for an ordinary first request of a region, as form and start page say it."""
    book = current_book()
    amounts = {clock: book.amount(clock, grade="L2", region=region) for clock in (_C.CONTACT, _C.RESOLVE, _C.RATE)}
    return {clock.value.lower(): amount.words() for clock, amount in amounts.items() if amount}


def of(deadlines: Sequence[Deadline], clock: Clock, ticket: Ticket) -> Deadline | None:
    """The newest promise of this clock in the present round that was not voided."""
    fitting = [d for d in deadlines if d.clock == clock and d.round == ticket.round and d.state != Deadline.State.VOID]
    return fitting[-1] if fitting else None


def card(ticket: Ticket, deadlines: Sequence[Deadline], *, at: datetime) -> dict[str, Any]:
    """Context of `parts/clock.html`. One query, for the ledger of the promise that is explained."""
    status = Status(ticket.status)
    if status in ENDINGS:
        headline, detail = ENDINGS[status]
        return {"ring": _still("done"), "headline": headline, "detail": detail}
    saying = SAYINGS.get(status)
    deadline = of(deadlines, saying.clock, ticket) if saying else None
    if saying is None or deadline is None or deadline.due_at is None or deadline.amount is None:
        return {"ring": _still("ok"), "headline": status.label, "detail": saying.detail if saying else ""}
    shifts = list(deadline.shifts.order_by("pk"))
    if saying.clock in _ASKED_OF_FIRM:
        asked = f"请在 {day_words(deadline.due_at, at)} 前{_ASKED_OF_FIRM[saying.clock]}"
        return {"ring": _ring(deadline, at), "headline": asked, "detail": saying.detail}
    return {
        "ring": _ring(deadline, at),
        "due_text": day_words(deadline.due_at, at),
        "headline": saying.headline,
        "detail": saying.detail or _standing(deadline, shifts, at),
        "late": deadline.due_at < at,
        "explain": _reckoned(deadline, shifts),
    }


def _still(state: str) -> dict[str, Any]:
    return {"state": state, "percent": 0, "top": "", "value": "", "unit": ""}


def _ring(deadline: Deadline, at: datetime) -> dict[str, Any]:
    unit, due_at = Unit(deadline.unit), deadline.due_at or at
    calendar = calendar_version(deadline.calendar_version_id)
    standing = left(calendar, at, due_at, unit=unit)
    top, _, value = standing.text.partition(" ")
    opening = unit in OPENING and opening_seconds(calendar, min(at, due_at), max(at, due_at)) > 0
    used = _percent_used(deadline, at)
    return {
        "state": _light(standing.state, used),
        "percent": 100 - used,
        "top": top,
        "value": value,
        "unit": _under(value, abs(standing.seconds), opening=opening),
    }


def _under(value: str, seconds: int, *, opening: bool) -> str:
    """The small line under the number: the minutes of an hour's count, else of what kind the time is."""
    minutes = seconds % 3600 // 60
    if value.endswith("小时") and minutes:
        return f"{minutes} 分"
    kind = "工作日" if value.endswith("天") else "工作时间"
    return kind if opening else ""


def _light(state: str, used: int) -> str:
    """Calmer than a desk's light, which warns of all that is due today: a fresh promise is no alarm."""
    return state if state == "late" else "warn" if used >= _WARN_AT else "ok"


def _length(deadline: Deadline, since: datetime, until: datetime) -> int:
    """Seconds of the promise's own kind: opening time, or clock time."""
    if until <= since:
        return 0
    if Unit(deadline.unit) in OPENING:
        return opening_seconds(calendar_version(deadline.calendar_version_id), since, until)
    return int((until - since).total_seconds())


def _whole(deadline: Deadline) -> int:
    """Seconds from the start to the due time without any shift."""
    promise = deadline.agreed or Amount(0, Unit(deadline.unit))
    calendar = calendar_version(deadline.calendar_version_id)
    return _length(deadline, deadline.started_at, due(calendar, deadline.started_at, promise).at)


def _used(deadline: Deadline, at: datetime) -> int:
    """Seconds used, net of pauses: whatever moved the due time does not count."""
    end = deadline.due_at or at
    return max(0, _whole(deadline) - _length(deadline, at, end)) + _length(deadline, end, at)


def _percent_used(deadline: Deadline, at: datetime) -> int:
    whole = _whole(deadline)
    return min(100, round(100 * _used(deadline, at) / whole)) if whole else 100


_HOW = {Shift.Kind.EXTENSION: "经批准延期", Shift.Kind.POLICY: "时限规定调整"}


def _standing(deadline: Deadline, shifts: Sequence[Shift], at: datetime) -> str:
    """首次承诺，未延期 · 已办理 1 天 4 小时（工作时间）."""
    if deadline.due_at and deadline.due_at < at:
        return "已超过承诺时间，已记录在案并通知部门负责人。"
    calendar = calendar_version(deadline.calendar_version_id)
    day = ordinary_day(calendar, local(at).date()) if Unit(deadline.unit) in OPENING else 24 * 3600
    kind = "（工作时间）" if Unit(deadline.unit) in OPENING else ""
    first = deadline.promised_due_at
    kinds = {row.kind for row in shifts}
    how = next((words for kind, words in _HOW.items() if kind in kinds), "已顺延")
    moved = f"首次承诺 {day_words(first, at)}，{how}" if shifts and first else "首次承诺，未延期"
    return f"{moved} · 已用 {_spent(_used(deadline, at), day)}{kind}"


def _spent(seconds: int, day: int) -> str:
    days, rest = divmod(seconds, day)
    hours, minutes = divmod(rest // 60, 60)
    if days:
        return f"{days} 天 {hours} 小时" if hours else f"{days} 天"
    return f"{hours} 小时" if hours else f"{minutes} 分"


def _reckoned(deadline: Deadline, shifts: Sequence[Shift]) -> list[dict[str, str]]:
    """Rows of `parts/reckon.html`: the day-by-day derivation, pauses of the ledger included."""
    promise = deadline.agreed or Amount(0, Unit(deadline.unit))
    pauses = [(row.since, row.until) for row in shifts if row.since and row.until]
    steps = explain(calendar_version(deadline.calendar_version_id), deadline.started_at, promise, pauses)
    return [
        {
            "day": f"{step.date.month} 月 {step.date.day} 日",
            "why": step.text,
            "counted": _spent(step.seconds, 24 * 3600) if step.seconds else "",
        }
        for step in steps
    ]
