"""Below accounts: whoever changes something records it here."""

from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Audit trail of everything that is no move of a request."""

    name = "qihu.audit"
    label = "audit"
    verbose_name = "审计"

    def ready(self) -> None:
        """Listen to Django's sign-in hooks, which every door that signs people in calls."""
        from qihu.audit import signins  # noqa: PLC0415 - Django's auth models are not there before

        signins.listen()
