"""Who is signed in for a firm: a random token in a cookie of its own, or as a bearer of the API; its digest in a row.

Never Django's session: nothing here can make anybody a member of staff, and signing in or out here leaves a staff
session alone.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from qihu.accounts.models import Contact
from qihu.audit.models import Action
from qihu.audit.record import record
from qihu.crypto import keyed
from qihu.signin.models import FirmSession

COOKIE = "firm"
BEARER = "qf_"
"""What a bearer token of a firm begins with."""
_KEPT = "qihu.firm_session"
SHORT, LONG = timedelta(hours=12), timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session: the token is known here and never again."""

    token: str
    expires_at: datetime
    kept: bool


@transaction.atomic
def open_session(*, contact: Contact, at: datetime, kept: bool = False, program: bool = False) -> Opened:
    """A new session under a new token, on record in the audit trail; the person's ended ones go."""
    token = BEARER + secrets.token_urlsafe(32)
    expires_at = at + (LONG if kept else SHORT)
    FirmSession.objects.filter(contact=contact, expires_at__lt=at).delete()
    FirmSession.objects.create(
        contact=contact, digest=_digest(token), program=program, kept=kept, made_at=at, expires_at=expires_at
    )
    record(Action.TOKEN if program else Action.SIGN_IN, actor=None, kind="contact", key=contact.pk, at=at)
    return Opened(token, expires_at, kept)


def session_of(token: str, *, at: datetime, program: bool = False) -> FirmSession | None:
    """The session in force that this token opens, with its contact: one query, none for what cannot be a token."""
    if not token.startswith(BEARER) or len(token) > 100:
        return None
    found = FirmSession.objects.select_related("contact").filter(digest=_digest(token), program=program)
    return found.filter(expires_at__gt=at).first()


def here(request: HttpRequest, *, at: datetime) -> FirmSession | None:
    """The session of this browser, or None; asked once per request."""
    if _KEPT not in request.META:
        request.META[_KEPT] = session_of(request.COOKIES.get(COOKIE, ""), at=at)
    found: FirmSession | None = request.META[_KEPT]
    return found


def contact_of(request: HttpRequest, *, at: datetime) -> Contact | None:
    """Who is signed in for a firm in this browser, or None."""
    found = here(request, at=at)
    return found.contact if found else None


def remember(request: HttpRequest, response: HttpResponse, opened: Opened) -> None:
    """Put the token into this browser; the session it had before ends, so that no key outlives a sign-in."""
    _end(request)  # the cookie itself is overwritten: one that was deleted first would stay expired
    _set(response, opened.token, kept=opened.kept)


def forget(request: HttpRequest, response: HttpResponse) -> None:
    """Sign this browser out."""
    _end(request)
    response.delete_cookie(COOKIE, samesite="Lax")


def _end(request: HttpRequest) -> None:
    if token := request.COOKIES.get(COOKIE):
        FirmSession.objects.filter(digest=_digest(token), program=False).delete()


@transaction.atomic
def end_all(*, contact: Contact, at: datetime) -> None:
    """Sign out everywhere: every browser and every program."""
    FirmSession.objects.filter(contact=contact).delete()
    record(Action.SIGN_OUT, actor=None, kind="contact", key=contact.pk, at=at)


def slide(request: HttpRequest, response: HttpResponse, *, at: datetime) -> None:
    """Move the end of a session that is used: at most once a day of a kept one, once an hour of the others."""
    found = here(request, at=at)
    if found is None:
        return
    life, step = (LONG, timedelta(days=1)) if found.kept else (SHORT, timedelta(hours=1))
    if found.expires_at - at > life - step:
        return
    if FirmSession.objects.filter(pk=found.pk).update(expires_at=at + life):
        _set(response, request.COOKIES[COOKIE], kept=found.kept)


def _set(response: HttpResponse, token: str, *, kept: bool) -> None:
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(LONG.total_seconds()) if kept else None,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def _digest(token: str) -> bytes:
    return keyed("firm-session", token)
