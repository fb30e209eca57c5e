"""The identity shield and what goes through it: relayed messages, reveals, and the wish to forget."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from tickets.models.ticket import Ticket


class MessageQuerySet(models.QuerySet["RelayedMessage"]):
    """Named queries."""

    def of_ticket(self, ticket: Ticket) -> MessageQuerySet:
        """The conversation, oldest first."""
        return self.filter(ticket=ticket).order_by("seq")

    def mark_read(self, ticket: Ticket, *, from_firm: bool, at: datetime) -> int:
        """The other side has them before it; how many were new."""
        return self.filter(ticket=ticket, from_firm=from_firm, read_at__isnull=True).update(read_at=at)


class RelayedMessage(models.Model):
    """One message between the firm and whoever handles its request, through us. Its words are the event's `Text`."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="messages", db_index=False)
    seq = models.PositiveIntegerField("事件序号")
    from_firm = models.BooleanField("企业所写")
    sent_at = models.DateTimeField("发出时间")
    read_at = models.DateTimeField("对方看到的时间", null=True, blank=True)

    objects: ClassVar[MessageQuerySet] = MessageQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "转达留言"
        constraints = [models.UniqueConstraint(fields=["ticket", "seq"], name="message_once")]

    def __str__(self) -> str:
        return f"{self.ticket_id}#{self.seq}"


class RevealQuerySet(models.QuerySet["Reveal"]):
    """Named queries."""

    def in_sight(self, ticket: Ticket, user_id: int, *, at: datetime) -> Reveal | None:
        """What this person may see at `at`, or None."""
        return self.filter(ticket=ticket, user=user_id, until__gt=at).order_by("-until").first()


class Reveal(models.Model):
    """One person was shown who a shielded firm is, for a reason (the event's text) and until a time."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="reveals", db_index=False)
    seq = models.PositiveIntegerField("事件序号")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    until = models.DateTimeField("可见至")

    objects: ClassVar[RevealQuerySet] = RevealQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "身份查看"
        constraints = [models.UniqueConstraint(fields=["ticket", "seq"], name="reveal_once")]
        indexes = [models.Index(fields=["ticket", "user", "-until"], name="reveal_sight")]

    def __str__(self) -> str:
        return f"{self.ticket_id} → {self.user_id}"


class ErasureQuerySet(models.QuerySet["Erasure"]):
    """Named queries."""

    def pending(self) -> ErasureQuerySet:
        """Waiting for the second person."""
        return self.filter(state=Erasure.State.PENDING)


class Erasure(models.Model):
    """The wish that a request's personal data and words be erased: one person asks, another decides."""

    class Cause(models.TextChoices):
        WISH = "wish", "企业申请删除"
        EXPIRED = "expired", "保存期满"
        MISTAKE = "mistake", "误录无关信息"
        LAW = "law", "依法应当删除"

    class State(models.TextChoices):
        PENDING = "pending", "待批"
        DONE = "done", "已删除"
        REFUSED = "refused", "未同意"

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="erasures", verbose_name="诉求")
    cause = models.CharField("事由", max_length=8, choices=Cause)
    state = models.CharField("状态", max_length=8, choices=State, default=State.PENDING)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="申请人"
    )
    asked_at = models.DateTimeField("申请时间")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="决定人"
    )
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)

    objects: ClassVar[ErasureQuerySet] = ErasureQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "个人信息删除"
        constraints = [
            models.UniqueConstraint(fields=["ticket"], name="erasure_one_pending", condition=Q(state="pending")),
            models.CheckConstraint(
                name="erasure_by_another",
                condition=Q(decided_by__isnull=True) | Q(asked_by__isnull=True) | ~Q(decided_by=F("asked_by")),
            ),
        ]
        indexes = [models.Index(fields=["-id"], name="erasure_waiting", condition=Q(state="pending"))]

    def __str__(self) -> str:
        return f"{self.ticket} {self.get_cause_display()}"
