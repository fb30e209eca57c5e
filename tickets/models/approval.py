"""Two-step moves: what one person asked for, and the second person's word (domain.md §3, moves marked ²)."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q

from tickets.models.ticket import Ticket


class ApprovalQuerySet(models.QuerySet["Approval"]):
    """Named queries."""

    def pending(self) -> ApprovalQuerySet:
        """Waiting for the second person."""
        return self.filter(state=Approval.State.PENDING)

    def of_ticket(self, ticket: Ticket) -> ApprovalQuerySet:
        """Everything asked for on one request, oldest first."""
        return self.filter(ticket=ticket).select_related("asked_by", "decided_by").order_by("pk")

    def with_words(self) -> ApprovalQuerySet:
        """With all that a page shows of each."""
        return self.select_related(
            "asked_by", "decided_by", "ticket__filing", "ticket__department", "ticket__region", "ticket__chain_tag"
        )


class Approval(models.Model):
    """One asked move. `data` is machine-coded, as the log keeps it; the reason is the text of event `seq`."""

    class State(models.TextChoices):
        PENDING = "pending", "待批"
        APPROVED = "approved", "已同意"
        REFUSED = "refused", "未同意"
        LAPSED = "lapsed", "已失效"

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="approvals")
    action = models.CharField("事项", max_length=20)
    state = models.CharField("状态", max_length=8, choices=State, default=State.PENDING)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="申请人")
    asked_party = models.CharField("申请人身份", max_length=12)
    asked_at = models.DateTimeField("申请时间")
    seq = models.PositiveIntegerField("申请事件序号")
    data = models.JSONField("内容", default=dict, encoder=DjangoJSONEncoder)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="审批人"
    )
    decided_at = models.DateTimeField("审批时间", null=True, blank=True)
    decided_seq = models.PositiveIntegerField("审批事件序号", null=True, blank=True)

    objects: ClassVar[ApprovalQuerySet] = ApprovalQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "审批"
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "action"], name="approval_one_pending", condition=Q(state="pending")
            ),
            models.CheckConstraint(
                name="approval_by_another", condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by"))
            ),
            models.CheckConstraint(
                name="approval_decided_when_ended",
                condition=Q(state="pending", decided_at__isnull=True)
                | (~Q(state="pending") & Q(decided_at__isnull=False)),
            ),
        ]
        indexes = [models.Index(fields=["asked_at", "id"], name="approval_waiting", condition=Q(state="pending"))]

    def __str__(self) -> str:
        return f"{self.action} {self.state}"
