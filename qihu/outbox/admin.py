"""The outbox screen: what failed, why, and "send again"."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest

from qihu.audit.back_office import RecordedAdmin, on_record
from qihu.audit.models import Action
from qihu.outbox.models import Message


@admin.register(Message)
class MessageAdmin(RecordedAdmin):
    """Read-only list with one action."""

    list_display = ("topic", "args", "attempts", "error", "created_at", "due_at")
    list_filter = ("topic",)
    ordering = ("-attempts", "pk")
    actions = ("send_again",)

    @admin.action(description="重新处理")
    def send_again(self, request: HttpRequest, chosen: QuerySet[Message]) -> None:
        """Give the chosen messages a fresh start."""
        for message in chosen:
            on_record(Action.CHANGED, request, message)
        chosen.update(attempts=0, due_at=Now(), error="")

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Only verbs publish."""
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Message | None = None) -> bool:
        """Nobody edits a message."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Message | None = None) -> bool:
        """What must follow a commit follows it: a deleted message would leave a request unrouted."""
        return False
