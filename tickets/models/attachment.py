"""Files that go with a request: what was sent, what was found in it, and where its bytes lie."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery

from qihu.sealed import SealedField
from tickets.models.event import Event
from tickets.models.ticket import Ticket
from tickets.workflow import Action


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    """Named queries."""

    def of_ticket(self, ticket: Ticket) -> AttachmentQuerySet:
        """Those that the log knows, in the order of the log."""
        return self.filter(ticket=ticket, seq__isnull=False).order_by("seq", "pk")

    def for_firm(self) -> AttachmentQuerySet:
        """What the firm may see: no internal file, and a reply's only once that reply was delivered."""
        after = Event.objects.filter(
            ticket=OuterRef("ticket"), seq__gt=OuterRef("seq"), kind__in=[Action.REPLY, Action.DELIVER]
        ).order_by("seq")
        mine = [Attachment.Kind.REQUEST, Attachment.Kind.NOTE]
        delivered = Q(kind=Attachment.Kind.REPLY, answered_by=Action.DELIVER)
        return self.alias(answered_by=Subquery(after.values("kind")[:1])).filter(Q(kind__in=mine) | delivered)

    def loose(self, owner: bytes) -> AttachmentQuerySet:
        """Sent by this owner and in no move yet, in the order of sending."""
        return self.filter(owner=owner, seq__isnull=True).order_by("pk")

    def chosen(self, owner: bytes, keys: Iterable[uuid.UUID]) -> AttachmentQuerySet:
        """Of those, the ones with these keys, locked in key order."""
        return self.loose(owner).filter(key__in=list(keys)).select_for_update()

    def due(self, at: datetime) -> AttachmentQuerySet:
        """Waiting to be looked into, soonest first; those that another worker holds are skipped."""
        waiting = self.filter(state=Attachment.State.QUARANTINED, check_at__lte=at)
        return waiting.order_by("check_at", "pk").select_for_update(skip_locked=True)

    def abandoned(self, at: datetime) -> AttachmentQuerySet:
        """In no move when their time was up."""
        return self.filter(seq__isnull=True, expires_at__lte=at).order_by("pk")


class Attachment(models.Model):
    """One file. The event of its move holds key, type, size and digest; the name lives here, sealed and erasable."""

    class State(models.TextChoices):
        UPLOADING = "uploading", "未传完"
        QUARANTINED = "quarantined", "正在检查"
        CLEAN = "clean", "已扫描"
        UNSCANNED = "unscanned", "未扫描"
        INFECTED = "infected", "含病毒，已删除"
        REFUSED = "refused", "未通过检查"

    class Kind(models.TextChoices):
        REQUEST = "request", "企业材料"
        NOTE = "note", "办理记录"
        REPLY = "reply", "答复"
        INTERNAL = "internal", "内部"

    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    owner = models.BinaryField(max_length=32)  # keyed hash of who may go on with it, see services.uploads
    source = models.BinaryField(max_length=32, default=bytes)  # keyed hash of the sender's address, for the limits
    ticket = models.ForeignKey(Ticket, models.PROTECT, null=True, related_name="attachments", db_index=False)
    seq = models.PositiveIntegerField("事件序号", null=True)
    kind = models.CharField("随附于", max_length=8, choices=Kind, default=Kind.REQUEST)
    uploader = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name="上传人"
    )
    name = SealedField("原文件名", default=bytes)
    mime = models.CharField("类型", max_length=80, blank=True, default="")
    size = models.PositiveBigIntegerField("大小")
    received = models.PositiveBigIntegerField("已收", default=0)
    parts = models.JSONField(default=list)  # [[path, bytes]] until the last byte is here
    digest = models.BinaryField(max_length=32, null=True)  # SM3 of what was sent
    state = models.CharField("状态", max_length=12, choices=State, default=State.UPLOADING)
    why = models.CharField(max_length=24, blank=True, default="")  # code of the refusal, see services.sniffing
    path = models.CharField(max_length=100, blank=True, default="")
    preview = models.CharField(max_length=100, blank=True, default="")
    kept_mime = models.CharField(max_length=80, blank=True, default="")  # what is served; pictures are encoded anew
    kept_size = models.PositiveBigIntegerField(default=0)
    kept_digest = models.BinaryField(max_length=32, null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    check_at = models.DateTimeField(null=True)
    checks = models.PositiveSmallIntegerField(default=0)
    checked_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    objects: ClassVar[AttachmentQuerySet] = AttachmentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "附件"
        constraints = [
            models.CheckConstraint(name="attachment_received_fits", condition=Q(received__lte=F("size"))),
            models.CheckConstraint(
                name="attachment_bound_to_request", condition=Q(seq__isnull=True) | Q(ticket__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["ticket", "seq", "id"], name="attachment_ticket", condition=Q(ticket__isnull=False)),
            models.Index(fields=["owner", "id"], name="attachment_loose", condition=Q(seq__isnull=True)),
            models.Index(fields=["source", "created_at"], name="attachment_source", condition=Q(seq__isnull=True)),
            models.Index(fields=["expires_at"], name="attachment_abandoned", condition=Q(seq__isnull=True)),
            models.Index(fields=["check_at", "id"], name="attachment_due", condition=Q(state="quarantined")),
        ]

    def __str__(self) -> str:
        return str(self.key)

    @property
    def open_to_view(self) -> bool:
        """Whether its bytes may leave the house at all; who may have them is another question."""
        return self.state in {self.State.CLEAN, self.State.UNSCANNED} and self.erased_at is None

    @property
    def stored(self) -> list[str]:
        """Every place where bytes of it lie."""
        return [path for path in (self.path, self.preview, *(part[0] for part in self.parts)) if path]
