"""Whether the firm heard: what a request's page says about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tickets.models import Notice, Ticket
from tickets.models.notice import State
from tickets.services.notify.words import line

REASONS = {
    "no_provider": "没有配置发送通道",
    "no_address": "没有填写邮箱",
    "no_phone": "联系电话已删除",
    "no_sms_code": "模板没有填写短信平台的编号",
    "ended": "诉求已结束",
    "met": "时限已完成",
    "over": "情况已变",
    "no_right": "已没有这个范围的权限，不发",
    "not_theirs": "已不归对方办理",
    "answered": "企业已答复",
    "expired": "链接已过期，请重新生成",
    "replaced": "已有新的链接",
    "restricted": "廉政诉求不发链接",
    "landline": "座机收不到短信",
    "nothing_left": "汇总里已没有要说的",
    "unreachable": "连不上通道",
    "no_answer": "通道没有回音",
    "bad_address": "地址无效",
    "isv.MOBILE_NUMBER_ILLEGAL": "手机号码无效",
    "isv.SMS_TEMPLATE_ILLEGAL": "短信平台不认这个模板",
    "isv.SMS_SIGNATURE_ILLEGAL": "短信平台不认这个签名",
    "isv.BUSINESS_LIMIT_CONTROL": "短信平台限流",
    "isv.AMOUNT_NOT_ENOUGH": "短信余额不足",
    "isv.OUT_OF_SERVICE": "短信账户停机",
    "SignatureDoesNotMatch": "短信密钥不对",
    "dingtalk_310000": "钉钉机器人的安全设置不符",
    "dingtalk_300001": "钉钉机器人令牌无效",
    "wecom_93000": "企业微信机器人令牌无效",
    "smtp_535": "邮件账号或密码不对",
    "smtp_550": "对方邮箱不存在",
}
COLOUR = {State.SENT: "ok", State.FAILED: "late", State.UNSENT: "warn", State.QUEUED: "info"}
NEWEST = 5


@dataclass(frozen=True, slots=True)
class Told:
    """One message to the firm: about what, whether it got out, when, and why not."""

    about: str
    label: str
    state: str
    at: datetime
    why: str


def told(ticket: Ticket, *, kind: str = "") -> list[Told]:
    """The newest messages to the firm of one request, or those of one kind of event: one query."""
    every = Notice.objects.of_ticket(ticket).to_firm().select_related("template")
    found = (every.filter(kind=kind) if kind else every)[:NEWEST]
    return [
        Told(
            about=_about(notice, ticket),
            label=State(notice.state).label,
            state=COLOUR.get(State(notice.state), ""),
            at=notice.sent_at or notice.created_at,
            why=why(notice.error),
        )
        for notice in found
    ]


def _about(notice: Notice, ticket: Ticket) -> str:
    notice.ticket = ticket  # loaded with all that words are made of
    return line(notice)


def why(error: str) -> str:
    """A reason in Chinese, or the provider's own code."""
    return REASONS.get(error, error)
