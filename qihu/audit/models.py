"""One row for each thing done outside the moves of requests. The database refuses to alter or delete any."""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from qihu.crypto import sm3


def salt() -> bytes:
    """16 random bytes."""
    return os.urandom(16)


class Action(models.TextChoices):
    """What was done, by the name that filters and exports use."""

    SIGN_IN = "sign_in", "登录"
    SIGN_IN_FAILED = "sign_in_failed", "登录失败"
    LOCKED_OUT = "locked_out", "登录锁定"
    SIGN_OUT = "sign_out", "退出"
    TOKEN = "token", "签发令牌"
    GRANTS = "grants", "授权变更"
    PASSWORD = "password", "重设口令"
    ADDED = "added", "新增配置"
    CHANGED = "changed", "修改配置"
    DELETED = "deleted", "删除配置"
    RULES = "rules", "发布规则"
    PROMISES = "promises", "发布时限政策"
    CALENDAR = "calendar", "发布日历"
    TEMPLATE = "template", "修改通知模板"
    RESTRICTED_READ = "restricted_read", "查看限制知悉诉求"
    REVEALED = "revealed", "查看被保密的身份"
    REVEALED_READ = "revealed_read", "再次查看已揭示的身份"
    EXPORTED = "exported", "导出"
    FROZEN = "frozen", "冻结月份"
    RESTATED = "restated", "重述月份"
    ERASURE_ASKED = "erasure_asked", "申请删除个人信息"
    ERASURE_REFUSED = "erasure_refused", "不同意删除"
    ERASED = "erased", "删除个人信息"
    AUDIT_READ = "audit_read", "查看审计记录"


class Reason(models.Model):
    """Free text of an entry. Erasing blanks body and salt; the entry keeps the hash and stays valid."""

    body = models.TextField("理由")
    salt = models.BinaryField(max_length=16, default=salt)
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "理由"

    def __str__(self) -> str:
        return self.body[:20]

    def digest(self) -> bytes:
        """Salted SM3: 32 bytes."""
        return sm3(bytes(self.salt), self.body.encode())


class EntryQuerySet(models.QuerySet["Entry"]):
    """Named queries of the auditor's page, newest first."""

    def newest(self) -> EntryQuerySet:
        """With who and why, latest first."""
        return self.select_related("actor", "reason").order_by("-pk")

    def before_key(self, key: int) -> EntryQuerySet:
        """What follows that entry in `newest`."""
        return self.filter(pk__lt=key)

    def between(self, since: datetime | None, until: datetime | None) -> EntryQuerySet:
        """Done in `[since, until)`; None leaves an end open."""
        found = self.filter(at__gte=since) if since else self
        return found.filter(at__lt=until) if until else found


class Entry(models.Model):
    """Who did what to which object. Ids and codes only: never a name, a phone or free text."""

    at = models.DateTimeField("时间")
    recorded_at = models.DateTimeField()
    xid = models.BigIntegerField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name="谁"
    )
    action = models.CharField("动作", max_length=20, choices=Action)
    kind = models.CharField("对象种类", max_length=30, blank=True, default="")
    key = models.CharField("对象", max_length=60, blank=True, default="")
    before = models.JSONField("之前", null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField("之后", null=True, encoder=DjangoJSONEncoder)
    reason = models.OneToOneField(Reason, models.PROTECT, null=True, related_name="entry")
    reason_hash = models.BinaryField(max_length=32, null=True)
    hash = models.BinaryField(max_length=32)

    objects: ClassVar[EntryQuerySet] = EntryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "审计记录"
        indexes = [
            models.Index(fields=["xid"], name="entry_xid"),
            models.Index(fields=["actor", "-id"], name="entry_actor"),
            models.Index(fields=["action", "-id"], name="entry_action"),
            models.Index(fields=["kind", "key", "-id"], name="entry_object"),
            models.Index(fields=["at"], name="entry_at"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.kind} {self.key}"

    def digest(self) -> bytes:
        """SM3 of every field but the key: 32 bytes. The seal binds it to the key and to its neighbours."""
        fields: list[Any] = [
            self.at.timestamp().hex(),
            self.recorded_at.timestamp().hex(),
            self.xid,
            self.actor_id,
            self.action,
            self.kind,
            self.key,
            self.before,
            self.after,
            self.reason_id,
            bytes(self.reason_hash).hex() if self.reason_hash else "",
        ]
        return sm3(
            json.dumps(
                fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"), cls=DjangoJSONEncoder
            ).encode()
        )
