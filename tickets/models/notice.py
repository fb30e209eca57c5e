"""Who was told of what: one row per event, receiver and channel; and the digests that gather such rows."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from tickets.models.notice_rule import NoticeTemplate, RobotHook
from tickets.models.ticket import Ticket


class Channel(models.TextChoices):
    """By which way."""

    INBOX = "inbox", "站内"
    MAIL = "mail", "邮件"
    SMS = "sms", "短信"
    DINGTALK = "dingtalk", "钉钉群"
    WECOM = "wecom", "企业微信群"


class State(models.TextChoices):
    """Where a message stands. `unsent`: nobody could even try, for want of a provider or an address."""

    QUEUED = "queued", "待发送"
    HELD = "held", "待汇总"
    SENT = "sent", "已发送"
    SEEN = "seen", "已读"
    FAILED = "failed", "发送失败"
    UNSENT = "unsent", "未发送"
    SKIPPED = "skipped", "不再需要"


STUCK = frozenset({State.FAILED, State.UNSENT})
"""States in which a person must do something, or "send again" would help."""


class Delivery(models.Model):
    """What sending needs, of one message: shared by notices and digests, which wait in queues of their own.

    `due_at`: when to try (again), only while queued; `doubtful`: an attempt may have arrived unseen.
    """

    state = models.CharField("状态", max_length=8, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField("已试次数", default=0)
    doubtful = models.BooleanField(default=False)
    error = models.CharField("原因", max_length=60, blank=True, default="")
    due_at = models.DateTimeField("下次发送", null=True, blank=True)
    sent_at = models.DateTimeField("发送时间", null=True, blank=True)
    provider_id = models.CharField("回执编号", max_length=200, blank=True, default="")

    class Meta:
        abstract = True


class Digest(Delivery):
    """Everything gathered for one receiver at one opening of their working day: exactly one by constraint."""

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    robot = models.ForeignKey(RobotHook, models.PROTECT, null=True, related_name="+", db_index=False)
    channel = models.CharField("方式", max_length=8, choices=Channel)
    slot = models.DateTimeField("汇总时刻")

    class Meta:
        verbose_name = verbose_name_plural = "通知汇总"
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "robot", "channel", "slot"], name="digest_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                name="digest_one_receiver",
                condition=Q(recipient__isnull=False, robot__isnull=True)
                | Q(recipient__isnull=True, robot__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["due_at", "id"], name="digest_due", condition=Q(state="queued"))]

    def __str__(self) -> str:
        return f"{self.channel} {self.slot:%Y-%m-%d %H:%M}"


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Named queries."""

    def inbox(self, user_id: int) -> NoticeQuerySet:
        """What one person was told here, newest first."""
        return self.filter(recipient_id=user_id, channel=Channel.INBOX).order_by("-pk")

    def unread(self, user_id: int) -> NoticeQuerySet:
        """What they have not read yet, newest first."""
        return self.inbox(user_id).filter(read_at__isnull=True)

    def among(self, tickets: models.QuerySet[Ticket]) -> NoticeQuerySet:
        """Of these requests: a notice outlives the sight of its request."""
        return self.filter(ticket__in=tickets)

    def of_ticket(self, ticket: Ticket) -> NoticeQuerySet:
        """Of one request."""
        return self.filter(ticket=ticket)

    def to_firm(self) -> NoticeQuerySet:
        """What went, or should have gone, to the firm; newest first."""
        return self.filter(firm=True).order_by("-pk")

    def stuck(self) -> NoticeQuerySet:
        """What did not get out, newest first."""
        return self.filter(state__in=sorted(STUCK)).order_by("-pk")

    def failed(self) -> NoticeQuerySet:
        """What was tried and refused."""
        return self.filter(state=State.FAILED)

    def outside(self) -> NoticeQuerySet:
        """What was to leave the house, newest first."""
        return self.exclude(channel=Channel.INBOX).order_by("-pk")

    def gathering(self) -> NoticeQuerySet:
        """Waiting for their receiver's next digest."""
        return self.filter(state=State.HELD, digest__isnull=True)

    def left_since(self, since: datetime, *, channel: str) -> NoticeQuerySet:
        """What was sent this way since then."""
        return self.filter(channel=channel, sent_at__gte=since)

    def with_words(self) -> NoticeQuerySet:
        """With everything that its words are made of."""
        return self.select_related(
            "template",
            "recipient",
            "robot",
            "ticket__filing",
            "ticket__department",
            "ticket__officer",
            "ticket__region",
        )

    def mark_read(self, *, at: datetime) -> int:
        """Take these out of the inbox; how many."""
        return self.filter(read_at__isnull=True).order_by().update(read_at=at, state=State.SEEN)

    def end(self, state: State, *, error: str = "") -> int:
        """Take these out of every queue, with the reason; how many."""
        return self.order_by().update(state=state, error=error, due_at=None, doubtful=False)


class Notice(Delivery):
    """One thing that one receiver is told: a member of staff, the request's firm, or a robot of a group.

    It holds no address: whoever sends it looks the phone up, so that erasing a request erases every trace of it.
    """

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="notices", db_index=False)
    seq = models.PositiveIntegerField("事件序号")
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="notices", db_index=False
    )
    firm = models.BooleanField("给企业", default=False)
    robot = models.ForeignKey(RobotHook, models.PROTECT, null=True, related_name="+", db_index=False)
    channel = models.CharField("方式", max_length=8, choices=Channel, default=Channel.INBOX)
    kind = models.CharField("事件", max_length=24)
    clock = models.CharField("时限", max_length=12, blank=True, default="")
    template = models.ForeignKey(NoticeTemplate, models.PROTECT, null=True, related_name="+", db_index=False)
    digest = models.ForeignKey(Digest, models.PROTECT, null=True, related_name="notices")
    created_at = models.DateTimeField("产生时间")
    read_at = models.DateTimeField("已读时间", null=True, blank=True)

    objects: ClassVar[NoticeQuerySet] = NoticeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "通知"
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "seq", "recipient", "firm", "robot", "channel"],
                name="notice_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="notice_one_receiver",
                condition=Q(recipient__isnull=False, firm=False, robot__isnull=True)
                | Q(recipient__isnull=True, firm=True, robot__isnull=True)
                | Q(recipient__isnull=True, firm=False, robot__isnull=False),
            ),
            models.CheckConstraint(
                name="notice_due_while_queued", condition=Q(state="queued") | Q(due_at__isnull=True)
            ),
        ]
        indexes = [
            models.Index(
                fields=["recipient", "-id"],
                name="notice_unread",
                condition=Q(read_at__isnull=True, channel="inbox"),
            ),
            models.Index(fields=["recipient", "-id"], name="notice_inbox", condition=Q(channel="inbox")),
            models.Index(F("due_at"), F("id"), name="notice_due", condition=Q(state="queued")),
            models.Index(fields=["recipient", "robot", "id"], name="notice_held", condition=Q(state="held")),
            models.Index(fields=["-id"], name="notice_stuck", condition=Q(state__in=["failed", "unsent"])),
            models.Index(fields=["channel", "sent_at"], name="notice_left", condition=Q(sent_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.receiver}"

    @property
    def receiver(self) -> str:
        """Who it is for, in words that name no firm."""
        if self.firm:
            return "企业联系人"
        return str(self.recipient or self.robot)
