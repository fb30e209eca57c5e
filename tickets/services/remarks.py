"""Events that are no moves: messages, reveals, erasures. They are chained, sealed and told like any other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from tickets.models import Deadline, Event, Ticket
from tickets.services import record
from tickets.services.batch import Batch
from tickets.terms import Party, Remark


def remark(
    kind: Remark,
    *,
    ticket: Ticket,
    party: Party,
    at: datetime,
    actor_id: int | None = None,
    data: Mapping[str, object] | None = None,
    text: str = "",
    then: Iterable[str] = (),
) -> Event:
    """Append one such event to a request that this transaction has locked. Status, clocks and version stay."""
    batch = Batch([ticket], live=Deadline.objects.live([ticket.pk]))
    event = record.draft(ticket=ticket, kind=kind, party=party, happened_at=at, actor_id=actor_id, data=data)
    batch.add(event, text=text, then=then)
    batch.write()
    return event
