"""The outbox table. Private: others call `publish`."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Func, Q
from django.db.models.functions import Now

RESTS_AFTER = 14
"""Attempts (about six hours of back-off) after which a message rests until somebody sends it again."""


class MessageQuerySet(models.QuerySet["Message"]):
    """Named queries."""

    def claim(self, topic: str, *, limit: int) -> MessageQuerySet:
        """Due messages of a topic, locked for this transaction; those that another worker holds are skipped."""
        return (
            self.filter(topic=topic, attempts__lt=RESTS_AFTER, due_at__lte=Now())
            .order_by("due_at", "pk")
            .select_for_update(skip_locked=True)[:limit]
        )

    def resting(self) -> MessageQuerySet:
        """Those that nobody will try again by themselves."""
        return self.filter(attempts__gte=RESTS_AFTER)


class Message(models.Model):
    """One thing to do after a commit. The row is deleted in the transaction that does it."""

    topic = models.CharField("事项", max_length=40)
    args = models.JSONField("参数")
    created_at = models.DateTimeField("产生时间", db_default=Now())
    due_at = models.DateTimeField("下次处理", db_default=Now())
    attempts = models.PositiveSmallIntegerField("已试次数", default=0)
    error = models.CharField("上次错误", max_length=200, blank=True, default="")

    objects: ClassVar[MessageQuerySet] = MessageQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "待发事项"
        indexes = [
            models.Index(fields=["topic", "due_at", "id"], name="outbox_due", condition=Q(attempts__lt=RESTS_AFTER)),
            models.Index(fields=["id"], name="outbox_resting", condition=Q(attempts__gte=RESTS_AFTER)),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.args}"


def back_off(attempts: int) -> timedelta:
    """1 s, 2 s, 4 s … at most an hour."""
    return timedelta(seconds=min(2**attempts, 3600))


def later(attempts: int) -> Func:
    """SQL: the database's present moment plus the back-off."""
    return Now() + back_off(attempts)  # type: ignore[return-value]
