"""One request's life, folded event by event: after each, what is true of it at any moment until the next.

Follows domain.md §5 and §3; everything comes from the log. `folding.py` drives it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tickets.figures.atoms import Atom
from tickets.figures.promised import Promises
from tickets.figures.repeats import Span
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
# plain integers: the fold asks for them a hundred million times in a rebuild, and flags of an enumeration are slow
_ACCEPTED_IN_TIME = int(Atom.ACCEPTED_IN_TIME)
_ACCEPT_DUE = int(Atom.ACCEPT_DUE)
_CALLED = int(Atom.CALLED)
_CALL_DENIES = int(Atom.CALL_DENIES)
_CALL_SOLVED = int(Atom.CALL_SOLVED)
_CLOSED_MONTH = int(Atom.CLOSED_MONTH)
_CONTACT_DENIED = int(Atom.CONTACT_DENIED)
_CONTACT_DUE = int(Atom.CONTACT_DUE)
_CONTACT_MISSED = int(Atom.CONTACT_MISSED)
_COUNTED = int(Atom.COUNTED)
_DISPATCHED = int(Atom.DISPATCHED)
_DISPATCHED_MONTH = int(Atom.DISPATCHED_MONTH)
_EVER_CLOSED = int(Atom.EVER_CLOSED)
_EXCLUDED = int(Atom.EXCLUDED)
_MET_AGREED = int(Atom.MET_AGREED)
_MET_ORIGINAL = int(Atom.MET_ORIGINAL)
_ONE_LEAD = int(Atom.ONE_LEAD)
_OPEN = int(Atom.OPEN)
_OUTCOME_SOLVED = int(Atom.OUTCOME_SOLVED)
_PROCESS_BASIC = int(Atom.PROCESS_BASIC)
_PROCESS_GOOD = int(Atom.PROCESS_GOOD)
_PROMISE_DUE = int(Atom.PROMISE_DUE)
_RATED = int(Atom.RATED)
_RATED_LOW = int(Atom.RATED_LOW)
_RELIEVED = int(Atom.RELIEVED)
_REPEAT = int(Atom.REPEAT)
_RESOLVE_BROKEN = int(Atom.RESOLVE_BROKEN)
_RESOLVE_DUE = int(Atom.RESOLVE_DUE)
_RESULT_BASIC = int(Atom.RESULT_BASIC)
_RESULT_GOOD = int(Atom.RESULT_GOOD)
_REWORKED = int(Atom.REWORKED)
_SOLVED_FIRST = int(Atom.SOLVED_FIRST)
_SUSPENDED = int(Atom.SUSPENDED)
_TEST = int(Atom.TEST)
_TIMED = int(Atom.TIMED)
_UNSOLVED = int(Atom.UNSOLVED)
_UPHELD = int(Atom.UPHELD)
_CLOSED_BIT = int(Atom.CLOSED)
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

    def flags(self) -> int:
        """What is true of it however time passes."""
        found = _COUNTED | self.marks
        found |= _OPEN if self.status not in _ENDED else 0
        found |= _CLOSED_BIT if self.status == _CLOSED else 0
        found |= _SUSPENDED if self.status == "suspended" else 0
        found |= _DISPATCHED if self.dispatched_at is not None else 0
        found |= _ONE_LEAD if len(self.leads) <= 1 else 0
        found |= _REWORKED if self.round >= 2 else 0
        found |= _UNSOLVED if self.delivered == "unsolved" else 0
        return found | self._kept() | self._called() | self._ended()

    def _kept(self) -> int:
        """Which promises were kept."""
        found, taken, accept, answer = 0, self.accepted_at, self.promises.of("ACCEPT"), self.promises.answer()
        if accept and taken is not None and taken <= accept[0].due:
            found |= _ACCEPTED_IN_TIME
        if answer is not None and answer.met is not None:
            found |= _MET_AGREED if answer.met <= answer.due else 0
            found |= _MET_ORIGINAL if answer.met <= answer.first else 0
        return found

    def _called(self) -> int:
        if not self.called_in:
            return 0
        said = _CALL_SOLVED if self.call_solved else _CALL_DENIES if self.called_in == self.round else 0
        return _CALLED | said | (_CONTACT_DENIED if self.call_denied else 0)

    def _ended(self) -> int:
        first, last = self.first_ending, self.ending
        if first is None or last is None:
            return 0
        found = _EVER_CLOSED | (_OUTCOME_SOLVED if last.outcome == "solved" else 0)
        found |= _EXCLUDED if self.excluded_in == self.round else 0
        found |= _RATED_LOW if last.result is not None and last.result < 3 else 0
        calm = self.reopened_at is None or self.reopened_at >= first.at + MONTH
        found |= _SOLVED_FIRST if first.round == 1 and first.good and calm else 0
        return found | (self._closed_now(last) if self.closed else 0)

    def _closed_now(self, last: Ending) -> int:
        found = _RELIEVED if (last.burden or 0) > 0 else 0
        found |= _TIMED if any(one.met for one in self.promises.of("RESOLVE")) else 0
        if last.result is None or last.process is None:
            return found
        found |= _RATED | (_RESULT_GOOD if last.result >= 4 else _RESULT_BASIC if last.result == 3 else 0)
        return found | (_PROCESS_GOOD if last.process >= 4 else _PROCESS_BASIC if last.process == 3 else 0)

    def ripening(self) -> list[tuple[datetime, int]]:
        """What becomes true though nothing happens, and when: each moment with the bits it sets (less than 0: that it
        clears), in order.
        """
        found = list(self._due())
        if self.dispatched_at:
            found.append((self.dispatched_at + MONTH, _DISPATCHED_MONTH))
        if self.first_ending:
            found.append((self.first_ending.at + MONTH, _CLOSED_MONTH))
        if self.repeat:
            since, until = self.repeat
            found += [(since, _REPEAT), *([(until, -_REPEAT)] if until else [])]
        return sorted(found)

    def _due(self) -> Iterator[tuple[datetime, int]]:
        """What each promise makes true when it is due."""
        yield from self._accept_due()
        for one in self.promises.of("CONTACT"):
            if one.owed:
                yield one.due, _CONTACT_DUE | (_CONTACT_MISSED if one.late else 0)
        for one in self.promises.of("RESOLVE"):
            if one.owed and one.late:
                yield one.due, _RESOLVE_BROKEN
        answer = self.promises.answer()
        if answer is not None and answer.owed:
            yield answer.due, _RESOLVE_DUE
        if answer is not None and answer.owed_first:
            yield answer.first, _PROMISE_DUE

    def _accept_due(self) -> Iterator[tuple[datetime, int]]:
        """The first promise counts: where it was answered, or where one of them was left unanswered."""
        accepts = self.promises.of("ACCEPT")
        if self.accepted_at is not None:
            yield from ((one.due, _ACCEPT_DUE) for one in accepts[:1])
            return
        yield from ((max(one.due, accepts[0].due), _ACCEPT_DUE) for one in accepts if one.owed)


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
