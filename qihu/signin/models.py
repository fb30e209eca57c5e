"""One-time codes, how often they were asked for, and the sessions of firms. Nothing here can be turned back into a code
or a session: digests only.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import connection, models
from django.db.models import Q

from qihu.accounts.models import Contact


class OneTimeCode(models.Model):
    """A code sent to a phone: five minutes, five tries, one use. Only the newest of a phone can be used."""

    phone_index = models.BinaryField(max_length=32)
    salt = models.BinaryField(max_length=16)
    digest = models.BinaryField(max_length=32)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "验证码"
        indexes = [models.Index(fields=["phone_index", "-id"], name="code_of_phone")]
        constraints = [models.CheckConstraint(name="code_tries", condition=Q(tries__gte=0, tries__lte=5))]

    def __str__(self) -> str:
        return f"{self.pk}"


class CountManager(models.Manager["Count"]):
    """Counts atomically."""

    def hit(self, *, digest: bytes, window: timedelta, at: datetime) -> tuple[int, datetime]:
        """One more; how many since the window began, and when it ends. The row stays locked to the commit."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO signin_count AS c (digest, hits, until) VALUES (%s, 1, %s)"
                " ON CONFLICT (digest) DO UPDATE SET hits = CASE WHEN c.until <= %s THEN 1 ELSE c.hits + 1 END,"
                " until = CASE WHEN c.until <= %s THEN EXCLUDED.until ELSE c.until END RETURNING hits, until",
                [digest, at + window, at, at],
            )
            hits, until = cursor.fetchone()
        return hits, until


class Count(models.Model):
    """How often something was asked for or guessed in a window of time, by a keyed hash of what it was."""

    digest = models.BinaryField(primary_key=True, max_length=32)
    hits = models.PositiveIntegerField()
    until = models.DateTimeField(db_index=True)

    objects: ClassVar[CountManager] = CountManager()

    class Meta:
        verbose_name = verbose_name_plural = "次数"

    def __str__(self) -> str:
        return f"{self.hits}"


class FirmSession(models.Model):
    """A browser or a program in which a contact is signed in. Kept apart from staff sessions: another cookie, another
    table; `digest` is of the token that only the holder has.
    """

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="sessions")
    digest = models.BinaryField(max_length=32, unique=True)
    program = models.BooleanField("接口令牌", default=False)
    kept = models.BooleanField("30 天免登录", default=False)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "企业登录"

    def __str__(self) -> str:
        return f"{self.contact_id}"
