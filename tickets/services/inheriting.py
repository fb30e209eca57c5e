"""A merged request's promises go on at the request that it was merged into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tickets.models import Deadline, Shift
from tickets.services.ledger import Begin, Clocks, Entry, entry, paused_for
from tickets.workflow import Clock, Status

_State = Deadline.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Inherit:
    """A merged request's promises go on at the parent where they were to end earlier; breaches move with them."""

    promises: Sequence[Deadline]

    def carry_out(self, clocks: Clocks, begin: Begin) -> list[Entry]:
        """The parent's later promise is voided, the earlier one of the child runs on in its place.

        Not while the parent's answer is with the firm: that answer has met the promise of both.
        """
        if begin.ticket.status == Status.ANSWERED:
            return []
        return [line for promise in self.promises for line in self._take_over(promise, clocks, begin)]

    def _take_over(self, given: Deadline, clocks: Clocks, begin: Begin) -> list[Entry]:
        own = next(iter(clocks.of([Clock(given.clock)])), None)
        if own and not _earlier(given, own):
            return []
        log = []
        asked = begin.ticket.status == Status.INFO_NEEDED  # all but FULL rests, this one too
        paused = asked or (own is not None and own.state == _State.PAUSED)
        if own:
            own.state, own.voided_at, own.fires_at = _State.VOID, begin.at, None
            clocks.touch(own)
            log.append(entry(own, "void"))
        taken = _copy(given, begin)
        clocks.shifts += [_copied(one, taken, begin) for one in given.shifts.all()]
        if paused:
            taken.state, taken.paused_at = _State.PAUSED, given.paused_at or begin.at
        elif given.paused_at:
            paused_for(taken, clocks, since=given.paused_at, begin=begin, reason="并案前的暂停")
        clocks.arm(taken)
        clocks.settle()
        clocks.begin(taken)
        log.append(entry(taken, "inherited"))
        return [*log, entry(taken, "paused")] if paused and own is None else log  # own: the log has its pause


def _earlier(given: Deadline, own: Deadline) -> bool:
    first, mine = given.promised_due_at, own.promised_due_at
    return first is not None and mine is not None and first < mine


def _copy(given: Deadline, begin: Begin) -> Deadline:
    """The child's promise as a row of the parent: same start, same first promise, same breach."""
    same = ("clock", "amount", "unit", "extended", "policy_set_id", "calendar_version_id", "started_at")
    kept = ("promised_due_at", "due_at", "provisional", "breached_at", "not_before", "reached", "reason_seq")
    return Deadline(
        ticket=begin.ticket,
        round=begin.ticket.round,
        turn=begin.seq,
        **{name: getattr(given, name) for name in (*same, *kept)},
    )


def _copied(given: Shift, taken: Deadline, begin: Begin) -> Shift:
    """A row of the child's ledger, so that the promise can be reckoned, and explained, where it runs on."""
    kept = ("kind", "since", "until", "due_before", "due_after", "reason", "approver_id")
    return Shift(deadline=taken, seq=begin.seq, **{name: getattr(given, name) for name in kept})
