"""One request led through what happened to it, move by move; the batch writes it."""

from __future__ import annotations

from collections.abc import Mapping as Lookup
from dataclasses import dataclass
from datetime import datetime

from qihu.accounts.models import Department
from routing.promises.book import PromiseBook
from tickets.models import Deadline, Ticket
from tickets.services import record
from tickets.services.batch import Batch
from tickets.services.history.lives import Life, Step
from tickets.terms import Clock, Party
from tickets.workflow import MOVES

PAST = {"imported": True, "silent": True}
"""On every event of a past life."""
_PARTY = {
    "assign": Party.DISPATCHER,
    "reassign": Party.DISPATCHER,
    "sign": Party.OFFICER,
    "reply": Party.OFFICER,
    "deliver": Party.HEAD,
    "lapse": Party.SYSTEM,
    "reopen": Party.FIRM,
}
_WHEN = {"assign": "assigned_at", "reassign": "assigned_at", "reply": "replied_at", "deliver": "answered_at"}
_CLOSES, _BREACH = "lapse", "breach"


def _led_to(action: str, before: str) -> tuple[str, bool]:
    """By the table: the status after that move from there, and whether a new round begins."""
    row = next(move for move in MOVES if move.action == action and before in move.sources)
    return row.target or before, row.new_round


@dataclass(slots=True)
class Past:
    """One request being led through what happened to it."""

    ticket: Ticket
    life: Life
    departments: Lookup[str, Department]
    batch: Batch
    book: PromiseBook
    at: datetime
    promise: Deadline | None = None

    def live(self) -> None:
        """Every move in its order, the broken promise where it broke."""
        for step in self._steps():
            if self.promise is not None and step.action == _BREACH:
                self._break(self.promise, step.at)
            else:
                self._move(step)
        if self.promise is not None:
            self._leave(self.promise)

    def _steps(self) -> list[Step]:
        steps = list(self.life.steps)
        if self.life.missed(self.at) and (due := self.life.due_at):
            later = next((n for n, step in enumerate(steps) if step.at > due), len(steps))
            steps.insert(max(later, 1), Step(action=_BREACH, at=max(due, steps[0].at)))
        return steps

    def _move(self, step: Step) -> None:
        ticket, before = self.ticket, self.ticket.status
        ticket.status, new_round = _led_to(step.action, before)
        ticket.version += 1
        ticket.round += new_round
        if name := _WHEN.get(step.action):
            setattr(ticket, name, step.at)
        data: dict[str, object] = dict(PAST)
        if step.department:
            ticket.department = self.departments[step.department]
            data["department"] = ticket.department.code
        if step.action == "reply":
            ticket.outcome = data["outcome"] = self.life.outcome
        if step.action == _CLOSES:
            ticket.closed_at = step.at
        event = record.draft(
            ticket=ticket,
            kind=step.action,
            party=_PARTY[step.action],
            happened_at=step.at,
            from_status=before,
            to_status=ticket.status,
            data=data,
        )
        if log := self._clocks(step, event.seq):
            event.data["clocks"] = [log]
        self.batch.add(event)

    def _clocks(self, step: Step, seq: int) -> dict[str, object] | None:
        """The source's own promise: it starts at the first assignment and is met by the first answer delivered."""
        if step.action == "assign" and self.life.due_at is not None:
            self.promise = self._promised(step.at, self.life.due_at, seq)
            return _told(self.promise, "started")
        promise = self.promise
        if step.action == "deliver" and promise is not None and promise.met_at is None:
            promise.state, promise.met_at = Deadline.State.MET, self.ticket.replied_at
            return _told(promise, "met")
        return None

    def _promised(self, started_at: datetime, due_at: datetime, seq: int) -> Deadline:
        """Of no amount of ours: the moment is the source's, or stands for its verdict (`provisional`)."""
        return Deadline(
            ticket=self.ticket,
            clock=Clock.RESOLVE,
            turn=seq,
            unit="h",
            calendar_version_id=self.book.calendar_version_id(self.ticket.region.path),
            started_at=started_at,
            promised_due_at=due_at,
            due_at=due_at,
            provisional=self.life.by_verdict,
        )

    def _break(self, promise: Deadline, when: datetime) -> None:
        promise.breached_at = when
        data = PAST | {"clock": str(Clock.RESOLVE), "turn": promise.turn, "round": promise.round}
        self.batch.add(record.draft(ticket=self.ticket, kind=_BREACH, party=Party.SYSTEM, happened_at=when, data=data))

    def _leave(self, promise: Deadline) -> None:
        """A promise that runs on is swept like any other, unless it has broken already."""
        if promise.state == Deadline.State.RUNNING and promise.breached_at is None:
            promise.fires_at = promise.due_at
        clocks = self.batch.clocks[self.ticket.pk]
        clocks.started.append(promise)
        clocks.live += [promise] if promise.state == Deadline.State.RUNNING else []


def _told(promise: Deadline, op: str) -> dict[str, object]:
    line: dict[str, object] = {"clock": str(promise.clock), "op": op}
    for name in ("due_at", "promised_due_at", "met_at"):
        if moment := getattr(promise, name):
            line[name] = moment.isoformat()
    return line
