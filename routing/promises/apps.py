"""Registers the promise engine with Django."""

from django.apps import AppConfig


class PromisesConfig(AppConfig):
    """Promise policies, calendars and working time."""

    name = "routing.promises"
    label = "promises"
    verbose_name = "时限"
    default_auto_field = "django.db.models.BigAutoField"
