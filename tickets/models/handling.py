"""Records beside the request: why it went where it did, who helps, what the firm thought."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from qihu.accounts.models import Department
from routing.rules.models import Rule, RuleSet
from tickets.models.ticket import Ticket


class DecisionQuerySet(models.QuerySet["Decision"]):
    """Named queries."""

    def latest_of(self, ticket: Ticket) -> Decision | None:
        """The decision in force, with its rule set."""
        return self.filter(ticket=ticket).select_related("rule_set").order_by("-seq").first()


class Decision(models.Model):
    """One routing decision with everything it rested on; the answer to "why here"."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="decisions")
    seq = models.PositiveIntegerField("事件序号")
    rule_set = models.ForeignKey(RuleSet, models.PROTECT, related_name="+", db_index=False)
    rule = models.ForeignKey(Rule, models.PROTECT, null=True, related_name="+", db_index=False)
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+", db_index=False)
    facts = models.JSONField("所见事实")
    second = models.JSONField("次选", null=True)
    reason = models.CharField("理由", max_length=300)
    decided_at = models.DateTimeField()

    objects: ClassVar[DecisionQuerySet] = DecisionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "交办决定"
        constraints = [models.UniqueConstraint(fields=["ticket", "seq"], name="decision_once")]

    def __str__(self) -> str:
        return self.reason


class Rating(models.Model):
    """The firm's word on one round: process and result, 5 非常满意 … 1 非常不满意."""

    class Score(models.IntegerChoices):
        BEST = 5, "非常满意"
        GOOD = 4, "满意"
        FAIR = 3, "基本满意"
        POOR = 2, "不满意"
        WORST = 1, "非常不满意"

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="ratings", db_index=False)
    round = models.PositiveSmallIntegerField()
    process = models.PositiveSmallIntegerField("过程", choices=Score)
    result = models.PositiveSmallIntegerField("结果", choices=Score)
    rated_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "评价"
        constraints = [
            models.UniqueConstraint(fields=["ticket", "round"], name="rating_once"),
            models.CheckConstraint(
                name="rating_range",
                condition=Q(process__gte=1, process__lte=5, result__gte=1, result__lte=5),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.process}/{self.result}"
