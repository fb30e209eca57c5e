"""The floor under submit → assigned: a bare Celery task that sets one request's status, same broker, same settings."""

from __future__ import annotations

import os

from celery import Celery
from django.apps import apps

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.floor_settings")

app = Celery("floor", set_as_current=False)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_default_queue = "floor"


@app.task(name="floor.assign")
def assign(*, ticket_id: int) -> None:
    """No rules, no log, no clocks."""
    departments, tickets = apps.get_model("accounts", "Department"), apps.get_model("tickets", "Ticket")
    lead = departments.objects.order_by("pk").values("pk")[:1]
    tickets.objects.filter(pk=ticket_id).update(status="assigned", department=lead)
