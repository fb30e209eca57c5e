"""Two-step moves below the verbs: asking is recorded; what is asked may end without a second word (domain.md §3)."""

from __future__ import annotations

from datetime import datetime

from qihu.errors import Conflict
from tickets.models import Approval, Ticket
from tickets.services import record
from tickets.services.batch import Batch
from tickets.services.intent import Done, Intent
from tickets.workflow import Action, Party, sources_of

KIND = "approval"
"""Kind of the events that tell of asking, refusing and lapsing; the move itself is logged by its own name."""


def ask(intent: Intent, ticket: Ticket, batch: Batch, *, party: Party) -> Done:
    """Record that somebody asks for a move. Raises `Conflict` where the same already waits."""
    if ticket.pending and ticket.approvals.pending().filter(action=intent.action).exists():
        raise Conflict(f"“{intent.action.label}”已经提出过申请，正在等待审批。")
    user = intent.caller.person
    event = record.draft(
        ticket=ticket, kind=KIND, party=party, happened_at=intent.at, actor_id=user.pk, data={"op": "asked"}
    )
    approval = Approval.objects.create(
        ticket=ticket,
        action=intent.action,
        asked_by=user,
        asked_party=party,
        asked_at=intent.at,
        seq=event.seq,
        data=dict(intent.data),
    )
    event.data |= {"action": str(intent.action), "approval": approval.pk, **intent.data}
    ticket.pending += 1
    ticket.version += 1
    batch.add(event, text=intent.text, parts=intent.parts, then=("tickets.notify",))
    return Done(ticket, event, approval)


def refuse_ended(approval: Approval) -> None:
    """Raises `Conflict` where it was undecided when the answer fell due, and so is refused before any sweep says so."""
    if not Approval.objects.pending().filter(pk=approval.pk).exists():
        raise Conflict("到期前没有批，这项申请已按未同意处理。")


def end_without_word(ticket: Ticket, batch: Batch, *, at: datetime, undecided: frozenset[Action] = frozenset()) -> None:
    """Asked moves that can no longer be made lapse; those `undecided` at their time are refused. By the system."""
    if not ticket.pending:
        return
    for approval in ticket.approvals.pending().order_by("pk"):
        action = Action(approval.action)
        if action not in undecided and ticket.status in sources_of(action):
            continue
        state = Approval.State.REFUSED if action in undecided else Approval.State.LAPSED
        event = record.draft(
            ticket=ticket,
            kind=KIND,
            party=Party.SYSTEM,
            happened_at=at,
            data={"op": str(state), "action": str(action), "approval": approval.pk},
        )
        decided(approval, state, at=at, seq=event.seq)
        ticket.pending -= 1
        batch.add(event, then=("tickets.notify",))


def decided(approval: Approval, state: Approval.State, *, at: datetime, seq: int, by: int | None = None) -> None:
    """Write the end of an approval. Raises `Conflict` where somebody was first."""
    waiting = Approval.objects.pending().filter(pk=approval.pk)
    if not waiting.update(state=state, decided_at=at, decided_seq=seq, decided_by=by):
        raise Conflict("这项申请已经有人处理过了。")
