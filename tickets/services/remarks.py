"""Messages, reveals, erasures: events that are no moves and that take nothing from whoever has the request open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from tickets.access import SYSTEM, Caller
from tickets.models import Event, Ticket
from tickets.services.intent import Aside
from tickets.services.transition import perform_all
from tickets.terms import Party, Remark


def remark(
    kind: Remark,
    *,
    ticket: Ticket,
    party: Party,
    at: datetime,
    caller: Caller = SYSTEM,
    data: Mapping[str, object] | None = None,
    text: str = "",
    then: Sequence[str] = (),
) -> Event:
    """Append one such event to a request that this transaction has locked. Status and version stay."""
    aside = Aside(
        kind=kind,
        ticket_id=ticket.pk,
        at=at,
        party=party,
        caller=caller,
        data=data or {},
        text=text,
        then=then,
        turns_version=False,
    )
    (done,) = perform_all([aside], locked={ticket.pk: ticket})
    return done.event
