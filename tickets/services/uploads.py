"""A file on its way in: begun, carried on where it broke off, complete; not yet part of any move."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from tempfile import SpooledTemporaryFile
from typing import IO, Protocol

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Sum

from qihu.crypto import keyed, sm3_of
from qihu.errors import Conflict, DomainError, Gone, Invalid, Locked, Unknown
from tickets.models import Attachment
from tickets.services.sending import KEPT, Sender
from tickets.services.sniffing import WHY, Refused, sniff

_MOST_PARTS = 400
_BLOCK = 64 * 1024
_NAME_MAX = 200
_State = Attachment.State


class TooLarge(DomainError):
    """More bytes than are taken."""

    status, code, title = 413, "too-large", "文件太大"


class Damaged(DomainError):
    """The bytes that arrived are not those that were sent: tus's own status."""

    status, code, title = 460, "checksum-mismatch", "传输出错"


class Full(DomainError):
    """No room for files that belong to no request yet."""

    status, code, title = 507, "full", "暂存已满"


class Body(Protocol):
    """What bytes are read from."""

    def read(self, size: int = ..., /) -> bytes:
        """At most `size` bytes; none at the end."""


def begin(*, sender: Sender, name: str, size: int, at: datetime, address: str = "") -> Attachment:
    """Room for a file of `size` bytes. Raises `Invalid`, `TooLarge`, `Locked` or `Full`."""
    if size <= 0:
        raise Invalid("文件是空的，请重新选择。", code="empty")
    if size > settings.UPLOAD_MAX_BYTES:
        raise TooLarge(f"文件太大，每个不超过 {settings.UPLOAD_MAX_BYTES // 1024**2} MB。")
    source = keyed("upload-source", address)
    _room(sender, source, size, at)
    return Attachment.objects.create(
        owner=sender.owner,
        source=source,
        ticket_id=sender.ticket_id,
        uploader=sender.user,
        name=PurePath(name.replace("\\", "/")).name.replace("\x00", "")[-_NAME_MAX:],
        size=size,
        created_at=at,
        expires_at=at + KEPT,
    )


def _room(sender: Sender, source: bytes, size: int, at: datetime) -> None:
    mine = Attachment.objects.loose(sender.owner).exclude(state=_State.REFUSED).filter(expires_at__gt=at).count()
    if mine >= settings.UPLOAD_MAX_FILES:
        raise Invalid(f"一次最多 {settings.UPLOAD_MAX_FILES} 个文件。", code="too-many-files")
    if sender.user is not None:
        return
    loose = Attachment.objects.filter(seq__isnull=True)
    if loose.filter(source=source, created_at__gt=at - KEPT).count() >= settings.UPLOAD_PER_ADDRESS:
        raise Locked("这个网络上传的文件太多，请过一会儿再传。", retry_after=3600)
    if (loose.aggregate(all=Sum("size"))["all"] or 0) + size > settings.UPLOAD_SPOOL_BYTES:
        raise Full("暂时不能接收文件，请先提交诉求，稍后在回执页补充材料。")


def one_of(sender: Sender, key: uuid.UUID, *, at: datetime) -> Attachment:
    """That upload, if it is the sender's and not part of a move yet. Raises `Unknown`, `Gone`."""
    row = Attachment.objects.loose(sender.owner).filter(key=key).first()
    if row is None:
        raise Unknown("没有这个上传。")
    if row.expires_at <= at:
        raise Gone("这次上传已过期，请重新选择文件。", code="upload-expired")
    return row


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the sender says the bytes of one piece add up to."""

    algorithm: str
    digest: bytes


ALGORITHMS: dict[str, Callable[[], hashlib._Hash]] = {
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
}


def append(
    *, sender: Sender, key: uuid.UUID, offset: int, body: Body, at: datetime, checksum: Checksum | None = None
) -> Attachment:
    """Take the next bytes, as many as arrive: what a broken connection delivered counts (without a checksum).

    Raises `Unknown`, `Gone`, `Conflict` for another offset than the present one, `TooLarge` past the announced size,
    `Damaged`. The last byte completes the file; one that is not taken comes back as refused.
    """
    row = one_of(sender, key, at=at)
    _expect(row, offset)
    with SpooledTemporaryFile(max_size=1024**2) as piece:
        count = _read(body, piece, most=row.size - offset, checksum=checksum)
        if not count:
            return row
        path = default_storage.save(_place("parts"), File(piece))
        try:
            kept, stale = _kept(row, offset, path, count, at=at)
        except BaseException:
            default_storage.delete(path)
            raise
    remove(stale)
    return kept


def _expect(row: Attachment, offset: int) -> None:
    if row.state != _State.UPLOADING or offset != row.received:
        raise Conflict("续传的位置不对，请查询后再传。", code="wrong-offset")
    if len(row.parts) >= _MOST_PARTS:
        raise Conflict("分得太碎，请重新上传。", code="too-many-parts")


def _read(body: Body, piece: IO[bytes], *, most: int, checksum: Checksum | None) -> int:
    count, whole, digest = 0, True, ALGORITHMS[checksum.algorithm]() if checksum else None
    while True:
        try:
            block = body.read(min(_BLOCK, most + 1 - count))
        except OSError:  # the connection broke: what has arrived stays
            whole = False
            break
        if not block:
            break
        count += len(block)
        if count > most:
            raise TooLarge("文件比开始时说的大，请重新上传。")
        piece.write(block)
        if digest:
            digest.update(block)
    if checksum and digest and (not whole or digest.digest() != checksum.digest):
        raise Damaged("这一段传输有误，请重传。")
    piece.seek(0)
    return count


@transaction.atomic
def _kept(seen: Attachment, offset: int, path: str, count: int, *, at: datetime) -> tuple[Attachment, list[str]]:
    """The row with its next piece, and paths that are of no use any more. Of two that send the same piece one wins."""
    row = Attachment.objects.select_for_update().get(pk=seen.pk)
    _expect(row, offset)
    row.parts.append([path, count])
    row.received += count
    stale = _complete(row, at=at) if row.received == row.size else []
    row.save()
    return row, stale


def _complete(row: Attachment, *, at: datetime) -> list[str]:
    """Pieces become one file; where they lay."""
    with SpooledTemporaryFile(max_size=_BLOCK) as whole:
        for path, _ in row.parts:
            with default_storage.open(path) as part:
                for block in part.chunks():
                    whole.write(block)
        stale = [path for path, _ in row.parts]
        row.parts = []
        _arrived(row, whole, at=at)
    return stale


def receive(*, sender: Sender, name: str, content: File[bytes], at: datetime, address: str = "") -> Attachment:
    """A file that came whole, with a form. Raises as `begin`; one that is not taken comes back as refused."""
    row = begin(sender=sender, name=name, size=content.size, at=at, address=address)
    row.received = row.size
    with SpooledTemporaryFile(max_size=_BLOCK) as whole:
        for block in content.chunks():
            whole.write(block)
        _arrived(row, whole, at=at)
    row.save()
    return row


def _arrived(row: Attachment, whole: IO[bytes], *, at: datetime) -> None:
    """A first look at once, so that the sender hears of a wrong file; the long look is the worker's."""
    whole.seek(0)
    row.digest = sm3_of(iter(lambda: whole.read(_BLOCK), b""))
    try:
        row.mime = sniff(whole, name=row.name).mime  # type: ignore[arg-type]
    except Refused as refused:
        row.state, row.why = _State.REFUSED, refused.why
        return
    whole.seek(0)
    row.path = default_storage.save(_place("sent"), File(whole))
    row.state, row.check_at = _State.QUARANTINED, at


def said(row: Attachment) -> str:
    """Why a file was not taken, to its sender; "" for one that was."""
    return WHY.get(row.why, "")


def terminate(*, sender: Sender, key: uuid.UUID, at: datetime) -> None:
    """The sender has thought better of it."""
    drop([one_of(sender, key, at=at)])


def drop(rows: list[Attachment]) -> None:
    """Rows of files in no move, and their bytes."""
    with transaction.atomic():
        Attachment.objects.filter(pk__in=[row.pk for row in rows], seq__isnull=True).delete()
    remove([path for row in rows for path in row.stored])


def clear_abandoned(*, at: datetime, most: int = 500) -> int:
    """Forget what was sent and never used within a day; how many."""
    with transaction.atomic():
        rows = list(Attachment.objects.abandoned(at).select_for_update(skip_locked=True)[:most])
        Attachment.objects.filter(pk__in=[row.pk for row in rows]).delete()
    remove([path for row in rows for path in row.stored])
    return len(rows)


def remove(paths: list[str]) -> None:
    """Bytes whose row no longer knows them."""
    for path in paths:
        default_storage.delete(path)


def _place(folder: str) -> str:
    """A random place that tells nothing."""
    name = uuid.uuid4().hex
    return f"{folder}/{name[:2]}/{name}"


def store(content: bytes) -> str:
    """Keep bytes at a random place; its path."""
    with SpooledTemporaryFile(max_size=_BLOCK) as whole:
        whole.write(content)
        whole.seek(0)
        return default_storage.save(_place("kept"), File(whole))
