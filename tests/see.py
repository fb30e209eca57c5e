"""Looking at what a request's rows say, in tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tickets.models import Deadline, Event, Ticket
from tickets.workflow import Clock


def deadline(ticket: Ticket, clock: Clock, **more: object) -> Deadline:
    return Deadline.objects.filter(ticket=ticket, clock=clock, **more).latest("pk")


def kinds(ticket: Ticket) -> list[str]:
    return list(Event.objects.filter(ticket=ticket).order_by("seq").values_list("kind", flat=True))


def local(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)
