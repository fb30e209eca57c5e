"""Forms of the promise table: what cannot be is refused beside its field, and nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django import forms
from unfold.widgets import (
    UnfoldAdminSelectWidget,
)

from qihu.accounts.models import Region
from routing.promises.amount import Amount
from routing.promises.models import Policy, PolicySet, Rung
from routing.rules.models import Category
from tickets.admin_promise_fields import DASH, AmountField, written
from tickets.models import Ticket
from tickets.workflow import Clock

EXTENSION = "EXTENSION"
CLOCKS = [*Clock.choices, ("RETURN_WINDOW", "退单期限"), (EXTENSION, "延期上限")]
_NAMES = dict(CLOCKS)
_DATED = {Clock.FULL, Clock.FOLLOW_UP}  # only reported; due on the day that was promised
_VARIANTS = [(Clock.RESOLVE, "，二次交办", True, False), (Clock.INTERIM, "，此后每次", False, True)]
_VARIANTS += [(Clock.FOLLOW_UP, "，此后每次", False, True)]


class Row(NamedTuple):
    """A line of the table."""

    clock: str
    label: str
    rework: bool = False
    repeat: bool = False

    def cell(self, grade: str) -> str:
        """Name of the field."""
        return f"{self.clock}-{grade}{'-rework' * self.rework}{'-repeat' * self.repeat}"


ROWS = [
    *(Row(code, str(label)) for code, label in CLOCKS if code not in _DATED),
    *(Row(clock, f"{_NAMES[clock]}{more}", rework, repeat) for clock, more, rework, repeat in _VARIANTS),
]


def _cells() -> Iterator[tuple[str, AmountField]]:
    for row in ROWS:
        for grade, label in Policy.Grade.choices:
            yield row.cell(grade), AmountField(label=f"{row.label} {label}", counted=row.clock == EXTENSION)


class _Table(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """The rows for everywhere, every channel and every category, one field a cell."""

    class Meta:
        model = PolicySet
        fields = ("note",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        general = Policy.objects.filter(set=self.instance.pk or 0, region="", channel="", category="")
        self.stored = {(p.clock, p.grade, p.rework, p.repeat): p for p in general}
        for row in ROWS:
            for grade in Policy.Grade.values:
                policy = self.stored.get((row.clock, grade, row.rework, row.repeat))
                self.initial[row.cell(grade)] = written(policy.amount(), policy.times) if policy else DASH

    @property
    def grades(self) -> list[str]:
        """Heads of the columns."""
        return [str(label) for label in Policy.Grade.labels]

    @property
    def grid(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Lines of the table with their cells, for the page."""
        return [(row.label, [self[row.cell(grade)] for grade in Policy.Grade.values]) for row in ROWS]

    def write_cells(self) -> tuple[dict[str, str], dict[str, str]]:
        """Store the cells that were changed; them before and after."""
        before, after = dict[str, str](), dict[str, str]()
        for row in ROWS:
            for grade in Policy.Grade.values:
                name = row.cell(grade)
                if name in self.changed_data and self._write(row, grade, *self.cleaned_data[name]):
                    was, now = self.initial[name], written(*self.cleaned_data[name])
                    before[name], after[name] = (text.replace(DASH, "-").replace("×", "x") for text in (was, now))
        return before, after

    def _write(self, row: Row, grade: str, amount: Amount | None, times: int) -> bool:
        key = (row.clock, grade, row.rework, row.repeat)
        if (stored := self.stored.get(key)) is None and amount is None:
            return False
        policy = stored or Policy(set=self.instance, clock=row.clock, grade=grade, rework=row.rework, repeat=row.repeat)
        set_amount(policy, amount, times)
        policy.save()
        return True


PolicySetForm = type("PolicySetForm", (_Table,), {**dict(_cells()), "__module__": __name__, "__doc__": _Table.__doc__})


def set_amount(policy: Policy, amount: Amount | None, times: int) -> None:
    """Put an amount, or the dash, into a row."""
    policy.value, policy.unit = (amount.value, str(amount.unit)) if amount else (None, "")
    policy.times = times


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A row for some region, channel or category."""

    clock = forms.ChoiceField(label="时限", choices=CLOCKS, widget=UnfoldAdminSelectWidget)
    amount = AmountField(label="数量", counted=True)
    region = forms.ChoiceField(label="区划", required=False, widget=UnfoldAdminSelectWidget)
    channel = forms.ChoiceField(
        label="渠道", required=False, choices=[("", "不限"), *Ticket.Channel.choices], widget=UnfoldAdminSelectWidget
    )
    category = forms.ChoiceField(label="类别", required=False, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = Policy
        fields = ("clock", "grade", "rework", "repeat", "amount", "region", "channel", "category")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regions = Region.objects.order_by("code").values_list("code", "name")
        categories = Category.objects.order_by("code").values_list("code", "name")
        self.fields["region"].choices = [("", "不限"), *regions]  # type: ignore[attr-defined]
        self.fields["category"].choices = [("", "不限"), *categories]  # type: ignore[attr-defined]
        if self.instance.pk:
            self.initial["amount"] = written(self.instance.amount(), self.instance.times)

    def clean(self) -> dict[str, Any]:
        """General rows stand in the table above."""
        data: dict[str, Any] = super().clean() or {}
        if not (data.get("region") or data.get("channel") or data.get("category")):
            self.add_error("region", "请选区划、渠道或类别中的至少一项；不限的时限填在上面的表里")
        if "amount" in data:
            set_amount(self.instance, *data["amount"])
        return data


_UNIT_OF = {
    Rung.Measure.SHARE: [(False, False)],
    Rung.Measure.BEFORE: [(True, True)],
    Rung.Measure.AFTER: [(True, True), (True, False)],
}
"""Whether there is a unit, and whether it is working days."""
_UNIT_WORDS = {
    Rung.Measure.SHARE: "百分比没有单位",
    Rung.Measure.BEFORE: "到期前按工作日计",
    Rung.Measure.AFTER: "请选单位",
}


class RungForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A step of the supervision ladder."""

    clock = forms.ChoiceField(label="时限", choices=Clock.choices, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = Rung
        fields = ("clock", "code", "position", "measure", "value", "unit", "at_least", "effect")

    def clean(self) -> dict[str, Any]:
        """Says in words what the table's constraints demand."""
        data: dict[str, Any] = super().clean() or {}
        measure, unit, value, position = (data.get(name) for name in ("measure", "unit", "value", "position"))
        after = measure == Rung.Measure.AFTER
        if position is not None and measure and not (position > 50 if after else 1 <= position < 50):
            self.add_error("position", "到期后的次序大于 50" if after else "到期前的次序在 1 到 49 之间")
        if value == 0 or (measure == Rung.Measure.SHARE and (value or 0) > 99):
            self.add_error("value", "百分比在 1 到 99 之间" if measure == Rung.Measure.SHARE else "数量至少为 1")
        if measure and (bool(unit), unit == "wd") not in _UNIT_OF[measure]:
            self.add_error("unit", _UNIT_WORDS[measure])
        return data
