"""Configuration of regions, departments, accounts and grants (a door, for staff with permission)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from unfold.admin import TabularInline
from unfold.forms import AdminPasswordChangeForm

from qihu.accounts.forms import GrantForm, GrantFormSet, LoneGrantForm, StaffChangeForm, StaffCreationForm
from qihu.accounts.models import Department, Grant, Region, User
from qihu.audit.back_office import RecordedAdmin
from qihu.audit.models import Action
from qihu.audit.record import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.db.models import QuerySet
    from django.forms import ModelForm
    from django.http import HttpRequest


def _posts(user: User) -> list[str]:
    """What this person holds, in codes."""
    return sorted(grant.code for grant in user.grants.select_related("department"))


@contextmanager
def _on_record(request: HttpRequest, users: Iterable[User]) -> Iterator[None]:
    """Within: grants of these people change; who held what before and after goes into the audit trail."""
    before = {user: _posts(user) for user in users}
    yield
    for user, held in before.items():
        if (now := _posts(user)) != held:
            codes = {"before": {"grants": held}, "after": {"grants": now}}
            record(Action.GRANTS, actor=request.user, kind="accounts.user", key=user.pk, **codes)  # type: ignore[arg-type]


@admin.register(Region)
class RegionAdmin(RecordedAdmin):
    """A region keeps its code and its place for ever: requests and grants carry its path."""

    list_display = ("code", "name", "parent", "path")
    list_select_related = ("parent",)
    search_fields = ("code", "name")
    ordering = ("code",)
    fields = ("code", "name", "parent", "path")
    autocomplete_fields = ("parent",)

    def get_readonly_fields(self, _request: HttpRequest, obj: Region | None = None) -> tuple[str, ...]:
        """Only the name may change later."""
        return ("code", "parent", "path") if obj else ("path",)

    def save_model(
        self,
        request: HttpRequest,
        obj: Region,
        form: ModelForm[Region],
        change: bool,  # noqa: FBT001
    ) -> None:
        """The path follows from the parent's."""
        obj.path = f"{obj.parent.path}/{obj.code}" if obj.parent else obj.code
        super().save_model(request, obj, form, change)


@admin.register(Department)
class DepartmentAdmin(RecordedAdmin):
    """A department is switched off, not deleted, once it has held anything."""

    list_display = ("code", "name", "kind", "region", "active")
    list_filter = ("kind", "active")
    list_select_related = ("region",)
    search_fields = ("code", "name")
    ordering = ("pk",)
    autocomplete_fields = ("region",)

    def get_readonly_fields(self, _request: HttpRequest, obj: Department | None = None) -> tuple[str, ...]:
        """Rules name departments by code, so a code stays."""
        return ("code",) if obj else ()


class GrantInline(TabularInline):  # type: ignore[misc]
    """A person's roles beside the person."""

    model = Grant
    form = GrantForm
    formset = GrantFormSet
    extra = 0
    autocomplete_fields = ("department", "region")
    ordering = ("pk",)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, RecordedAdmin):  # type: ignore[type-arg]
    """Staff. What they may do to requests follows from grants; the flags only open this back office."""

    form = StaffChangeForm
    add_form = StaffCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "name", "is_active", "is_staff")
    list_filter = ("is_active", "is_staff")
    search_fields = ("username", "name")
    ordering = ("username",)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "name", "email", "password", "is_active", "is_staff", "is_superuser")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "name", "email", "password1", "password2")}),)
    inlines = (GrantInline,)

    def get_readonly_fields(self, request: HttpRequest, _obj: User | None = None) -> tuple[str, ...]:
        """Only a superuser opens the back office to others."""
        return () if request.user.is_superuser else ("is_staff", "is_superuser")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """Grants are saved with their person."""
        with _on_record(request, [form.instance]):
            super().save_related(request, form, formsets, change)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody below a superuser touches one: their password would be the way past every rule."""
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (request.user.is_superuser or obj is None or not obj.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """As for changing. Whoever left is switched off; deleting is for mistakes."""
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and (request.user.is_superuser or obj is None or not obj.is_superuser)


@admin.register(Grant)
class GrantAdmin(RecordedAdmin):
    """All grants in one list, to answer "who may do this?"."""

    form = LoneGrantForm
    list_display = ("user", "role", "department", "region")
    list_filter = ("role",)
    list_select_related = ("user", "department", "region")
    search_fields = ("user__username", "user__name", "department__code", "department__name")
    autocomplete_fields = ("user", "department", "region")
    ordering = ("pk",)

    def save_model(self, request: HttpRequest, obj: Grant, form: Any, change: bool) -> None:  # noqa: FBT001
        """A grant may pass from one person to another: both are on record."""
        was = [Grant.objects.select_related("user").get(pk=obj.pk).user] if change else []
        with _on_record(request, {obj.user, *was}):
            super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Grant) -> None:
        """One grant."""
        with _on_record(request, [obj.user]):
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Grant]) -> None:
        """Many at once."""
        with _on_record(request, {grant.user for grant in queryset.select_related("user")}):
            super().delete_queryset(request, queryset)
