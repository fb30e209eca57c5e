"""The one place where a code leaves the house."""

from __future__ import annotations

from django.conf import settings

from qihu.errors import DomainError
from qihu.senders.parcel import Parcel, SendError
from qihu.senders.registry import sender


class Unsent(DomainError):
    """The provider did not take it, or there is none."""

    status, code, title = 503, "unsent", "短信没有发出"


def send_code(phone: str, code: str, *, key: str) -> str:
    """Send the code by SMS; returns "". In the demo organisation without a provider it is returned to be shown.

    It is written nowhere else. Raises `Unsent`.
    """
    sms = sender("sms")
    if sms is None:
        if settings.DEMO:
            return code
        raise Unsent("短信登录还没有开通，请用编号和查询码查看诉求。")
    try:
        sms(Parcel(key=key, to=phone, template=settings.SMS_CODE_TEMPLATE, params={"code": code}))
    except SendError as error:
        if not error.doubtful:
            raise Unsent("短信没有发出，请稍后再试。") from None
    return ""
