"""Each sender against a provider on this machine that checks signatures itself."""

from __future__ import annotations

import email
import json
import socket
from email.policy import default

import pytest

from qihu.senders.dingtalk import clipped
from qihu.senders.parcel import Parcel, SendError
from qihu.senders.registry import sender
from qihu.senders.sms import authorization, canonical_query
from tests.senders import providers

SMS = Parcel(key="notice-7", to="13800000000", template="SMS_100", params={"number": "QH-20260302-000001"})


def refused(channel: str, parcel: Parcel) -> SendError:
    with pytest.raises(SendError) as caught:
        sender(channel)(parcel)
    return caught.value


class TestSms:
    def test_the_signature_is_that_of_the_documents_own_example(self):
        headers = {
            "host": "ecs.cn-shanghai.aliyuncs.com",
            "x-acs-action": "RunInstances",
            "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "x-acs-date": "2023-10-26T10:22:32Z",
            "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
            "x-acs-version": "2014-05-26",
        }
        query = canonical_query(
            {"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"}
        )
        signed = authorization(headers, query, key_id="YourAccessKeyId", key_secret="YourAccessKeySecret")
        assert signed.endswith("Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0")

    def test_it_is_sent_with_template_variables_and_the_key_as_out_id(self, aliyun):
        assert sender("sms")(SMS) == "9001^1"
        (taken,) = aliyun.accepted
        assert (taken["PhoneNumbers"], taken["TemplateCode"], taken["OutId"]) == ("13800000000", "SMS_100", "notice-7")
        assert json.loads(taken["TemplateParam"]) == {"number": "QH-20260302-000001"}

    def test_a_wrong_secret_is_refused_for_good(self, aliyun, settings):
        settings.SMS_KEY_SECRET = "another"
        error = refused("sms", SMS)
        assert (error.code, error.retry) == ("SignatureDoesNotMatch", False)

    @pytest.mark.parametrize(
        ("parcel", "code"),
        [
            (Parcel(key="k", to="1380000", template="SMS_100"), "isv.MOBILE_NUMBER_ILLEGAL"),
            (Parcel(key="k", to="13800000000", template="SMS_999"), "isv.SMS_TEMPLATE_ILLEGAL"),
        ],
    )
    def test_a_bad_number_and_a_bad_template_are_refused_for_good(self, aliyun, parcel, code):
        error = refused("sms", parcel)
        assert (error.code, error.retry) == (code, False)

    @pytest.mark.parametrize(
        ("status", "code", "after"),
        [
            (200, "isv.BUSINESS_LIMIT_CONTROL", 60),
            (400, "Throttling.User", 60),
            (200, "isv.AMOUNT_NOT_ENOUGH", 3600),
            (200, "isp.SYSTEM_ERROR", 0),
            (503, "ServiceUnavailable", 0),
        ],
    )
    def test_too_fast_no_credit_and_the_providers_own_troubles_pass(self, aliyun, status, code, after):
        aliyun.answers = [(status, {"Code": code, "Message": "", "RequestId": "r"})]
        error = refused("sms", SMS)
        assert (error.code, error.retry, error.after) == (code, True, after)

    def test_an_answer_that_got_lost_is_looked_up_before_the_second_attempt(self, aliyun):
        aliyun.silent = 1
        error = refused("sms", SMS)
        assert (error.code, error.retry, error.doubtful) == ("no_answer", True, True)
        again = Parcel(key=SMS.key, to=SMS.to, template=SMS.template, params=SMS.params, doubtful=True)
        sender("sms")(again)
        assert len(aliyun.accepted) == 1

    def test_a_doubtful_one_that_never_arrived_is_sent(self, aliyun):
        sender("sms")(Parcel(key="notice-8", to=SMS.to, template="SMS_100", doubtful=True))
        assert [one["OutId"] for one in aliyun.accepted] == ["notice-8"]

    def test_without_a_provider_there_is_no_sender(self, settings):
        settings.SMS_KEY_ID = ""
        assert sender("sms") is None


class TestRobots:
    def test_dingtalk_takes_a_signed_message(self, dingtalk):
        sender("dingtalk")(Parcel(key="k", to=providers.TOKEN, secret=providers.SECRET, title="超期", body="请处理。"))
        assert dingtalk.accepted == [{"content": "超期\n请处理。"}]

    def test_dingtalk_refuses_a_wrong_secret_and_a_wrong_token(self, dingtalk):
        wrong = refused("dingtalk", Parcel(key="k", to=providers.TOKEN, secret="SECother", body="x"))
        assert (wrong.code, wrong.retry) == ("dingtalk_310000", False)
        lost = refused("dingtalk", Parcel(key="k", to="other", secret=providers.SECRET, body="x"))
        assert (lost.code, lost.retry) == ("dingtalk_300001", False)

    def test_the_twenty_first_in_a_minute_waits(self, dingtalk, wecom):
        ding = Parcel(key="k", to=providers.TOKEN, secret=providers.SECRET, body="x")
        work = Parcel(key="k", to=providers.WECOM_KEY, body="x")
        for _ in range(20):
            sender("dingtalk")(ding)
            sender("wecom")(work)
        first, second = refused("dingtalk", ding), refused("wecom", work)
        assert (first.code, first.retry, first.after) == ("dingtalk_130101", True, 600)
        assert (second.code, second.retry, second.after) == ("wecom_45009", True, 60)

    def test_wecom_refuses_a_wrong_key(self, wecom):
        error = refused("wecom", Parcel(key="k", to="other", body="x"))
        assert (error.code, error.retry) == ("wecom_93000", False)

    def test_wecom_gets_no_more_than_it_takes(self, wecom):
        sender("wecom")(Parcel(key="k", to=providers.WECOM_KEY, body="企" * 2000))
        assert len(wecom.accepted[0]["content"].encode()) <= 2048
        assert clipped("短", 3) == "短"

    @pytest.mark.parametrize(("status", "said"), [(502, b"<html>bad gateway"), (500, b"[]")])
    def test_a_broken_gateway_passes(self, wecom, status, said):
        wecom.answers = [(status, said)]
        error = refused("wecom", Parcel(key="k", to=providers.WECOM_KEY, body="x"))
        assert (error.code, error.retry, error.doubtful) == (f"http_{status}", True, True)

    def test_an_http_429_waits_and_a_page_instead_of_an_answer_is_refused(self, wecom):
        wecom.answers = [(429, b""), (200, b"<html>sign in first")]
        parcel = Parcel(key="k", to=providers.WECOM_KEY, body="x")
        assert refused("wecom", parcel).after == 60
        assert not refused("wecom", parcel).retry

    def test_nobody_there_is_no_doubt(self, settings):
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            settings.DINGTALK_URL = f"http://127.0.0.1:{held.getsockname()[1]}/robot/send"
            error = refused("dingtalk", Parcel(key="k", to="t", body="x"))
        assert (error.code, error.retry, error.doubtful) == ("unreachable", True, False)
        assert error.__cause__ is None


class TestMail:
    def test_a_letter_arrives_with_the_key_as_message_id(self, mailbox):
        found = sender("mail")(Parcel(key="notice-7", to="chen@example.org", title="催办\r\nBcc: x@y", body="请处理。"))
        assert found == "<notice-7@example.org>"
        letter = email.message_from_bytes(mailbox.letters[0], policy=default)
        assert (letter["Subject"], letter["Bcc"]) == ("催办 Bcc: x@y", None)
        assert letter.get_content().strip() == "请处理。"

    def test_a_busy_relay_passes_and_an_unknown_address_does_not(self, mailbox):
        mailbox.refusals = ["451 4.7.1 greylisted"]
        busy = refused("mail", Parcel(key="k", to="chen@example.org", title="t", body="b"))
        assert (busy.code, busy.retry) == ("smtp_451", True)
        gone = refused("mail", Parcel(key="k", to="nobody@example.org", title="t", body="b"))
        assert (gone.code, gone.retry) == ("smtp_550", False)
        assert mailbox.letters == []

    def test_a_relay_that_is_down_passes(self, settings):
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            settings.MAIL_HOST, settings.MAIL_PORT = "127.0.0.1", held.getsockname()[1]
            settings.MAIL_FROM = "qihu@example.org"
            error = refused("mail", Parcel(key="k", to="chen@example.org", title="t", body="b"))
        assert (error.code, error.retry) == ("unreachable", True)

    def test_without_a_relay_there_is_no_sender(self, settings):
        settings.MAIL_HOST = ""
        assert sender("mail") is None
