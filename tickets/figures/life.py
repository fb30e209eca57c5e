"""One request's life, folded event by event: after each, what is true of it at any moment until the next.

Follows domain.md §5 and §3; everything comes from the log. `folding.py` drives it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tickets.figures.atoms import BIT
from tickets.figures.promised import Promises
from tickets.workflow import ENDED, Action, Status

MONTH = timedelta(days=30)
ACCEPTED_BY = frozenset(
    map(str, (Action.ROUTE, Action.DEFER, Action.ASSIGN, Action.REJECT, Action.REQUEST_INFO, Action.SPLIT))
)
"""What answers ACCEPT (domain.md §5, acceptance)."""
HANDED_BY = frozenset(map(str, (Action.ROUTE, Action.ASSIGN, Action.REASSIGN, Action.RULE_ON_RETURN, Action.SPLIT)))
"""What names a lead department; a part of a split request is born with one."""
ASIDES = frozenset(map(str, (Action.CALL_BACK, Action.CLASSIFY, Action.EXCLUDE, Action.MARK_TEST, "absorb")))
"""Kinds that count though they leave the status alone."""
_ENDED = frozenset(map(str, ENDED))
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
    part: bool = False
    tested: bool = False
    repeat_at: datetime | None = None
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

    def moments(self) -> list[datetime]:
        """When something becomes true though nothing happens."""
        found = self.promises.moments()
        if self.dispatched_at:
            found.append(self.dispatched_at + MONTH)
        if self.first_ending:
            found.append(self.first_ending.at + MONTH)
        if self.repeat_at:
            found.append(self.repeat_at)
        return found

    def flags(self, at: datetime) -> int:
        """What is true at that moment, if nothing more happens until then."""
        if self.gone:
            return 0
        found = BIT["counted"] | self.marks
        for name, holds in (*self._stands(at), *self._promised(at), *self._ended(at)):
            if holds:
                found |= BIT[name]
        return found

    def _stands(self, at: datetime) -> tuple[tuple[str, bool], ...]:
        status, dispatched = self.status, self.dispatched_at
        return (
            ("test", self.tested),
            ("part", self.part),
            ("open", status not in _ENDED),
            ("closed", status == _CLOSED),
            ("suspended", status == "suspended"),
            ("dispatched", dispatched is not None),
            ("dispatched_month", dispatched is not None and dispatched + MONTH <= at),
            ("one_lead", len(self.leads) <= 1),
            ("reworked", self.round >= 2),
            ("repeat", self.repeat_at is not None and self.repeat_at <= at),
        )

    def _promised(self, at: datetime) -> tuple[tuple[str, bool], ...]:
        accepts, contacts = self.promises.of("ACCEPT"), self.promises.of("CONTACT")
        taken, answer = self.accepted_at, self.promises.answer()
        accept = accepts[0] if accepts else None
        owed = accept is not None and accept.due <= at and (taken is not None or any(p.matured(at) for p in accepts))
        found = (
            ("accept_due", owed),
            ("accepted_in_time", accept is not None and taken is not None and taken <= accept.due),
            ("contact_due", any(p.matured(at) for p in contacts)),
            ("contact_missed", any(p.missed(at) for p in contacts)),
            ("contact_denied", self.call_denied),
            ("unsolved", self.delivered == "unsolved"),
            ("resolve_broken", any(p.missed(at) for p in self.promises.of("RESOLVE"))),
        )
        if answer is None:
            return found
        return (
            *found,
            ("resolve_due", answer.matured(at)),
            ("promise_due", answer.original_matured(at)),
            ("met_agreed", answer.met is not None and answer.met <= answer.due),
            ("met_original", answer.met is not None and answer.met <= answer.first),
        )

    def _ended(self, at: datetime) -> tuple[tuple[str, bool], ...]:
        called = (
            ("called", self.called_in > 0),
            ("call_solved", self.call_solved),
            ("call_denies", self.called_in == self.round and not self.call_solved),
        )
        first, last = self.first_ending, self.ending
        if first is None or last is None:
            return called
        calm = self.reopened_at is None or self.reopened_at >= first.at + MONTH
        result, process = last.result or 0, last.process or 0
        rated = self.closed and last.result is not None
        return (
            *called,
            ("ever_closed", True),
            ("excluded", self.excluded_in == self.round),
            ("outcome_solved", last.outcome == "solved"),
            ("rated_low", 0 < result < 3),
            ("closed_month", first.at + MONTH <= at),
            ("solved_first", first.round == 1 and first.good and calm),
            ("rated", rated),
            ("result_good", rated and result >= 4),
            ("result_basic", rated and result == 3),
            ("process_good", rated and process >= 4),
            ("process_basic", rated and process == 3),
            ("relieved", self.closed and (last.burden or 0) > 0),
            ("timed", self.closed and any(p.met for p in self.promises.of("RESOLVE"))),
        )


def _tagged(life: Life, told: Told) -> None:
    for name in _TAGS:
        if (value := told.data.get(name)) is not None:
            life.tags[name] = value


def _born(life: Life, told: Told) -> None:
    life.channel = told.data.get("channel") or ""
    life.tested |= bool(told.data.get("test"))
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
        life.marks |= BIT["upheld"]


def _absorbed(life: Life, told: Told) -> None:
    life.submitted_at = min(life.submitted_at, datetime.fromisoformat(told.data["submitted_at"]))


def _left_out(life: Life, told: Told) -> None:
    life.excluded_in = told.round


def _tested(life: Life, _told: Told) -> None:
    life.tested = True


def _marked(life: Life, told: Told) -> None:
    life.marks |= BIT[_MARKS[told.kind]]


_MARKS = {
    str(Action.SPLIT): "divided",
    str(Action.OBJECT): "returned",
    str(Action.EXTEND): "extended",
    str(Action.SUSPEND): "rested",
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
