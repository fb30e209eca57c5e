"""Working a recalculation off: plan once, then one short transaction a slice; whoever dies, another goes on.

A slice is claimed with SKIP LOCKED before its requests are locked. That breaks no law of order: nothing but this
module locks slices, and nobody who holds a request waits for one. A request that a move holds is left for the end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import transaction

from qihu.outbox.publish import publish_all
from tickets.models import Deadline, NoticeRule, Recalculation, Shift, Slice, Ticket
from tickets.models.bulk import update_rows
from tickets.services.arming import Spans, arm
from tickets.services.intent import Aside
from tickets.services.ledger import Begin, Clocks, Entry, entry, row
from tickets.services.repricing import restate
from tickets.services.repricing.change import Change, of, within
from tickets.services.repricing.reckon import Fresh, moves
from tickets.services.repricing.tally import Line, Tally, summed
from tickets.services.transition import perform_all
from tickets.terms import Remark
from tickets.workflow import Party

log = structlog.get_logger(__name__)
TOPIC = "tickets.recalculate"
SIZE = 50
"""Requests of a slice."""
LANES = 2
"""Workers that may be at one recalculation together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckon:
    """An order: these promises of one request become what was reckoned, each with its ledger row."""

    found: Mapping[int, Fresh]
    change: Change
    approver_id: int | None

    def carry_out(self, clocks: Clocks, begin: Begin) -> list[Entry]:
        """A promise that broke or ended meanwhile stays as it is."""
        running = [d for d in clocks.live if d.pk in self.found and d.breached_at is None]
        return [self._follow(deadline, self.found[deadline.pk or 0], clocks, begin) for deadline in running]

    def _follow(self, deadline: Deadline, fresh: Fresh, clocks: Clocks, begin: Begin) -> Entry:
        before = deadline.due_at
        deadline.amount, deadline.unit, deadline.extended, deadline.due_at, deadline.provisional = fresh
        for column, key in self.change.target.items():
            setattr(deadline, column, key)
        deadline.not_before = begin.at
        clocks.arm(deadline)
        clocks.touch(deadline)
        shift = row(deadline, begin, Shift.Kind.POLICY, before=before, reason=self.change.words[:60])
        shift.approver_id = self.approver_id
        clocks.shifts.append(shift)
        return entry(deadline, "policy")


@transaction.atomic
def work(*, recalculation_id: int, at: datetime) -> int:
    """Plan, or do the next slice, or finish; asks for the next turn until done. Requests looked at."""
    chosen = Recalculation.objects.filter(pk=recalculation_id)
    recalculation = chosen.select_related("policy_set", "calendar_version__calendar").first()
    if recalculation is None or recalculation.finished_at:
        return 0
    if recalculation.planned_at is None:
        return _plan(recalculation, at=at)
    piece = Slice.objects.next_free(recalculation_id)
    if piece is None:
        return _finish(recalculation, at=at)
    done = _do(piece, recalculation, at=at)
    call(recalculation_id)
    return done


def call(recalculation_id: int, lanes: int = 1) -> None:
    """Ask for a turn of so many workers."""
    publish_all([(TOPIC, {"recalculation_id": recalculation_id})] * lanes)


def _mine(recalculation: Recalculation) -> Recalculation | None:
    """The row itself, locked, unless another worker has it."""
    free = Recalculation.objects.filter(pk=recalculation.pk, finished_at__isnull=True)
    return free.select_for_update(skip_locked=True, no_key=True).first()


def _plan(recalculation: Recalculation, *, at: datetime) -> int:
    """Count what will move and cut the requests into slices."""
    mine = _mine(recalculation)
    if mine is None or mine.planned_at:
        return 0
    change = of(recalculation)
    tally, tickets = Tally(), dict[int, None]()
    for fact, fresh in change.outcomes(change.promises()):
        tally.add(fact, fresh, at=change.at)
        tickets[fact.ticket] = None
    _cut(mine, list(tickets))
    restate.record(mine, change)
    mine.predicted, mine.planned_at = tally.lines(), at
    mine.save(update_fields=["predicted", "planned_at"])
    call(mine.pk, lanes=LANES)
    return len(tickets)


def _cut(recalculation: Recalculation, tickets: list[int]) -> None:
    pieces = [tickets[n : n + SIZE] for n in range(0, len(tickets), SIZE)]
    Slice.objects.bulk_create(
        Slice(recalculation=recalculation, first=piece[0], last=piece[-1]) for piece in pieces if piece
    )


def _finish(recalculation: Recalculation, *, at: datetime) -> int:
    """Nothing is free: if nothing is under way either, look once more for what was held or came late, else end."""
    mine = _mine(recalculation)
    if mine is None or mine.slices.filter(done_at__isnull=True).exists():
        return 0
    failed = [key for keys in mine.slices.exclude(failed=[]).values_list("failed", flat=True) for key in keys]
    left = of(recalculation).promises().exclude(ticket_id__in=failed)
    tickets = sorted(set(left.order_by().values_list("ticket_id", flat=True)))
    if tickets:
        _cut(mine, tickets)
        call(mine.pk)
        return len(tickets)
    mine.finished_at = at
    mine.save(update_fields=["finished_at"])
    return 0


def _do(piece: Slice, recalculation: Recalculation, *, at: datetime) -> int:
    change = of(recalculation)
    inside = change.promises().filter(ticket_id__gte=piece.first, ticket_id__lte=piece.last)
    keys = sorted(set(inside.order_by().values_list("ticket_id", flat=True)))
    free = Ticket.objects.lock(keys).select_for_update(of=("self",), skip_locked=True, no_key=True)
    tickets = {ticket.pk: ticket for ticket in free}
    counts, failed = _together_or_alone(tickets, change, recalculation.author_id, at=at)
    piece.counts, piece.failed, piece.done_at = counts, failed, at
    piece.save(update_fields=["counts", "failed", "done_at"])
    return len(tickets)


def _together_or_alone(
    tickets: Mapping[int, Ticket], change: Change, approver_id: int | None, *, at: datetime
) -> tuple[list[Line], list[int]]:
    """All at once, which is cheap; where one of them fails, each for itself. Counts, and keys of those that failed."""
    try:
        return _carry_out(tickets, change, approver_id, at=at), []
    except Exception as error:  # noqa: BLE001 - one bad request must not hold up the others: isolate it below
        log.warning("repricing.slice_failed", tickets=len(tickets), error=type(error).__name__)
    counts, failed = list[Line](), list[int]()
    for key, ticket in tickets.items():
        try:
            counts += _carry_out({key: ticket}, change, approver_id, at=at)
        except Exception:
            log.exception("repricing.ticket_failed", ticket_id=key)
            failed.append(key)
    return summed(counts), failed


@transaction.atomic
def _carry_out(tickets: Mapping[int, Ticket], change: Change, approver_id: int | None, *, at: datetime) -> list[Line]:
    """One event for each request of which something moves; what does not move follows the new version silently."""
    tally, moving, still = Tally(), defaultdict[int, dict[int, Fresh]](dict), defaultdict[bool, list[int]](list)
    for fact, fresh in change.outcomes(within(change.promises(), tickets)):
        tally.add(fact, fresh, at=change.at)
        if fresh and moves(fact, fresh):
            moving[fact.ticket][fact.key] = fresh
        else:
            still[fresh.provisional if fresh else fact.provisional].append(fact.key)
    for provisional, keys in still.items():
        _follow_silently(keys, change, tickets, provisional=provisional)
    # nobody is rung up for a hundred thousand moved dates, unless somebody made a rule that says so
    told = ("tickets.notify",) if NoticeRule.objects.in_force().filter(kind=Remark.POLICY).exists() else ()
    said = {"policy_set": change.policy_set.number} if change.policy_set else _of_calendar(change)
    perform_all(
        [
            Aside(
                kind=Remark.POLICY,
                ticket_id=key,
                at=at,
                party=Party.SYSTEM,
                data=said,
                orders=[Reckon(found=found, change=change, approver_id=approver_id)],
                then=told,
                turns_version=False,
            )
            for key, found in moving.items()
        ],
        locked=tickets,
    )
    return tally.lines()


def _follow_silently(keys: Sequence[int], change: Change, tickets: Iterable[int], *, provisional: bool) -> None:
    """These promises keep amount and due time: the version alone changes, and what it makes them set off next."""
    found = Deadline.objects.filter(pk__in=keys)
    if not change.rearms:
        found.update(provisional=provisional, **change.target)
        return
    spans, rows = Spans(tickets), list(found.order_by("pk"))
    for deadline in rows:
        deadline.provisional = provisional
        for column, key in change.target.items():
            setattr(deadline, column, key)
        arm(deadline, spans)
    update_rows(rows, ("policy_set", "calendar_version", "provisional", "fires_at"))


def _of_calendar(change: Change) -> dict[str, object]:
    if change.version is None:
        raise TypeError("neither a policy nor a calendar")
    return {"calendar": change.version.calendar.code, "version": change.version.number}
