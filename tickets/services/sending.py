"""Who sends a file. Whoever began an upload may go on with it, and nobody else: the holder of a page's key before
there is a request, the firm of a request, or a member of staff.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.core import signing

from qihu.accounts.models import User
from qihu.crypto import keyed

KEPT = timedelta(hours=24)
"""How long a page's key is good, and how long a file waits for its move."""
_KEY_SALT = "qihu.upload"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: `owner` is what later calls must prove to be; `ticket_id` None before the request exists."""

    owner: bytes
    ticket_id: int | None = None
    user: User | None = None


def of_firm(ticket_id: int) -> Sender:
    """Whoever has opened the request with its access code."""
    return Sender(keyed("upload", f"firm:{ticket_id}"), ticket_id)


def of_staff(user: User, ticket_id: int) -> Sender:
    """A member of staff who sees the request."""
    return Sender(keyed("upload", f"user:{user.pk}:{ticket_id}"), ticket_id, user)


def page_key(ticket_id: int | None = None) -> str:
    """A key for a form of ours, before there is a request or on its receipt: signed, good for a day.

    It lets a page send files; only the move that takes them along makes them part of a request.
    """
    return signing.dumps([uuid.uuid4().hex if ticket_id is None else "", ticket_id], salt=_KEY_SALT)


def of_key(signed: str) -> Sender | None:
    """The sender that a page's key stands for; None where it is forged or older than a day."""
    try:
        form, ticket_id = signing.loads(signed, salt=_KEY_SALT, max_age=KEPT)
    except signing.BadSignature:
        return None
    return Sender(keyed("upload", f"form:{form}")) if ticket_id is None else of_firm(ticket_id)
