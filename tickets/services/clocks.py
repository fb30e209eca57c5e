"""Starting, stopping, pausing and re-pricing promises on unsaved rows; the caller writes them.

Every due time comes from `routing.promises`; this module only knows which rows a move touches.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from routing.promises import worktime
from routing.promises.amount import Amount, Unit
from routing.promises.book import PromiseBook, calendar_version
from tickets.models import Alert, Deadline, Event, Shift, Ticket
from tickets.workflow import FIRM_CLOCKS, MOVES, RESTRICTED_CLOCKS, Clock, Move

_State = Deadline.State


@dataclass(slots=True)
class Clocks:
    """The live promises of one request, and what a batch of moves has done to them."""

    live: list[Deadline]
    started: list[Deadline] = field(default_factory=list)
    touched: dict[int, Deadline] = field(default_factory=dict)
    shifts: list[Shift] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)

    def running(self, clocks: Iterable[Clock]) -> list[Deadline]:
        """Running rows of these clocks."""
        wanted = frozenset(clocks)
        return [d for d in self.live if d.clock in wanted and d.state == _State.RUNNING]

    def of(self, clocks: Iterable[Clock]) -> list[Deadline]:
        """Running or paused rows of these clocks."""
        wanted = frozenset(clocks)
        return [d for d in self.live if d.clock in wanted]

    def touch(self, deadline: Deadline) -> None:
        """Remember that a stored row must be written."""
        if deadline.pk:
            self.touched[deadline.pk] = deadline

    def settle(self) -> None:
        """Forget what has ended."""
        self.live = [d for d in self.live if d.state in {_State.RUNNING, _State.PAUSED}]

    def next_due(self) -> Deadline | None:
        """The running promise that ends first; ties by age."""
        waiting = [d for d in self.live if d.state == _State.RUNNING and d.due_at]
        return min(waiting, key=lambda d: (d.due_at, d.pk or 0), default=None)


Entry = dict[str, str | None]
"""What was done to one clock, as the log keeps it: clock, op, and the due times after it (ISO 8601, UTC)."""


def apply(move: Move, *, ticket: Ticket, clocks: Clocks, book: PromiseBook, at: datetime, seq: int) -> list[Entry]:
    """Carry out the clock columns of a move's row; what was done to each, for the log."""
    log: list[Entry] = []
    unseen = [clock for clock in Clock if clock not in RESTRICTED_CLOCKS] if ticket.restricted else []
    for deadline in clocks.of([*move.voids, *move.restarts, *unseen]):
        _end(deadline, clocks, at=at, state=_State.MET if deadline.clock in move.restarts else _State.VOID)
        log.append(_entry(deadline, str(deadline.state)))
    for deadline in clocks.of(move.stops):
        _end(deadline, clocks, at=deadline.paused_at or at, state=_State.MET)
        log.append(_entry(deadline, "met"))
    for deadline in clocks.running(move.pauses):
        deadline.state, deadline.paused_at, deadline.fires_at = _State.PAUSED, at, None
        clocks.touch(deadline)
        log.append(_entry(deadline, "paused"))
    for deadline in [d for d in clocks.of(move.resumes) if d.state == _State.PAUSED]:
        _resume(deadline, clocks, at=at, seq=seq)
        log.append(_entry(deadline, "resumed"))
    if move.reprices:
        log += _reprice(ticket, clocks, book=book, seq=seq)
    clocks.settle()
    begin = Begin(ticket=ticket, book=book, at=at, seq=seq)
    log += start([*move.starts, *move.restarts], clocks, begin)
    return log + start(move.repeats, clocks, begin, repeat=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """The circumstances in which clocks start: whose, by which book, when, and by which event."""

    ticket: Ticket
    book: PromiseBook
    at: datetime
    seq: int


def start(wanted: Iterable[Clock], clocks: Clocks, begin: Begin, *, repeat: bool = False) -> list[Entry]:
    """New rows for the clocks that the promise table prices for this request."""
    log = []
    for clock in wanted:
        if begin.ticket.restricted and clock not in RESTRICTED_CLOCKS:
            continue
        amount = price(begin.book, begin.ticket, clock, repeat=repeat)
        if amount is None and clock != Clock.FULL:
            continue
        deadline = _new(clock, amount, begin)
        clocks.live.append(deadline)
        clocks.started.append(deadline)
        log.append(_entry(deadline, "started"))
    return log


def _entry(deadline: Deadline, op: str) -> Entry:
    entry: Entry = {"clock": str(deadline.clock), "op": op}
    if deadline.due_at and deadline.promised_due_at:
        entry |= {
            "due_at": deadline.due_at.isoformat(),
            "promised_due_at": deadline.promised_due_at.isoformat(),
        }
    if deadline.met_at:
        entry["met_at"] = deadline.met_at.isoformat()
    return entry


def price(book: PromiseBook, ticket: Ticket, clock: Clock, *, repeat: bool = False) -> Amount | None:
    """The promise for this request in force now, or None where the table has none."""
    return book.amount(
        clock,
        grade=ticket.grade,
        rework=ticket.round > 1,
        repeat=repeat,
        region=ticket.region.path,
        channel=ticket.channel,
        category=ticket.category_id or "",
    )


def _new(clock: Clock, amount: Amount | None, begin: Begin) -> Deadline:
    ticket, book, at = begin.ticket, begin.book, begin.at
    version = book.calendar_version_id(ticket.region.path)
    due = worktime.due(calendar_version(version), at, amount) if amount else None
    return Deadline(
        ticket=ticket,
        clock=clock,
        round=ticket.round,
        turn=begin.seq,
        amount=amount.value if amount else None,
        unit=amount.unit if amount else "",
        policy_set_id=book.policy_set_id,
        calendar_version_id=version,
        started_at=at,
        promised_due_at=due.at if due else None,
        due_at=due.at if due else None,
        provisional=due.provisional if due else False,
        fires_at=due.at if due else None,
    )


def _end(deadline: Deadline, clocks: Clocks, *, at: datetime, state: Deadline.State) -> None:
    deadline.state, deadline.fires_at = state, None
    if state == _State.MET:
        deadline.met_at = at
    else:
        deadline.voided_at = at
    clocks.touch(deadline)


def _resume(deadline: Deadline, clocks: Clocks, *, at: datetime, seq: int) -> None:
    """Move the agreed due by what the pause covered; the first promise stays (domain.md §4)."""
    since, before = deadline.paused_at, deadline.due_at
    deadline.state, deadline.paused_at = _State.RUNNING, None
    clocks.touch(deadline)
    if since is None or before is None:
        return
    calendar = calendar_version(deadline.calendar_version_id)
    deadline.due_at = worktime.shift(calendar, Unit(deadline.unit), before, [(since, at)])
    deadline.fires_at = None if deadline.breached_at else deadline.due_at
    clocks.shifts.append(
        Shift(
            deadline=deadline,
            seq=seq,
            kind=Shift.Kind.PAUSE,
            since=since,
            until=at,
            due_before=before,
            due_after=deadline.due_at,
            reason="审核期间",
        )
    )


def _reprice(ticket: Ticket, clocks: Clocks, *, book: PromiseBook, seq: int) -> list[Entry]:
    """Running promises take the amount of the new grade, counted from their own start, keeping earlier shifts."""
    log = []
    for deadline in clocks.live:
        own = replace(book, policy_set_id=deadline.policy_set_id or book.policy_set_id)  # the policy it started with
        amount = price(own, ticket, Clock(deadline.clock), repeat=_is_repeat(deadline))
        before = deadline.due_at
        if amount is None or before is None or amount == deadline.promise or deadline.breached_at:
            continue
        calendar = calendar_version(deadline.calendar_version_id)
        moved = _moved_by_pauses(deadline)
        fresh = worktime.due(calendar, deadline.started_at, amount)
        deadline.amount, deadline.unit = amount.value, amount.unit
        deadline.due_at, deadline.provisional = (
            worktime.shift(calendar, amount.unit, fresh.at, moved),
            fresh.provisional,
        )
        deadline.fires_at = deadline.due_at if deadline.state == _State.RUNNING else None
        clocks.touch(deadline)
        clocks.shifts.append(
            Shift(
                deadline=deadline,
                seq=seq,
                kind=Shift.Kind.REPRICE,
                due_before=before,
                due_after=deadline.due_at,
                reason=f"重新定级：{ticket.grade}",
            )
        )
        log.append(_entry(deadline, "repriced"))
    return log


def _is_repeat(deadline: Deadline) -> bool:
    """Whether the event that started it repeats this clock: a further turn has an amount of its own."""
    repeating = [move.action for move in MOVES if deadline.clock in move.repeats]
    began = Event.objects.filter(ticket_id=deadline.ticket_id, seq=deadline.turn, kind__in=repeating)
    return bool(repeating) and began.exists()


def _moved_by_pauses(deadline: Deadline) -> list[tuple[datetime, datetime]]:
    ledger = deadline.shifts.filter(kind__in=[Shift.Kind.PAUSE, Shift.Kind.CREDIT]).order_by("pk")
    return [(row.since, row.until) for row in ledger if row.since and row.until]


def overdue(clocks: Clocks, at: datetime) -> list[Deadline]:
    """Promises that ran out before `at` and have not been recorded yet, in the order they broke.

    Before, not at: what is met at the due moment is met in time.
    """
    late = [d for d in clocks.live if d.clock not in FIRM_CLOCKS and _ran_out(d, at)]
    return sorted(late, key=lambda d: (d.due_at or at, d.pk or 0))


def _ran_out(deadline: Deadline, at: datetime) -> bool:
    """A paused one too, if it was re-priced since to a due time before its pause."""
    if deadline.state == _State.PAUSED:
        due, since = deadline.due_at, deadline.paused_at
        return deadline.breached_at is None and due is not None and since is not None and due < since
    return deadline.fires_at is not None and deadline.fires_at < at


def breach(deadline: Deadline, clocks: Clocks, *, seq: int) -> None:
    """Mark one promise broken, dated when it broke; the alert row makes a second time impossible."""
    deadline.breached_at, deadline.fires_at = deadline.due_at, None
    clocks.touch(deadline)
    if deadline.due_at:
        clocks.alerts.append(Alert(deadline=deadline, threshold="breach", at=deadline.due_at, seq=seq))
