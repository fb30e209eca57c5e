"""The Celery application and its timetable. Messages are wake-ups; the work is in rows (docs/adr/0001)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qihu.settings")

app = Celery("qihu", task_cls="qihu.metrics.tasks:Measured")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.set_default()

_TICK = {"expires": 10}
app.conf.beat_schedule = {
    "outbox": {"task": "outbox.drain", "schedule": 3.0, "options": _TICK},
    "sweep": {"task": "tickets.sweep", "schedule": 2.0, "options": _TICK},
    "figures": {"task": "tickets.figures", "schedule": 2.0, "options": _TICK},
    "seal": {"task": "tickets.seal", "schedule": 5.0, "options": _TICK},
    "inspect": {"task": "tickets.inspect", "schedule": 3.0, "options": _TICK},
    "send": {"task": "tickets.send", "schedule": 3.0, "options": _TICK},
    "gather": {"task": "tickets.gather", "schedule": 60.0, "options": {"expires": 50}},
    "notices": {"task": "tickets.follow_notices", "schedule": 60.0, "options": {"expires": 50}},
    "topics": {"task": "tickets.find_topics", "schedule": 3600.0, "options": {"expires": 600}},
    "freeze": {"task": "tickets.freeze", "schedule": 3600.0, "options": {"expires": 600}},
    "bulletins": {"task": "tickets.bulletins", "schedule": 120.0, "options": {"expires": 100}},
    "housekeeping": {"task": "tickets.housekeeping", "schedule": 3600.0, "options": {"expires": 600}},
}
