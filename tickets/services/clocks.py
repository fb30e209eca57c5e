"""Starting, stopping, pausing and re-pricing promises on unsaved rows; the caller writes them.

Every due time comes from `routing.promises`; this module only knows which rows a move touches.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Max

from routing.promises import worktime
from routing.promises.amount import Amount, Unit
from routing.promises.book import PromiseBook, calendar_version
from routing.promises.models import Policy
from tickets.models import Deadline, Event, Leg, Shift, Ticket
from tickets.services.ledger import Begin, Clocks, Entry, Order, entry, paused_for, reckon_anew, row
from tickets.terms import DEPARTMENT_CLOCKS
from tickets.workflow import MOVES, RESTRICTED_CLOCKS, Action, Clock, LegMove, Move, Standing, Status

_State = Deadline.State
_WHY_PAUSED = {Action.SEND_BACK: "审核期间", Action.SUPPLEMENT: "补正期间", Action.RESUME: "挂起期间"}


def apply(
    move: Move, begin: Begin, clocks: Clocks, *, standing: Standing | None = None, orders: Sequence[Order] = ()
) -> list[Entry]:
    """Carry out the clock columns of a move's row, then its orders; what was done to each, for the log."""
    at, log = begin.at, list[Entry]()
    unseen = [c for c in Clock if c not in RESTRICTED_CLOCKS] if begin.ticket.restricted else []
    for deadline in clocks.of([*move.voids, *move.restarts, *unseen]):
        end(deadline, clocks, at=at, state=_State.MET if deadline.clock in move.restarts else _State.VOID)
        log.append(entry(deadline, str(deadline.state)))
    for deadline in clocks.of(move.stops):
        end(deadline, clocks, at=deadline.paused_at or at, state=_State.MET)
        log.append(entry(deadline, "met"))
    for deadline in clocks.running(move.pauses):
        deadline.state, deadline.paused_at, deadline.fires_at = _State.PAUSED, at, None
        clocks.touch(deadline)
        log.append(entry(deadline, "paused"))
    for deadline in [d for d in clocks.of(move.resumes) if d.state == _State.PAUSED]:
        _resume(deadline, clocks, begin, _WHY_PAUSED.get(move.action, "暂停"))
        log.append(entry(deadline, "resumed"))
    if move.reprices:
        log += _reprice(clocks, begin)
    clocks.settle()
    chosen = [clock for clock, test in move.may_start if standing and test(standing)]
    log += start([*move.starts, *chosen, *move.restarts], clocks, begin)
    log += start(move.repeats, clocks, begin, repeat=True)
    for order in orders:
        log += order.carry_out(clocks, begin)
    return log


def apply_leg(move: LegMove, leg: Leg, clocks: Clocks, *, at: datetime) -> list[Entry]:
    """The clock column of a leg's row."""
    found = [d for d in clocks.of_leg(leg.pk) if d.clock in move.stops]
    for deadline in found:
        end(deadline, clocks, at=at, state=_State.MET)
    clocks.settle()
    return [entry(deadline, "met") for deadline in found]


def release(leg_id: int, clocks: Clocks, *, at: datetime) -> list[Entry]:
    """A leg that is no longer owed: its promise is void."""
    found = clocks.of_leg(leg_id)
    for deadline in found:
        end(deadline, clocks, at=at, state=_State.VOID)
    clocks.settle()
    return [entry(deadline, "void") for deadline in found]


def start(
    wanted: Iterable[Clock], clocks: Clocks, begin: Begin, *, repeat: bool = False, leg: Leg | None = None
) -> list[Entry]:
    """New rows for the clocks that the promise table prices for this request; one that runs already runs on."""
    log = []
    for clock in wanted:
        if begin.ticket.restricted and clock not in RESTRICTED_CLOCKS:
            continue
        if leg is None and clocks.of([clock]):
            continue
        amount = _amount(begin, clock, repeat=repeat)
        if amount is None and clock != Clock.FULL:
            continue
        deadline = _new(clock, amount, begin, leg)
        clocks.arm(deadline)
        clocks.begin(deadline)
        log.append(entry(deadline, "started"))
    return log


def _amount(begin: Begin, clock: Clock, *, repeat: bool) -> Amount | None:
    """By the table; a plan is due on the day that was promised, and after it as often as the table says."""
    ticket = begin.ticket
    if clock == Clock.FOLLOW_UP:
        left = days_until(ticket.planned_on, begin.at)
        return Amount(left, Unit.D) if left else price(begin.book, ticket, clock, repeat=True)
    return price(begin.book, ticket, clock, repeat=repeat)


def days_until(planned_on: date | None, at: datetime) -> int:
    """Calendar days from the local date of `at` to the planned one; 0 where that is past or unknown."""
    today = at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    return max((planned_on - today).days, 0) if planned_on else 0


def price(book: PromiseBook, ticket: Ticket, clock: str, *, repeat: bool = False) -> Amount | None:
    """The promise for this request in force now, or None where the table has none."""
    found = policy(book, ticket, clock, repeat=repeat)
    return found.amount() if found else None


def policy(book: PromiseBook, ticket: Ticket, clock: str, *, repeat: bool = False) -> Policy | None:
    """The row of the table that decides for this request, or None."""
    return book.row(
        clock,
        grade=ticket.grade,
        rework=ticket.round > 1,
        repeat=repeat,
        region=ticket.region.path,
        channel=ticket.channel,
        category=ticket.category_id or "",
    )


def _new(clock: Clock, amount: Amount | None, begin: Begin, leg: Leg | None) -> Deadline:
    ticket, book, at = begin.ticket, begin.book, begin.at
    version = book.calendar_version_id(ticket.region.path, department=_desk(clock, begin, leg))
    due = worktime.due(calendar_version(version), at, amount) if amount else None
    return Deadline(
        ticket=ticket,
        leg=leg,
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
    )


def _desk(clock: Clock, begin: Begin, leg: Leg | None) -> str:
    """Code of the department that the clock is on, where one keeps hours of its own."""
    if not begin.book.departmental:
        return ""
    if leg is not None:
        return leg.department.code
    lead = begin.ticket.department if clock in DEPARTMENT_CLOCKS else None
    return lead.code if lead else ""


def end(deadline: Deadline, clocks: Clocks, *, at: datetime, state: Deadline.State) -> None:
    """Met or void at `at`."""
    deadline.state, deadline.fires_at = state, None
    if state == _State.MET:
        deadline.met_at = at
    else:
        deadline.voided_at = at
    clocks.touch(deadline)


def _resume(deadline: Deadline, clocks: Clocks, begin: Begin, reason: str) -> None:
    since = deadline.paused_at
    deadline.state, deadline.paused_at = _State.RUNNING, None
    clocks.touch(deadline)
    if since is not None:
        paused_for(deadline, clocks, since=since, begin=begin, reason=reason)
    clocks.arm(deadline)


def _reprice(clocks: Clocks, begin: Begin) -> list[Entry]:
    """Running promises take the amount of the new grade, counted from their own start, keeping earlier shifts."""
    log, ticket = [], begin.ticket
    for deadline in clocks.live:
        own = replace(begin.book, policy_set_id=deadline.policy_set_id or begin.book.policy_set_id)
        amount = price(own, ticket, Clock(deadline.clock), repeat=_is_repeat(deadline))  # the policy it started with
        before = deadline.due_at
        if amount is None or before is None or amount == deadline.promise or deadline.breached_at:
            continue
        if amount.unit != deadline.unit:
            deadline.extended = 0  # days granted are no hours
        deadline.amount, deadline.unit, deadline.not_before = amount.value, amount.unit, begin.at
        reckon_anew(deadline, clocks)
        _wait_for_parts(deadline, clocks)
        clocks.shifts.append(
            row(deadline, begin, Shift.Kind.REPRICE, before=before, reason=f"重新定级：{ticket.grade}")
        )
        log.append(entry(deadline, "repriced"))
    return log


def _wait_for_parts(deadline: Deadline, clocks: Clocks) -> None:
    """A split request is due with the last of its parts, whatever its own grade."""
    if deadline.clock != Clock.RESOLVE or deadline.due_at is None:
        return
    parts = Deadline.objects.filter(ticket__parent=deadline.ticket_id, clock=Clock.RESOLVE, leg=None)
    last = parts.exclude(ticket__status=Status.MERGED).aggregate(last=Max("due_at"))["last"]
    if last and last > deadline.due_at:
        deadline.due_at = last
        clocks.arm(deadline)


def _is_repeat(deadline: Deadline) -> bool:
    """Whether the event that started it repeats this clock: a further turn has an amount of its own."""
    repeating = [move.action for move in MOVES if deadline.clock in move.repeats]
    began = Event.objects.filter(ticket_id=deadline.ticket_id, seq=deadline.turn, kind__in=repeating)
    return bool(repeating) and began.exists()
