"""The outbox screen: what failed, why, and "send again"; nobody edits a message."""

from __future__ import annotations

import pytest

from qihu.outbox.models import RESTS_AFTER, Message
from qihu.outbox.publish import publish
from tests.people import user
from tickets.models import QRCode

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client):
    client.force_login(user("sysadmin"), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_system_administrator_sees_what_rests_and_sends_it_again(desk):
    publish("nobody.listens", n=1)
    Message.objects.update(attempts=RESTS_AFTER, error="ValueError")
    page = desk.get("/admin/outbox/message/")
    assert page.status_code == 200
    assert "ValueError" in page.content.decode()
    chosen = Message.objects.get()
    desk.post("/admin/outbox/message/", {"action": "send_again", "_selected_action": [chosen.pk]})
    chosen.refresh_from_db()
    assert (chosen.attempts, chosen.error) == (0, "")


def test_nobody_adds_edits_or_deletes_a_message(desk):
    publish("nobody.listens", n=1)
    assert desk.get("/admin/outbox/message/add/").status_code == 403
    key = Message.objects.get().pk
    assert desk.post(f"/admin/outbox/message/{key}/change/", {"topic": "other"}).status_code == 403
    assert desk.post(f"/admin/outbox/message/{key}/delete/", {"post": "yes"}).status_code == 403
    desk.post("/admin/outbox/message/", {"action": "delete_selected", "_selected_action": [key], "post": "yes"})
    assert Message.objects.get().topic == "nobody.listens"


def test_codes_are_made_and_never_deleted(desk):
    made = desk.post(
        "/admin/tickets/qrcode/add/",
        {"code": "EAST-GATE", "name": "东门", "region": "330800", "chain_tag": "capital"},
    )
    assert made.status_code == 302
    page = desk.get("/q/EAST-GATE/")
    assert page.status_code == 200
    assert "东门" in page.content.decode()
    key = QRCode.objects.get(code="EAST-GATE").pk
    assert desk.post(f"/admin/tickets/qrcode/{key}/delete/", {"post": "yes"}).status_code == 403
