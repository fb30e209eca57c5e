"""Forms of calendars: what makes no calendar is refused beside its field, and nothing is stored."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from routing.promises.amount import PromiseError
from routing.promises.calendars import FIRST_YEAR, LAST_YEAR, Day, WorkCalendar
from routing.promises.calendars import Opening as Hours
from routing.promises.models import CalendarDay, CalendarVersion, Opening
from tickets.admin_promise_fields import ClockField, HoursField


class CalendarVersionForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """The covered years, and the days off assumed outside them as lines `01-01 元旦`."""

    fixed = forms.CharField(
        label="固定节日",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        help_text="没有官方通知的年份按这些日期推定，每行一个，例如 01-01 元旦",
    )

    class Meta:
        model = CalendarVersion
        fields = ("note", "coverage_first", "coverage_last")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["fixed"] = "\n".join(
            f"{on} {name}" for on, name in sorted((self.instance.fixed_days or {}).items())
        )

    def clean_fixed(self) -> dict[str, str]:
        """MM-DD → name."""
        found = {}
        for line in filter(str.strip, self.cleaned_data["fixed"].splitlines()):
            on, _, name = line.strip().partition(" ")
            try:
                date.fromisoformat(f"2024-{on}")  # a leap year: 29 February is a date
            except ValueError:
                raise forms.ValidationError(f"看不懂的日期“{on}”，例如 01-01 元旦") from None
            found[on] = name.strip()
        return found

    def clean(self) -> dict[str, Any]:
        """Both years or none, in order."""
        data: dict[str, Any] = super().clean() or {}
        first, last = data.get("coverage_first"), data.get("coverage_last")
        if (first is None) != (last is None):
            self.add_error("coverage_last", "首末年份要么都填，要么都不填")
        elif first is not None and last is not None and not FIRST_YEAR <= first <= last <= LAST_YEAR:
            self.add_error("coverage_last", f"末年不能早于首年，且在 {FIRST_YEAR} 到 {LAST_YEAR} 之间")
        self.instance.fixed_days = data.get("fixed", {})
        return data


class OpeningForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """One weekly opening; several a day are several lines."""

    opens = ClockField(label="开")
    closes = ClockField(label="关")

    class Meta:
        model = Opening
        fields = ("weekday", "opens", "closes", "from_on", "to_on")

    def clean(self) -> dict[str, Any]:
        """Ends after it starts, within a day; so do the dates."""
        data: dict[str, Any] = super().clean() or {}
        opens, closes, first, last = (data.get(name) for name in ("opens", "closes", "from_on", "to_on"))
        if opens is not None and closes is not None:
            if closes <= opens:
                self.add_error("closes", "结束时间不晚于开始时间；过夜的写“次日 02:00”")
            elif opens >= 24 * 60 or closes > opens + 24 * 60:
                self.add_error("closes", "一段开放时间从当日开始，不超过 24 小时")
        if first and last and last < first:
            self.add_error("to_on", "结束日期早于开始日期")
        return data


class OpeningFormSet(PaginationInlineFormSet):  # type: ignore[misc]
    """The weekly pattern as a whole: nothing overlaps, and it is not empty."""

    def clean(self) -> None:
        """Errors stand beside the opening that clashes."""
        super().clean()
        here = [form for form in self.forms if form.is_valid() and form.cleaned_data.get("closes") is not None]
        kept = [form for form in here if not form.cleaned_data.get("DELETE")]
        shown = {form.instance.pk for form in here if form.instance.pk}
        others = [_hours(row) for row in self.instance.openings.exclude(pk__in=shown)] if self.instance.pk else []
        dated = self.instance.pk and self.instance.days.filter(openings__isnull=False).exists()
        if not kept and not others and not dated and not any(form.errors for form in self.forms):
            raise forms.ValidationError("日历没有任何开放时间")
        for form in kept:
            one = _hours(form.instance)
            if any(_clash(one, other) for other in others):
                form.add_error("opens", "与另一段开放时间重叠")
            others.append(one)


class CalendarDayForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A date of its own: a holiday, a make-up day, half a day."""

    openings = HoursField(label="当日时段", help_text="留空按每周时段；半天写 09:00-12:00")
    working = forms.BooleanField(label="上班", required=False, widget=UnfoldBooleanSwitchWidget)
    name = forms.CharField(label="名称", required=False, max_length=100, widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = CalendarDay
        fields = ("on", "working", "name", "openings")

    def clean(self) -> dict[str, Any]:
        """A day off has no openings; openings do not overlap."""
        data: dict[str, Any] = super().clean() or {}
        openings, on = data.get("openings"), data.get("on")
        if on and not FIRST_YEAR <= on.year <= LAST_YEAR:
            self.add_error("on", f"日期应在 {FIRST_YEAR} 到 {LAST_YEAR} 年之间")
        elif openings and not data.get("working"):
            self.add_error("openings", "不上班的日期不能有开放时间")
        elif openings and on:
            try:
                _alone(Day(working=True, openings=tuple((a, b) for a, b in openings)), on)
            except PromiseError as wrong:
                self.add_error("openings", str(wrong))
        return data


def _hours(row: Opening) -> Hours:
    return Hours(row.weekday, row.opens, row.closes, row.from_on, row.to_on)


def _clash(one: Hours, other: Hours) -> bool:
    """By the calendar's own rule."""
    try:
        WorkCalendar(code="", version=0, zone=ZoneInfo("UTC"), weekly=(one, other))
    except PromiseError:
        return True
    return False


def _alone(day: Day, on: date) -> None:
    WorkCalendar(code="", version=0, zone=ZoneInfo("UTC"), weekly=(), days={on: day})
