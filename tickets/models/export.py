"""What was taken out of the house as a table: who, why, what, and, until it ends, the long ones' sealed pieces."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import Q

from qihu.accounts.models import User
from qihu.sealed import SealedField


class ExportQuerySet(models.QuerySet["Export"]):
    """Named queries."""

    def of_user(self, user: User) -> ExportQuerySet:
        """What this person asked for, latest first."""
        return self.filter(asked_by=user).order_by("-pk")

    def numbered(self, number: str) -> Export | None:
        """The one with that public name."""
        serial = number.rpartition("-")[2]
        key = int(serial) if serial.isascii() and serial.isdigit() and len(serial) < 18 else 0
        found = self.select_related("asked_by").filter(pk=key).first()
        return found if found and found.number == number else None

    def in_work(self) -> ExportQuerySet:
        """Kept ones that are not ready yet."""
        return self.filter(state__in=[Export.State.WAITING, Export.State.WORKING])

    def free(self, key: int) -> ExportQuerySet:
        """That one, locked, unless another worker has it or it is out of work."""
        return self.in_work().filter(pk=key).select_for_update(of=("self",), skip_locked=True, no_key=True)

    def ended(self, at: datetime) -> ExportQuerySet:
        """Past their last day and still holding something."""
        return self.filter(expires_at__lte=at).exclude(state=Export.State.EXPIRED).order_by("pk")

    def left_open(self, before: datetime) -> ExportQuerySet:
        """Streams begun before then that never said how they ended: their server died."""
        return self.filter(state=Export.State.SENDING, asked_at__lt=before).order_by("pk")


class Export(models.Model):
    """One table that somebody asked for. `words` and `reason` are free text and go with the file."""

    class What(models.TextChoices):
        FIGURE_ROWS = "figure_rows", "一个数背后的诉求"
        TICKETS = "tickets", "诉求列表"
        FIGURES = "figures", "指标表"

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "Excel（XLSX）"

    class State(models.TextChoices):
        SENDING = "sending", "正在下载"
        SENT = "sent", "已下载"
        BROKEN = "broken", "下载中断"
        WAITING = "waiting", "排队中"
        WORKING = "working", "生成中"
        READY = "ready", "可下载"
        STOPPED = "stopped", "已停止"
        EXPIRED = "expired", "已过期"

    what = models.CharField("内容", max_length=12, choices=What)
    format = models.CharField("格式", max_length=4, choices=Format)
    state = models.CharField("状态", max_length=8, choices=State)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False, verbose_name="导出人"
    )
    asked_at = models.DateTimeField("导出时间")
    held = models.JSONField("当时的授权", default=list)  # codes of grants: whoever has lost one gets no file
    reason = SealedField("理由")
    words = SealedField("筛选条件")
    as_of = models.DateTimeField("数据截止")
    known_at = models.DateTimeField("已知截止", null=True)
    definitions = models.PositiveSmallIntegerField("口径版本")
    expected = models.PositiveIntegerField("应有行数")
    rows = models.PositiveIntegerField("行数", default=0)
    digest = models.BinaryField("摘要", max_length=32, null=True)  # SM3 of heading and rows, see services.exports.cells
    key = models.CharField(max_length=200, blank=True, default="")  # of the form or the call, so that twice is once
    finished_at = models.DateTimeField("完成时间", null=True)
    expires_at = models.DateTimeField("有效至")

    objects: ClassVar[ExportQuerySet] = ExportQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "导出"
        constraints = [
            models.UniqueConstraint(fields=["asked_by", "key"], name="export_once", condition=~Q(key="")),
            models.CheckConstraint(
                name="export_ready_has_digest", condition=~Q(state__in=["ready", "sent"]) | Q(digest__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["asked_by", "-id"], name="export_mine"),
            models.Index(fields=["expires_at"], name="export_ending", condition=~Q(state="expired")),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """DC-<local date>-<six digits>: its public name."""
        return f"DC-{self.asked_at.astimezone(ZoneInfo(settings.TIME_ZONE)):%Y%m%d}-{self.pk:06d}"

    @property
    def fingerprint(self) -> str:
        """The digest in eights, as file, page and audit entry show it; "" until it is known.

        Eights, since a longer run of digits may look like a phone to the audit trail.
        """
        text = bytes(self.digest).hex() if self.digest else ""
        return " ".join(text[n : n + 8] for n in range(0, len(text), 8))


class ExportPartQuerySet(models.QuerySet["ExportPart"]):
    """Named queries."""

    def next_free(self, export_id: int) -> ExportPart | None:
        """The first piece that is neither done nor another worker's, locked until the end of the transaction."""
        waiting = self.filter(export=export_id, done_at__isnull=True).order_by("number")
        return waiting.select_for_update(skip_locked=True, of=("self",), no_key=True).first()

    def in_order(self) -> ExportPartQuerySet:
        """As they follow each other in the file."""
        return self.order_by("number")


class ExportPart(models.Model):
    """A piece of a kept export: which requests, and their lines, packed and sealed, once it is done.

    In the database, so that a piece is done or not done in one transaction with its rows, and goes with them.
    """

    export = models.ForeignKey(Export, models.CASCADE, related_name="parts", db_index=False)
    number = models.PositiveIntegerField()
    packed = models.BinaryField(default=bytes)  # keys of requests in their order, eight bytes each
    veiled = models.JSONField(default=list)  # keys of those whose firm was hidden from the person
    rows = models.PositiveIntegerField(default=0)
    body = models.BinaryField(null=True)  # see services.exports.pieces
    done_at = models.DateTimeField(null=True)

    objects: ClassVar[ExportPartQuerySet] = ExportPartQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "导出分段"
        constraints = [models.UniqueConstraint(fields=["export", "number"], name="export_part_once")]

    def __str__(self) -> str:
        return f"{self.export_id}:{self.number}"

    @property
    def keys(self) -> Sequence[int]:
        """Keys of its requests, in the order of the file."""
        found = array("q")
        found.frombytes(bytes(self.packed))
        return found


def packed(keys: Iterable[int]) -> bytes:
    """Keys as `ExportPart.packed` holds them."""
    return array("q", keys).tobytes()
