"""Co-handling: each department that helps has a leg of its own, with its own small table of moves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from qihu.accounts.models import Department
from tickets.models.ticket import Ticket
from tickets.workflow import OPEN_LEGS, LegStatus


class LegQuerySet(models.QuerySet["Leg"]):
    """Named queries."""

    def of_round(self, ticket: Ticket) -> LegQuerySet:
        """Who helps in the present round, in the order of assignment."""
        return self.filter(ticket=ticket, round=ticket.round).select_related("department", "officer").order_by("pk")

    def of_ticket(self, ticket: Ticket) -> LegQuerySet:
        """Every leg that the request has had, in the order of assignment."""
        return self.filter(ticket=ticket).select_related("department", "officer").order_by("pk")

    def open(self) -> LegQuerySet:
        """Neither replied nor returned nor released."""
        return self.filter(status__in=sorted(OPEN_LEGS))

    def held_by(self, departments: Iterable[int]) -> LegQuerySet:
        """Of these departments."""
        return self.filter(department__in=list(departments))


class Leg(models.Model):
    """A co-handling department's part of a request; at most one open leg of a department at a time."""

    Status = LegStatus

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="legs", db_index=False)
    department = models.ForeignKey(Department, models.PROTECT, related_name="legs", verbose_name="协办部门")
    status = models.CharField("状态", max_length=10, choices=LegStatus, default=LegStatus.ASSIGNED)
    round = models.PositiveSmallIntegerField(default=1)
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="协办经办"
    )
    assigned_at = models.DateTimeField("交办时间")
    signed_at = models.DateTimeField("签收时间", null=True, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)

    objects: ClassVar[LegQuerySet] = LegQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "协办"
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "department"], name="leg_one_open", condition=Q(status__in=sorted(OPEN_LEGS))
            ),
            models.CheckConstraint(
                name="leg_ends_once",
                condition=Q(status__in=sorted(OPEN_LEGS), ended_at__isnull=True)
                | (~Q(status__in=sorted(OPEN_LEGS)) & Q(ended_at__isnull=False)),
            ),
        ]
        indexes = [models.Index(fields=["ticket", "round", "id"], name="leg_of_ticket")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.department_id}"

    @property
    def is_open(self) -> bool:
        """Still to be answered or returned."""
        return self.status in OPEN_LEGS
