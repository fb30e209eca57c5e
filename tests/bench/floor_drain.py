"""The floor under routing: the same row writes as a routed request, in batches of 50, by plain ORM, no thinking.

Run as `python -m tests.bench.floor_drain`: ready on standard output, starts at a line on standard input, ends when
nothing is left. Each batch claims 50 messages of the floor with SKIP LOCKED, locks their requests, updates them and
their clocks, inserts event, clocks, decision and message, and deletes what it claimed, in one transaction. The rows
are copies of what one real routing wrote; `test_bench.py` holds it to the same tables and row counts.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Any

import django
from django.db import models, transaction

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.floor_settings")
if __name__ == "__main__":
    django.setup()

from qihu.outbox.models import Message  # Django must know its applications first
from tests.bench.floor import TOPIC, copied
from tickets.models import Deadline, Decision, Event, Ticket

SIZE = 50
DONE = "bench.floor.done"
_Row = dict[str, Any]
_TICKET = ("status", "department_id", "assigned_at", "next_due_at", "next_clock", "version", "last_seq", "last_hash")


@dataclass(frozen=True, slots=True)
class Routed:
    """What routing one request wrote, without its keys."""

    ticket: _Row
    event: _Row
    decision: _Row
    ended: list[tuple[str, _Row]]
    started: list[_Row]


def pattern_of(ticket: Ticket) -> Routed:
    """The second event of this request and all that came with it."""
    clocks = list(Deadline.objects.filter(ticket=ticket).order_by("pk"))
    return Routed(
        {name: getattr(ticket, name) for name in _TICKET},
        copied(ticket.events.get(seq=2)),
        copied(ticket.decisions.get(seq=2)),
        [(d.clock, {"state": d.state, "met_at": d.met_at, "fires_at": None}) for d in clocks if d.met_at],
        [copied(d) for d in clocks if d.turn == 2],
    )


def batch(pattern: Routed) -> int:
    """Route up to 50 requests; how many."""
    with transaction.atomic():
        messages = list(
            Message.objects.filter(topic=TOPIC).order_by("due_at", "pk").select_for_update(skip_locked=True)[:SIZE]
        )
        keys = [message.args["ticket_id"] for message in messages]
        list(Ticket.objects.lock(keys))
        Ticket.objects.filter(pk__in=keys).update(**pattern.ticket)
        for clock, values in pattern.ended:
            Deadline.objects.filter(ticket__in=keys, clock=clock).update(**values)
        _copies(Event, keys, [pattern.event])
        _copies(Deadline, keys, pattern.started)
        _copies(Decision, keys, [pattern.decision])
        Message.objects.bulk_create([Message(topic=DONE, args={"ticket_id": key, "seq": 2}) for key in keys])
        Message.objects.filter(pk__in=[message.pk for message in messages]).delete()
    return len(keys)


def _copies(model: type[models.Model], keys: list[int], rows: list[_Row]) -> None:
    model._default_manager.bulk_create([model(ticket_id=key, **row) for key in keys for row in rows])


def main() -> None:
    routed = Ticket.objects.filter(status="assigned", number__startswith="QH-").order_by("-pk").first()
    if routed is None:
        raise LookupError("no routed request to copy")
    pattern = pattern_of(routed)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    while batch(pattern):
        pass


if __name__ == "__main__":
    main()
