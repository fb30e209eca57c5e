"""What a promise sets off when its moment has come: a yellow light, the breach, the steps of the ladder (domain.md §4).

Each once only: `reached` says how far a promise has come, and the alert row makes a second time impossible.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from routing.promises.ladder import BREACH, Step
from routing.promises.models import Rung
from tickets.models import Alert, Deadline, Ticket
from tickets.services import asking, record
from tickets.services.arming import Spans, arm, upcoming
from tickets.services.batch import Batch
from tickets.services.intent import Aside, Intent
from tickets.services.ledger import Clocks
from tickets.terms import Remark
from tickets.workflow import ENDING_CLOCKS, Action, Clock, Party

_State = Deadline.State
_NOTIFY = ("tickets.notify",)
BREACH_CODE = "breach"
WARNING = "warning"


def earliest(clocks: Clocks, at: datetime) -> tuple[datetime, Deadline] | None:
    """The promise whose moment came first before `at` and has not been recorded yet.

    Before, not at: what is met at the due moment is met in time.
    """
    come = [(moment, d) for d in clocks.live if (moment := _moment(d)) is not None and moment < at]
    return min(come, key=lambda found: (found[0], found[1].pk or 0), default=None)


def _moment(deadline: Deadline) -> datetime | None:
    """Of a paused one too, if it was changed since to a due time before its pause."""
    if deadline.clock in ENDING_CLOCKS:
        return None
    due, since = deadline.due_at, deadline.paused_at
    if deadline.state == _State.PAUSED and due and since and due < since and deadline.reached < BREACH:
        return max(due, deadline.not_before or due)
    return deadline.fires_at


def set_off(deadline: Deadline, ticket: Ticket, batch: Batch, *, at: datetime) -> Sequence[Intent | Aside]:
    """Record what the promise has come to at `at`; the moves that the ladder makes because of it."""
    clocks = batch.clocks[ticket.pk]
    found = upcoming(deadline, clocks.spans, clocks.fresh(deadline)) if deadline.state == _State.RUNNING else None
    step = found.step if found else None
    wanted = _climb(deadline, step, ticket, batch, at=at) if step else _break(deadline, ticket, batch, at=at)
    spans = clocks.spans if step else Spans()  # no pause can have begun after a due time that comes only now
    arm(deadline, spans, clocks.fresh(deadline), since=at)
    clocks.touch(deadline)
    return wanted


def _break(deadline: Deadline, ticket: Ticket, batch: Batch, *, at: datetime) -> Sequence[Intent | Aside]:
    """An extension that is undecided when the answer is due is refused."""
    if deadline.clock == Clock.RESOLVE:
        asking.end_without_word(ticket, batch, at=at, undecided=frozenset({Action.EXTEND}))
    seq = _log(BREACH_CODE, deadline, ticket, batch, at=at)
    deadline.breached_at, deadline.reached = at, BREACH
    batch.clocks[ticket.pk].alerts.append(Alert(deadline=deadline, threshold=BREACH_CODE, at=at, seq=seq))
    ticket.late = True
    return ()


def _climb(deadline: Deadline, step: Step, ticket: Ticket, batch: Batch, *, at: datetime) -> Sequence[Intent | Aside]:
    deadline.reached = step.position
    alerts = batch.clocks[ticket.pk].alerts
    if batch.rehearses:
        alerts.append(Alert(deadline=deadline, threshold=step.code, at=at, lit=False))
        return ()
    seq = _log(WARNING, deadline, ticket, batch, at=at, op=step.code, effect=step.effect, amount=step.written())
    alerts.append(Alert(deadline=deadline, threshold=step.code, at=at, seq=seq))
    return _consequence(deadline, step, ticket, at=at)


def _log(kind: str, deadline: Deadline, ticket: Ticket, batch: Batch, *, at: datetime, **more: str) -> int:
    """The event's number. A step that ends in a move is announced by that move."""
    event = record.draft(
        ticket=ticket,
        kind=kind,
        party=Party.SYSTEM,
        happened_at=at,
        data={"clock": str(deadline.clock), "turn": deadline.turn, "round": deadline.round, **more},
        leg=deadline.leg,
    )
    batch.add(event, then=_NOTIFY if more.get("effect") in {None, Rung.Effect.YELLOW} else ())
    return event.seq


def _consequence(deadline: Deadline, step: Step, ticket: Ticket, *, at: datetime) -> Sequence[Intent | Aside]:
    why, data = f"“{Clock(deadline.clock).label}”{step.words()}", {"step": step.code}
    if step.effect == Rung.Effect.SUPERVISE:
        text = f"{why}，自动转入督办，请书面说明原因和下一步安排。"
        changes = {"supervised": True}
        return [Intent(action=Action.SUPERVISE, ticket_id=ticket.pk, at=at, text=text, changes=changes, data=data)]
    if step.effect == Rung.Effect.TIER:
        return [Intent(action=Action.RAISE_TIER, ticket_id=ticket.pk, at=at, text=f"{why}，自动升级。", data=data)]
    if step.effect == Rung.Effect.LIST:
        data |= {"op": "overdue", "clock": str(deadline.clock)}
        return [Aside(kind=Remark.LISTED, ticket_id=ticket.pk, at=at, party=Party.SYSTEM, data=data)]
    return ()
