"""One press, one move: the same move by the same person with the same key gets the first answer (§3)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from qihu.crypto import sm3
from qihu.errors import Forbidden, Invalid
from tickets.access import Caller, helping_parties, parties
from tickets.models import Answer, Event, Ticket
from tickets.services.intent import Done
from tickets.workflow import LEG_MOVES, Action, LegAction, parties_of


@dataclass(frozen=True, slots=True)
class Answered:
    """The event that records the move; `version` is the request's after it, None for an earlier answer."""

    event: Event
    version: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """One press of a button: which move or word, by whom, on what, with which body; `key` None: none was sent."""

    action: str
    ticket: Ticket
    caller: Caller
    body: Mapping[str, object]
    key: str | None

    def digest(self) -> bytes:
        """SM3 of the key and of everything that it is the key of."""
        person = f"|{self.caller.contact.pk}" if self.caller.contact else ""
        who = f"firm{person}" if self.caller.firm else str(self.caller.actor_id)
        return sm3(f"move|{self.ticket.number}|{self.action}|{who}|{self.key}".encode())

    def fingerprint(self) -> bytes:
        """SM3 of the body as understood, so that the order of its members does not matter."""
        return fingerprint_of(self.body)


def fingerprint_of(body: Mapping[str, object]) -> bytes:
    """SM3 of a body, whatever the order of its members."""
    return sm3(json.dumps(body, ensure_ascii=False, sort_keys=True, cls=DjangoJSONEncoder).encode())


def kept_answer(*, digest: bytes, fingerprint: bytes, ticket_id: int, at: datetime) -> Answer | None:
    """The answer that this key has had, or None for the first time, which claims it.

    Inside the caller's transaction. Raises `Invalid` for a known key with another body.
    """
    if Answer.objects.claim(digest=digest, fingerprint=fingerprint, ticket_id=ticket_id, at=at):
        return None
    kept = Answer.objects.get(digest=digest)
    if bytes(kept.fingerprint) != fingerprint:
        raise Invalid("同一个 Idempotency-Key 已用于另一份内容，请换一个。", code="key-reused")
    return kept


def permit(action: Action | LegAction, *, caller: Caller, ticket: Ticket) -> None:
    """Raises `Forbidden` for who sees the request but does not make this move; before the body is read."""
    if isinstance(action, Action):
        mine, makers = frozenset(parties(caller, ticket)), parties_of(action)
    else:
        mine, makers = helping_parties(caller, ticket), LEG_MOVES[action].by
    if not makers & mine:
        raise Forbidden(f"“{action.label}”不由您办理。")


def once(press: Press, *, at: datetime, make: Callable[[], Done]) -> Answered:
    """Make the move, or give the answer that this key has had already.

    The claim of the key and the move are one transaction: a second press at the same time waits for the first
    to commit and then reads its answer; a move that is refused leaves no claim. Every caller claims before it
    locks the request, so two keys cannot wait for each other. Raises `Invalid` for a known key with another
    body.
    """
    if press.key is None:
        done = make()
        return Answered(done.event, done.ticket.version)
    return _claimed(press, at=at, make=make)


@transaction.atomic
def _claimed(press: Press, *, at: datetime, make: Callable[[], Done]) -> Answered:
    digest = press.digest()
    kept = kept_answer(digest=digest, fingerprint=press.fingerprint(), ticket_id=press.ticket.pk, at=at)
    if kept:
        return Answered(Event.objects.get(ticket_id=kept.ticket_id, seq=kept.seq), None)
    done = make()
    Answer.objects.filter(digest=digest).update(seq=done.event.seq)
    return Answered(done.event, done.ticket.version)


def as_submitted(ticket: Ticket) -> Mapping[str, object]:
    """What the log says was submitted (`chain_tag`, `category`, `region`, …), whatever has changed since."""
    first: Event = Event.objects.get(ticket=ticket, seq=1)
    return dict(first.data)


def status_after(event: Event) -> str:
    """The request's status when the event had happened: its own, or where it is none of the table's moves, the last."""
    if event.to_status:
        return event.to_status
    before = Event.objects.filter(ticket=event.ticket_id, seq__lt=event.seq).exclude(to_status="")
    return before.order_by("-seq").values_list("to_status", flat=True).first() or ""
