"""Monthly bulletins (通报): what was said of one place and month, who is to get it, and who got it."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from qihu.accounts.models import Department, Region
from tickets.models.notice import Channel, Delivery


class Format(models.TextChoices):
    """A file of a bulletin."""

    PDF = "pdf", "PDF"
    DOCX = "docx", "Word"
    XLSX = "xlsx", "Excel"


class Placed(models.Model):
    """About one region with everything below it, or one department."""

    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="区划")
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="部门"
    )

    class Meta:
        abstract = True

    @property
    def place(self) -> Region | Department:
        """What it is about."""
        found = self.department or self.region
        if found is None:  # the constraint forbids it; the type does not know
            raise ValueError("a bulletin is about a region or a department")
        return found


_ONE_PLACE = Q(region__isnull=False, department__isnull=True) | Q(region__isnull=True, department__isnull=False)


class BulletinSchedule(Placed):
    """Every month on `day` at `hour` (local): the bulletin of the month before, to these people.

    `since`: from when these times hold; what was due before is not made up for.
    """

    people = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", verbose_name="发给")
    day = models.PositiveSmallIntegerField("每月几日")
    hour = models.PositiveSmallIntegerField("几点")
    formats = ArrayField(models.CharField(max_length=4, choices=Format), verbose_name="格式")
    active = models.BooleanField("启用", default=True)
    since = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="设定人")

    class Meta:
        verbose_name = verbose_name_plural = "通报计划"
        constraints = [
            models.CheckConstraint(name="bulletin_schedule_one_place", condition=_ONE_PLACE),
            models.CheckConstraint(name="bulletin_schedule_day", condition=Q(day__gte=1, day__lte=28)),
            models.CheckConstraint(name="bulletin_schedule_hour", condition=Q(hour__gte=0, hour__lte=23)),
        ]

    def __str__(self) -> str:
        return f"{self.place} · 每月 {self.day} 日 {self.hour}:00"


class BulletinQuerySet(models.QuerySet["Bulletin"]):
    """Named queries."""

    def newest(self) -> BulletinQuerySet:
        """With what a row shows, the latest month first."""
        return self.select_related("region", "department", "made_by").order_by("-month", "-pk")


class Bulletin(Placed):
    """One edition. `content` is everything that the three files say, so that they can be made again bit by bit;
    `hashes` are the SHA-256 of each as first made, by format.
    """

    month = models.DateField("月份")
    edition = models.PositiveSmallIntegerField("版次")
    number = models.CharField("编号", max_length=80, unique=True)
    title = models.CharField("标题", max_length=160)
    as_of = models.DateTimeField("截止时点")
    known_at = models.DateTimeField("已知至", null=True)
    definitions = models.CharField("口径版本", max_length=40)
    content = models.JSONField()
    hashes = models.JSONField()
    made_at = models.DateTimeField("制作时间")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="制作人"
    )
    schedule = models.ForeignKey(BulletinSchedule, models.PROTECT, null=True, related_name="bulletins")

    objects: ClassVar[BulletinQuerySet] = BulletinQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "通报"
        constraints = [
            models.CheckConstraint(name="bulletin_one_place", condition=_ONE_PLACE),
            models.CheckConstraint(name="bulletin_month_is_a_first", condition=Q(month__day=1)),
            models.UniqueConstraint(
                fields=["region", "department", "month", "edition"], name="bulletin_edition", nulls_distinct=False
            ),
            models.UniqueConstraint(fields=["schedule", "month"], name="bulletin_scheduled_once"),
        ]
        indexes = [models.Index(fields=["-month", "-id"], name="bulletin_newest")]

    def __str__(self) -> str:
        return self.title


class BulletinSending(Delivery):
    """That one person is told of one bulletin: by mail a link, nothing else.

    A person who lost the right to the place is SKIPPED with `no_right`, so that it shows who was not told.
    """

    bulletin = models.ForeignKey(Bulletin, models.PROTECT, related_name="sendings")
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="收件人")
    channel = models.CharField("方式", max_length=8, choices=Channel, default=Channel.MAIL)

    class Meta:
        verbose_name = verbose_name_plural = "通报发送"
        constraints = [
            models.UniqueConstraint(fields=["bulletin", "recipient", "channel"], name="bulletin_sent_once"),
        ]
        indexes = [models.Index(fields=["due_at", "id"], name="bulletin_sending_due", condition=Q(state="queued"))]

    def __str__(self) -> str:
        return f"{self.bulletin} → {self.recipient}"


def next_edition(place: Region | Department, month: date) -> int:
    """1 for the first bulletin of a place and month."""
    held = Bulletin.objects.filter(month=month, **placed(place)).aggregate(last=models.Max("edition"))
    return (held["last"] or 0) + 1


def placed(place: Region | Department) -> dict[str, Region | Department | None]:
    """The two columns for a place."""
    return (
        {"region": None, "department": place}
        if isinstance(place, Department)
        else {"region": place, "department": None}
    )
