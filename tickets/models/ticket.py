"""The request: its status is a cache of the log, its attributes are what queues and figures select by."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from qihu.accounts.models import Contact, Department, Enterprise, Region
from routing.rules.models import Category, ChainTag, IndustryChain
from tickets.models.bulk import Remembered
from tickets.models.lists import TicketQuerySet
from tickets.workflow import ENDED, Outcome, Status

if TYPE_CHECKING:
    from tickets.models.text import Filing


class Ticket(Remembered):
    """One request of one firm."""

    class Difficulty(models.TextChoices):
        L1 = "L1", "即时"
        L2 = "L2", "一般"
        L3 = "L3", "复杂"
        L4 = "L4", "疑难"

    class Level(models.TextChoices):
        CITY = "city", "市"
        COUNTY = "county", "县"
        TOWN = "town", "乡"

    class Channel(models.TextChoices):
        QR = "qr", "扫码"
        APP = "app", "浙里办/企业码"
        HOTLINE = "hotline", "12345-8"
        COUNTER = "counter", "窗口"
        VISIT = "visit", "驻企服务"
        MEETING = "meeting", "亲清半月谈"
        LEADER = "leader", "领导交办"
        IMPORT = "import", "导入"

    class Visibility(models.TextChoices):
        FIRM = "firm", "本企业可见"
        ME = "me", "仅我可见"
        SHIELDED = "shielded", "身份保密"

    number = models.CharField("编号", max_length=24, unique=True)
    status = models.CharField("状态", max_length=12, choices=Status, default=Status.SUBMITTED)
    outcome = models.CharField("结果", max_length=10, choices=Outcome, blank=True, default="")
    chain_tag = models.ForeignKey(ChainTag, models.PROTECT, null=True, blank=True, verbose_name="链")
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, verbose_name="类别")
    industry_chain = models.ForeignKey(IndustryChain, models.PROTECT, null=True, blank=True, verbose_name="产业链")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="区划")
    level = models.CharField("层级", max_length=6, choices=Level, default=Level.CITY)
    difficulty = models.CharField("难度", max_length=2, choices=Difficulty, default=Difficulty.L2)
    urgent = models.BooleanField("紧急", default=False)
    tier = models.PositiveSmallIntegerField("层级升格", default=1)
    restricted = models.BooleanField("限制知悉", default=False)
    shielded = models.BooleanField("身份保密", default=False)
    test = models.BooleanField("测试件", default=False)
    supervised = models.BooleanField("督办中", default=False)
    review_drawn = models.BooleanField("抽中复审", default=False, db_default=False)
    round = models.PositiveSmallIntegerField("办理轮次", default=1)
    send_backs = models.PositiveSmallIntegerField("本轮退回次数", default=0)
    channel = models.CharField("渠道", max_length=8, choices=Channel, default=Channel.QR)
    qr_code = models.ForeignKey("tickets.QRCode", models.PROTECT, null=True, blank=True, verbose_name="二维码")
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    topic = models.ForeignKey(
        "tickets.Topic", models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name="专题"
    )
    department = models.ForeignKey(Department, models.PROTECT, null=True, blank=True, verbose_name="主办部门")
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="经办"
    )
    reply_author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="答复人",
    )
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    visibility = models.CharField("谁看得到", max_length=8, choices=Visibility, blank=True, default="")
    submitted_at = models.DateTimeField("提交时间")
    assigned_at = models.DateTimeField("交办时间", null=True, blank=True)
    replied_at = models.DateTimeField("答复时间", null=True, blank=True)
    answered_at = models.DateTimeField("送达时间", null=True, blank=True)
    closed_at = models.DateTimeField("办结时间", null=True, blank=True)
    urged_at = models.DateTimeField("最近催办", null=True, blank=True)
    next_due_at = models.DateTimeField("最近到期", null=True, blank=True)
    next_clock = models.CharField("最近到期的时限", max_length=12, blank=True, default="")
    late = models.BooleanField("有时限已破", default=False)
    access_hash = models.BinaryField(max_length=32)
    came_from = models.CharField("从何状态来", max_length=12, blank=True, default="")
    info_asked = models.BooleanField("已要求补正", default=False)
    suspensions = models.PositiveSmallIntegerField("挂起次数", default=0)
    extensions = models.PositiveSmallIntegerField("延期次数", default=0)
    pending = models.PositiveSmallIntegerField("待批事项", default=0)
    excluded = models.BooleanField("剔除评价", default=False)
    planned_on = models.DateField("计划完成日期", null=True, blank=True)
    burden_relieved = models.BigIntegerField("减负（元）", null=True, blank=True)
    call_back_due_at = models.DateTimeField("回访到期", null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    last_seq = models.PositiveIntegerField(default=0)
    last_hash = models.BinaryField(max_length=32, default=bytes)

    filing: Filing
    objects: ClassVar[TicketQuerySet] = TicketQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "诉求"
        constraints = [
            models.CheckConstraint(name="ticket_status_known", condition=Q(status__in=Status.values)),
            models.CheckConstraint(
                name="ticket_seen_by_somebody",
                condition=Q(visibility="")
                | Q(visibility="firm", contact__isnull=False, enterprise__isnull=False, shielded=False)
                | Q(visibility="me", contact__isnull=False, shielded=False)
                | Q(visibility="shielded", contact__isnull=False, shielded=True),
            ),
            models.CheckConstraint(name="ticket_tier_range", condition=Q(tier__gte=1, tier__lte=3)),
            models.CheckConstraint(
                name="ticket_handled_has_department",
                condition=~Q(status__in=["assigned", "in_progress", "disputed", "suspended", "reviewing", "answered"])
                | Q(department__isnull=False),
            ),
            models.CheckConstraint(
                name="ticket_closed_has_outcome",
                condition=~Q(status="closed") | (Q(closed_at__isnull=False) & ~Q(outcome="")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["enterprise", "-submitted_at", "-id"],
                name="ticket_enterprise_newest",
                condition=Q(enterprise__isnull=False),
            ),
            models.Index(
                fields=["contact", "-submitted_at", "-id"],
                name="ticket_contact_newest",
                condition=Q(contact__isnull=False),
            ),
            models.Index(
                F("department"),
                F("next_due_at").asc(nulls_last=True),
                F("id"),
                name="ticket_department_queue",
                condition=~Q(status__in=sorted(ENDED)),
            ),
            models.Index(F("status"), F("next_due_at").asc(nulls_last=True), F("id"), name="ticket_status_queue"),
            models.Index(
                F("next_due_at").asc(nulls_last=True),
                F("id"),
                name="ticket_open_queue",
                condition=~Q(status__in=sorted(ENDED)),
            ),
            models.Index(
                F("next_due_at").asc(nulls_last=True),
                F("id"),
                name="ticket_late_queue",
                condition=Q(late=True) & ~Q(status__in=sorted(ENDED)),
            ),
            models.Index(fields=["-submitted_at", "-id"], name="ticket_newest"),
            models.Index(
                fields=["call_back_due_at", "id"],
                name="ticket_call_back_queue",
                condition=Q(call_back_due_at__isnull=False),
            ),
            models.Index(fields=["department", "-submitted_at", "-id"], name="ticket_department_newest"),
            models.Index(
                F("next_due_at").asc(nulls_last=True),
                F("id"),
                name="ticket_supervised_queue",
                condition=Q(supervised=True) & ~Q(status__in=sorted(ENDED)),
            ),
            models.Index(
                F("department"),
                F("next_due_at").asc(nulls_last=True),
                F("id"),
                name="ticket_plan_queue",
                condition=Q(status=Status.CLOSED, next_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        """Not ended."""
        return self.status not in ENDED

    @property
    def kept_by_firm(self) -> bool:
        """Open to the firm's members: read through its account only, so that who left has no code to come back with."""
        return self.enterprise_id is not None and self.visibility in OPEN_TO_FIRM

    @property
    def grade(self) -> str:
        """Column of the promise table: urgent beats the difficulty."""
        return "urgent" if self.urgent else self.difficulty


OPEN_TO_FIRM = (Ticket.Visibility.FIRM, Ticket.Visibility.SHIELDED)
"""What colleagues in the firm see; being shielded is towards departments."""
