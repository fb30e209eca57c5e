"""A request as the guards of the table see it: asked by `perform` before a move, and by pages before they offer one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from tickets.models import Ticket
from tickets.workflow import Move, Party, Standing


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
        difficulty=ticket.difficulty,
        urged_on=ticket.urged_at.astimezone(zone).date() if ticket.urged_at else None,
        today=at.astimezone(zone).date(),
        payload=payload,
    )
