"""What the address of the trail asks for, checked: only what is known filters, the rest is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.http import QueryDict

from qihu.audit.models import Action, Entry, EntryQuerySet

PAGE = 50
_DATE = {"invalid": "日期应写成 2026-11-28。"}


class FilterForm(forms.Form):
    """Action, person, object and days; each may be left open."""

    use_required_attribute = False
    action = forms.ChoiceField(
        label="动作",
        required=False,
        choices=[("", "全部"), *Action.choices],
        error_messages={"invalid_choice": "请从列出的动作中选择。"},
    )
    who = forms.CharField(label="账号", required=False, max_length=80)
    key = forms.CharField(label="对象", required=False, max_length=60)
    since = forms.DateField(label="自", required=False, error_messages=_DATE)
    until = forms.DateField(label="至", required=False, error_messages=_DATE)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["since"].widget = forms.DateInput(attrs={"type": "date"})
        self.fields["until"].widget = forms.DateInput(attrs={"type": "date"})
        for field in self.fields.values():
            field.widget.attrs["class"] = "input"
        self.fields["who"].widget.attrs["placeholder"] = "如 officer.finance"
        self.fields["key"].widget.attrs["placeholder"] = "诉求编号或代码"

    def chosen(self) -> EntryQuerySet:
        """Entries that fit, newest first; `is_valid()` first."""
        typed = self.cleaned_data
        found = Entry.objects.newest()
        if typed["action"]:
            found = found.filter(action=typed["action"])
        if typed["who"]:
            found = found.filter(actor__username=typed["who"])
        if typed["key"]:
            found = found.filter(key=typed["key"])
        end = typed["until"] + timedelta(days=1) if typed["until"] else None
        return found.between(_midnight(typed["since"]), _midnight(end))


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, datetime.min.time(), ZoneInfo(settings.TIME_ZONE)) if day else None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of entries and the addresses around it."""

    entries: list[Entry]
    older: str
    newest: str


def page(form: FilterForm, query: QueryDict) -> Page:
    """The page after `before`, by key; a cursor that is no number starts at the first."""
    typed = {name: value for name in form.fields if (value := query.get(name, ""))}
    before = query.get("before", "")
    found = form.chosen()
    if known := before.isdecimal() and len(before) < 18:
        found = found.before_key(int(before))
    rows = list(found[: PAGE + 1])
    older = urlencode(typed | {"before": str(rows[PAGE - 1].pk)}) if len(rows) > PAGE else ""
    return Page(rows[:PAGE], f"/audit/?{older}" if older else "", f"/audit/?{urlencode(typed)}" if known else "")
