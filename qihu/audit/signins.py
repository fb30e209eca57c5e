"""Who came in, who was refused, who was locked out: Django and axes call these hooks at every door with a sign-in."""

from __future__ import annotations

from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from qihu.address import address
from qihu.audit.models import Action
from qihu.audit.record import record
from qihu.crypto import keyed


def listen() -> None:
    """Connect the hooks; called once by the application's start."""
    user_logged_in.connect(_came_in, dispatch_uid="audit")
    user_logged_out.connect(_went, dispatch_uid="audit")
    user_login_failed.connect(_refused, dispatch_uid="audit")
    user_locked_out.connect(_locked, dispatch_uid="audit")


def _came_in(*, request: HttpRequest | None = None, user: Any, **_: object) -> None:
    record(Action.SIGN_IN, actor=user, kind="user", key=user.pk, after=_origin(request))


def _went(*, request: HttpRequest | None = None, user: Any = None, **_: object) -> None:
    if user is not None:
        record(Action.SIGN_OUT, actor=user, kind="user", key=user.pk, after=_origin(request))


def _refused(*, credentials: dict[str, Any], request: HttpRequest | None = None, **_: object) -> None:
    record(
        Action.SIGN_IN_FAILED,
        actor=None,
        kind="user",
        key=_key_of(credentials.get("username")),
        after=_origin(request),
    )


def _locked(*, request: HttpRequest | None = None, username: str | None = None, **_: object) -> None:
    record(Action.LOCKED_OUT, actor=None, kind="user", key=_key_of(username), after=_origin(request))


def _key_of(typed: object) -> str:
    """Key of the account that was meant, "" for none: what was typed may be a password in the wrong field."""
    username = str(typed or "").replace("\x00", "")
    found = get_user_model().objects.filter(username=username).values_list("pk", flat=True).first()
    return str(found or "")


def _origin(request: HttpRequest | None) -> dict[str, str] | None:
    """A keyed hash of the address: tells that two came from one place, not from which."""
    return {"from": keyed("audit-address", address(request)).hex()[:12]} if request else None
