"""What the routing rules are written in, and the rules themselves (domain.md §6). All of it is data."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Deferrable, Q


class ChainTag(models.Model):
    """One of the five chains (五链): the tag a QR code presets or the firm chooses in plain words."""

    code = models.SlugField("代码", primary_key=True, max_length=20)
    name = models.CharField("名称", max_length=20)
    plain_name = models.CharField("对企业的说法", max_length=40)
    examples = models.CharField("举例", max_length=120)
    glyph = models.CharField("字标", max_length=1)
    position = models.PositiveSmallIntegerField("次序", unique=True)

    class Meta:
        verbose_name = verbose_name_plural = "链条标签"

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    """A kind of matter within a chain. A `restricted` one is for 纪检监察 alone."""

    code = models.CharField("代码", primary_key=True, max_length=12)
    name = models.CharField("名称", max_length=40)
    chain_tag = models.ForeignKey(ChainTag, models.PROTECT, related_name="categories", verbose_name="所属链条")
    restricted = models.BooleanField("限阅", default=False)
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "诉求类别"

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class IndustryChain(models.Model):
    """Second axis: one of the flagship industry chains, each with its task force (产业链专班)."""

    code = models.SlugField("代码", primary_key=True, max_length=20)
    name = models.CharField("名称", max_length=20)

    class Meta:
        verbose_name = verbose_name_plural = "标志性产业链"

    def __str__(self) -> str:
        return self.name


class RuleSetQuerySet(models.QuerySet["RuleSet"]):
    """Named queries of rule sets."""

    def published(self) -> RuleSetQuerySet:
        """Sets that are, or were, in force; newest first."""
        return self.filter(published_at__isnull=False).order_by("-number")

    def current(self) -> RuleSet | None:
        """The set in force: the highest published number."""
        return self.published().first()


class RuleSet(models.Model):
    """A version of the rules. Once published it never changes: a trigger refuses."""

    number = models.PositiveIntegerField("版本号", unique=True)
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="编制人",
    )
    note = models.CharField("说明", max_length=200, blank=True)
    min_confidence = models.FloatField("最低把握", default=0.5, help_text="低于此值的规则不直接交办，转人工研判")

    objects: ClassVar[models.Manager[RuleSet]] = RuleSetQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "规则集"
        constraints = [
            models.CheckConstraint(
                name="ruleset_confidence_share",
                condition=Q(min_confidence__gte=0, min_confidence__lte=1),
                violation_error_message="最低把握在 0 与 1 之间",
            ),
            models.CheckConstraint(name="ruleset_number_from_one", condition=Q(number__gte=1)),
        ]

    def __str__(self) -> str:
        return f"v{self.number}" + ("" if self.published_at else "（草稿）")

    @property
    def is_published(self) -> bool:
        """Whether it is past changing."""
        return self.published_at is not None


def _codes(label: str, help_text: str = "") -> ArrayField[list[str], list[str]]:
    """A list of short texts; empty means the condition is not asked."""
    return ArrayField(
        models.CharField(max_length=40), verbose_name=label, default=list, blank=True, help_text=help_text
    )


class Rule(models.Model):
    """One line of a set: all its conditions hold → this department. The first line that fits decides.

    Departments are codes of city-level departments; the nearest competent level is found when matching.
    """

    rule_set = models.ForeignKey(RuleSet, models.CASCADE, related_name="rules", verbose_name="规则集")
    position = models.PositiveIntegerField("次序")
    name = models.CharField("名称", max_length=80)
    chain_tags = _codes("链条标签", "任一")
    categories = _codes("类别", "任一")
    industry_chains = _codes("产业链", "任一")
    region_path = models.CharField("区划路径", max_length=80, blank=True, help_text="含其下级，例如 330800/330802")
    words = _codes("文中词语", "任一")
    department = models.CharField("主办部门代码", max_length=40)
    co_departments = _codes("协办部门代码")
    confidence = models.FloatField("把握", default=0.9)

    class Meta:
        verbose_name = verbose_name_plural = "规则"
        constraints = [
            # Deferred, so that two lines may swap places within one save.
            models.UniqueConstraint(
                fields=["rule_set", "position"], name="rule_position_once", deferrable=Deferrable.DEFERRED
            ),
            models.CheckConstraint(name="rule_position_from_one", condition=Q(position__gte=1)),
            # A line without a condition would swallow everything and defeat the fallback to triage.
            models.CheckConstraint(
                name="rule_has_a_condition",
                condition=~Q(chain_tags=[], categories=[], industry_chains=[], words=[], region_path=""),
                violation_error_message="至少要有一个条件，否则所有诉求都会落到这一条",
            ),
            models.CheckConstraint(name="rule_names_a_department", condition=~Q(department="")),
            models.CheckConstraint(
                name="rule_confidence_share",
                condition=Q(confidence__gte=0, confidence__lte=1),
                violation_error_message="把握在 0 与 1 之间",
            ),
            # An empty word is found in every text.
            models.CheckConstraint(name="rule_no_empty_word", condition=~Q(words__contains=[""])),
        ]

    def __str__(self) -> str:
        return f"第 {self.position} 条 {self.name}"
