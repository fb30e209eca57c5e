"""Calendars and promise policies as versioned rows; a published version is never changed, only followed."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from routing.promises.amount import Amount, Unit

_UNITS = [("min", "分钟"), ("h", "小时"), ("wh", "工作小时"), ("d", "天"), ("wd", "工作日")]


class Calendar(models.Model):
    """A working calendar. `region`: blank = where no other fits; null = only by its code (7×24 hotline).

    `department`: code of the one department that keeps these hours, wherever it is; it beats any region's.
    """

    code = models.SlugField("代码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=60)
    zone = models.CharField("时区", max_length=60, default="Asia/Shanghai")
    region = models.CharField("适用区划", max_length=12, null=True, blank=True, unique=True)
    department = models.CharField("适用部门", max_length=40, null=True, blank=True, unique=True)

    class Meta:
        verbose_name = verbose_name_plural = "工作日历"
        constraints: ClassVar = [
            # nobody's code is blank: it would be the calendar of every clock that is on no desk
            models.CheckConstraint(name="calendar_department_is_a_code", condition=~Q(department="")),
        ]

    def __str__(self) -> str:
        return self.name


class CalendarVersion(models.Model):
    """One state of a calendar. `published_at` null = a draft, which no promise uses.

    Coverage: the years whose official notice is loaded; both null = this calendar needs none.
    `fixed_days`: `{"MM-DD": name}`, days off assumed outside coverage.
    """

    calendar = models.ForeignKey(Calendar, models.PROTECT, related_name="versions", verbose_name="日历")
    number = models.PositiveIntegerField("版本")
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)
    coverage_first = models.PositiveSmallIntegerField("首个有官方通知的年份", null=True, blank=True)
    coverage_last = models.PositiveSmallIntegerField("末个有官方通知的年份", null=True, blank=True)
    fixed_days = models.JSONField("固定节日", default=dict, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "日历版本"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["calendar", "number"], name="calendar_version_once"),
            models.CheckConstraint(
                name="calendar_coverage_in_order",
                condition=Q(coverage_first__isnull=True, coverage_last__isnull=True)
                # the null checks are needed: a CHECK that comes out as null lets the row in
                | Q(
                    coverage_first__isnull=False,
                    coverage_last__isnull=False,
                    coverage_first__gte=1900,
                    coverage_last__lte=2199,
                    coverage_last__gte=F("coverage_first"),
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.calendar} 第 {self.number} 版"


class Opening(models.Model):
    """A weekly opening in minutes from midnight; 1440 = 24:00, beyond = overnight, of the day it opens."""

    version = models.ForeignKey(CalendarVersion, models.CASCADE, related_name="openings", verbose_name="版本")
    weekday = models.PositiveSmallIntegerField(
        "星期",
        choices=list(enumerate(["周一", "周二", "周三", "周四", "周五", "周六", "周日"])),
        validators=[MaxValueValidator(6)],
    )
    opens = models.PositiveSmallIntegerField("开（分钟）", validators=[MaxValueValidator(1439)])
    closes = models.PositiveSmallIntegerField("关（分钟）", validators=[MinValueValidator(1), MaxValueValidator(2879)])
    from_on = models.DateField("自", null=True, blank=True)
    to_on = models.DateField("至", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "每周开放时间"
        constraints: ClassVar = [
            models.CheckConstraint(name="opening_weekday", condition=Q(weekday__lte=6)),
            models.CheckConstraint(
                name="opening_in_order",
                condition=Q(opens__lt=1440, closes__gt=F("opens"), closes__lte=F("opens") + 1440),
            ),
            models.CheckConstraint(
                name="opening_dates_in_order",
                condition=Q(from_on__isnull=True) | Q(to_on__isnull=True) | Q(to_on__gte=F("from_on")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {_clock(self.opens)}–{_clock(self.closes)}"


class CalendarDay(models.Model):
    """A dated row: day off or make-up day; it beats the weekly pattern.

    `openings`: `[[opens, closes], …]` in minutes, or null for the pattern's (a make-up day: Monday's).
    """

    version = models.ForeignKey(CalendarVersion, models.CASCADE, related_name="days", verbose_name="版本")
    on = models.DateField("日期")
    working = models.BooleanField("上班")
    name = models.CharField("名称", max_length=100, blank=True)
    openings = models.JSONField("当日开放时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "特殊日期"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "on"], name="calendar_day_once"),
            models.CheckConstraint(
                name="calendar_day_off_is_closed", condition=Q(working=True) | Q(openings__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.name or ('上班' if self.working else '休息')}"


class PolicySet(models.Model):
    """One version of the promise table. `published_at` null = a draft."""

    number = models.PositiveIntegerField("版本", unique=True)
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "时限政策"

    def __str__(self) -> str:
        return f"时限政策第 {self.number} 版"


class Policy(models.Model):
    """One promise: clock × grade × first or rework × first or repeat, for a region, channel, category or any.

    No amount = no promise, also where a more general row has one.
    """

    class Grade(models.TextChoices):
        URGENT = "urgent", "紧急"
        L1 = "L1", "L1 即时"
        L2 = "L2", "L2 一般"
        L3 = "L3", "L3 复杂"
        L4 = "L4", "L4 疑难"

    set = models.ForeignKey(PolicySet, models.CASCADE, related_name="policies", verbose_name="政策版本")
    clock = models.CharField("时限", max_length=20)
    grade = models.CharField("等级", max_length=6, choices=Grade)
    rework = models.BooleanField("二次交办", default=False)
    repeat = models.BooleanField("此后每次", default=False)
    value = models.PositiveIntegerField("数量", null=True, blank=True)
    unit = models.CharField("单位", max_length=3, choices=_UNITS, blank=True)
    times = models.PositiveSmallIntegerField("次数", default=1, help_text="只用于延期：最多几次")
    region = models.CharField("区划", max_length=12, blank=True)
    channel = models.CharField("渠道", max_length=20, blank=True)
    category = models.CharField("类别", max_length=20, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "时限"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["set", "clock", "grade", "rework", "repeat", "region", "channel", "category"],
                name="policy_once",
            ),
            models.CheckConstraint(name="policy_grade", condition=Q(grade__in=["urgent", "L1", "L2", "L3", "L4"])),
            models.CheckConstraint(
                name="policy_amount",
                condition=Q(value__isnull=True, unit="")
                | Q(value__isnull=False, value__gte=0, unit__in=["min", "h", "wh"])
                | Q(value__isnull=False, value__gte=1, unit__in=["d", "wd"]),
            ),
        ]

    def __str__(self) -> str:
        amount = self.amount()
        return f"{self.clock} {self.grade}：{amount.words() if amount else '不设时限'}"

    def amount(self) -> Amount | None:
        """The promised amount, or None where the table shows a dash."""
        return None if self.value is None else Amount(self.value, Unit(self.unit))


class Rung(models.Model):
    """A step of the supervision ladder on one clock, part of a policy set (domain.md §4).

    `position` is its order: below 50 before the promise breaks, above 50 after. `measure`: a share (percent) of the
    time promised, an amount before the due time, an amount after it. `at_least`: only promises of so many working
    days, or more, have it.
    """

    class Measure(models.TextChoices):
        SHARE = "share", "已用承诺时间的百分比"
        BEFORE = "before", "到期前"
        AFTER = "after", "到期后"

    class Effect(models.TextChoices):
        YELLOW = "yellow", "黄灯"
        SUPERVISE = "supervise", "督办"
        TIER = "tier", "升级，抄送领导"
        LIST = "list", "列入通报"

    set = models.ForeignKey(PolicySet, models.CASCADE, related_name="rungs", verbose_name="政策版本")
    clock = models.CharField("时限", max_length=20)
    code = models.SlugField("代码", max_length=16)
    position = models.PositiveSmallIntegerField("次序", help_text="50 为超期：之前小于 50，之后大于 50")
    measure = models.CharField("按", max_length=6, choices=Measure)
    value = models.PositiveIntegerField("数量")
    unit = models.CharField("单位", max_length=3, choices=_UNITS, blank=True, default="")
    at_least = models.PositiveSmallIntegerField("承诺不少于（工作日）", null=True, blank=True)
    effect = models.CharField("作用", max_length=10, choices=Effect)

    class Meta:
        verbose_name = verbose_name_plural = "督办阶梯"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["set", "clock", "code"], name="rung_code_once"),
            models.UniqueConstraint(fields=["set", "clock", "position"], name="rung_position_once"),
            models.CheckConstraint(
                name="rung_measure",
                condition=Q(measure="share", unit="", value__gte=1, value__lte=99, position__gte=1, position__lt=50)
                | Q(measure="before", unit="wd", value__gte=1, position__gte=1, position__lt=50)
                | Q(measure="after", unit__in=["min", "h", "wh", "d", "wd"], value__gte=1, position__gt=50),
            ),
            models.CheckConstraint(name="rung_code_is_free", condition=~Q(code="breach")),
        ]

    def __str__(self) -> str:
        amount = f"{self.value}%" if self.measure == self.Measure.SHARE else f"{self.value}{self.unit}"
        return f"{self.clock} {self.get_measure_display()} {amount} → {self.get_effect_display()}"


class LadderSwitch(models.Model):
    """One row: whether the ladder only rehearses. Breaches are recorded all the same; they are facts."""

    rehearsal = models.BooleanField("只演练", default=False, help_text="只记下本来会亮的灯，不通知、不督办、不升级")

    class Meta:
        verbose_name = verbose_name_plural = "督办阶梯开关"
        constraints: ClassVar = [models.CheckConstraint(name="ladder_switch_single", condition=Q(id=1))]

    def __str__(self) -> str:
        return "演练" if self.rehearsal else "启用"


def _clock(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return f"{hours:02}:{rest:02}"
