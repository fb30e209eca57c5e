"""Writing the log: one event a move, chained to the request's previous event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tickets.models import Event, Leg, Text, Ticket
from tickets.services.intent import Stamp
from tickets.workflow import Party


def draft(  # noqa: PLR0913 - the columns of an event
    *,
    ticket: Ticket,
    kind: str,
    party: Party,
    happened_at: datetime,
    actor_id: int | None = None,
    from_status: str = "",
    to_status: str = "",
    data: Mapping[str, object] | None = None,
    leg: Leg | None = None,
) -> Event:
    """Next event of the request, unsaved and not yet chained; takes the next sequence number. A leg's is its own
    department's.
    """
    ticket.last_seq += 1
    return Event(
        ticket=ticket,
        seq=ticket.last_seq,
        kind=kind,
        actor_id=actor_id,
        party=party,
        department_id=leg.department_id if leg else ticket.department_id,
        leg=leg,
        round=ticket.round,
        from_status=from_status,
        to_status=to_status,
        happened_at=happened_at,
        data=dict(data or {}),
    )


def chain(event: Event, *, stamp: Stamp, text: Text | None, digest: bytes | None = None) -> None:
    """Fix the event: the transaction that writes it, its free text by id and hash, and the chain hash."""
    ticket = event.ticket
    event.recorded_at, event.xid = stamp.at, stamp.xid
    event.text = text
    event.text_hash = text.digest() if text else digest
    event.hash = event.chained(bytes(ticket.last_hash))
    ticket.last_hash = event.hash
