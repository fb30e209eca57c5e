"""Who may see what is worth checking, and over which requests: regions, or the departments that somebody heads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from qihu.accounts.models import Region, Role, User, lies_in
from qihu.errors import Forbidden

_OF_REGION = (Role.SUPERVISOR, Role.DIRECTOR, Role.LEADER)
"""Who answers for whether figures hold (domain.md §1). Intake and dispatchers enter and route what is looked at."""

WATCHED = "NOT t.restricted AND (t.region_id = ANY(%(regions)s) OR t.department_id = ANY(%(departments)s))"
"""SQL over `tickets_ticket t`. Restricted requests are in no list but their own (domain.md §1)."""
IN_SCOPE = f"NOT t.test AND {WATCHED}"
"""Tests are in no figure, so they can polish none; what was made a test is looked at by its own kind."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Codes of regions and keys of departments whose requests are looked at; `named`: departments whose officers are
    told apart, to their head alone.
    """

    regions: tuple[str, ...]
    departments: tuple[int, ...]
    named: frozenset[int] = frozenset()

    @property
    def params(self) -> dict[str, Any]:
        """For `IN_SCOPE`."""
        return {"regions": list(self.regions), "departments": list(self.departments)}


def watched_by(user: User) -> Watched:
    """Supervisor, director and leader: their region; a head: what the own department leads. One query.

    Raises `Forbidden` for everybody else.
    """
    headed = user.departments((Role.HEAD,))
    paths = user.region_paths(_OF_REGION)
    if not headed and not paths:
        raise Forbidden("“值得核对”供督办员、中心主任、领导和部门负责人查看。", code="no-board")
    inside = Q(pk__in=[])
    for path in paths:
        inside |= lies_in(path, field="path")
    regions = tuple(Region.objects.filter(inside).order_by("pk").values_list("pk", flat=True))
    return Watched(regions, tuple(sorted(headed)), headed)


def watches(user: User) -> bool:
    """Whether `watched_by` lets this person in."""
    return bool(user.departments((Role.HEAD,)) or user.region_paths(_OF_REGION))


def may_check(user: User) -> bool:
    """Whether this person may put on record that something was checked."""
    return Role.SUPERVISOR in user.roles()
