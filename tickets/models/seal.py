"""Seals over the log: what a keyed hash vouches for, so that not even a whole request can vanish unnoticed."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from django.db import models

from qihu.crypto import sealed, sm3

_REQUEST = struct.Struct(">24sI32s")
_ENTRY = struct.Struct(">Q32s")
CLOSED = 2**62
"""`until` of the last seal before a restore from a dump: everything that the old server wrote."""


def pack_requests(leaves: Iterable[tuple[str, int, bytes]]) -> bytes:
    """(number, last sequence number, hash of that event) of each request, by number: 60 bytes each."""
    return b"".join(_REQUEST.pack(number.encode(), seq, digest) for number, seq, digest in sorted(leaves))


def pack_entries(leaves: Iterable[tuple[int, bytes]]) -> bytes:
    """(key, hash) of each audit entry, by key: 40 bytes each."""
    return b"".join(_ENTRY.pack(key, digest) for key, digest in sorted(leaves))


class SealQuerySet(models.QuerySet["Seal"]):
    """Named queries."""

    def last_one(self) -> Seal | None:
        """The newest seal, without its leaves."""
        return self.defer("requests", "entries").order_by("-number").first()

    def after(self, number: int) -> SealQuerySet:
        """Those that follow, oldest first."""
        return self.filter(number__gt=number).order_by("number")


class Seal(models.Model):
    """Vouches for every event and audit entry that transactions `[since, until)` wrote, and for the seal before it.

    A chain cannot be computed anew in its sight: a seal names the last event and its hash of each request that moved.
    `era_event`, `era_entry`: keys up to which another server wrote, whose transaction ids mean nothing here (a dump
    was restored); `top_event`, `top_entry`: highest keys sealed so far.
    """

    number = models.PositiveIntegerField("序号", primary_key=True)
    sealed_at = models.DateTimeField("封存时间")
    since = models.BigIntegerField()
    until = models.BigIntegerField()
    era_event = models.BigIntegerField(default=0)
    era_entry = models.BigIntegerField(default=0)
    top_event = models.BigIntegerField(default=0)
    top_entry = models.BigIntegerField(default=0)
    event_count = models.PositiveIntegerField("事件数")
    entry_count = models.PositiveIntegerField("审计记录数")
    requests = models.BinaryField()
    entries = models.BinaryField()
    previous = models.BinaryField(max_length=32)
    mac = models.BinaryField(max_length=32)

    objects: ClassVar[SealQuerySet] = SealQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "封存"

    def __str__(self) -> str:
        return f"第 {self.number} 号封存"

    def computed(self) -> bytes:
        """The keyed hash that `mac` must be: HMAC-SM3 over every other field."""
        return sealed(json.dumps(self._fields(), separators=(",", ":")).encode())

    def line(self) -> str:
        """The seal as one line of the seal file; with the key, it is all that a check of a database needs."""
        coded = [base64.b64encode(bytes(part)).decode() for part in (self.requests, self.entries)]
        return json.dumps([*self._fields(), *coded, bytes(self.mac).hex()], separators=(",", ":"))

    def request_leaves(self) -> Iterator[tuple[str, int, bytes]]:
        """Number, sequence number and hash of the last event of each request in it."""
        for number, seq, digest in _REQUEST.iter_unpack(bytes(self.requests)):
            yield number.rstrip(b"\0").decode(), seq, digest

    def entry_leaves(self) -> Iterator[tuple[int, bytes]]:
        """Key and hash of each audit entry in it."""
        yield from _ENTRY.iter_unpack(bytes(self.entries))

    def leaves_beyond(self, kind: str, key: int, xid: int) -> bool:
        """Whether that row (`event` or `entry`, its key, its transaction) is one that later seals have to cover."""
        if self.until == CLOSED:
            return key > int(getattr(self, f"top_{kind}"))
        return key > int(getattr(self, f"era_{kind}")) and xid >= self.until

    def _fields(self) -> list[Any]:
        return [
            self.number,
            self.sealed_at.timestamp().hex(),
            self.since,
            self.until,
            self.era_event,
            self.era_entry,
            self.top_event,
            self.top_entry,
            self.event_count,
            self.entry_count,
            sm3(bytes(self.requests)).hex(),
            sm3(bytes(self.entries)).hex(),
            bytes(self.previous).hex(),
        ]
