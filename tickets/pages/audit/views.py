"""The trail, for auditors alone: read, filtered, paged. Nobody writes here."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
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
    "tickets.qrcode": "二维码",
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
        "form": form,
        "entries": [_line(entry) for entry in shown.entries] if shown else [],
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


def _line(entry: Entry) -> dict[str, object]:
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
        "object": entry.key,
        "before": _codes(entry.before),
        "after": _codes(entry.after),
        "reason": "" if reason is None else "（理由已删除）" if reason.erased_at else reason.body,
    }


def _codes(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": ")).strip("{}") if value else ""


def _moment(when: datetime) -> str:
    return when.astimezone(ZoneInfo(settings.TIME_ZONE)).strftime("%Y-%m-%d %H:%M:%S")
