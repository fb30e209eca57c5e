"""How the outbox is doing: for health checks and metrics."""

from __future__ import annotations

from django.db.models import Min
from django.db.models.functions import Now

from qihu.outbox.models import Message


def waiting() -> int:
    """Messages not done yet."""
    return Message.objects.count()


def resting() -> int:
    """Messages that nobody will try again by themselves."""
    return Message.objects.resting().count()


def oldest_seconds() -> float:
    """Age of the oldest message, 0 without any."""
    row = Message.objects.annotate(moment=Now()).aggregate(oldest=Min("created_at"), moment=Min("moment"))
    return (row["moment"] - row["oldest"]).total_seconds() if row["oldest"] else 0.0
