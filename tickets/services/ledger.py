"""Changes of running promises that a move orders: extension, credit, inheritance. Each leaves a ledger row.

Agreed due = (amount + extensions, from the start), then shifted by the union of pauses and credits (domain.md §4).
The first promise and a breach never change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from routing.promises import worktime
from routing.promises.amount import Unit
from routing.promises.book import PromiseBook, calendar_version
from tickets.models import Alert, Deadline, Shift, Ticket
from tickets.services.arming import Spans, Stretch, arm
from tickets.workflow import Clock

_State = Deadline.State
Entry = dict[str, str | int | None]
"""What was done to one clock, as the log keeps it: clock, op, leg, and the due times after it (ISO 8601, UTC)."""


@dataclass(slots=True)
class Clocks:
    """The live promises of one request, and what a batch of moves has done to them."""

    live: list[Deadline]
    started: list[Deadline] = field(default_factory=list)
    touched: dict[int, Deadline] = field(default_factory=dict)
    shifts: list[Shift] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    spans: Spans = field(default_factory=Spans)

    def running(self, clocks: Iterable[Clock]) -> list[Deadline]:
        """Running rows of these clocks."""
        wanted = frozenset(clocks)
        return [d for d in self.live if d.clock in wanted and d.state == _State.RUNNING]

    def of(self, clocks: Iterable[Clock]) -> list[Deadline]:
        """Running or paused rows of these clocks."""
        wanted = frozenset(clocks)
        return [d for d in self.live if d.clock in wanted]

    def of_leg(self, leg_id: int) -> list[Deadline]:
        """The running or paused row of one leg."""
        return [d for d in self.live if d.leg_id == leg_id]

    def touch(self, deadline: Deadline) -> None:
        """Remember that a stored row must be written."""
        if deadline.pk:
            self.touched[deadline.pk] = deadline

    def begin(self, deadline: Deadline) -> None:
        """Take in a new row."""
        self.live.append(deadline)
        self.started.append(deadline)

    def fresh(self, deadline: Deadline) -> list[Stretch]:
        """Pauses and credits of this transaction, not written yet."""
        ours = (one for one in self.shifts if one.deadline is deadline)
        return [(one.since, one.until) for one in ours if one.since and one.until]

    def arm(self, deadline: Deadline) -> None:
        """When the sweep looks at it next."""
        arm(deadline, self.spans, self.fresh(deadline))

    def settle(self) -> None:
        """Forget what has ended."""
        self.live = [d for d in self.live if d.state in {_State.RUNNING, _State.PAUSED}]

    def next_due(self) -> Deadline | None:
        """The running promise that ends first; ties by age."""
        waiting = [d for d in self.live if d.state == _State.RUNNING and d.due_at]
        return min(waiting, key=lambda d: (d.due_at, d.pk or 0), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """The circumstances in which clocks start or change: whose, by which book, when, and by which event."""

    ticket: Ticket
    book: PromiseBook
    at: datetime
    seq: int


class Order(Protocol):
    """Something to do to the live promises after the columns of the row were applied."""

    def carry_out(self, clocks: Clocks, begin: Begin) -> list[Entry]:
        """Change unsaved rows; what was done, for the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extend:
    """Approved: RESOLVE's agreed due moves by `by` of the promise's own unit."""

    by: int
    reason: str
    approver_id: int | None

    def carry_out(self, clocks: Clocks, begin: Begin) -> list[Entry]:
        """Count the longer amount from the start and shift it anew."""
        return [self._extended(deadline, clocks, begin) for deadline in clocks.of([Clock.RESOLVE])]

    def _extended(self, deadline: Deadline, clocks: Clocks, begin: Begin) -> Entry:
        before = deadline.due_at
        deadline.extended += self.by
        reckon_anew(deadline, clocks)
        shift = row(deadline, begin, Shift.Kind.EXTENSION, before=before, reason=self.reason)
        shift.approver_id = self.approver_id
        clocks.shifts.append(shift)
        return entry(deadline, "extended")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """A return was upheld: RESOLVE is credited with the time that the wrong department had it."""

    since: datetime
    until: datetime
    reason: str
    approver_id: int | None

    def carry_out(self, clocks: Clocks, begin: Begin) -> list[Entry]:
        """Shift by the union of earlier pauses and this span."""
        return [self._credited(deadline, clocks, begin) for deadline in clocks.of([Clock.RESOLVE])]

    def _credited(self, deadline: Deadline, clocks: Clocks, begin: Begin) -> Entry:
        before = deadline.due_at
        since = max(self.since, deadline.started_at)
        reckon_anew(deadline, clocks, more=[(since, self.until)] if since < self.until else [])
        shift = row(deadline, begin, Shift.Kind.CREDIT, before=before, reason=self.reason)
        shift.since, shift.until, shift.approver_id = since, max(since, self.until), self.approver_id
        clocks.shifts.append(shift)
        return entry(deadline, "credited")


@dataclass(frozen=True, slots=True, kw_only=True)
class RestsSince:
    """A pause that was entered late and approved: what has just been paused rests since then.

    No earlier than its own start or the end of its last pause, so that no time is given twice.
    """

    since: datetime

    def carry_out(self, clocks: Clocks, begin: Begin) -> list[Entry]:
        """Date back the pauses that this event began."""
        return [
            self._dated_back(d, clocks) for d in clocks.live if d.state == _State.PAUSED and d.paused_at == begin.at
        ]

    def _dated_back(self, deadline: Deadline, clocks: Clocks) -> Entry:
        ended = [until for _, until in (*clocks.spans.of(deadline), *clocks.fresh(deadline))]
        deadline.paused_at = max([self.since, deadline.started_at, *ended])
        clocks.touch(deadline)
        return entry(deadline, "backdated") | {"since": deadline.paused_at.isoformat()}


@dataclass(frozen=True, slots=True, kw_only=True)
class NotBefore:
    """A split request is due when the last of its parts is (domain.md §3, split)."""

    due_at: datetime

    def carry_out(self, clocks: Clocks, begin: Begin) -> list[Entry]:
        """Move RESOLVE to the latest of the parts; one that starts now is promised for then."""
        log = []
        for deadline in clocks.of([Clock.RESOLVE]):
            before = deadline.due_at
            if before is None or before >= self.due_at:
                continue
            deadline.due_at = self.due_at
            if deadline.pk is None:
                deadline.promised_due_at = self.due_at
            else:
                clocks.shifts.append(row(deadline, begin, Shift.Kind.SPLIT, before=before, reason="以最晚一件为准"))
            clocks.arm(deadline)
            clocks.touch(deadline)
            log.append(entry(deadline, "split"))
        return log


def reckon_anew(deadline: Deadline, clocks: Clocks, *, more: Sequence[tuple[datetime, datetime]] = ()) -> None:
    """The agreed due from the start: amount and extensions, then every pause and credit of the ledger."""
    agreed = deadline.agreed
    if agreed is None:
        return
    calendar = calendar_version(deadline.calendar_version_id)
    fresh = worktime.due(calendar, deadline.started_at, agreed)
    spans = [*clocks.spans.of(deadline), *clocks.fresh(deadline), *more]
    deadline.due_at = worktime.shift(calendar, agreed.unit, fresh.at, spans)
    deadline.provisional = fresh.provisional
    clocks.arm(deadline)
    clocks.touch(deadline)


def row(deadline: Deadline, begin: Begin, kind: Shift.Kind, *, before: datetime | None, reason: str) -> Shift:
    """A ledger row for the change just made."""
    return Shift(
        deadline=deadline,
        seq=begin.seq,
        kind=kind,
        due_before=before or begin.at,
        due_after=deadline.due_at,
        reason=reason,
    )


def paused_for(deadline: Deadline, clocks: Clocks, *, since: datetime, begin: Begin, reason: str) -> None:
    """A pause has ended: the agreed due moves by what it covered; the first promise stays."""
    before = deadline.due_at
    if before is None:
        return
    calendar = calendar_version(deadline.calendar_version_id)
    deadline.due_at = worktime.shift(calendar, Unit(deadline.unit), before, [(since, begin.at)])
    shift = row(deadline, begin, Shift.Kind.PAUSE, before=before, reason=reason)
    shift.since, shift.until = since, begin.at
    clocks.shifts.append(shift)


def entry(deadline: Deadline, op: str) -> Entry:
    """One line for the event's `clocks`."""
    line: Entry = {"clock": str(deadline.clock), "op": op}
    if deadline.leg_id:
        line["leg"] = deadline.leg_id
    if deadline.due_at and deadline.promised_due_at:
        line |= {
            "due_at": deadline.due_at.isoformat(),
            "promised_due_at": deadline.promised_due_at.isoformat(),
        }
    if deadline.met_at:
        line["met_at"] = deadline.met_at.isoformat()
    return line
