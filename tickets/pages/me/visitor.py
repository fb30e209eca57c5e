"""Who is at the firm's account: the signed-in contact and the moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache

from qihu.accounts.models import Contact
from qihu.clock import now
from qihu.signin import sessions

_P = ParamSpec("_P")


@dataclass(frozen=True, slots=True)
class Visitor:
    """One contact at one moment. `at` is read once per request."""

    contact: Contact
    at: datetime


def signed_in(
    view: Callable[Concatenate[HttpRequest, Visitor, _P], HttpResponse],
) -> Callable[..., HttpResponse]:
    """A view for somebody signed in for a firm; others sign in first and come back to where a link led them."""

    @never_cache
    @wraps(view)
    def visited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        at = now()
        contact = sessions.contact_of(request, at=at)
        if contact is None:
            back = {"next": request.path} if request.method == "GET" else {}
            return redirect(f"{reverse('me')}?{urlencode(back)}" if back else reverse("me"))
        response = view(request, Visitor(contact, at), *args, **kwargs)
        sessions.slide(request, response, at=at)
        return response

    return visited


def see(name: str, *args: object) -> HttpResponse:
    """303 to a page of the account, after a post."""
    response = redirect(name, *args)
    response.status_code = 303
    return response
