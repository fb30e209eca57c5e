"""Health: alive, ready, and how the outbox is doing."""

from __future__ import annotations

import json

import pytest
from django.db import DatabaseError

from qihu import health
from qihu.accounts.models import Department
from qihu.outbox.models import RESTS_AFTER, Message
from qihu.outbox.publish import publish
from routing.promises.amount import PromiseError

pytestmark = pytest.mark.django_db


def test_alive(client):
    assert client.get("/healthz").content == b"ok\n"


def test_ready_and_warns_when_the_calendar_ends_soon(client, monkeypatch):
    monkeypatch.setattr(health, "coverage_warnings", lambda _at: ["工作日历只到年底"])
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"database": "ok", "outbox": "ok", "warnings": ["工作日历只到年底"]}


def test_warns_when_nobody_takes_restricted_requests(client):
    Department.objects.filter(kind=Department.Kind.DISCIPLINE).update(active=False)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert any("纪检监察机关" in said for said in answer.json()["warnings"])


def test_red_while_a_message_rests(client):
    publish("nobody.listens", n=1)
    Message.objects.update(attempts=RESTS_AFTER)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["outbox"] == "1 resting"


@pytest.mark.parametrize(
    ("error", "said"), [(DatabaseError("away"), "database"), (PromiseError("nothing published"), "promises")]
)
def test_not_ready_without_database_or_promises(client, monkeypatch, error, said):
    def fail(_at: object) -> list[str]:
        raise error

    monkeypatch.setattr(health, "coverage_warnings", fail)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert said in json.loads(answer.content)
