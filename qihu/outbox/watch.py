"""How the outbox is doing: for health checks and metrics."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import DurationField, ExpressionWrapper, F, Max
from django.db.models.functions import Now

from qihu.outbox.models import Message


def waiting() -> int:
    """Messages not done yet."""
    return Message.objects.count()


def resting() -> int:
    """Messages that nobody will try again by themselves."""
    return Message.objects.resting().count()


def oldest_seconds() -> float:
    """Age of the oldest message by the database's clock, 0 without any."""
    age = ExpressionWrapper(Now() - F("created_at"), output_field=DurationField())
    oldest: timedelta | None = Message.objects.aggregate(age=Max(age))["age"]
    return oldest.total_seconds() if oldest else 0.0
