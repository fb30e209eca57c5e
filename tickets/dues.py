"""How a request's promises stand at a moment: the lights of a page and the words beside a row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from routing.promises.amount import Unit
from routing.promises.book import calendar_version
from routing.promises.ladder import BREACH
from routing.promises.words import left
from tickets.models import Deadline
from tickets.workflow import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """One promise as a light. `state`: ok, warn, late, paused, met, broken (met late) or void."""

    clock: str
    label: str
    state: str
    words: str
    due_at: datetime | None
    promised_due_at: datetime | None
    round: int
    provisional: bool


def lights(deadlines: Iterable[Deadline], *, at: datetime) -> list[Light]:
    """A light for every promise that has a due time and was not voided, in the order given."""
    return [_light(d, at) for d in deadlines if d.due_at and d.state != Deadline.State.VOID]


def _light(deadline: Deadline, at: datetime) -> Light:
    state, words = _standing(deadline, at)
    return Light(
        clock=deadline.clock,
        label=Clock(deadline.clock).label,
        state=state,
        words=words,
        due_at=deadline.due_at,
        promised_due_at=deadline.promised_due_at,
        round=deadline.round,
        provisional=deadline.provisional,
    )


def _standing(deadline: Deadline, at: datetime) -> tuple[str, str]:
    if deadline.met_at and deadline.due_at:
        return ("met", "按时") if deadline.met_at <= deadline.due_at else ("broken", "已超期完成")
    if deadline.state == Deadline.State.PAUSED or deadline.due_at is None:
        return "paused", "暂停计时"
    calendar = calendar_version(deadline.calendar_version_id)
    now = left(calendar, at, deadline.due_at, unit=Unit(deadline.unit))
    yellow = now.state == "ok" and 0 < deadline.reached < BREACH  # the ladder has warned already
    return "warn" if yellow else now.state, now.text
