"""Rows of another system as lives of requests: what happened to each, when, and how its promise ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tickets.services.history.mapping import Mapping
from tickets.services.sheets.checking import parsed
from tickets.workflow import Outcome

UNRECORDED = "未记载"
SKEW = timedelta(minutes=5)
"""By how much two clocks of one system may disagree: an end that is earlier than the beginning by less counts as it."""
_OUTCOMES = {outcome.label: outcome.value for outcome in Outcome} | {
    outcome.value: outcome.value for outcome in Outcome
}
Row = tuple[int, dict[str, str]]
"""A row by its number in the file, and its cells by heading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One move that was made: by its name in the table."""

    action: str
    at: datetime
    department: str = ""


@dataclass(slots=True, kw_only=True)
class Life:
    """One request's past. `due_at` None: nothing was promised. `by_verdict`: the file says kept or missed, not when.

    `problems` are told; with `grave` the life is not imported.
    """

    key: str
    numbers: Sequence[int]
    cells: dict[str, str]
    opened_at: datetime | None = None
    steps: list[Step] = field(default_factory=list)
    outcome: str = ""
    due_at: datetime | None = None
    by_verdict: bool = False
    problems: list[str] = field(default_factory=list)
    grave: bool = False

    def wrong(self, says: str) -> None:
        """Not importable, and why."""
        self.problems.append(says)
        self.grave = True

    def times(self, action: str) -> int:
        """How often that move was made."""
        return sum(step.action == action for step in self.steps)

    @property
    def answered_at(self) -> datetime | None:
        """When it was first answered."""
        return next((step.at for step in self.steps if step.action == "reply"), None)

    def missed(self, at: datetime) -> bool:
        """Whether its promise was broken by `at`."""
        return self.due_at is not None and (self.answered_at or at) > self.due_at


def lives(rows: Sequence[Row], mapping: Mapping) -> Iterator[Life]:
    """A life for each request, in the order of the file; those that cannot be carry why."""
    if mapping.by_updates:
        groups: dict[str, list[Row]] = {}
        for number, cells in rows:
            groups.setdefault(cells.get(mapping.columns["key"], ""), []).append((number, cells))
        for key, own in groups.items():
            yield _of_updates(key, own, mapping)
        return
    seen: set[str] = set()
    for number, cells in rows:
        life = _of_row(number, cells, mapping)
        if life.key in seen:
            life.wrong("与前面的行编号相同。")
        seen.add(life.key)
        yield life


def _of_row(number: int, cells: dict[str, str], mapping: Mapping) -> Life:
    life = Life(key=cells.get(mapping.columns["key"], ""), numbers=[number], cells=cells)
    opened = life.opened_at = _moment(life, "opened", cells, mapping)
    closed, due = _moment(life, "closed", cells, mapping), _moment(life, "target", cells, mapping)
    _named(life)
    if opened is None or life.grave:
        return life
    if closed and closed < opened:
        if opened - closed > SKEW:
            life.wrong("办结早于收到。")
            return life
        life.problems.append("办结略早于收到，按同时记。")
        closed = opened
    life.steps = [Step(action="assign", at=opened, department=_department(cells, mapping))]
    if closed:
        life.steps += [Step(action=action, at=closed) for action in ("sign", "reply", "deliver", "lapse")]
        life.outcome = _outcome(life, cells, mapping)
    life.due_at = due
    _judge(life, cells, mapping)
    return life


def _named(life: Life) -> None:
    if not life.key:
        life.wrong("没有编号。")
    elif len(life.key) > 40:
        life.wrong("编号太长，最多 40 个字符。")
    if life.opened_at is None and not life.grave:
        life.wrong("没有收到时间。")


def _moment(life: Life, name: str, cells: dict[str, str], mapping: Mapping) -> datetime | None:
    value = cells.get(mapping.columns.get(name, ""), "")
    if not value:
        return None
    found = parsed(value, mapping.tz)
    if found is None:
        life.wrong(f"“{value[:20]}”认不出是什么时间。")
    return found


def _department(cells: dict[str, str], mapping: Mapping) -> str:
    return cells.get(mapping.columns.get("department", ""), "") or UNRECORDED


def _outcome(life: Life, cells: dict[str, str], mapping: Mapping) -> str:
    value = cells.get(mapping.columns.get("outcome", ""), "")
    if value and value not in _OUTCOMES:
        life.problems.append(f"办理结果“{value[:10]}”认不出，按“{Outcome(mapping.outcome).label}”记。")
    return _OUTCOMES.get(value, mapping.outcome)


def _judge(life: Life, cells: dict[str, str], mapping: Mapping) -> None:
    """Where the file says only whether a promise was kept: a due time that says the same, marked as such.

    Kept: due when it was answered. Missed: a second before that. A request without a word on it has no promise.
    """
    value = cells.get(mapping.columns.get("missed", ""), "").lower()
    answered = life.answered_at
    if life.due_at is not None or not value or answered is None:
        return
    missed = value in {one.lower() for one in mapping.missed_if}
    life.due_at, life.by_verdict = answered - timedelta(seconds=missed), True


def _of_updates(key: str, rows: Sequence[Row], mapping: Mapping) -> Life:
    """Several rows, each the state after an update."""
    life = Life(key=key, numbers=[number for number, _ in rows], cells=rows[0][1])
    life.opened_at = _moment(life, "opened", rows[0][1], mapping)
    _named(life)
    if life.grave or life.opened_at is None:
        return life
    _told(life, life.opened_at, rows, mapping)
    if life.grave:
        return life
    if any(step.action == "reply" for step in life.steps):
        life.outcome = _outcome(life, rows[-1][1], mapping)
    _judge(life, rows[-1][1], mapping)
    return life


@dataclass(slots=True)
class _Standing:
    """Where the request stands between two updates."""

    status: str
    department: str
    handed: int
    reopened: int


def _told(life: Life, began: datetime, rows: Sequence[Row], mapping: Mapping) -> None:
    first = rows[0][1]
    now = _Standing("assigned", UNRECORDED, 0, 0)
    if _count(first, "reassigned", mapping) == 0:
        now.department = _department(first, mapping)
    life.steps.append(Step(action="assign", at=began, department=now.department))
    for place, (number, cells) in enumerate(rows):
        at = _moment(life, "at", cells, mapping)
        if at is None or at < life.steps[-1].at:
            life.wrong(f"第 {number} 行的时间缺失或早于前一次更新。")
            return
        stays = place + 1 < len(rows) and _still_resolved(rows[place:], mapping)
        _update(life, now, cells, at, mapping, waits=stays)


def _count(cells: dict[str, str], name: str, mapping: Mapping) -> int:
    value = cells.get(mapping.columns.get(name, ""), "")
    return int(value) if value.isdecimal() else 0


def _state(cells: dict[str, str], mapping: Mapping) -> str:
    return mapping.states.get(cells.get(mapping.columns["state"], ""), "handled")


def _still_resolved(rows: Sequence[Row], mapping: Mapping) -> bool:
    """Whether it is handed on once more before the answer that stands: that answer is the later one's."""
    held = _count(rows[0][1], "reassigned", mapping)
    for _, cells in rows:
        if _state(cells, mapping) != "resolved":
            return False
        if _count(cells, "reassigned", mapping) > held:
            return True
    return False


def _update(life: Life, now: _Standing, cells: dict[str, str], at: datetime, mapping: Mapping, *, waits: bool) -> None:
    if _count(cells, "reopened", mapping) > now.reopened:
        _reopen(life, now, at)
    if (handed := _count(cells, "reassigned", mapping)) > now.handed and now.status in {"assigned", "in_progress"}:
        now.handed, now.department, now.status = handed, _department(cells, mapping), "assigned"
        life.steps.append(Step(action="reassign", at=at, department=now.department))
    state = _state(cells, mapping)
    if state and now.status == "assigned":
        _make(life, now, "sign", at, "in_progress")
    if state in {"resolved", "closed"} and now.status == "in_progress" and not waits:
        _make(life, now, "reply", at, "reviewing")
        _make(life, now, "deliver", at, "answered")
    if state == "closed" and now.status == "answered":
        _make(life, now, "lapse", at, "closed")


def _make(life: Life, now: _Standing, action: str, at: datetime, status: str) -> None:
    life.steps.append(Step(action=action, at=at))
    now.status = status


def _reopen(life: Life, now: _Standing, at: datetime) -> None:
    """Answered and taken up again: it counted as closed from the answer on."""
    now.reopened += 1
    if now.status == "answered":
        _make(life, now, "lapse", life.steps[-1].at, "closed")
    if now.status == "closed":
        _make(life, now, "reopen", at, "assigned")
