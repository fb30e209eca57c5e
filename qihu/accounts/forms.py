"""Forms of the back office: where a role may be held, and which roles exclude each other (domain.md §1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.safestring import mark_safe
from unfold.forms import PaginationInlineFormSet, UserChangeForm, UserCreationForm

from qihu.accounts.models import OF_DEPARTMENT, OF_REGION, THREE_OFFICERS, Grant, User

if TYPE_CHECKING:
    from collections.abc import Iterable

MIXED = "系统管理员、安全管理员、审计员三员互斥，且不得兼任业务角色"


def excludes(roles: Iterable[str]) -> bool:
    """Whether one account may not hold these roles together: one of the three, and then nothing else."""
    held = set(roles)
    return len(held) > 1 and bool(held & THREE_OFFICERS)


class GrantForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Says beside the field what `grant_has_its_place` would refuse."""

    class Meta:
        model = Grant
        fields = ("user", "role", "department", "region")

    def clean(self) -> dict[str, Any]:
        """A role of a department needs one and no region; a role of a region the other way round."""
        data: dict[str, Any] = super().clean() or {}
        role = data.get("role")
        for field, roles, name in (("department", OF_DEPARTMENT, "部门"), ("region", OF_REGION, "区划")):
            if role and role in roles and not data.get(field):
                self.add_error(field, f"该角色须指定{name}")
            elif role and role not in roles and data.get(field):
                self.add_error(field, f"该角色不属于任何{name}，请留空")
        return data


class LoneGrantForm(GrantForm):
    """One grant by itself: the person's other grants are looked up."""

    def clean(self) -> dict[str, Any]:
        """Refuses what would mix the three with anything else."""
        data = super().clean()
        user, role = data.get("user"), data.get("role")
        if user and role:
            others = Grant.objects.filter(user=user).exclude(pk=self.instance.pk)
            if excludes([role, *others.values_list("role", flat=True)]):
                self.add_error("role", MIXED)
        return data


class GrantFormSet(PaginationInlineFormSet):  # type: ignore[misc]
    """All grants of one person at once."""

    def clean(self) -> None:
        """Refuses what would mix the three with anything else."""
        super().clean()
        kept = [form.cleaned_data for form in self.forms if getattr(form, "cleaned_data", None)]
        if excludes(data["role"] for data in kept if data.get("role") and not data.get("DELETE")):
            raise ValidationError(MIXED)


class StaffCreationForm(UserCreationForm):  # type: ignore[misc]
    """A new account, with its password typed twice."""

    class Meta(UserCreationForm.Meta):  # type: ignore[misc]
        model = User
        fields = ("username", "name", "email")


class StaffChangeForm(UserChangeForm):  # type: ignore[misc]
    """An existing account; its password is changed on a page of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if password := self.fields.get("password"):  # absent where the form is read only
            password.help_text = mark_safe('口令无法查看，可在<a href="../password/">此处</a>重设。')
