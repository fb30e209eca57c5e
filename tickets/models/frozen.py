"""A month's figures as they stood when it was over for good, and what was said of it later. Rows are only ever added:
a database trigger refuses to alter or delete any (domain.md §5).
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Count

_SM3 = 32


class Taken(models.Model):
    """Figures counted once and kept: at the cut-off `as_of`, as known at `known_at`, by that edition of the
    definitions. `digest`: SM3 of all this and of the pages' digests.
    """

    as_of = models.DateTimeField("截止时点")
    known_at = models.DateTimeField("知悉时点")
    definitions = models.PositiveSmallIntegerField("口径版本")
    digest = models.BinaryField(max_length=_SM3)

    class Meta:
        abstract = True

    @property
    def short(self) -> str:
        """The digest's beginning, enough to compare by eye."""
        return bytes(self.digest).hex()[:12]


class Page(models.Model):
    """The figures of one place: a region with everything below it (`r:330800`) or a lead department (`d:finance`).

    `content`: `{"whole": {figure: {…}}, "groups": {dimension: {value: {figure: {…}}}}}`, integers only
    (`tickets.figures.frozen`). `digest`: SM3 of it as canonical JSON.
    """

    place = models.CharField(max_length=42)
    content = models.JSONField()
    digest = models.BinaryField(max_length=_SM3)

    class Meta:
        abstract = True


class FrozenMonthQuerySet(models.QuerySet["FrozenMonth"]):
    """Named queries."""

    def for_lists(self) -> FrozenMonthQuerySet:
        """Newest month first, with who froze it and how often it was restated."""
        return self.select_related("by").annotate(restated=Count("restatements")).order_by("-month")


class FrozenMonth(Taken):
    """One month, by first submission. `by` null: the system did it."""

    month = models.DateField("月份", unique=True)
    frozen_at = models.DateTimeField("冻结时间")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name="冻结人"
    )

    objects: ClassVar[FrozenMonthQuerySet] = FrozenMonthQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "冻结月份"
        constraints = [
            models.CheckConstraint(name="frozen_month_is_first_day", condition=models.Q(month__day=1)),
            models.CheckConstraint(name="frozen_after_cut_off", condition=models.Q(known_at__gt=models.F("as_of"))),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class FrozenPage(Page):
    """One place of a frozen month."""

    taken = models.ForeignKey(FrozenMonth, models.PROTECT, related_name="pages", db_index=False)

    class Meta:
        verbose_name = verbose_name_plural = "冻结数据"
        constraints = [models.UniqueConstraint(fields=["taken", "place"], name="frozen_page")]

    def __str__(self) -> str:
        return f"{self.taken_id} {self.place}"


class Restated(Taken):
    """The same month and cut-off once more, with what is known since, and why. It stands beside, replacing nothing."""

    frozen = models.ForeignKey(FrozenMonth, models.PROTECT, related_name="restatements", db_index=False)
    ordinal = models.PositiveSmallIntegerField("次序")
    at = models.DateTimeField("时间")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False, verbose_name="重述人"
    )
    reason = models.CharField("理由", max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "重述"
        constraints = [models.UniqueConstraint(fields=["frozen", "ordinal"], name="restated_ordinal")]

    def __str__(self) -> str:
        return f"{self.frozen_id}#{self.ordinal}"

    @property
    def month(self) -> date:
        """Of which month."""
        return self.frozen.month


class RestatedPage(Page):
    """One place of a restatement."""

    taken = models.ForeignKey(Restated, models.PROTECT, related_name="pages", db_index=False)

    class Meta:
        verbose_name = verbose_name_plural = "重述数据"
        constraints = [models.UniqueConstraint(fields=["taken", "place"], name="restated_page")]

    def __str__(self) -> str:
        return f"{self.taken_id} {self.place}"
