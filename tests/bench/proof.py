"""What tamper evidence costs: checking everything there is, and sealing it."""

from __future__ import annotations

import time
from io import StringIO

from django.core.management import call_command

from tests.bench.report import Figure
from tickets.models import Event
from tickets.models.seal import pack_requests
from tickets.services import sealing


def measure() -> list[Figure]:
    """On the log that the runs before have left."""
    events = Event.objects.count()
    started = time.perf_counter()
    call_command("verify_log", no_file=True, stdout=StringIO(), stderr=StringIO())
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
