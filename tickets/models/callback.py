"""Call-backs (回访): what the firm said on the phone, kept beside its rating and never instead of it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from tickets.models.ticket import Ticket


class CallBackQuerySet(models.QuerySet["CallBack"]):
    """Named queries."""

    def of_ticket(self, ticket: Ticket) -> CallBackQuerySet:
        """Every call about one request, oldest first."""
        return self.filter(ticket=ticket).select_related("by").order_by("pk")


class CallBack(models.Model):
    """One call: whether the firm was reached, and if so whether the department had been in touch, whether the matter is
    solved and how the firm feels.
    """

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="call_backs")
    round = models.PositiveSmallIntegerField()
    seq = models.PositiveIntegerField("事件序号")
    contacted = models.BooleanField("已接通")
    was_contacted = models.BooleanField("承办部门联系过", null=True)
    solved = models.BooleanField("已解决", null=True)
    satisfied = models.BooleanField("满意", null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="回访人")
    at = models.DateTimeField("回访时间")

    objects: ClassVar[CallBackQuerySet] = CallBackQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "回访"
        constraints = [
            models.UniqueConstraint(fields=["ticket", "seq"], name="call_back_once"),
            models.CheckConstraint(
                name="call_back_reached_answers",
                condition=Q(contacted=True, solved__isnull=False)
                | Q(contacted=False, was_contacted__isnull=True, solved__isnull=True, satisfied__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.contacted}/{self.solved}"


class Draw(models.Model):
    """A share drawn reproducibly: which replies the director reviews, which closed requests are called back."""

    class Code(models.TextChoices):
        CALL_BACK = "call_back", "回访抽取比例"
        REVIEW = "review", "主任抽审比例"

    LEAST: ClassVar[float] = 0.10

    code = models.CharField("用途", primary_key=True, max_length=12, choices=Code)
    share = models.FloatField("比例", help_text="0 至 1；回访不得低于 0.10")

    class Meta:
        verbose_name = verbose_name_plural = "抽查比例"
        constraints = [
            models.CheckConstraint(
                name="draw_is_a_share",
                condition=Q(share__gte=0, share__lte=1) & (~Q(code="call_back") | Q(share__gte=0.10)),
                violation_error_message="比例在 0 与 1 之间，回访不低于 0.10",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_code_display()} {self.share:.0%}"

    def clean(self) -> None:
        """Says it beside the field, before the constraint does."""
        least = self.LEAST if self.code == self.Code.CALL_BACK else 0.0
        if self.share is not None and not least <= self.share <= 1:
            raise ValidationError({"share": f"请填写 {least:g} 至 1 之间的比例。"})


class Script(models.Model):
    """What the caller reads out, line by line."""

    position = models.PositiveSmallIntegerField("次序", unique=True)
    line = models.CharField("话术", max_length=200)
    hint = models.CharField("提示", max_length=200, blank=True, default="")

    class Meta:
        verbose_name = verbose_name_plural = "回访话术"

    def __str__(self) -> str:
        return self.line
