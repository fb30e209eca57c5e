"""Configuration of what hangs on requests: QR codes. Requests themselves are worked at the desk, never here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from qihu.clock import now
from tickets.models import QRCode


@admin.register(QRCode)
class QRCodeAdmin(ModelAdmin):  # type: ignore[misc]
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
