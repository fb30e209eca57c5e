"""Where a request was heard of: sources of on-behalf entry, and the firm's word on what was entered for it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from qihu.crypto import keyed, sm3
from tickets.models.text import salt
from tickets.models.ticket import Ticket

REFERENCE_MAX, DETAIL_MAX = 60, 500


def reference_index(channel: str, reference: str) -> bytes | None:
    """Keyed hash of a number at another system, None for none: it stays taken when the number itself is erased."""
    return keyed("source", f"{channel}:{reference}") if reference else None


class SourceQuerySet(models.QuerySet["Source"]):
    """Named queries."""

    def of_ticket(self, ticket: Ticket) -> SourceQuerySet:
        """Of one request, oldest first, with who entered them and what the firm said: one query."""
        return self.filter(ticket=ticket).select_related("entered_by", "confirmation").order_by("pk")

    def known(self, channel: str, reference: str) -> Source | None:
        """The source with this number at the other system, if it has one."""
        found = self.filter(reference_index=reference_index(channel, reference)) if reference else self.none()
        return found.select_related("ticket").first()

    def entered_lately(self, user_id: int, *, since: datetime) -> SourceQuerySet:
        """What one person has entered, newest first."""
        entered = self.filter(entered_by=user_id, entered_at__gte=since)
        return entered.select_related("ticket__filing", "confirmation").order_by("-pk")


class Source(models.Model):
    """One way in which a request reached the centre by somebody else's hand. A request has as many as there were.

    `reference` (the number at the other system) and `detail` (which meeting, which visit, whose instruction) are
    erasable; the log keeps their salted hash. A firm's own submission has no row here.
    """

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="sources")
    seq = models.PositiveIntegerField("事件序号")
    channel = models.CharField("渠道", max_length=8, choices=Ticket.Channel)
    reference = models.CharField("原编号", max_length=REFERENCE_MAX, blank=True, default="")
    reference_index = models.BinaryField(max_length=32, null=True, unique=True)
    detail = models.CharField("来源说明", max_length=DETAIL_MAX, blank=True, default="")
    received_at = models.DateTimeField("收到时间")
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField("录入时间")
    salt = models.BinaryField(max_length=16, default=salt)
    erased_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[SourceQuerySet] = SourceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "来源"
        constraints = [
            models.UniqueConstraint(fields=["ticket", "seq"], name="source_of_event"),
        ]
        indexes = [models.Index(fields=["entered_by", "-id"], name="source_mine")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.channel}"

    def digest(self) -> bytes:
        """Salted SM3 of reference and detail, kept in the event that tells of this source."""
        return sm3(bytes(self.salt), f"{self.reference}\x1f{self.detail}".encode())


class Confirmation(models.Model):
    """A link to the firm: read what was entered for you, and say yes, no, or what is wrong. Used once."""

    class State(models.TextChoices):
        WAITING = "waiting", "待企业确认"
        CONFIRMED = "confirmed", "企业已确认"
        CORRECTED = "corrected", "企业已更正"
        DENIED = "denied", "企业表示不是其提出"

    source = models.OneToOneField(Source, models.PROTECT, primary_key=True, related_name="confirmation")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    token_hash = models.BinaryField(max_length=32, unique=True)
    salt = models.BinaryField(max_length=16)
    sent_at = models.DateTimeField("生成时间")
    expires_at = models.DateTimeField("失效时间")
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "企业确认"
        constraints = [
            models.CheckConstraint(
                name="confirmation_answered_or_waits",
                condition=Q(state="waiting", answered_at__isnull=True)
                | (~Q(state="waiting") & Q(answered_at__isnull=False)),
            )
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.state}"
