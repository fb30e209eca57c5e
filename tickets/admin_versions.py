"""What the editors of versions share: drafts are edited, published versions read and copied only (a door)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import TabularInline

from qihu.accounts.models import User
from qihu.audit.back_office import RecordedAdmin
from qihu.audit.models import Action
from qihu.audit.record import record
from routing.promises.models import PolicySet
from tickets import admin_in_force
from tickets.admin_promise_fields import DASH


def is_draft(version: Any) -> bool:
    """Whether it may still be edited."""
    return version is None or version.published_at is None


class DraftInline(TabularInline):  # type: ignore[misc]
    """Rows of a version: written while it is a draft."""

    extra = 0
    per_page = 10

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Drafts only."""
        return is_draft(obj) and bool(super().has_add_permission(request, obj))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Drafts only."""
        return is_draft(obj) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Drafts only."""
        return is_draft(obj) and bool(super().has_delete_permission(request, obj))


class VersionAdmin(RecordedAdmin):
    """Versions: draw one up from another, edit it, try it out, have it put in force."""

    actions = ("draw_up",)

    @admin.display(description="状态")
    def state(self, obj: Any) -> str:
        """草稿 or 已启用."""
        return "草稿" if is_draft(obj) else "已启用"

    @admin.display(description="试算与启用")
    def try_out(self, obj: Any) -> SafeString | str:
        """The way to the page of this version."""
        if obj.pk is None:
            return DASH
        label = "试算与启用" if is_draft(obj) else "启用情况"
        return format_html('<a class="text-primary-600" href="{}">{}</a>', self.in_force_address(obj.pk), label)

    def in_force_address(self, key: int) -> str:
        """Of the page where a version is tried out and put in force."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_in_force", args=[key])

    def get_urls(self) -> list[Any]:
        """That page, before Django's own."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_in_force"
        wrapped = self.admin_site.admin_view(self.in_force)
        return [path("<int:key>/in-force/", wrapped, name=name), *super().get_urls()]

    def in_force(self, request: HttpRequest, key: int) -> HttpResponse:
        """For whoever may see the version; the button is the security administrator's."""
        version = self.get_queryset(request).filter(pk=key).first()
        if version is None:
            raise Http404
        if not self.has_view_permission(request, version):
            raise PermissionDenied
        context = self.admin_site.each_context(request)
        return admin_in_force.page(request, version, context=context, address=self.in_force_address(key))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without Django's bulk deletion, which would ask no single row."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """A version is drawn up from another one."""
        return False

    def has_draw_up_permission(self, request: HttpRequest) -> bool:
        """Who may draft."""
        return request.user.has_perm(f"{self.opts.app_label}.add_{self.opts.model_name}")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A published version is read only."""
        return is_draft(obj) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A published version stays: promises refer to it."""
        return is_draft(obj) and bool(super().has_delete_permission(request, obj))

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """With what was there before and what is there now."""
        before, after = getattr(request, "was_and_is", ({}, {}))
        if before or after:
            key = obj.number if isinstance(obj, PolicySet) else obj.pk
            record(
                Action.CHANGED, actor=person(request), kind=self.opts.label_lower, key=key, before=before, after=after
            )
        return super().log_change(request, obj, message)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """Note the differences of the lines."""
        empty: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
        was, now_is = getattr(request, "was_and_is", empty)
        super().save_related(request, form, formsets, change)
        for line in (one for lines in formsets for one in lines.forms if one.has_changed()):
            key = f"{line._meta.model._meta.model_name}:{line.instance.pk or 'deleted'}"
            was[key] = _codes(line.initial.get(name) for name in line.changed_data)
            now_is[key] = _codes(line.cleaned_data.get(name) for name in line.changed_data)
        request.was_and_is = (was, now_is)  # type: ignore[attr-defined]


def _codes(values: Iterable[object]) -> list[str]:
    """As the audit trail keeps them: codes and numbers, no words."""
    texts = [str(value) for value in values if value is not None]
    return [text for text in texts if text.isascii()]


def person(request: HttpRequest) -> User:
    """Whoever is signed in; the back office lets nobody else this far."""
    return cast("User", request.user)


class ReadOnlyAdmin(RecordedAdmin):
    """Records of what was done."""

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Made by the verbs."""
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        """Never changed here."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        """Never deleted."""
        return False
