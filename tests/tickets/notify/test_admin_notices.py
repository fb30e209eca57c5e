"""The back office of notices: who may change what, signed and recorded; secrets are never shown."""

from __future__ import annotations

import pytest
from django.urls import reverse

from qihu.accounts.models import Department, User
from qihu.audit.models import Entry
from tickets.models import NoticeRule, NoticeTemplate, RobotHook

pytestmark = pytest.mark.django_db


@pytest.fixture
def system(client):
    client.force_login(User.objects.get(username="sysadmin"), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_template_is_changed_signed_and_recorded(system):
    template = NoticeTemplate.objects.get(code="urged")
    address = reverse("admin:tickets_noticetemplate_change", args=[template.pk])
    page = system.get(address)
    assert "QH-20260302-000001" in page.content.decode()
    answer = system.post(address, {"title": "又催了", "body": "“{title}”（{number}）又催了。", "sms_code": ""})
    assert answer.status_code == 302
    template.refresh_from_db()
    assert (template.title, template.changed_by.username) == ("又催了", "sysadmin")
    assert Entry.objects.filter(kind="tickets.noticetemplate", key="urged").exists()


def test_wrong_words_come_back_with_what_was_typed(system):
    template = NoticeTemplate.objects.get(code="urged")
    page = system.post(
        reverse("admin:tickets_noticetemplate_change", args=[template.pk]), {"title": "x", "body": "{firm_name}"}
    )
    assert "不是可用的占位符" in page.content.decode()
    assert "{firm_name}" in page.content.decode()


def test_rules_are_picked_from_lists_and_checked(system):
    template = NoticeTemplate.objects.get(code="urged")
    address = reverse("admin:tickets_noticerule_add")
    asked = {"kind": "sign", "clock": "", "op": "", "audience": "supervisor", "way": "inbox", "template": template.pk}
    assert system.post(address, asked | {"kind": "nonsense"}).status_code == 200
    assert system.post(address, asked | {"way": "sms"}).status_code == 200
    assert not NoticeRule.objects.filter(kind="sign").exists()
    assert system.post(address, asked | {"active": "on"}).status_code == 302
    assert NoticeRule.objects.get(kind="sign").changed_by.username == "sysadmin"


def test_a_robots_secret_is_written_and_never_read_back(system):
    asked = {
        "department": Department.objects.get(code="finance").pk,
        "kind": "dingtalk",
        "name": "金融办工作群",
        "new_token": "token-of-the-group",
        "new_secret": "SEC-of-the-group",
        "active": "on",
    }
    assert system.post(reverse("admin:tickets_robothook_add"), asked | {"new_token": ""}).status_code == 200
    assert system.post(reverse("admin:tickets_robothook_add"), asked).status_code == 302
    robot = RobotHook.objects.get()
    address = reverse("admin:tickets_robothook_change", args=[robot.pk])
    page = system.get(address).content.decode()
    assert "token-of-the-group" not in page
    assert "SEC-of-the-group" not in page
    system.post(address, asked | {"new_token": "", "new_secret": "", "name": "新群名"})
    robot.refresh_from_db()
    assert (robot.name, robot.token, robot.secret) == ("新群名", "token-of-the-group", "SEC-of-the-group")


@pytest.mark.parametrize("table", ["noticetemplate", "noticerule", "robothook"])
def test_who_grants_roles_does_not_edit_notices_and_nobody_deletes(client, system, table):
    assert system.get(reverse(f"admin:tickets_{table}_changelist")).status_code == 200
    if table != "robothook":
        row = (NoticeTemplate if table == "noticetemplate" else NoticeRule).objects.first()
        assert system.post(reverse(f"admin:tickets_{table}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    client.force_login(User.objects.get(username="secadmin"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse(f"admin:tickets_{table}_changelist")).status_code == 403
