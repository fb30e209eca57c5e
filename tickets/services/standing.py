"""A request as the guards of the table see it: asked by `perform` before a move, and by pages before they offer one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from tickets.models import Ticket
from tickets.workflow import BY_ACTION, Action, Move, Party, Standing, Status, open_moves


def ask_guards(
    move: Move,
    ticket: Ticket,
    parties: Iterable[Party],
    *,
    actor_id: int | None,
    at: datetime,
    payload: Mapping[str, object],
) -> tuple[Standing | None, str]:
    """The first of `parties` that the move's guards let pass, as a standing; or None and the last refusal."""
    said = ""
    for party in parties:
        standing = _standing(ticket, party, actor_id, at, payload)
        refusal = next((no for guard in move.guards if (no := guard(standing))), None)
        if refusal is None:
            return standing, ""
        said = refusal
    return None, said


def may_make(ticket: Ticket, parties: Sequence[Party], *, actor_id: int | None, at: datetime) -> list[Action]:
    """Moves that the table opens to these parties and that no guard would refuse now, in the table's order."""
    return [
        action
        for action in open_moves(Status(ticket.status), parties)
        if refusal(action, ticket, parties, actor_id=actor_id, at=at) is None
    ]


def refusal(
    action: Action, ticket: Ticket, parties: Sequence[Party], *, actor_id: int | None, at: datetime
) -> str | None:
    """What the guards would say to a move with the least that it could ask for, or None."""
    move = BY_ACTION[action]
    harder = [code for code in Ticket.Difficulty.values if code > ticket.difficulty]
    payload = {"difficulty": harder[0] if harder else ""} if action == Action.CLASSIFY else {}
    claims = [party for party in parties if party in move.by]
    standing, said = ask_guards(move, ticket, claims, actor_id=actor_id, at=at, payload=payload)
    return None if standing else said


def _standing(
    ticket: Ticket, party: Party, actor_id: int | None, at: datetime, payload: Mapping[str, object]
) -> Standing:
    zone = ZoneInfo(settings.TIME_ZONE)
    return Standing(
        party=party,
        actor_id=actor_id,
        author_id=ticket.reply_author_id,
        tier=ticket.tier,
        round=ticket.round,
        send_backs=ticket.send_backs,
        supervised=ticket.supervised,
        restricted=ticket.restricted,
        difficulty=ticket.difficulty,
        urged_on=ticket.urged_at.astimezone(zone).date() if ticket.urged_at else None,
        today=at.astimezone(zone).date(),
        payload=payload,
    )
