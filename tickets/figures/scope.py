"""Whose requests a person's figures count: their regions with everything below them, or their own departments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from qihu.accounts.models import OF_REGION, Department, Region, Role, User, within
from qihu.errors import Forbidden
from tickets import access
from tickets.models.lists import TicketQuerySet

_BELOW = """region IN (SELECT code FROM accounts_region
 WHERE path = ANY(%(regions)s) OR path LIKE ANY(%(below)s))"""


@dataclass(frozen=True, slots=True)
class Scope:
    """Either regions (paths, none within another) or departments (codes). A department's figures count the parts of
    split requests that it handles; a region's count the whole ones (domain.md §5).
    """

    regions: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()

    @property
    def of_department(self) -> bool:
        """Whether it is about departments."""
        return bool(self.departments)

    def permits(self, by: str) -> str:
        """The dimension as asked for. Raises `Forbidden` for figures by officer, which only a head sees."""
        if by == "officer" and not self.of_department:
            raise Forbidden("按经办人的统计只供部门负责人查看。")
        return by

    def places(self) -> list[str]:
        """The places of `Cell` that together are this scope."""
        if self.departments:
            return [f"d:{code}" for code in self.departments]
        return [f"r:{path.rsplit('/', 1)[-1]}" for path in self.regions]

    def sql(self) -> tuple[str, dict[str, Any]]:
        """A condition over the rows of `tickets_fact`, and its parameters."""
        if self.departments:
            return "department = ANY(%(departments)s)", {"departments": list(self.departments)}
        return _BELOW, {"regions": list(self.regions), "below": [f"{path}/%" for path in self.regions]}


def scope_of(*, regions: Iterable[str] = (), departments: Iterable[str] = ()) -> Scope:
    """Of paths of regions, or of codes of departments; a region within another of them is counted once."""
    paths = sorted(set(regions))
    apart = [path for path in paths if not any(path != other and within(path, other) for other in paths)]
    return Scope(tuple(apart), tuple(sorted(set(departments))))


def everything() -> Scope:
    """All regions: one query."""
    return scope_of(regions=Region.objects.filter(parent=None).values_list("path", flat=True))


def counted_for(user: User) -> Scope:
    """What this person's figures cover. Raises `Forbidden` for who has no board.

    Those of the service centre and the watchers: their regions; a head: what their department leads.
    """
    watched = [grant.region.path for grant in user.held if grant.role in OF_REGION and grant.region]
    if user.is_active and watched:
        return scope_of(regions=watched)
    led = user.departments((Role.HEAD,)) if user.is_active else frozenset()
    if not led:
        raise Forbidden("看板供督办员、领导、中心主任、研判、受理和部门负责人使用，您的账号没有看板。", code="no-board")
    return scope_of(departments=[g.department.code for g in user.held if g.department_id in led and g.department])


def seen_by(user: User) -> TicketQuerySet:
    """The requests behind this person's figures that they may open. Raises `Forbidden` for who has no board."""
    scope = counted_for(user)
    found = access.visible_to(user)
    if not scope.of_department:
        return found
    return found.filter(department__in=Department.objects.filter(code__in=scope.departments))


def heads(user: User) -> bool:
    """Whether the person's board is a department's: only its head sees figures by officer (domain.md §5)."""
    return counted_for(user).of_department


def places_of(user: User) -> str:
    """The names of what the figures cover, for the head of a page: 衢州市, or 金融办."""
    watched = [g.region for g in user.held if g.role in OF_REGION and g.region]
    led = [g.department for g in user.held if g.role == Role.HEAD and g.department]
    return "、".join(dict.fromkeys(str(place) for place in watched or led))
