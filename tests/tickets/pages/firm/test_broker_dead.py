"""The broker is dead: the firm notices nothing, and its request is routed when the broker is back."""

from __future__ import annotations

import time

from qihu.celery import app
from qihu.outbox.consume import drain
from tickets.models import Ticket
from tickets.workflow import Status


def test_with_the_broker_dead_filing_succeeds_at_once(committed, phone, monkeypatch):
    monkeypatch.setattr(app.conf, "broker_url", "redis://127.0.0.1:1/0")
    began = time.monotonic()
    assert phone.file().status_code == 303
    assert time.monotonic() - began < 1, "nobody waits for a dead broker"
    ticket = Ticket.objects.get()
    assert ticket.status == Status.SUBMITTED
    assert "正在按规则交办" in phone.page(ticket)
    drain()
    ticket.refresh_from_db()
    assert (ticket.status, ticket.department.code) == (Status.ASSIGNED, "finance")
