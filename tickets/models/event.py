"""The log: append-only by database trigger, gapless and chained by SM3 within each request (architecture.md §5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from qihu.accounts.models import Department
from qihu.crypto import sm3
from tickets.models.text import Text
from tickets.models.ticket import Ticket


class Event(models.Model):
    """One thing that happened to one request. Holds ids, codes and hashes; never personal data or free text."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="events", db_index=False)
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=24)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    party = models.CharField(max_length=12)
    department = models.ForeignKey(Department, models.PROTECT, null=True, related_name="+", db_index=False)
    leg = models.ForeignKey("tickets.Leg", models.PROTECT, null=True, related_name="+", db_index=False)
    round = models.PositiveSmallIntegerField()
    from_status = models.CharField(max_length=12, blank=True, default="")
    to_status = models.CharField(max_length=12, blank=True, default="")
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    xid = models.BigIntegerField()
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    text = models.OneToOneField(Text, models.PROTECT, null=True, related_name="event")
    text_hash = models.BinaryField(max_length=32, null=True)
    hash = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = verbose_name_plural = "日志"
        constraints = [models.UniqueConstraint(fields=["ticket", "seq"], name="event_seq")]
        indexes = [
            models.Index(fields=["kind", "happened_at", "ticket"], name="event_kind_time"),
            models.Index(fields=["xid", "id"], name="event_xid_id"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}#{self.seq} {self.kind}"

    def chained(self, previous: bytes) -> bytes:
        """SM3 of the previous hash and every field of this event in canonical JSON: 32 bytes."""
        return sm3(previous, canonical(self).encode())


_JSON = DjangoJSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
CHAINED = (
    *("ticket_id", "seq", "kind", "actor_id", "party", "department_id", "leg_id", "round", "from_status", "to_status"),
    *("happened_at", "recorded_at", "xid", "data", "text_id", "text_hash"),
)
"""Columns that the chain covers, in its order."""
_HAPPENED, _RECORDED, _TEXT_HASH = (CHAINED.index(name) for name in ("happened_at", "recorded_at", "text_hash"))


def canonical(event: Event) -> str:
    """The event as JSON with sorted keys, UTC times and hex hashes: what the chain covers."""
    return canonical_row([getattr(event, name) for name in CHAINED])


def canonical_row(row: Sequence[Any]) -> str:
    """As `canonical`, for the columns `CHAINED` as read from the database."""
    fields = list(row)
    fields[_HAPPENED] = fields[_HAPPENED].timestamp().hex()
    fields[_RECORDED] = fields[_RECORDED].timestamp().hex()
    fields[_TEXT_HASH] = bytes(fields[_TEXT_HASH]).hex() if fields[_TEXT_HASH] else ""
    return _JSON.encode(fields)
