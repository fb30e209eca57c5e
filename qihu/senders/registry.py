"""Which senders this installation has, by channel. A channel without settings has none: nothing pretends to send."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from qihu.senders.dingtalk import DingTalk
from qihu.senders.mail import Mail
from qihu.senders.parcel import Sender
from qihu.senders.sms import Aliyun
from qihu.senders.wecom import WeCom


def sender(channel: str) -> Sender | None:
    """The sender of `sms`, `mail`, `dingtalk` or `wecom`; None where it is not configured."""
    return _MAKERS[channel]()


def _sms() -> Sender | None:
    if not settings.SMS_KEY_ID:
        return None
    return Aliyun(
        endpoint=settings.SMS_ENDPOINT,
        key_id=settings.SMS_KEY_ID,
        key_secret=settings.SMS_KEY_SECRET,
        sign_name=settings.SMS_SIGN_NAME,
        timeout=settings.SEND_TIMEOUT,
    )


def _mail() -> Sender | None:
    if not settings.MAIL_HOST:
        return None
    return Mail(
        host=settings.MAIL_HOST,
        port=settings.MAIL_PORT,
        security=settings.MAIL_SECURITY,
        user=settings.MAIL_USER,
        password=settings.MAIL_PASSWORD,
        sender=settings.MAIL_FROM,
        timeout=settings.SEND_TIMEOUT,
    )


def _dingtalk() -> Sender:
    return DingTalk(url=settings.DINGTALK_URL, timeout=settings.SEND_TIMEOUT)


def _wecom() -> Sender:
    return WeCom(url=settings.WECOM_URL, timeout=settings.SEND_TIMEOUT)


_MAKERS: dict[str, Callable[[], Sender | None]] = {
    "sms": _sms,
    "mail": _mail,
    "dingtalk": _dingtalk,
    "wecom": _wecom,
}
