"""Who sits at the desk: the signed-in person, the moment, and what every page here is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, wraps
from typing import Any, Concatenate, ParamSpec
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from qihu.accounts.models import Role, User
from qihu.clock import now
from routing.promises.book import PromiseBook, current_book
from tickets import access
from tickets.access import Caller
from tickets.models.lists import TicketQuerySet

_P = ParamSpec("_P")
AT_DEPARTMENT = frozenset({Role.OFFICER, Role.HEAD, Role.DISCIPLINE})
AT_CENTRE = frozenset({Role.INTAKE, Role.DISPATCHER, Role.DIRECTOR})
WATCHING = frozenset({Role.SUPERVISOR, Role.LEADER})
_HERE = AT_DEPARTMENT | AT_CENTRE | WATCHING


@dataclass
class Seat:
    """One person at one moment. `at` is read once per request."""

    user: User
    at: datetime

    @property
    def today(self) -> date:
        """The local day."""
        return self.at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()

    @property
    def caller(self) -> Caller:
        """The person as whoever makes a move."""
        return Caller(self.user)

    @property
    def roles(self) -> frozenset[str]:
        """Roles held anywhere."""
        return self.user.roles()

    @property
    def visible(self) -> TicketQuerySet:
        """Every request this person may see; all lists start here."""
        return access.visible_to(self.user)

    @cached_property
    def book(self) -> PromiseBook:
        """Promises in force: one query for the whole page."""
        return current_book()

    @property
    def title(self) -> str:
        """Where and as what: “金融办 · 部门经办”, one place per line of the rail."""
        posts = [
            f"{(g.department or g.region)} · {Role(g.role).label}" if g.department or g.region else Role(g.role).label
            for g in self.user.held
        ]
        return "；".join(posts)


def at_desk(
    view: Callable[Concatenate[HttpRequest, Seat, _P], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """A view for those who handle or read requests: strangers sign in, the three officers are told kindly."""

    @login_required
    @wraps(view)
    def seated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if not isinstance(user, User) or not user.roles() & _HERE:
            return render(request, "desk/nobody.html", status=403)
        return view(request, Seat(user, now()), *args, **kwargs)

    return seated
