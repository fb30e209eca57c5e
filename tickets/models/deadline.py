"""Promises on requests: a row with a due time, its ledger of shifts, and the alerts it has fired."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from routing.promises.amount import Amount, Unit
from routing.promises.models import CalendarVersion, PolicySet
from tickets.models.bulk import Remembered
from tickets.models.ticket import Ticket
from tickets.workflow import Clock


class DeadlineQuerySet(models.QuerySet["Deadline"]):
    """Named queries."""

    def live(self, tickets: Iterable[int]) -> DeadlineQuerySet:
        """Running or paused clocks of these requests, oldest first."""
        return self.filter(
            ticket_id__in=list(tickets), state__in=[Deadline.State.RUNNING, Deadline.State.PAUSED]
        ).order_by("pk")

    def of_round(self, ticket: Ticket) -> DeadlineQuerySet:
        """Every clock of the present round, oldest first."""
        return self.filter(ticket=ticket, round=ticket.round).order_by("pk")

    def reckoned(self, ticket: Ticket, clock: str) -> DeadlineQuerySet:
        """Every row of one clock with its ledger, who approved what, and its alerts, newest first."""
        shifts = models.Prefetch("shifts", Shift.objects.select_related("approver").order_by("pk"))
        return self.filter(ticket=ticket, clock=clock).prefetch_related(shifts, "alerts").order_by("-pk")

    def of_ticket(self, ticket: int) -> DeadlineQuerySet:
        """Every clock that one request has had, oldest first."""
        return self.filter(ticket_id=ticket).order_by("pk")

    def due(self, at: object, *, limit: int) -> DeadlineQuerySet:
        """What the sweep must fire: served by the partial index, costs what is due and not what is open."""
        return self.filter(fires_at__lt=at).order_by("fires_at", "pk")[:limit]


class Deadline(Remembered):
    """One clock of one request. `promised_due_at` is the first promise and never changes; `due_at` is the agreed one.

    Unique per (request, leg, clock, round, turn), so a warning or a breach can happen once only; `turn` is the
    sequence number of the event that started it. `reached`: position of the last step of the ladder that it set off
    (50: it broke). `not_before`: when it was last changed; nothing that the change made late is dated before it.
    `reason_seq`: the event in which the head said why it is late.
    """

    class State(models.TextChoices):
        RUNNING = "running", "计时中"
        PAUSED = "paused", "暂停"
        MET = "met", "已完成"
        VOID = "void", "作废"

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="deadlines", db_index=False)
    leg = models.ForeignKey("tickets.Leg", models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    clock = models.CharField("时限", max_length=12, choices=Clock)
    round = models.PositiveSmallIntegerField(default=1)
    turn = models.PositiveIntegerField("起始事件序号")
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    amount = models.PositiveIntegerField(null=True)
    unit = models.CharField(max_length=4, blank=True, default="")
    extended = models.PositiveIntegerField("延期", default=0, help_text="与承诺同单位")
    policy_set = models.ForeignKey(PolicySet, models.PROTECT, null=True, related_name="+", db_index=False)
    calendar_version = models.ForeignKey(CalendarVersion, models.PROTECT, related_name="+", db_index=False)
    started_at = models.DateTimeField()
    promised_due_at = models.DateTimeField("首次承诺", null=True)
    due_at = models.DateTimeField("现行承诺", null=True)
    provisional = models.BooleanField(default=False)
    paused_at = models.DateTimeField(null=True, blank=True)
    met_at = models.DateTimeField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    breached_at = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField("最近一次调整", null=True, blank=True)
    reached = models.PositiveSmallIntegerField("已到阶梯", default=0, db_default=0)
    reason_seq = models.PositiveIntegerField("超期说明", null=True, blank=True)
    fires_at = models.DateTimeField("下一次触发", null=True, blank=True)

    objects: ClassVar[DeadlineQuerySet] = DeadlineQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "时限"
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "leg", "clock", "round", "turn"], name="deadline_once", nulls_distinct=False
            ),
            models.UniqueConstraint(
                fields=["ticket", "leg", "clock"],
                name="deadline_one_live",
                nulls_distinct=False,
                condition=Q(state__in=["running", "paused"]),
            ),
            models.CheckConstraint(
                name="deadline_pause_has_start", condition=~Q(state="paused") | Q(paused_at__isnull=False)
            ),
            models.CheckConstraint(
                name="deadline_fires_while_running", condition=Q(fires_at__isnull=True) | Q(state="running")
            ),
        ]
        indexes = [
            models.Index(F("fires_at"), F("id"), name="deadline_fires", condition=Q(fires_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.clock} {self.round}.{self.turn}"

    @property
    def promise(self) -> Amount | None:
        """The amount promised, or None for a clock that is only reported (FULL)."""
        return None if self.amount is None else Amount(self.amount, Unit(self.unit))

    @property
    def agreed(self) -> Amount | None:
        """The amount promised and what was granted on top."""
        return None if self.amount is None else Amount(self.amount + self.extended, Unit(self.unit))

    @property
    def ended_at(self) -> object:
        """When it was met or voided, or None while it lives."""
        return self.met_at or self.voided_at


class Shift(models.Model):
    """Ledger: every change of an agreed due time, with its cause. Rows are only ever added."""

    class Kind(models.TextChoices):
        PAUSE = "pause", "暂停"
        REPRICE = "reprice", "重新定级"
        EXTENSION = "extension", "延期"
        CREDIT = "credit", "补时"
        POLICY = "policy", "时限调整"
        MERGE = "merge", "并案"
        SPLIT = "split", "拆分"

    deadline = models.ForeignKey(Deadline, models.PROTECT, related_name="shifts")
    seq = models.PositiveIntegerField("事件序号")
    kind = models.CharField(max_length=10, choices=Kind)
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    due_before = models.DateTimeField()
    due_after = models.DateTimeField(null=True)
    reason = models.CharField(max_length=60)
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "时限变动"

    def __str__(self) -> str:
        return f"{self.deadline_id} {self.kind}"


class AlertQuerySet(models.QuerySet["Alert"]):
    """Named queries."""

    def newest(self) -> AlertQuerySet:
        """Latest first, with what a list shows."""
        return self.select_related("deadline__ticket__department").order_by("-at", "-pk")


class Alert(models.Model):
    """What a deadline has set off, once each by constraint: `breach`, or the code of a step of the ladder.

    `lit` false: the ladder only rehearsed; nobody was told, nothing was done, there is no event.
    """

    deadline = models.ForeignKey(Deadline, models.PROTECT, related_name="alerts", db_index=False)
    threshold = models.CharField(max_length=16)
    at = models.DateTimeField()
    seq = models.PositiveIntegerField("事件序号", null=True)
    lit = models.BooleanField("已亮灯", default=True, db_default=True)

    objects: ClassVar[AlertQuerySet] = AlertQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "警示"
        constraints = [
            models.UniqueConstraint(fields=["deadline", "threshold"], name="alert_once"),
            models.CheckConstraint(name="alert_lit_has_event", condition=Q(lit=False) | Q(seq__isnull=False)),
        ]
        indexes = [models.Index(F("at"), F("id"), name="alert_time")]

    def __str__(self) -> str:
        return f"{self.deadline_id} {self.threshold}"
