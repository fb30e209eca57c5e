"""Configuration of what hangs on requests: QR codes, notices. Requests are worked at the desk, never here."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from qihu.accounts.models import Role, User
from qihu.audit.back_office import RecordedAdmin
from qihu.clock import now
from qihu.errors import DomainError
from tickets.admin_notices import NoticeRuleAdmin, NoticeTemplateAdmin, RobotHookAdmin
from tickets.admin_promises import (
    CalendarAdmin,
    CalendarVersionAdmin,
    PolicySetAdmin,
    RecalculationAdmin,
    RestatementAdmin,
)
from tickets.models import Draw, Erasure, QRCode, Script
from tickets.services.erasing import decide

__all__ = [
    "CalendarAdmin",
    "CalendarVersionAdmin",
    "DrawAdmin",
    "ErasureAdmin",
    "NoticeRuleAdmin",
    "NoticeTemplateAdmin",
    "PolicySetAdmin",
    "QRCodeAdmin",
    "RecalculationAdmin",
    "RestatementAdmin",
    "RobotHookAdmin",
    "ScriptAdmin",
]


@admin.register(Erasure)
class ErasureAdmin(RecordedAdmin):
    """The second person's word on forgetting: the security administrator sees number, cause and dates, no more."""

    list_display = ("ticket", "cause", "asked_by", "asked_at", "state", "decided_by", "decided_at")
    list_display_links = None
    list_filter = ("state", "cause")
    list_select_related = ("ticket", "asked_by", "decided_by")
    ordering = ("-pk",)
    actions = ("approve", "refuse")

    @admin.action(description="同意删除（无法恢复）")
    def approve(self, request: HttpRequest, chosen: QuerySet[Erasure]) -> None:
        """Erase the chosen ones."""
        self._decide(request, chosen, approve=True)

    @admin.action(description="不同意")
    def refuse(self, request: HttpRequest, chosen: QuerySet[Erasure]) -> None:
        """Leave them as they are."""
        self._decide(request, chosen, approve=False)

    def _decide(self, request: HttpRequest, chosen: QuerySet[Erasure], *, approve: bool) -> None:
        for asked in chosen.order_by("pk"):
            try:
                decide(erasure_id=asked.pk, user=cast("User", request.user), approve=approve, at=now())
            except DomainError as refusal:  # the list is the page to say it on
                self.message_user(request, f"{asked.ticket.number}：{refusal.message}", messages.ERROR)
            else:
                self.message_user(request, f"{asked.ticket.number}：{'已删除' if approve else '未同意'}")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """By the grant, not by Django's permissions."""
        return isinstance(request.user, User) and Role.SECADMIN in request.user.roles()

    def has_view_permission(self, request: HttpRequest, _obj: Erasure | None = None) -> bool:
        """As for the module."""
        return self.has_module_permission(request)

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """The centre asks, at the desk."""
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Erasure | None = None) -> bool:
        """Decided by the two actions only."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Erasure | None = None) -> bool:
        """What was asked stays on record."""
        return False


@admin.register(QRCode)
class QRCodeAdmin(RecordedAdmin):
    """Codes on the wall: where they hang, what they preset, until when they work."""

    list_display = ("code", "name", "chain_tag", "category", "region", "expires_at", "revoked_at")
    list_filter = ("chain_tag", "region")
    search_fields = ("code", "name")
    ordering = ("code",)
    fields = ("code", "name", "chain_tag", "category", "region", "expires_at", "revoked_at")

    def save_model(self, request: HttpRequest, obj: QRCode, form: Any, change: bool) -> None:  # noqa: FBT001
        """Remember who made the code and when."""
        if not change:
            obj.created_at, obj.created_by = now(), request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, _request: HttpRequest, _obj: QRCode | None = None) -> bool:
        """Codes are revoked, not deleted: requests refer to them."""
        return False


@admin.register(Draw)
class DrawAdmin(RecordedAdmin):
    """How many closed requests are called back, how many replies the director reviews."""

    list_display = ("code", "share")
    fields = ("code", "share")
    readonly_fields = ("code",)
    ordering = ("code",)

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """The two draws are loaded with the defaults."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Draw | None = None) -> bool:
        """Set to 0, or to the least that is allowed."""
        return False


@admin.register(Script)
class ScriptAdmin(RecordedAdmin):
    """What is read out at a call-back."""

    list_display = ("position", "line", "hint")
    list_display_links = ("line",)
    ordering = ("position",)
