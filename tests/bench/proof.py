"""What tamper evidence costs: checking everything there is, and sealing it."""

from __future__ import annotations

import time

from tests.bench.report import Figure
from tickets.models import Event, Ticket
from tickets.models.seal import pack_requests
from tickets.proof import chains, seals
from tickets.services import sealing

_BATCH = 500


def measure() -> list[Figure]:
    """On the log that the runs before have left; not what the floor wrote, which is chained to nothing."""
    keys = list(Ticket.objects.filter(number__startswith="QH-").order_by("pk").values_list("pk", flat=True))
    events = Event.objects.filter(ticket__number__startswith="QH-").count()
    started = time.perf_counter()
    vouched, fault = seals.read(None)
    for first in range(0, len(keys), _BATCH):
        _, found, _ = chains.look(keys[first : first + _BATCH], vouched)
        fault = fault or found
    if fault:
        raise RuntimeError(f"the log of the run is not whole: {fault}")
    checked = time.perf_counter() - started
    return [
        Figure(
            name="verify_log, events",
            value=events / checked,
            unit="/s",
            target=5_000,
            at_most=False,
            notes={"events": events},
        ),
        Figure(name="sealing, an event", value=_seal_everything() / max(events, 1) * 1e6, unit="µs", target=100),
    ]


def _seal_everything() -> float:
    """Seconds that one seal over the whole log takes to gather; it is not written."""
    started = time.perf_counter()
    _, horizon = sealing._horizon()
    leaves, _, _ = sealing._requests(sealing._Span(0, horizon, 0, 0))
    pack_requests(leaves)
    return time.perf_counter() - started
