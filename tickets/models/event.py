"""The log: append-only by database trigger, gapless and chained by SM3 within each request (architecture.md §5)."""

from __future__ import annotations

import json
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
    kind = models.CharField(max_length=16)
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
            models.Index(fields=["xid"], name="event_xid"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}#{self.seq} {self.kind}"

    def chained(self, previous: bytes) -> bytes:
        """SM3 of the previous hash and every field of this event in canonical JSON: 32 bytes."""
        return sm3(previous, canonical(self).encode())


def canonical(event: Event) -> str:
    """The event as JSON with sorted keys, UTC times and hex hashes: what the chain covers."""
    fields: list[Any] = [
        event.ticket_id,
        event.seq,
        event.kind,
        event.actor_id,
        event.party,
        event.department_id,
        event.leg_id,
        event.round,
        event.from_status,
        event.to_status,
        event.happened_at.timestamp().hex(),
        event.recorded_at.timestamp().hex(),
        event.xid,
        event.data,
        event.text_id,
        bytes(event.text_hash).hex() if event.text_hash else "",
    ]
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"), cls=DjangoJSONEncoder)
