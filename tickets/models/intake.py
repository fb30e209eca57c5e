"""How a request comes in: QR codes, the answers kept for repeated keys, and wrong access codes."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import connection, models
from django.db.models import Q

from qihu.accounts.models import Region
from routing.rules.models import Category, ChainTag
from tickets.models.ticket import Ticket


class QRCode(models.Model):
    """A printed code and the context it carries."""

    code = models.SlugField("代码", max_length=40, unique=True, allow_unicode=False)
    name = models.CharField("张贴处", max_length=60)
    chain_tag = models.ForeignKey(ChainTag, models.PROTECT, null=True, blank=True, verbose_name="预置链")
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, verbose_name="预置类别")
    region = models.ForeignKey(Region, models.PROTECT, verbose_name="区划")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField("创建时间")
    expires_at = models.DateTimeField("失效时间", null=True, blank=True)
    revoked_at = models.DateTimeField("停用时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "二维码"

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def ended(self, at: datetime) -> bool:
        """Revoked or past its date at `at`."""
        return bool(self.revoked_at) or bool(self.expires_at and self.expires_at <= at)


class AnswerManager(models.Manager["Answer"]):
    """Claims keys atomically."""

    def claim(self, *, digest: bytes, fingerprint: bytes, ticket_id: int, at: datetime) -> bool:
        """True if this transaction is the first with the key; waits for one that is still deciding."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO tickets_answer (digest, fingerprint, ticket_id, seq, made_at)"
                " VALUES (%s, %s, %s, 0, %s) ON CONFLICT (digest) DO NOTHING",
                [digest, fingerprint, ticket_id, at],
            )
            return bool(cursor.rowcount == 1)


class Answer(models.Model):
    """An idempotency key already answered, kept 24 h: `digest` covers scope and key, `fingerprint` the body."""

    digest = models.BinaryField(primary_key=True, max_length=32)
    fingerprint = models.BinaryField(max_length=32)
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="+", db_index=False)
    seq = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(db_index=True)

    objects: ClassVar[AnswerManager] = AnswerManager()

    class Meta:
        verbose_name = verbose_name_plural = "已答请求"

    def __str__(self) -> str:
        return bytes(self.digest).hex()[:12]


class WrongCode(models.Model):
    """Wrong access codes per number and address (both as keyed hashes): slowed, then locked for 15 minutes."""

    digest = models.BinaryField(primary_key=True, max_length=32)
    failures = models.PositiveSmallIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "查询码错误"
        constraints = [models.CheckConstraint(name="wrong_code_counts", condition=Q(failures__gte=0))]

    def __str__(self) -> str:
        return f"{self.failures}"
