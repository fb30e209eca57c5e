"""The back office on record: every change made in `/admin/` goes into the audit trail, by ids and names of fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from unfold import admin

from qihu.audit.models import Action
from qihu.audit.record import record

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest


class RecordedAdmin(admin.ModelAdmin):  # type: ignore[misc]
    """In place of unfold's `ModelAdmin`; `make check` refuses that one."""

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Django's hook, called with the forms before `log_addition` or `log_change`: keep what they changed."""
        request.changed_here = changes(form, formsets or ())  # type: ignore[attr-defined]
        return super().construct_change_message(request, form, formsets, add)

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Django's hook after an object was added."""
        on_record(Action.ADDED, request, obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Django's hook after an object was changed."""
        changed = getattr(request, "changed_here", {})
        secret = any("password" in name for name in changed.get("fields", ()))
        on_record(Action.PASSWORD if secret else Action.CHANGED, request, obj)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Model]) -> Any:
        """Django's hook before objects are deleted."""
        for obj in queryset:
            on_record(Action.DELETED, request, obj)
        return super().log_deletions(request, queryset)


def on_record(action: Action, request: HttpRequest, obj: Model) -> None:
    """One entry: who did it to which object, and the names of the fields that they changed."""
    after = getattr(request, "changed_here", None) if action != Action.DELETED else None
    record(action, actor=request.user, kind=obj._meta.label_lower, key=_key(obj), after=after or None)  # type: ignore[arg-type]


def changes(form: Any, formsets: Iterable[Any]) -> dict[str, Any]:
    """`{"fields": [names], "<model of a line>": {"added": [keys], "changed": …, "deleted": …}}`."""
    found: dict[str, Any] = {"fields": [name for name in form.changed_data if name.isascii()]}
    for lines in formsets:
        touched = {
            "added": [row.pk for row in lines.new_objects],
            "changed": [row.pk for row, _ in lines.changed_objects],
            "deleted": [row.pk for row in lines.deleted_objects],
        }
        if any(touched.values()):
            found[lines.model._meta.model_name] = {name: keys for name, keys in touched.items() if keys}
    return found


def _key(obj: Model) -> str:
    code = getattr(obj, "code", "")
    return code if isinstance(code, str) and code and code.isascii() else str(obj.pk)
