"""Which requests this browser holds: a signed cookie of numbers, each with proof that it knew the code.

No session and no table: the proof covers the hash of the access code, so a changed code ends it. Beside it, what
the person who is signed in for a firm may see.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from qihu.accounts.models import Contact
from qihu.errors import Unknown
from qihu.signin import sessions
from tickets.access import FIRM, Caller, signed_in, ticket_of_contact, visible_to_contact
from tickets.kept import held_by, part_held_by, proof_of
from tickets.models import Ticket

COOKIE = "held"
MOST = 20
KEPT = 90 * 86400
"""Seconds."""
_SALT = "qihu.held"


def proofs(request: HttpRequest) -> dict[str, str]:
    """Number → proof, the one opened last first; empty for a cookie that is missing, old or tampered with."""
    try:
        kept = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=KEPT)
    except signing.BadSignature:  # a stranger, which is the ordinary case
        return {}
    return dict(kept)


def remember(request: HttpRequest, response: HttpResponse, ticket: Ticket) -> None:
    """Put the request first among those that this browser holds. What is read through a firm's account is not held."""
    if ticket.kept_by_firm:
        return
    kept = {ticket.number: proof_of(ticket)} | {k: v for k, v in proofs(request).items() if k != ticket.number}
    response.set_cookie(
        COOKIE,
        signing.dumps(list(kept.items())[:MOST], salt=_SALT),
        max_age=KEPT,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """A request and what this browser is to it. `contact`: who is signed in, whatever opened it."""

    caller: Caller
    ticket: Ticket
    contact: Contact | None


def tickets(request: HttpRequest, *, at: datetime, most: int) -> list[Ticket]:
    """The newest of what this browser holds and of what the person signed in may see."""
    contact = sessions.contact_of(request, at=at)
    theirs = list(visible_to_contact(contact).for_lists().newest_first()[:most]) if contact else []
    found = {ticket.pk: ticket for ticket in (*theirs, *held_by(proofs(request)))}
    return sorted(found.values(), key=lambda ticket: (ticket.submitted_at, ticket.pk), reverse=True)[:most]


def seen(request: HttpRequest, number: str, *, at: datetime) -> Seen | None:
    """The request, if the person signed in may see it or this browser holds it. A stranger costs no query."""
    contact = sessions.contact_of(request, at=at)
    ticket = ticket_of_contact(contact, number) if contact else None
    if contact and ticket:
        return Seen(signed_in(contact), ticket, contact)
    kept = proofs(request)
    proof = kept.get(number)
    ticket = next(iter(held_by({number: proof})), None) if proof else None
    if ticket is None and kept:
        ticket = part_held_by(kept, number)
    return Seen(FIRM, ticket, contact) if ticket else None


def seen_or_404(request: HttpRequest, number: str, *, at: datetime) -> Seen:
    """As `seen`; raises `Unknown`."""
    if found := seen(request, number, at=at):
        return found
    raise Unknown("没有找到这件诉求。请登录，或用编号和查询码重新打开。")
