"""The trail, for auditors alone: read, filtered, paged. Nobody writes here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from qihu.accounts.models import Role, User
from qihu.audit.models import Action, Entry
from qihu.audit.record import record
from qihu.clock import now
from qihu.errors import Forbidden
from tickets.models import Seal
from tickets.pages.audit.asked import FilterForm, page
from tickets.services.sealing import oldest_unsealed

_KINDS = {
    "ticket": "诉求",
    "user": "账号",
    "accounts.user": "账号",
    "accounts.grant": "授权",
    "accounts.department": "部门",
    "accounts.region": "区划",
    "claim": "企业认领",
    "contact": "企业联系人",
    "rules.ruleset": "规则集",
    "promises.policyset": "时限政策",
    "promises.calendar": "日历",
    "promises.calendarversion": "日历版本",
    "tickets.qrcode": "二维码",
    "tickets.sheet": "导入表",
    "tickets.export": "导出",
    "tickets.noticetemplate": "通知模板",
    "tickets.noticerule": "通知规则",
    "tickets.erasure": "删除申请",
    "code": "验证码",
    "bulletin": "通报",
    "bulletinschedule": "通报计划",
}
_ACCOUNTS = frozenset({"user", "accounts.user"})
_NAMES = {
    "from": "来源",
    "until": "可见至",
    "expires_at": "有效至",
    "party": "身份",
    "seq": "事件",
    "grants": "授权",
    "number": "版本",
    "fields": "字段",
    "cause": "事由",
    "added": "新增",
    "changed": "修改",
    "deleted": "删除",
    "decision": "决定",
    "contact": "联系人",
    "enterprise": "企业",
    "state": "进度",
    "what": "内容",
    "format": "格式",
    "rows": "行数",
    "definitions": "口径版本",
    "as_of": "数据截止",
    "sm3": "SM3",
    "as_made": "与原件逐字节相同",
    "place": "范围",
    "people": "发给",
    "day": "每月几日",
    "hour": "几点",
    "formats": "格式",
    "active": "启用",
}
_LIGHT = {Action.LOCKED_OUT: "late", Action.SIGN_IN_FAILED: "warn", Action.REVEALED: "warn", Action.ERASED: "warn"}
_ONCE = timedelta(hours=1)
"""How often it goes on record that somebody reads the trail."""


@require_safe
@login_required
@never_cache
def trail(request: HttpRequest) -> HttpResponse:
    """Entries newest first, narrowed by what the address asks."""
    user = request.user
    if not isinstance(user, User) or Role.AUDITOR not in user.roles():
        raise Forbidden("审计记录只供审计员查看。")
    at = now()
    _on_record(user, at)
    form = FilterForm(request.GET)
    valid = form.is_valid()
    shown = page(form, request.GET) if valid else None
    context = {
        "user_title": "审计员",
        "home": "/audit/",
        "form": form,
        "entries": _lines(shown.entries) if shown else [],
        "pager": {"newer": shown.newest, "older": shown.older, "text": ""} if shown else {},
        "narrowed": any(request.GET.get(name) for name in form.fields),
        "seal": _seal(),
    }
    return render(request, "audit/trail.html", context, status=200 if valid else 422)


def _on_record(user: User, at: datetime) -> None:
    if not Entry.objects.filter(actor=user, action=Action.AUDIT_READ, at__gt=at - _ONCE).exists():
        record(Action.AUDIT_READ, actor=user, at=at)


def _seal() -> dict[str, object]:
    """How far the log is sealed, and since when something waits."""
    last = Seal.objects.last_one()
    return {
        "number": last.number if last else 0,
        "when": _moment(last.sealed_at) if last else "",
        "mac": bytes(last.mac).hex()[:16] if last else "",
        "waits": round(oldest_unsealed()),
    }


def _lines(entries: Sequence[Entry]) -> list[dict[str, object]]:
    """With the names of the accounts that were acted on: one query."""
    keys = {int(entry.key) for entry in entries if entry.kind in _ACCOUNTS and entry.key.isdecimal()}
    names = dict(User.objects.filter(pk__in=keys).values_list("pk", "username")) if keys else {}
    return [_line(entry, {str(key): name for key, name in names.items()}) for entry in entries]


def _line(entry: Entry, accounts: Mapping[str, str]) -> dict[str, object]:
    reason = entry.reason
    return {
        "key": entry.pk,
        "when": _moment(entry.at),
        "iso": entry.at.isoformat(),
        "who": entry.actor.name if entry.actor else "系统",
        "username": entry.actor.username if entry.actor else "",
        "action": Action(entry.action).label,
        "light": _LIGHT.get(Action(entry.action), ""),
        "kind": _KINDS.get(entry.kind, entry.kind),
        "object": accounts.get(entry.key, entry.key) if entry.kind in _ACCOUNTS else entry.key,
        "before": _codes(entry.before),
        "after": _codes(entry.after),
        "reason": "" if reason is None else "（理由已删除）" if reason.erased_at else reason.body,
    }


def _codes(value: Mapping[str, object] | None) -> str:
    """“来源 296a69863c67；身份 head”."""
    return "；".join(f"{_NAMES.get(name, name)} {_code(one)}" for name, one in (value or {}).items())


def _code(value: object) -> str:
    if isinstance(value, list):
        return "、".join(map(str, value)) or "无"
    if isinstance(value, dict):
        return _codes(value)
    moment = parse_datetime(value) if isinstance(value, str) and "T" in value else None
    return _moment(moment) if moment else str(value)


def _moment(when: datetime) -> str:
    return when.astimezone(ZoneInfo(settings.TIME_ZONE)).strftime("%Y-%m-%d %H:%M:%S")
