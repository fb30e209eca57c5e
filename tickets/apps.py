"""The request and everything that hangs on it."""

from django.apps import AppConfig


class TicketsConfig(AppConfig):
    """Django application `tickets`."""

    name = "tickets"
    verbose_name = "诉求"
