"""Providers for a test, and settings that point to them."""

from __future__ import annotations

import pytest

from tests.senders import providers


@pytest.fixture
def aliyun(settings):
    with providers.serving(providers.Aliyun()) as provider:
        settings.SMS_ENDPOINT = provider.url
        settings.SMS_KEY_ID, settings.SMS_KEY_SECRET = providers.KEY_ID, providers.KEY_SECRET
        settings.SMS_SIGN_NAME = providers.SIGN_NAME
        settings.SEND_TIMEOUT = 3
        yield provider


@pytest.fixture
def dingtalk(settings):
    with providers.serving(providers.DingTalk(), "/robot/send") as provider:
        settings.DINGTALK_URL = provider.url
        yield provider


@pytest.fixture
def wecom(settings):
    with providers.serving(providers.WeCom(), "/cgi-bin/webhook/send") as provider:
        settings.WECOM_URL = provider.url
        yield provider


@pytest.fixture
def mailbox(settings):
    with providers.relaying() as (box, port):
        settings.MAIL_HOST, settings.MAIL_PORT, settings.MAIL_SECURITY = "127.0.0.1", port, ""
        settings.MAIL_USER, settings.MAIL_FROM = "", "企呼我应 <qihu@example.org>"
        yield box
