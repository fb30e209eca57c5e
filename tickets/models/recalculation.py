"""A new promise table or calendar carried over to running promises: what was foreseen, what is done, by whom."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from routing.promises.models import CalendarVersion, PolicySet
from tickets.models.deadline import Deadline


class RecalculationQuerySet(models.QuerySet["Recalculation"]):
    """Named queries."""

    def unfinished(self) -> RecalculationQuerySet:
        """Still being worked on."""
        return self.filter(finished_at__isnull=True)

    def with_versions(self) -> RecalculationQuerySet:
        """With everything a line shows, the newest first."""
        versions = ("policy_set", "former_set", "calendar_version__calendar", "former_version")
        return self.select_related("author", *versions).order_by("-pk")


class Recalculation(models.Model):
    """Running promises are reckoned anew by a published version; worked off in `Slice`s.

    `predicted` and each slice's `counts`: `[{department, clock, running, earlier, later, most_earlier, most_later,
    breaks}]`, seconds for the two `most_`, department null before anybody was given the request.
    """

    class Kind(models.TextChoices):
        POLICY = "policy", "时限政策"
        CALENDAR = "calendar", "工作日历"

    class Scope(models.TextChoices):
        RUNNING = "running", "运行中的承诺"
        PROVISIONAL = "provisional", "暂定的到期时间"

    kind = models.CharField("种类", max_length=10, choices=Kind)
    scope = models.CharField("范围", max_length=12, choices=Scope)
    policy_set = models.OneToOneField(
        PolicySet, models.PROTECT, null=True, related_name="recalculation", verbose_name="新政策"
    )
    former_set = models.ForeignKey(PolicySet, models.PROTECT, null=True, related_name="+", verbose_name="原政策")
    calendar_version = models.OneToOneField(
        CalendarVersion, models.PROTECT, null=True, related_name="recalculation", verbose_name="新日历"
    )
    former_version = models.ForeignKey(
        CalendarVersion, models.PROTECT, null=True, related_name="+", verbose_name="原日历"
    )
    effective_on = models.DateField("生效日期", null=True, blank=True)
    correction = models.BooleanField("更正过去", default=False)
    reason = models.CharField("理由", max_length=200)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="批准人"
    )
    asked_at = models.DateTimeField("启用时间")
    planned_at = models.DateTimeField("开始重算", null=True)
    finished_at = models.DateTimeField("完成时间", null=True)
    predicted = models.JSONField("预计", default=list)

    objects: ClassVar[RecalculationQuerySet] = RecalculationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "时限重算"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="recalculation_target",
                condition=Q(kind="policy", policy_set__isnull=False, calendar_version__isnull=True, scope="running")
                | Q(kind="calendar", policy_set__isnull=True, calendar_version__isnull=False),
            ),
            models.UniqueConstraint(
                name="recalculation_one_policy", fields=["kind"], condition=Q(kind="policy", finished_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"按{self.policy_set or self.calendar_version}重算"


class SliceQuerySet(models.QuerySet["Slice"]):
    """Named queries."""

    def next_free(self, recalculation_id: int) -> Slice | None:
        """The next slice that nobody works on, locked until the end of the transaction."""
        waiting = self.filter(recalculation=recalculation_id, done_at__isnull=True).order_by("pk")
        return waiting.select_for_update(skip_locked=True, of=("self",), no_key=True).first()


class Slice(models.Model):
    """Requests with keys in `[first, last]`: what one short transaction works on. Whoever dies leaves it undone."""

    recalculation = models.ForeignKey(Recalculation, models.PROTECT, related_name="slices")
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    done_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=list)
    failed = models.JSONField(default=list)

    objects: ClassVar[SliceQuerySet] = SliceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "重算分段"
        indexes: ClassVar = [
            models.Index(fields=["recalculation", "id"], name="slice_waiting", condition=Q(done_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.recalculation_id}: {self.first}–{self.last}"


class Restatement(models.Model):
    """A corrected past: a promise that has ended and would be judged otherwise. The promise itself stays as it is."""

    recalculation = models.ForeignKey(Recalculation, models.PROTECT, related_name="restatements", verbose_name="重算")
    deadline = models.ForeignKey(Deadline, models.PROTECT, related_name="restatements", verbose_name="时限")
    was_late = models.BooleanField("原判超期")
    would_be_late = models.BooleanField("更正后超期")
    due_at = models.DateTimeField("原到期时间")
    would_be_due_at = models.DateTimeField("更正后到期时间")
    reason = models.CharField("理由", max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "更正记录"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["recalculation", "deadline"], name="restatement_once"),
        ]

    def __str__(self) -> str:
        return f"{self.deadline_id}: {self.was_late} → {self.would_be_late}"
