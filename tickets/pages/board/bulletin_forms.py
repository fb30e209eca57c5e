"""Forms: make a bulletin now; the schedule of a place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms

from qihu.accounts.models import Department, User
from qihu.doors import told_on
from tickets import bulletin_access as access
from tickets.bulletin_access import Place
from tickets.figures.bulletin.month import month_of
from tickets.models import Bulletin, BulletinSchedule
from tickets.models.bulletin import Format
from tickets.services.bulletins.scheduling import LAST_DAY, LAST_HOUR

_MONTHS = 24
Choices = list[tuple[str, Any]]


def place_choices(user: User) -> Choices:
    """Regions as a tree, then departments by region."""
    regions, departments = access.places_made_by(user)
    found: Choices = []
    if regions:
        found.append(("区划", [(access.key_of(r), "　" * r.path.count("/") + r.name) for r in regions]))
    by_region: dict[str, list[tuple[str, str]]] = {}
    for department in departments:
        by_region.setdefault(f"{department.region.name}各部门", []).append((access.key_of(department), department.name))
    return [*found, *by_region.items()]


class MakeForm(forms.Form):
    """Which place, which month."""

    use_required_attribute = False
    place = forms.ChoiceField(
        label="范围", error_messages={"required": "请选择区划或部门。", "invalid_choice": "请从列表中选择。"}
    )
    month = forms.ChoiceField(
        label="月份", error_messages={"required": "请选择月份。", "invalid_choice": "这个月还没有结束，或太久以前。"}
    )

    def __init__(self, *args: Any, user: User, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user
        self.places = place_choices(user)
        last = month_of(at).moved(-1)
        months = [last.moved(-back) for back in range(_MONTHS)]
        self.fields["place"].choices = self.places  # type: ignore[attr-defined]
        self.fields["month"].choices = [(str(month), month.label) for month in months]  # type: ignore[attr-defined]
        for field in self.fields.values():
            field.widget.attrs["class"] = "input"

    def made(self, verb: Callable[..., Bulletin]) -> Bulletin | None:
        """What the verb made, or None with its refusal beside the fields."""
        with told_on(self):
            return verb(
                place=access.place_or_404(self._user, self.cleaned_data["place"]), month=self.cleaned_data["month"]
            )
        return None


class ScheduleForm(forms.Form):
    """When, as what, to whom; of one place."""

    use_required_attribute = False
    day = forms.IntegerField(
        label="每月几日", min_value=1, max_value=LAST_DAY, help_text=f"1 至 {LAST_DAY}，发上一个月的通报。"
    )
    hour = forms.IntegerField(label="几点", min_value=0, max_value=LAST_HOUR, help_text="0 至 23，北京时间。")
    formats = forms.MultipleChoiceField(label="格式", choices=Format.choices, widget=forms.CheckboxSelectMultiple)
    people = forms.MultipleChoiceField(label="发给", widget=forms.CheckboxSelectMultiple)
    active = forms.BooleanField(label="启用", required=False)

    def __init__(self, *args: Any, place: Place, found: BulletinSchedule | None = None, **kwargs: Any) -> None:
        chosen = list(found.people.all()) if found else []
        kwargs.setdefault("initial", _initial(found, chosen))
        super().__init__(*args, **kwargs)
        readers = access.readers_of(place)
        lost = [person for person in chosen if person not in readers]
        self.candidates = {str(person.pk): person for person in [*readers, *lost]}
        self.fields["people"].choices = [  # type: ignore[attr-defined]
            (key, f"{_named(person)}{'（已没有权限）' if person in lost else ''}")
            for key, person in self.candidates.items()
        ]
        for name, said in _SAID.items():
            self.fields[name].error_messages |= {"required": said, "invalid": said, "invalid_choice": said}
        for name in ("day", "hour"):
            self.fields[name].widget.attrs["class"] = "input"

    def arguments(self) -> dict[str, Any]:
        """For the verbs, but `active`."""
        typed = self.cleaned_data
        people = [self.candidates[key] for key in typed["people"]]
        return {"day": typed["day"], "hour": typed["hour"], "formats": typed["formats"], "people": people}


_SAID = {
    "day": f"请填 1 至 {LAST_DAY} 的日期。",
    "hour": f"请填 0 至 {LAST_HOUR} 的钟点。",
    "formats": "请至少选择一种格式。",
    "people": "请至少选择一个人。",
}


def _initial(found: BulletinSchedule | None, chosen: list[User]) -> dict[str, Any]:
    if found is None:
        return {"day": 5, "hour": 9, "formats": [str(Format.PDF)], "active": True}
    times = {"day": found.day, "hour": found.hour, "formats": found.formats, "active": found.active}
    return times | {"people": [str(person.pk) for person in chosen]}


def _named(person: User) -> str:
    """Name, role and whether a mail can reach them."""
    return person.name if person.email else f"{person.name}（没有填写邮箱，只能登录查看）"


def titled(place: Place) -> str:
    """衢州市, or 金融办（衢州市）."""
    return f"{place.name}（{place.region.name}）" if isinstance(place, Department) else place.name
