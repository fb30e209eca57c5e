"""Addresses of files: signed, for one viewer, ending within the hour. No name and no path in them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core import signing

from qihu.errors import Forbidden, Unknown
from tickets.access import Caller
from tickets.models import Attachment, Ticket

_SIGNER = signing.Signer(salt="qihu.file")


@dataclass(frozen=True, slots=True)
class Link:
    """What an address says: which file, for whom, and whether its preview."""

    key: uuid.UUID
    viewer: str
    preview: bool


def viewer_of(caller: Caller, ticket: Ticket) -> str:
    """`u<key>`: a member of staff; `c<key>`: a person signed in for the firm; `f<key of the request>`: by its code."""
    if caller.user:
        return f"u{caller.user.pk}"
    return f"c{caller.contact.pk}" if caller.contact else f"f{ticket.pk}"


def sign(row: Attachment, viewer: str, *, at: datetime, preview: bool = False) -> str:
    """The address. It ends on the half hour, so that a page drawn anew keeps the pictures that it has."""
    step = settings.FILE_LINK_SECONDS
    ends = (int(at.timestamp()) // step + 2) * step
    return f"/files/{_SIGNER.sign(f'{row.key.hex}.{viewer}.{ends:x}.{int(preview)}')}/"


def read(token: str, *, at: datetime) -> Link:
    """Raises `Unknown` for an address that is not ours, `Forbidden` for one that has ended."""
    try:
        key, viewer, ends, preview = _SIGNER.unsign(token).split(".")
    except (signing.BadSignature, ValueError):
        raise Unknown("没有这个文件。") from None
    if int(ends, 16) <= at.timestamp():
        raise Forbidden("这个文件链接已过期，请回到诉求页面刷新后再打开。", code="link-expired")
    return Link(uuid.UUID(key), viewer, preview == "1")
