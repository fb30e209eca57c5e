"""What a move costs beyond its rows: signing through the verb, beside the same rows written by plain ORM calls."""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import copy
from datetime import datetime
from statistics import median

from django.db import transaction
from django.db.models import F

from qihu.accounts.models import User
from qihu.clock import now
from qihu.outbox.publish import publish
from tests.bench.report import Figure
from tickets.access import Caller
from tickets.models import Deadline, Event, Ticket
from tickets.services import handling
from tickets.workflow import Clock, Status

COUNT = 60


def measure() -> Figure:
    """Median milliseconds of a signature, turn by turn with its floor. Leaves requests that no chain vouches for."""
    found = Ticket.objects.filter(number__startswith="QH-", status=Status.ASSIGNED).select_related("department")
    code = found.latest("pk").department.code  # type: ignore[union-attr]
    keys = list(found.filter(department__code=code).order_by("-pk").values_list("pk", flat=True)[: 2 * COUNT + 2])
    caller = Caller(User.objects.get(username=f"officer.{code}"))
    pattern = handling.sign(ticket_id=keys.pop(), caller=caller, at=now()).event
    _bare(keys.pop(), pattern, at=now())
    made: list[float] = []
    bare: list[float] = []
    while len(keys) > 1:
        made.append(_timed(lambda key: handling.sign(ticket_id=key, caller=caller, at=now()), keys.pop()))
        bare.append(_timed(lambda key: _bare(key, pattern, at=now()), keys.pop()))
    return Figure(
        name="a move (sign), p50",
        value=1000 * median(made),
        unit="ms",
        floor=1000 * median(bare),
        floor_is="lock, event, status, clock and outbox row by plain ORM calls, nothing checked or chained",
        notes={"count": len(made)},
    )


def _timed(step: Callable[[int], object], key: int) -> float:
    began = time.perf_counter()
    step(key)
    return time.perf_counter() - began


@transaction.atomic
def _bare(key: int, pattern: Event, *, at: datetime) -> None:
    ticket = Ticket.objects.lock([key]).get()
    event = copy(pattern)
    event.pk, event.ticket_id, event.seq = None, key, ticket.last_seq + 1
    event.happened_at = event.recorded_at = at
    event.save(force_insert=True)
    signed = {"status": Status.IN_PROGRESS, "version": F("version") + 1, "last_seq": event.seq}
    Ticket.objects.filter(pk=key).update(**signed)
    clock = Deadline.objects.filter(ticket=key, clock=Clock.SIGN)
    clock.update(state=Deadline.State.MET, met_at=at, fires_at=None)
    publish("tickets.notify", ticket_id=key, seq=event.seq)
