"""Which requests this browser holds: a signed cookie of numbers, each with proof that it knew the code.

No session and no table: the proof covers the hash of the access code, so a changed code ends it.
"""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from qihu.errors import Unknown
from tickets.access import held_by, proof_of
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
    """Put the request first among those that this browser holds."""
    kept = {ticket.number: proof_of(ticket)} | {k: v for k, v in proofs(request).items() if k != ticket.number}
    response.set_cookie(
        COOKIE,
        signing.dumps(list(kept.items())[:MOST], salt=_SALT),
        max_age=KEPT,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def tickets(request: HttpRequest) -> list[Ticket]:
    """Everything this browser holds, newest first."""
    return held_by(proofs(request))


def ticket_or_none(request: HttpRequest, number: str) -> Ticket | None:
    """The request, if this browser holds it. A stranger costs no query, whether the number exists or not."""
    proof = proofs(request).get(number)
    return next(iter(held_by({number: proof})), None) if proof else None


def ticket_or_404(request: HttpRequest, number: str) -> Ticket:
    """As `ticket_or_none`; raises `Unknown`."""
    if ticket := ticket_or_none(request, number):
        return ticket
    raise Unknown("没有找到这件诉求。请用编号和查询码重新打开。")
