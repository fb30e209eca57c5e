"""The department's verbs: sign, contact, interim, note, reply, and following up what was planned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from qihu.errors import Invalid
from tickets.access import Caller
from tickets.asks import asks_in
from tickets.models import Filing
from tickets.services.intent import Done
from tickets.services.transition import move
from tickets.workflow import Action, Outcome


def sign(*, ticket_id: int, caller: Caller, at: datetime, expected_version: int | None = None) -> Done:
    """Take the request on; the signer becomes its officer."""
    return move(Action.SIGN, ticket_id, caller, at, expected_version, changes={"officer": caller.user})


def contact(
    *,
    ticket_id: int,
    caller: Caller,
    at: datetime,
    text: str,
    files: Sequence[UUID] = (),
    expected_version: int | None = None,
) -> Done:
    """Record that the firm was contacted, and what was agreed."""
    return move(Action.CONTACT, ticket_id, caller, at, expected_version, text=text, files=files)


def interim(
    *,
    ticket_id: int,
    caller: Caller,
    at: datetime,
    text: str,
    files: Sequence[UUID] = (),
    expected_version: int | None = None,
) -> Done:
    """A plan or stage reply that the firm sees."""
    return move(Action.INTERIM, ticket_id, caller, at, expected_version, text=text, files=files)


def note(
    *,
    ticket_id: int,
    caller: Caller,
    at: datetime,
    text: str,
    files: Sequence[UUID] = (),
    expected_version: int | None = None,
) -> Done:
    """A progress note; it restarts the promise of the next one."""
    return move(Action.NOTE, ticket_id, caller, at, expected_version, text=text, files=files)


def reply(  # noqa: PLR0913 - the body of the API's `reply`
    *,
    ticket_id: int,
    caller: Caller,
    at: datetime,
    outcome: str,
    text: str,
    answers: Sequence[dict[str, str]] = (),
    planned_on: date | None = None,
    referred_to: str = "",
    burden_relieved: int | None = None,
    files: Sequence[UUID] = (),
    expected_version: int | None = None,
) -> Done:
    """Answer with an outcome; `planned` needs a future date, `referred` where to. It goes to review first."""
    today = at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    wrong = {
        "outcome": outcome not in Outcome.values and "请选择办理结果。",
        "text": not text.strip() and "请写明答复内容。",
        "planned_on": outcome == Outcome.PLANNED
        and (planned_on is None or planned_on <= today)
        and "列入计划须写明完成日期，且在今天之后。",
        "referred_to": outcome == Outcome.REFERRED and not referred_to.strip() and "转其他程序须写明转往哪里。",
        "burden_relieved": (burden_relieved or 0) < 0 and "减负金额不能为负。",
    }
    if errors := {name: said for name, said in wrong.items() if said}:
        raise Invalid("答复还不完整。", fields=errors)
    asks = asks_in(Filing.objects.values_list("text", flat=True).get(ticket=ticket_id))
    parts = [{"ask": str(a.get("ask", "")), "text": str(a.get("text", ""))} for a in answers]
    answered = _answered(asks, parts)
    if outcome == Outcome.REFERRED:
        parts.append({"ask": "转往", "text": referred_to.strip()})
    data: dict[str, Any] = {"outcome": outcome, "answered": answered}
    if outcome == Outcome.PLANNED and planned_on:
        data["planned_on"] = planned_on.isoformat()
        parts.append({"ask": "计划完成", "text": f"{planned_on:%Y年%m月%d日}"})
    if burden_relieved is not None:
        data["burden_relieved"] = burden_relieved
    changes = {
        "outcome": outcome,
        "reply_author": caller.user,
        "replied_at": at,
        "planned_on": planned_on if outcome == Outcome.PLANNED else None,
        "burden_relieved": burden_relieved,
    }
    return move(
        Action.REPLY,
        ticket_id,
        caller,
        at,
        expected_version,
        text=text,
        parts=parts,
        data=data,
        changes=changes,
        files=files,
    )


def _answered(asks: Sequence[str], parts: Sequence[dict[str, str]]) -> list[str]:
    """Numbers of the asks that have an answer, which may name its ask by number or by words."""
    named = {part["ask"].strip() for part in parts if part["text"].strip()}
    return [str(n) for n, ask in enumerate(asks, start=1) if str(n) in named or ask in named]


def follow_up(
    *,
    ticket_id: int,
    caller: Caller,
    at: datetime,
    text: str,
    done: bool = False,
    next_on: date | None = None,
    expected_version: int | None = None,
) -> Done:
    """Tell how the plan stands: done, or when it is looked at next (`next_on`, else as often as the table says)."""
    today = at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    if not done and next_on is not None and next_on <= today:
        raise Invalid("日期不对。", fields={"next_on": "下次日期须在今天之后。"})
    data = {"done": done, "next_on": next_on.isoformat() if next_on and not done else None}
    changes = {"planned_on": None if done else next_on}
    return move(Action.FOLLOW_UP, ticket_id, caller, at, expected_version, text=text, data=data, changes=changes)
