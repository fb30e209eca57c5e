"""The period asked for: presets, and dates typed into the form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict

from qihu.doors import told_on
from qihu.errors import Invalid
from tickets.figures import DIMENSIONS, Window, live_or
from tickets.figures.window import months_on, of_dates, zone


@dataclass(frozen=True, slots=True)
class Preset:
    """A period offered by name: local dates [since, until)."""

    label: str
    since: date
    until: date

    @property
    def last(self) -> date:
        """Its last date."""
        return self.until - timedelta(days=1)

    def url(self, by: str) -> str:
        """The board for it."""
        return "?" + urlencode({"since": self.since, "until": self.until, "by": by})


def presets(at: datetime) -> tuple[Preset, ...]:
    """The month (the default), last month, this quarter, this year, by Shanghai's date."""
    today = at.astimezone(zone()).date()
    month = today.replace(day=1)
    quarter = month.replace(month=(month.month - 1) // 3 * 3 + 1)
    year = month.replace(month=1)
    return (
        Preset("本月", month, months_on(month, 1)),
        Preset("上月", months_on(month, -1), month),
        Preset("本季", quarter, months_on(quarter, 3)),
        Preset("今年", year, months_on(year, 12)),
    )


class PeriodForm(forms.Form):
    """Dates as people say them: both in the period (`last`); links carry `until`, which is not.

    Texts, so that what was typed comes back however wrong it is.
    """

    since = forms.CharField(label="起始日期", required=False)
    last = forms.CharField(label="截止日期", required=False)
    by = forms.CharField(label="分组", required=False)

    def __init__(self, query: QueryDict, *, at: datetime) -> None:
        self._at = at
        self.preset = presets(at)[0]
        typed = query.dict()
        if not (typed.get("since") or typed.get("last") or typed.get("until")):
            typed |= {"since": f"{self.preset.since}", "last": f"{self.preset.last}"}
        elif "last" not in typed:
            typed["last"] = _day_before(str(typed.get("until", "")))
        super().__init__(typed)

    def asked(self) -> tuple[Window, str] | None:
        """The window and the dimension, or None with errors on the fields."""
        self.full_clean()
        since, last = (str(self.data.get(name, "")).strip() for name in ("since", "last"))
        window = None
        with told_on(self):
            window = _window(since, last, at=self._at)
        by = str(self.data.get("by", ""))
        if by and by not in DIMENSIONS:
            self.add_error("by", f"不能按“{by}”分组，可用：{'、'.join(DIMENSIONS.values())}。")
        return None if self.errors or window is None else (window, by)

    def said(self) -> Iterator[tuple[str, str]]:
        """What is wrong, by field label."""
        for field in self:
            for error in field.errors:
                yield str(field.label), str(error)


def _window(since: str, last: str, *, at: datetime) -> Window:
    try:
        return live_or(since, _day_after(last), at=at)
    except Invalid as error:
        renamed = {("last" if name == "until" else name): said for name, said in error.fields.items()}
        if renamed.get("last", "").endswith("须晚于起始日期。"):
            renamed["last"] = "截止日期不能早于起始日期。"
        raise Invalid(error.message, fields=renamed) from error


def _day_after(typed: str) -> str:
    """The next date; what is no date stays, for the error to name."""
    try:
        return (date.fromisoformat(typed) + timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):
        return typed


def _day_before(typed: str) -> str:
    try:
        return (date.fromisoformat(typed) - timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):
        return typed


def weeks(window: Window) -> Iterator[tuple[str, Window]]:
    """Each week (by its Monday, ISO) that has begun by `as_of`, cut to the window."""
    end = min(window.until_on, window.as_of.astimezone(zone()).date() + timedelta(days=1))
    monday = window.since_on - timedelta(days=window.since_on.weekday())
    while monday < end:
        since, until = max(monday, window.since_on), min(monday + timedelta(days=7), window.until_on)
        yield monday.isoformat(), of_dates(since, until, as_of=window.as_of)
        monday += timedelta(days=7)
