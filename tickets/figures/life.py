"""One request's life, folded event by event: what has happened to it. `truth.py` says what follows from it.

Everything comes from the log; `folding.py` drives it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tickets.figures.atoms import Atom
from tickets.figures.promised import Promises
from tickets.figures.repeats import Span
from tickets.workflow import Action, Status

MONTH = timedelta(days=30)
ACCEPTED_BY = frozenset(
    map(str, (Action.ROUTE, Action.DEFER, Action.ASSIGN, Action.REJECT, Action.REQUEST_INFO, Action.SPLIT))
)
"""What answers ACCEPT (domain.md §5, acceptance)."""
HANDED_BY = frozenset(map(str, (Action.ROUTE, Action.ASSIGN, Action.REASSIGN, Action.RULE_ON_RETURN, Action.SPLIT)))
"""What names a lead department; a part of a split request is born with one."""
ASIDES = frozenset(map(str, (Action.CALL_BACK, Action.CLASSIFY, Action.EXCLUDE, Action.MARK_TEST, "absorb")))
"""Kinds that count though they leave the status alone."""
_TEST = int(Atom.TEST)
_UPHELD = int(Atom.UPHELD)
_CLOSED, _SUBMIT, _SPLIT = str(Status.CLOSED), str(Action.SUBMIT), str(Action.SPLIT)
_TAGS = ("chain_tag", "industry_chain", "category", "difficulty", "region")


class Told(NamedTuple):
    """An event as the fold reads it; `data` is empty where the kind says nothing that counts."""

    ticket_id: int
    kind: str
    round: int
    from_status: str
    to_status: str
    department_id: int | None
    actor_id: int | None
    happened_at: datetime
    recorded_at: datetime
    data: dict[str, Any]


@dataclass(slots=True)
class Ending:
    """One closing: what the last answer said, and the firm's word where it closed by rating."""

    at: datetime
    round: int
    outcome: str
    process: int | None
    result: int | None
    burden: int | None

    @property
    def good(self) -> bool:
        """Solved, and not rated below 基本满意."""
        return self.outcome == "solved" and (self.result is None or self.result >= 3)


@dataclass(slots=True)
class Life:
    """What the log has told so far. `submitted_at` is the matter's: of a part, its parent's."""

    submitted_at: datetime
    repeat: Span | None = None
    status: str = ""
    round: int = 1
    channel: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    department_id: int | None = None
    officer_id: int | None = None
    leads: set[int | None] = field(default_factory=set)
    accepted_at: datetime | None = None
    dispatched_at: datetime | None = None
    reopened_at: datetime | None = None
    replied: str = ""
    relieved: int | None = None
    delivered: str = ""
    first_ending: Ending | None = None
    ending: Ending | None = None
    excluded_in: int = 0
    called_in: int = 0
    call_solved: bool = False
    call_denied: bool = False
    marks: int = 0
    restricted: bool = False
    promises: Promises = field(default_factory=Promises)

    def take(self, told: Told) -> None:
        """One more event."""
        data, at = told.data, told.happened_at
        self.round = max(self.round, told.round)
        self._moved(told)
        if told.kind in _TAKES:
            _TAKES[told.kind](self, told)
        if told.kind in ACCEPTED_BY and self.accepted_at is None:
            self.accepted_at = at
        if told.to_status == _CLOSED != told.from_status:
            self._closes(told)
        elif told.from_status == _CLOSED and told.to_status not in {"", _CLOSED} and self.reopened_at is None:
            self.reopened_at = at
        if lines := data.get("clocks"):
            self.promises.take(lines, at)

    def _moved(self, told: Told) -> None:
        if told.to_status:
            self.status = told.to_status
        self.restricted |= bool(told.data.get("restricted"))
        if told.kind in HANDED_BY or (told.kind == _SUBMIT and told.to_status == "assigned"):
            if told.department_id != self.department_id:
                self.officer_id = None
            self.department_id = told.department_id
            if told.kind != _SPLIT:
                self.leads.add(told.department_id)
            self.dispatched_at = self.dispatched_at or told.happened_at

    def _closes(self, told: Told) -> None:
        data = told.data
        ending = Ending(
            told.happened_at, told.round, self.replied, data.get("process"), data.get("result"), self.relieved
        )
        self.ending = ending
        self.first_ending = self.first_ending or ending

    @property
    def gone(self) -> bool:
        """Counts nowhere."""
        return self.restricted or self.status in {"", "merged"}

    @property
    def closed(self) -> bool:
        """Closed, and not reopened since."""
        return self.status == _CLOSED


def _tagged(life: Life, told: Told) -> None:
    for name in _TAGS:
        if (value := told.data.get(name)) is not None:
            life.tags[name] = value


def _born(life: Life, told: Told) -> None:
    life.channel = told.data.get("channel") or ""
    life.marks |= _TEST if told.data.get("test") else 0
    _tagged(life, told)


def _signed(life: Life, told: Told) -> None:
    life.officer_id = told.actor_id


def _answered(life: Life, told: Told) -> None:
    life.replied = told.data.get("outcome") or ""
    life.relieved = told.data.get("burden_relieved")


def _sent(life: Life, _told: Told) -> None:
    life.delivered = life.replied


def _called(life: Life, told: Told) -> None:
    if (solved := told.data.get("solved")) is not None:
        life.called_in, life.call_solved = told.round, bool(solved)
        life.call_denied = told.data.get("was_contacted") is False


def _ruled(life: Life, told: Told) -> None:
    if told.data.get("upheld"):
        life.marks |= _UPHELD


def _absorbed(life: Life, told: Told) -> None:
    life.submitted_at = min(life.submitted_at, datetime.fromisoformat(told.data["submitted_at"]))


def _left_out(life: Life, told: Told) -> None:
    life.excluded_in = told.round


def _tested(life: Life, _told: Told) -> None:
    life.marks |= _TEST


def _marked(life: Life, told: Told) -> None:
    life.marks |= _MARKS[told.kind]


_MARKS = {
    str(Action.SPLIT): int(Atom.DIVIDED),
    str(Action.OBJECT): int(Atom.RETURNED),
    str(Action.EXTEND): int(Atom.EXTENDED),
    str(Action.SUSPEND): int(Atom.RESTED),
}
_TAKES = {
    _SUBMIT: _born,
    str(Action.CLASSIFY): _tagged,
    str(Action.SIGN): _signed,
    str(Action.REPLY): _answered,
    str(Action.DELIVER): _sent,
    str(Action.CALL_BACK): _called,
    str(Action.RULE_ON_RETURN): _ruled,
    str(Action.EXCLUDE): _left_out,
    str(Action.MARK_TEST): _tested,
    "absorb": _absorbed,
    **dict.fromkeys(_MARKS, _marked),
}
"""What each kind of event tells beyond the status it leads to."""
