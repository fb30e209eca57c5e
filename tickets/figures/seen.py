"""Whose requests the process and the load pages are about, and of whom a person may read the names of officers."""

from __future__ import annotations

from collections.abc import Mapping

from qihu.accounts.models import Department, Role, User
from tickets.figures.scope import seen_by
from tickets.models.lists import TicketQuerySet
from tickets.workflow import Status

CENTRE = "受理中心"
"""What stands for a department where none leads."""


def requests_of(user: User) -> TicketQuerySet:
    """Requests behind this person's board that count: none restricted, merged or a test. `Forbidden` without board."""
    return counting(seen_by(user))


def counting(scope: TicketQuerySet) -> TicketQuerySet:
    """Without what no figure counts (domain.md §5)."""
    return scope.filter(restricted=False, test=False).exclude(status=Status.MERGED)


def own_officers(user: User) -> tuple[str, ...]:
    """Codes of the departments whose officers this person sees by name: those that they head (domain.md §5)."""
    led = user.departments((Role.HEAD,)) if user.is_active else frozenset()
    return tuple(sorted({g.department.code for g in user.held if g.department and g.department_id in led}))


def department_names() -> Mapping[str, str]:
    """Name by code, `CENTRE` for "": one query."""
    return {"": CENTRE} | dict(Department.objects.order_by("code").values_list("code", "name"))


def told_of(path: str) -> list[str]:
    """What a row tells of the request at `path`, for `select_related`."""
    return [f"{path}{name}" for name in ("filing", "department", "officer", "region")]
