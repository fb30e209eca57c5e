"""Beside the log, for the page that says what is worth checking: where a rating came from, and what was checked."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from tickets.models.handling import Rating


class RatedFrom(models.Model):
    """Which browser and which network one rating came from, told apart but not told.

    Keyed hashes under a key of the month (`tickets.services.origins`): the same browser in another month is another
    hash, and without the key nobody can try guesses. Kept out of the log, forgotten after `KEPT` and with the
    request's personal data. `browser` is null where no cookie came along (a program).
    """

    rating = models.OneToOneField(Rating, models.CASCADE, primary_key=True, related_name="origin")
    seq = models.PositiveIntegerField("事件序号")
    browser = models.BinaryField(max_length=32, null=True)
    network = models.BinaryField(max_length=32, null=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "评价来源"
        indexes = [models.Index(fields=["at"], name="rated_from_time")]

    def __str__(self) -> str:
        return f"{self.rating_id}"


class AnomalyReviewQuerySet(models.QuerySet["AnomalyReview"]):
    """Named queries."""

    def about(self, groups: list[tuple[str, str]]) -> AnomalyReviewQuerySet:
        """Of these groups (kind and value), newest first, with who checked."""
        wanted = Q(pk__in=[])
        for kind, value in groups:
            wanted |= Q(kind=kind, value=value)
        return self.filter(wanted).select_related("by").order_by("-at", "-pk")


class AnomalyReview(models.Model):
    """Somebody looked at one group of what is worth checking, and says why it is fine or what was done.

    `covers`: the events it was about, as `ticket:seq`; `digest` is their SM3 with kind and value, so the same flags
    are checked once, and a flag that comes later is not taken for checked. Only ever added.
    """

    kind = models.CharField("类型", max_length=20)
    value = models.CharField("分组", max_length=80)
    digest = models.BinaryField(max_length=32, unique=True)
    covers = ArrayField(models.CharField(max_length=32))
    reason = models.CharField("说明", max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="核对人")
    at = models.DateTimeField("核对时间")

    objects: ClassVar[AnomalyReviewQuerySet] = AnomalyReviewQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "核对记录"
        indexes = [models.Index(fields=["kind", "value", "-at"], name="anomaly_review_group")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"
