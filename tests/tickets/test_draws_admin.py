"""The back office of call-backs: shares that are drawn, and what is read out."""

from __future__ import annotations

import pytest
from django.urls import reverse

from qihu.accounts.models import User
from qihu.audit.models import Entry
from tickets.models import Draw, Script

pytestmark = pytest.mark.django_db


@pytest.fixture
def system(client):
    client.force_login(User.objects.get(username="sysadmin"), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_share_is_changed_and_recorded(system):
    answer = system.post(reverse("admin:tickets_draw_change", args=["call_back"]), {"share": "0.25"})
    assert answer.status_code == 302
    assert Draw.objects.get(code="call_back").share == 0.25
    assert Entry.objects.filter(kind="tickets.draw", key="call_back").exists()


@pytest.mark.parametrize(
    ("code", "share"), [("call_back", "0.05"), ("call_back", "1.5"), ("review", "-0.1"), ("review", "")]
)
def test_a_share_that_makes_no_sense_is_refused_beside_the_field(system, code, share):
    before = Draw.objects.get(code=code).share
    page = system.post(reverse("admin:tickets_draw_change", args=[code]), {"share": share})
    assert page.status_code == 200
    assert Draw.objects.get(code=code).share == before


def test_nobody_adds_or_removes_a_draw(system):
    assert system.get(reverse("admin:tickets_draw_add")).status_code == 403
    assert system.post(reverse("admin:tickets_draw_delete", args=["review"]), {"post": "yes"}).status_code == 403


def test_what_is_read_out_is_edited_line_by_line(system):
    first = Script.objects.order_by("position").first()
    address = reverse("admin:tickets_script_change", args=[first.pk])
    assert system.post(address, {"position": "1", "line": "您好。", "hint": ""}).status_code == 302
    assert Script.objects.get(pk=first.pk).line == "您好。"


def test_no_other_account_changes_them(client):
    for username in ("supervisor", "auditor", "head.finance"):
        client.force_login(User.objects.get(username=username), backend="django.contrib.auth.backends.ModelBackend")
        answer = client.post(reverse("admin:tickets_draw_change", args=["call_back"]), {"share": "0.9"})
        assert answer.status_code in {302, 403}
    assert Draw.objects.get(code="call_back").share != 0.9
