"""What a new version makes of a running promise: one function for the preview and for the change itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol

from routing.promises import worktime
from routing.promises.amount import DAYS, Amount, Unit
from routing.promises.book import Facts, Table, calendar_version, choose
from routing.promises.calendars import WorkCalendar
from tickets.services.repricing.facts import Fact
from tickets.workflow import ENDING_CLOCKS, Clock

_Spans = Sequence[tuple[datetime, datetime]]
_MINUTES = {Unit.MIN: 1, Unit.H: 60, Unit.WH: 60, Unit.D: 24 * 60, Unit.WD: 7 * 60}
"""Minutes of a unit; a working day has 7 hours (domain.md §4)."""


class Fresh(NamedTuple):
    """A promise as reckoned anew."""

    amount: int
    unit: str
    extended: int
    due_at: datetime
    provisional: bool


class Reckoner(Protocol):
    """What reckons by one version."""

    def __call__(self, fact: Fact, spans: _Spans) -> Fresh | None:
        """One promise by the new version; None = the version says nothing of it, so it stays as it is."""


@dataclass(frozen=True, slots=True)
class ByPolicy:
    """By a promise table; each promise keeps the calendar it started with. `repeats` as in `facts.repeats`."""

    table: Table
    at: datetime
    repeats: frozenset[int] = frozenset()
    _priced: dict[tuple[object, ...], Amount | None] = field(default_factory=dict)

    def __call__(self, fact: Fact, spans: _Spans) -> Fresh | None:
        """A planned date was agreed with the firm, a dash promises nothing: neither touches a promise that runs."""
        again = fact.key in self.repeats
        if fact.clock == Clock.FOLLOW_UP and not again:
            return None
        amount = self._amount(fact, again=again)
        return reckoned(fact, amount, calendar_version(fact.calendar_version), spans, at=self.at) if amount else None

    def _amount(self, fact: Fact, *, again: bool) -> Amount | None:
        grade = "urgent" if fact.urgent else fact.difficulty
        slot = (fact.clock, grade, fact.round > 1, again, fact.path, fact.channel, fact.category)
        if slot not in self._priced:
            facts = Facts(
                grade,
                rework=fact.round > 1,
                repeat=again,
                region=fact.path,
                channel=fact.channel,
                category=fact.category or "",
            )
            row = choose(self.table, fact.clock, facts)
            self._priced[slot] = row.amount() if row else None
        return self._priced[slot]


@dataclass(frozen=True, slots=True)
class ByCalendar:
    """By a calendar; amounts stay."""

    calendar: WorkCalendar
    at: datetime

    def __call__(self, fact: Fact, spans: _Spans) -> Fresh | None:
        """Never None: every promise in scope has an amount."""
        return reckoned(fact, Amount(fact.amount or 0, Unit(fact.unit)), self.calendar, spans, at=self.at)


def reckoned(fact: Fact, amount: Amount, calendar: WorkCalendar, spans: _Spans, *, at: datetime) -> Fresh:
    """(amount + extensions, from the start), then shifted by pauses and credits (domain.md §4).

    The due time is literal and may lie in the past: such a promise breaks at the moment of the change (the sweep
    sees to that). Where running out makes a move instead, that move is not dated before the change `at` either.
    """
    extended = granted(fact.extended, Unit(fact.unit), amount.unit)
    whole = Amount(amount.value + extended, amount.unit)
    due, provisional = worktime.due(calendar, fact.started_at, whole)
    if spans:
        due = worktime.shift(calendar, amount.unit, due, spans)
    if fact.clock in ENDING_CLOCKS:
        due = max(due, min(at, fact.due_at))
    return Fresh(amount.value, str(amount.unit), extended, due, provisional)


def granted(extended: int, old: Unit, new: Unit) -> int:
    """An extension in the new unit, rounded up: what was granted is kept. Days stay as many days of either kind."""
    if old == new or not extended or {old, new} <= DAYS:
        return extended
    return -(-extended * _MINUTES[old] // _MINUTES[new])


def later(fresh: Fresh, floor: datetime | None) -> Fresh:
    """Not before the last of its parts is due."""
    return fresh if floor is None or fresh.due_at >= floor else Fresh(*fresh[:3], floor, fresh.provisional)


def moves(fact: Fact, fresh: Fresh) -> bool:
    """Whether a ledger row is due: another amount, or another due time."""
    return (fact.amount, fact.unit, fact.extended, fact.due_at) != fresh[:4]


def breaks(fact: Fact, fresh: Fresh, *, at: datetime) -> bool:
    """Whether it is broken by the change."""
    ends = fact.paused_at or at
    return fresh.due_at < ends and fact.clock not in ENDING_CLOCKS
