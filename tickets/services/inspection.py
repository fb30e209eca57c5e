"""The long look into files, outside any request: scanned, unpacked, encoded anew. One worker at a time does it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, cast

import structlog
from django.core.files.storage import default_storage
from django.db import connection, transaction

from qihu import scanner
from qihu.crypto import sm3
from tickets.models import Attachment, Ticket
from tickets.services.material import record_checks
from tickets.services.papers import look_into
from tickets.services.pictures import encode_anew
from tickets.services.sniffing import KINDS, Refused
from tickets.services.uploads import remove, store

log = structlog.get_logger(__name__)
_State = Attachment.State
_LEASE = timedelta(minutes=6)
"""Above the time limit of a task: a worker that died leaves its file to the next one."""
_SCANNER_AGAIN = timedelta(seconds=30)
_LONG = timedelta(minutes=15)
_TRIES = 3
"""A file over which workers die is not tried for ever."""
_LOCK = 7_160_301
_SPENDS = 20.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. The paths are what is kept from now on; everything else of the file goes."""

    state: str
    why: str = ""
    path: str = ""
    preview: str = ""
    mime: str = ""
    size: int = 0
    digest: bytes | None = None


def inspect_due(*, at: datetime) -> int:
    """Look into what waits, for about twenty seconds; how many files were judged. Safe to run side by side."""
    done, began = 0, time.monotonic()
    with _alone() as mine:
        while mine and time.monotonic() - began < _SPENDS:
            row = _claim(at)
            if row is None:
                break
            try:
                verdict = _judge(row)
            except scanner.ScannerDown as down:
                log.warning("files.scanner_down", error=str(down), attachment=str(row.key))
                Attachment.objects.filter(pk=row.pk).update(check_at=at + _SCANNER_AGAIN, checks=row.checks - 1)
                break
            _conclude(row, verdict, at=at)
            done += 1
    return done


def stuck(*, at: datetime) -> int:
    """How many files, begun a quarter of an hour ago, still wait."""
    return Attachment.objects.filter(state=_State.QUARANTINED, created_at__lt=at - _LONG).count()


@contextmanager
def _alone() -> Iterator[bool]:
    """At most one process decodes pictures, so that requests are routed meanwhile; the lock dies with its holder."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        mine = bool(cursor.fetchone()[0])
        try:
            yield mine
        finally:
            if mine:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


@transaction.atomic
def _claim(at: datetime) -> Attachment | None:
    row = Attachment.objects.due(at).first()
    if row:
        row.check_at, row.checks = at + _LEASE, row.checks + 1
        row.save(update_fields=["check_at", "checks"])
    return row


def _judge(row: Attachment) -> Verdict:
    """Scan first: nothing opens a file before clamd has."""
    if row.checks > _TRIES:
        return Verdict(_State.REFUSED, "failed")
    with default_storage.open(row.path) as opened:
        content = cast("BinaryIO", opened)
        scanned = scanner.configured()
        if scanned and scanner.infected(content):
            return Verdict(_State.INFECTED, "virus")
        try:
            return _kept(row, content, _State.CLEAN if scanned else _State.UNSCANNED)
        except Refused as refused:
            return Verdict(_State.REFUSED, refused.why)


def _kept(row: Attachment, content: BinaryIO, state: str) -> Verdict:
    kind = KINDS[row.mime]
    if kind.family != "picture":
        look_into(kind, content)
        return Verdict(state, path=row.path, mime=kind.mime, size=row.size, digest=bytes(row.digest or b""))
    new = encode_anew(kind, content)
    return Verdict(
        state,
        path=store(new.whole),
        preview=store(new.preview),
        mime=new.kind.mime,
        size=len(new.whole),
        digest=sm3(new.whole),
    )


def _conclude(row: Attachment, verdict: Verdict, *, at: datetime) -> None:
    """Write the verdict down, in the log too where the file is bound; what is not kept is removed."""
    while (settled := _settle(row, verdict, at=at)) is None:
        row.refresh_from_db(fields=["ticket"])  # bound meanwhile: the request has to be locked first
    remove([path for path in settled if path])


@transaction.atomic
def _settle(row: Attachment, verdict: Verdict, *, at: datetime) -> list[str] | None:
    """Paths to remove; None where the file was bound since `row` was read."""
    if row.ticket_id:
        list(Ticket.objects.lock([row.ticket_id]))
    now = Attachment.objects.select_for_update().filter(pk=row.pk).first()
    made = [verdict.path, verdict.preview]
    if now is None or now.state != _State.QUARANTINED or now.erased_at:  # dropped, erased or judged meanwhile
        return [path for path in made if path != row.path]
    if now.ticket_id != row.ticket_id:
        return None
    stale = [now.path] if now.path != verdict.path else []
    now.state, now.why, now.path, now.preview = verdict.state, verdict.why, verdict.path, verdict.preview
    now.kept_mime, now.kept_size, now.kept_digest = verdict.mime, verdict.size, verdict.digest
    now.check_at, now.checked_at = None, at
    now.save()
    if now.ticket_id and now.seq:
        record_checks(now.ticket_id, [now], at=at)
    return stale
