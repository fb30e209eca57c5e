"""Relayed messages: the firm and whoever handles its request write to each other without meeting."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from qihu.errors import Conflict, Forbidden, Invalid, Unknown
from tickets.access import FIRM, Caller, as_of_now, helping_parties, parties
from tickets.models import Event, RelayedMessage, Ticket
from tickets.services.remarks import remark
from tickets.terms import OPEN, Party, Remark

TEXT_MAX = 2000
_TWICE = timedelta(minutes=10)
_P = Party
WRITERS = (_P.FIRM, _P.OFFICER, _P.HEAD, _P.INTAKE, _P.CO_OFFICER, _P.CO_HEAD)
"""Who may write: the firm, the departments on it, and intake, which relays for everybody else."""


@transaction.atomic
def send(*, ticket_id: int, caller: Caller, at: datetime, text: str) -> Event:
    """Pass a message on; the words go to an erasable row, the log gets ids and a hash.

    The same words from the same side again within ten minutes are the same message: a double tap sends one. Raises
    `Unknown`, `Forbidden` for who is no writer, `Conflict` once the request has ended, `Invalid` without words.
    """
    ticket = Ticket.objects.lock([ticket_id]).first()
    if ticket is None:
        raise Unknown("没有找到这件诉求。")
    caller = as_of_now(caller)
    party = permit(caller, ticket)
    if ticket.status not in OPEN:
        raise Conflict("这件诉求已经结束，不能再留言。")
    words = text.strip()
    if not words or len(words) > TEXT_MAX:
        said = f"最多 {TEXT_MAX} 字。" if words else "请写下要转达的话。"
        raise Invalid(said, fields={"text": said})
    return _just_sent(ticket, party, caller, words, at) or _sent(ticket, party, caller, words, at)


def writer(caller: Caller, ticket: Ticket) -> Party | None:
    """As whom this caller writes, or None."""
    mine = parties(caller, ticket)
    found = next((party for party in WRITERS if party in mine), None)
    if found or caller.user is None:
        return found
    return next((party for party in WRITERS if party in helping_parties(caller, ticket)), None)


def permit(caller: Caller, ticket: Ticket) -> Party:
    """As `writer`; raises `Forbidden` for who only reads."""
    party = writer(caller, ticket)
    if party is None:
        raise Forbidden("留言由企业、承办部门和受理员往来。")
    return party


def answer(*, ticket_id: int, at: datetime, text: str, caller: Caller = FIRM) -> Event:
    """The firm writes; as `send`."""
    return send(ticket_id=ticket_id, caller=caller, at=at, text=text)


def _just_sent(ticket: Ticket, party: Party, caller: Caller, words: str, at: datetime) -> Event | None:
    last = Event.objects.filter(ticket=ticket, kind=Remark.MESSAGE).select_related("text").order_by("-seq").first()
    if last is None or last.text is None or (last.party, last.actor_id) != (party, caller.actor_id):
        return None
    return last if last.text.body == words and at - last.happened_at < _TWICE else None


def _sent(ticket: Ticket, party: Party, caller: Caller, words: str, at: datetime) -> Event:
    event = remark(
        Remark.MESSAGE,
        ticket=ticket,
        party=party,
        at=at,
        caller=caller,
        data=caller.trace,
        text=words,
        then=("tickets.notify",),
    )
    RelayedMessage.objects.create(ticket=ticket, seq=event.seq, from_firm=party == Party.FIRM, sent_at=at)
    return event


def seen(ticket: Ticket, *, by_firm: bool, at: datetime) -> int:
    """One side has the other's messages before it; how many were new."""
    return RelayedMessage.objects.mark_read(ticket, from_firm=not by_firm, at=at)
