"""Form of one rule: lists are typed with commas, Chinese or not; the place may be one that is taken."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminTextInputWidget

from routing.rules.models import Rule

_SEPARATORS = re.compile(r"[，、；;,\s]+")


class ListField(SimpleArrayField):
    """`天然气、燃气，煤气` → ["天然气", "燃气", "煤气"]."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(forms.CharField(max_length=40), required=False, widget=UnfoldAdminTextInputWidget(), **kwargs)

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]  # as SimpleArrayField does
        """Split on any separator; empty pieces vanish."""
        if isinstance(value, str):
            value = ",".join(part for part in _SEPARATORS.split(value) if part)
        return list(super().to_python(value))


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Codes are checked on publishing, all at once, so that a draft may be half done."""

    position = forms.IntegerField(label="次序", min_value=1, widget=UnfoldAdminTextInputWidget())
    chain_tags = ListField(label="链条标签")
    categories = ListField(label="类别")
    industry_chains = ListField(label="产业链")
    words = ListField(label="文中词语")
    co_departments = ListField(label="协办部门")

    class Meta:
        model = Rule
        fields = (
            "position", "name", "chain_tags", "categories", "industry_chains", "region_path", "words",
            "department", "co_departments", "confidence",
        )  # fmt: skip

    def _get_validation_exclusions(self) -> set[str]:
        """A place already taken is no error: the set is renumbered after saving."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded | {"position"}


class RuleFormSet(PaginationInlineFormSet):  # type: ignore[misc]
    """Lines of one set."""

    def validate_unique(self) -> None:
        """Two lines may claim one place until they are renumbered."""

    def touched(self) -> list[Rule]:
        """The lines just added or changed."""
        return [*self.new_objects, *(line for line, _ in self.changed_objects)]
