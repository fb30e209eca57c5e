"""What happened outside the moves, in one short Chinese sentence each."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from tickets.models import Event
from tickets.terms import Party, Remark


def remarked(event: Event, *, for_firm: bool) -> str | None:
    """The sentence for a message, a reveal or an erasure; None for any other event."""
    department = event.department.name if event.department else "服务中心"
    if event.kind == Remark.MESSAGE:
        return _message(event, department, for_firm=for_firm)
    if event.kind == Remark.REVEAL:
        whose = "您的身份信息被查看" if for_firm else "查看了被保密的企业身份"
        who = f"{event.actor.name}（{Party(event.party).label}）" if event.actor else department
        until = f"可见至 {_moment(event.data['until'])}"
        return f"{whose}：{department} {who}，{until}" if for_firm else f"{who}{whose}，{until}"
    if event.kind == Remark.TOPIC:
        joined = event.data["op"] == "joined"
        return f"{event.actor.name if event.actor else department}{'归入' if joined else '移出'}专题（举一反三）"
    if event.kind == Remark.TOPIC_REPLY:
        return "您反映的问题有同类诉求，处理结果如下" if for_firm else "专题结果已告知企业"
    if event.kind == Remark.POLICY:
        return f"{'工作日历' if 'calendar' in event.data else '时限规定'}调整，到期时间已重新推算"
    return "个人信息和文字已删除，办理记录保留" if event.kind == Remark.ERASE else None


def _message(event: Event, department: str, *, for_firm: bool) -> str:
    if event.party == Party.FIRM:
        return "您留言" if for_firm else "企业留言"
    place = "企业综合服务中心" if event.party == Party.INTAKE else department
    who = event.actor.name if event.actor else ""
    return f"{place} {who}给您留言" if for_firm else f"{place} {who}给企业留言"


def _moment(iso: str) -> str:
    return datetime.fromisoformat(iso).astimezone(ZoneInfo(settings.TIME_ZONE)).strftime("%m月%d日 %H:%M")
