"""A code by SMS, through a provider on this machine that checks the signature."""

from __future__ import annotations

import json
import logging
import re

import pytest
from django.test import Client

from qihu.signin import codes, sending
from qihu.signin.models import OneTimeCode
from tests.make import MONDAY
from tests.senders.conftest import aliyun

pytestmark = pytest.mark.django_db
__all__ = ["aliyun"]
PHONE = "13800000000"


@pytest.fixture(autouse=True)
def _template(settings):
    settings.SMS_CODE_TEMPLATE = "SMS_100"


def test_it_arrives_once_and_is_never_shown_even_in_the_demo(aliyun, caplog):
    with caplog.at_level(logging.DEBUG):
        answer = Client().post("/me/", {"phone": PHONE})
    (taken,) = aliyun.accepted
    code = json.loads(taken["TemplateParam"])["code"]
    assert taken["PhoneNumbers"] == PHONE
    assert re.fullmatch(r"\d{6}", code)
    assert code not in answer.content.decode()
    assert not any(
        code in r.getMessage() or PHONE in r.getMessage() for r in caplog.records if "django.db" not in r.name
    )
    done = Client().post("/me/code/", {"phone": PHONE, "code": code})
    assert done.status_code == 303


def test_a_provider_that_refuses_is_told_and_no_code_waits(aliyun):
    aliyun.answers = [(200, {"Code": "isv.OUT_OF_SERVICE", "Message": "", "RequestId": "r"})]
    with pytest.raises(sending.Unsent) as refused:
        codes.issue(phone=PHONE, address="10.1.1.1", at=MONDAY)
    assert "isv" not in refused.value.message
    assert not OneTimeCode.objects.exists()


def test_an_answer_that_got_lost_may_have_arrived_so_the_code_is_good(aliyun):
    aliyun.silent = 1
    codes.issue(phone=PHONE, address="10.1.1.1", at=MONDAY)
    code = json.loads(aliyun.accepted[0]["TemplateParam"])["code"]
    assert codes.redeem(phone=PHONE, code=code, address="10.1.1.1", at=MONDAY).phone == PHONE
