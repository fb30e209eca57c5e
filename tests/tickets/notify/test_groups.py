"""Notices to the robots of departments' groups: at once, without what is not for there, within their minute."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connections

from qihu.accounts.models import Department
from tests import make
from tests.senders import providers
from tickets.models import Notice, RobotHook
from tickets.models.notice import State
from tickets.services import sweep

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


class TestGroups:
    @pytest.fixture
    def group(self, db, dingtalk, wecom) -> RobotHook:
        finance = Department.objects.get(code="finance")
        RobotHook.objects.create(department=finance, kind="wecom", name="金融办", token=providers.WECOM_KEY)
        return RobotHook.objects.create(
            department=finance, kind="dingtalk", name="金融办", token=providers.TOKEN, secret=providers.SECRET
        )

    def test_a_breach_reaches_both_groups_at_once(self, group, dingtalk, wecom, round_at):
        make.assigned(title="贷款的事")
        at = make.MONDAY + timedelta(hours=13)
        sweep.sweep(at=at)
        round_at(at)
        assert len(dingtalk.accepted) == len(wecom.accepted) == 2  # SIGN and CONTACT
        assert "贷款的事" in dingtalk.accepted[0]["content"]

    def test_a_shielded_requests_title_stays_in_the_house(self, group, dingtalk, round_at):
        make.assigned(title="贷款的事", shielded=True)
        at = make.MONDAY + timedelta(hours=13)
        sweep.sweep(at=at)
        round_at(at)
        assert "贷款" not in dingtalk.accepted[0]["content"]
        assert "QH-" in dingtalk.accepted[0]["content"]

    def test_a_restricted_request_reaches_no_group(self, dingtalk, round_at):
        ours = Department.objects.get(kind="discipline", region="330800")
        RobotHook.objects.create(department=ours, kind="dingtalk", name="群", token=providers.TOKEN)
        make.routed(qr="DEMO-SERVICE", category="SRV-04")
        sweep.sweep(at=make.MONDAY + 60 * DAY)
        round_at(make.MONDAY + 60 * DAY)
        assert dingtalk.accepted == []

    def test_secrets_are_kept_encrypted(self, group):
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT token, secret FROM tickets_robothook WHERE kind = 'dingtalk'")
            token, secret = cursor.fetchone()
        assert providers.TOKEN.encode() not in bytes(token)
        assert providers.SECRET.encode() not in bytes(secret)

    def test_a_robot_is_not_pushed_beyond_its_minute(self, group, dingtalk, round_at, settings):
        settings.NOTICES_PER_HOUR = 100
        for _ in range(12):
            make.assigned()
        at = make.MONDAY + timedelta(hours=13)
        sweep.sweep(at=at)
        round_at(at)
        assert len(dingtalk.accepted) == 18
        round_at(at + timedelta(minutes=1, seconds=1))
        assert len(dingtalk.accepted) == 20  # the provider's own minute has not passed: it refused the 21st
        held = Notice.objects.filter(channel="dingtalk", kind="breach", error="dingtalk_130101")
        assert held.filter(state=State.QUEUED).exists()
