"""How the agreed due time of one promise came about, line by line; and the steps of its ladder, come and to come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from routing.promises import ladder
from routing.promises.amount import Unit
from routing.promises.book import calendar_version
from routing.promises.explain import Step, explain
from routing.promises.ladder import BREACH
from tickets.models import Alert, Deadline, Shift
from tickets.workflow import ENDING_CLOCKS

_MOVES_DUE = frozenset({Shift.Kind.PAUSE, Shift.Kind.CREDIT})


def derivation(deadline: Deadline) -> list[Step]:
    """From the start by the agreed amount over the ledger to `due_at`, which is the last step's `at`.

    Empty for a clock that is only reported. What the amount does not say (a split request waits for the last of its
    parts, a plan's day, an imported promise) is said in a last line.
    """
    if deadline.agreed is None or deadline.due_at is None:
        return []
    calendar = calendar_version(deadline.calendar_version_id)
    steps = explain(calendar, deadline.started_at, deadline.agreed, _pauses(deadline))
    if steps[-1].at == deadline.due_at:
        return steps
    wall = deadline.due_at.astimezone(calendar.zone)
    return [
        *steps,
        replace(steps[-1], date=wall.date(), text=f"{_why(deadline)}：{wall:%Y-%m-%d %H:%M:%S}", at=deadline.due_at),
    ]


def _pauses(deadline: Deadline) -> list[tuple[datetime, datetime]]:
    ledger = deadline.shifts.all()
    return [(s.since, s.until) for s in ledger if s.kind in _MOVES_DUE and s.since and s.until]


def _why(deadline: Deadline) -> str:
    split = any(one.kind == Shift.Kind.SPLIT for one in deadline.shifts.all())
    return "以各部分中最晚的一件为准" if split else "按并入诉求的承诺"


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a promise's ladder. `state`: lit, rehearsed, ahead, or passed over (the promise ended first)."""

    position: int
    words: str
    effect: str
    at: datetime
    state: str


def rungs(deadline: Deadline, alerts: Iterable[Alert]) -> list[Rung]:
    """Every step that this promise has, the breach among them, in order: as recorded, or as it would come."""
    if deadline.promise is None or deadline.due_at is None or deadline.clock in ENDING_CLOCKS:
        return []
    fired = {alert.threshold: alert for alert in alerts}
    steps = ladder.ladder(deadline.policy_set_id, deadline.clock) if deadline.policy_set_id else ()
    found = [_rung(deadline, step, fired.get(step.code)) for step in steps if step.applies(deadline.promise)]
    broke = fired.get("breach")
    breach = Rung(BREACH, "到期", "超期", broke.at if broke else deadline.due_at, _state(deadline, broke, BREACH))
    return sorted([*found, breach], key=lambda one: one.position)


def _rung(deadline: Deadline, step: ladder.Step, fired: Alert | None) -> Rung:
    at = fired.at if fired else _comes(deadline, step)
    return Rung(step.position, step.words(), step.effect, at, _state(deadline, fired, step.position))


def _comes(deadline: Deadline, step: ladder.Step) -> datetime:
    calendar = calendar_version(deadline.calendar_version_id)
    due_at = deadline.due_at or deadline.started_at
    return ladder.moment(
        step,
        calendar,
        start=deadline.started_at,
        due_at=due_at,
        unit=Unit(deadline.unit),
        pauses=_pauses(deadline),
    )


def _state(deadline: Deadline, fired: Alert | None, position: int) -> str:
    if fired:
        return "lit" if fired.lit else "rehearsed"
    return "passed" if deadline.ended_at or position <= deadline.reached else "ahead"
