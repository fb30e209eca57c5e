"""Spreadsheets on their way in: the file, its rows one by one, and which column means what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from qihu.accounts.models import Region
from tickets.models.ticket import Ticket


class SavedMapping(models.Model):
    """Which heading means which field, kept under a name for the next file of the same shape."""

    name = models.CharField("名称", max_length=40, unique=True)
    columns = models.JSONField("栏目对应", default=dict)  # heading → field
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    saved_at = models.DateTimeField("保存时间")

    class Meta:
        verbose_name = verbose_name_plural = "导入对应"

    def __str__(self) -> str:
        return self.name


class Sheet(models.Model):
    """One uploaded table. The same bytes uploaded again are the same sheet: `digest` is SM3 of the file."""

    class State(models.TextChoices):
        MAPPING = "mapping", "待对应栏目"
        CHECKING = "checking", "试算中"
        CHECKED = "checked", "已试算"
        IMPORTING = "importing", "导入中"
        DONE = "done", "已完成"

    class Twin(models.TextChoices):
        SOURCE = "source", "并入为第二来源"
        NEW = "new", "另立新件"
        SKIP = "skip", "跳过"

    digest = models.BinaryField(max_length=32, unique=True)
    name = models.CharField("文件名", max_length=120)
    state = models.CharField(max_length=10, choices=State, default=State.MAPPING)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="区划")
    channel = models.CharField("渠道", max_length=8, choices=Ticket.Channel, default=Ticket.Channel.IMPORT)
    twins = models.CharField("相近的", max_length=8, choices=Twin, default=Twin.SOURCE)
    headings = models.JSONField("表头", default=list)
    columns = models.JSONField("栏目对应", default=list)  # field of each heading, "" where it is not used
    notes = models.JSONField("全表提示", default=list)
    total = models.PositiveIntegerField("行数")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("上传时间")
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "导入表"
        indexes = [models.Index(fields=["uploaded_by", "-id"], name="sheet_mine")]

    def __str__(self) -> str:
        return f"{self.pk}"


class SheetRowQuerySet(models.QuerySet["SheetRow"]):
    """Named queries."""

    def waiting(self, states: Iterable[str]) -> SheetRowQuerySet:
        """In one of these states, in the order of the file."""
        return self.filter(state__in=list(states)).order_by("number")

    def reported(self) -> SheetRowQuerySet:
        """With something to say: refused, doubtful or found twice."""
        return self.exclude(problems=[], state__in=[SheetRow.State.READ, SheetRow.State.GOOD, SheetRow.State.MADE])


class SheetRow(models.Model):
    """One row: what it says (until it is imported) and what became of it. Exactly once: `made` rows stay made."""

    class State(models.TextChoices):
        READ = "read", "未试算"
        GOOD = "good", "可导入"
        TWIN = "twin", "与已有诉求相近"
        BAD = "bad", "有错，不导入"
        MADE = "made", "已立新件"
        ADDED = "added", "已并入"
        SKIPPED = "skipped", "已跳过"

    sheet = models.ForeignKey(Sheet, models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField("行号")
    state = models.CharField(max_length=8, choices=State, default=State.READ)
    cells = models.JSONField("单元格", default=list)  # strings, as read; emptied once imported
    problems = models.JSONField("问题", default=list)  # [{"column", "says", "grave"}]
    ticket = models.ForeignKey(Ticket, models.PROTECT, null=True, related_name="+")

    objects: ClassVar[SheetRowQuerySet] = SheetRowQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "导入行"
        constraints = [
            models.UniqueConstraint(fields=["sheet", "number"], name="sheet_row_once"),
            models.CheckConstraint(
                name="sheet_row_made_has_ticket",
                condition=~Q(state__in=["made", "added"]) | Q(ticket__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["sheet", "state", "number"], name="sheet_row_next")]

    def __str__(self) -> str:
        return f"{self.sheet_id}:{self.number}"
