"""What tells this browser from others when it rates: a random token in a cookie of its own, for a month."""

from __future__ import annotations

import re
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from qihu.address import seen_from
from tickets.services.origins import Origin

COOKIE = "device"
KEPT = 31 * 86400
"""Seconds. The hash of it changes with the month anyhow."""
_KEPT_IN = "qihu.device"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")


def origin_of(request: HttpRequest) -> Origin:
    """Browser and network of a request."""
    return Origin(_token(request), seen_from(request))


def remember(request: HttpRequest, response: HttpResponse) -> None:
    """Let the browser keep its token."""
    response.set_cookie(
        COOKIE,
        _token(request),
        max_age=KEPT,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def _token(request: HttpRequest) -> str:
    """Its own, or a new one: the same for the whole request. What is none of ours counts as none."""
    if _KEPT_IN not in request.META:
        given = request.COOKIES.get(COOKIE, "")
        request.META[_KEPT_IN] = given if _TOKEN.fullmatch(given) else secrets.token_urlsafe(16)
    found: str = request.META[_KEPT_IN]
    return found
