"""The desk's form that splits a request: as many rows as are wanted, without a script."""

from __future__ import annotations

from typing import Any

from django import forms

from tickets.pages.desk.forms import TEXT_MAX, MoveForm
from tickets.services.joining import PARTS_MAX, PARTS_MIN


class SplitForm(MoveForm):
    """Two to nine parts, each with its department. Pressing `more` adds a row and sends nothing."""

    departments_needed = True
    growing = False
    """Whether a row was asked for: nothing is missing yet."""
    rows = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def prepare(self) -> None:
        """Three rows at first, as many as were shown afterwards."""
        posted = self.data.get("rows", "") if self.is_bound else ""
        self.shown = min(max(int(posted) if posted.isdecimal() and len(posted) < 3 else 3, PARTS_MIN), PARTS_MAX)
        self.initial = dict(self.initial) | {"rows": self.shown}
        self._build()

    def grow(self) -> None:
        """One row more."""
        self.shown, self.growing = min(self.shown + 1, PARTS_MAX), True
        self.posted("rows", str(self.shown))
        self._build()

    @property
    def may_grow(self) -> bool:
        """Whether there may be one more."""
        return self.shown < PARTS_MAX

    def _build(self) -> None:
        near = self.options.leads(self.ticket.region.path)
        for n in range(1, self.shown + 1):
            self.fields[f"text_{n}"] = forms.CharField(
                label=f"第 {n} 件：内容",
                required=False,
                max_length=TEXT_MAX,
                error_messages={"max_length": f"最多 {TEXT_MAX} 字。"},
                widget=forms.Textarea(attrs={"rows": 2}),
            )
            self.fields[f"department_{n}"] = forms.ChoiceField(
                label=f"第 {n} 件：主办部门",
                required=False,
                choices=[("", "请选择"), *near],
                error_messages={"invalid_choice": "请从列表中选择主办部门。"},
            )

    def clean(self) -> dict[str, Any]:
        """Empty rows are left out; a row half filled is not; two at least."""
        given = super().clean() or {}
        if self.growing:
            return given
        filled = [n for n in range(1, self.shown + 1) if given.get(f"text_{n}") or given.get(f"department_{n}")]
        for n in filled:
            if not given.get(f"text_{n}") and f"text_{n}" not in self.errors:
                self.add_error(f"text_{n}", f"请写明第 {n} 件的内容。")
            if not given.get(f"department_{n}") and f"department_{n}" not in self.errors:
                self.add_error(f"department_{n}", f"请选择第 {n} 件的主办部门。")
        if len(filled) < PARTS_MIN and not self.errors:
            self.add_error(f"text_{len(filled) + 1}", f"请至少拆成 {PARTS_MIN} 件。")
        return given

    def arguments(self) -> dict[str, Any]:
        """The parts, in order."""
        given = self.cleaned_data
        numbers = [n for n in range(1, self.shown + 1) if given.get(f"text_{n}")]
        parts = [{"text": given[f"text_{n}"], "department": given[f"department_{n}"]} for n in numbers]
        return {"parts": parts, "expected_version": given["version"]}
