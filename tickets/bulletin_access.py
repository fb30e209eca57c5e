"""The only way doors get a bulletin or a schedule: who may read it, who may make and schedule it.

Whoever answers for a region reads those of it and of all that lies in it; a head reads the own department's. They see
every request that is counted there, so a bulletin tells them nothing they might not open.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from qihu.accounts.models import OF_REGION, Department, Grant, Region, Role, User, lies_in, within
from qihu.errors import Forbidden, Unknown
from tickets.models import Bulletin, BulletinSchedule
from tickets.models.bulletin import BulletinQuerySet

MAKERS = frozenset({Role.DIRECTOR, Role.SUPERVISOR})
"""Of a region; the head makes the own department's."""
_NOT_FOUND = "没有找到这份通报；没有权限的通报也不会显示。"
Place = Region | Department


def may_read(user: User, place: Place) -> bool:
    """Whether the figures of that place are this person's, now."""
    return user.is_active and _answers(user, place, OF_REGION)


def may_make(user: User, place: Place) -> bool:
    """Whether they make and schedule its bulletins."""
    return user.is_active and _answers(user, place, MAKERS)


def _answers(user: User, place: Place, roles: Iterable[str]) -> bool:
    path = place.region.path if isinstance(place, Department) else place.path
    if any(within(path, own) for own in user.region_paths(roles)):
        return True
    return isinstance(place, Department) and place.pk in user.departments((Role.HEAD,))


def permit_board(user: User) -> None:
    """Raises `Forbidden` for who has no figures at all."""
    if not user.is_active or not user.has_board:
        raise Forbidden("通报由督办员、领导、服务中心和部门负责人查看，您的账号没有看板。", code="no-board")


def permit_make(user: User, place: Place) -> None:
    """Raises `Forbidden` for who may not make that place's."""
    if not may_make(user, place):
        raise Forbidden("通报由本区划的中心主任、督办员制作；部门的也可由部门负责人制作。", code="not-bulletin-maker")


def _near(user: User, roles: Iterable[str]) -> Q:
    found = Q(department__in=user.departments((Role.HEAD,)))
    for path in user.region_paths(roles):
        found |= lies_in(path) | lies_in(path, field="department__region__path")
    return found


def bulletins_of(user: User) -> BulletinQuerySet:
    """What this person may read, the latest month first. Raises `Forbidden` for who has no board."""
    permit_board(user)
    return Bulletin.objects.filter(_near(user, OF_REGION)).newest()


def bulletin_or_404(user: User, key: int) -> Bulletin:
    """That one, or `Unknown`."""
    found = bulletins_of(user).select_related("department__region", "schedule").filter(pk=key).first()
    if found is None:
        raise Unknown(_NOT_FOUND)
    return found


def schedules_of(user: User) -> QuerySet[BulletinSchedule]:
    """Those that this person may change, those in force first. Raises `Forbidden` for who has no board."""
    permit_board(user)
    held = BulletinSchedule.objects.filter(_near(user, MAKERS)).select_related(
        "region", "department__region", "made_by"
    )
    return held.prefetch_related("people").order_by("-active", "day", "pk")


def schedule_or_404(user: User, key: int) -> BulletinSchedule:
    """That one, or `Unknown`."""
    found = schedules_of(user).filter(pk=key).first()
    if found is None:
        raise Unknown("没有这项计划。")
    return found


def places_made_by(user: User) -> tuple[list[Region], list[Department]]:
    """Of which places this person makes bulletins: regions, each after the one above it, and departments."""
    near, led = Q(pk__in=[]), Q(pk__in=user.departments((Role.HEAD,)))
    for path in user.region_paths(MAKERS):
        near |= lies_in(path, field="path")
        led |= lies_in(path)
    leading = Department.objects.filter(led, active=True).exclude(kind=Department.Kind.PARTNER)
    return list(Region.objects.filter(near).order_by("path")), list(
        leading.select_related("region").order_by("region__path", "code")
    )


def key_of(place: Place) -> str:
    """r:330800 or d:finance."""
    return f"d:{place.code}" if isinstance(place, Department) else f"r:{place.code}"


def place_or_404(user: User, key: str) -> Place:
    """The place of a key that this person makes bulletins of, or `Unknown`."""
    kind, _, code = key.partition(":")
    found: Place | None = None
    if code.isprintable() and kind == "r":
        found = Region.objects.filter(code=code).first()
    elif code.isprintable() and kind == "d":
        found = Department.objects.select_related("region").filter(code=code).first()
    if found is None or not may_make(user, found):
        raise Unknown("没有这个区划或部门，或者它的通报不由您制作。")
    return found


def readers_of(place: Place) -> list[User]:
    """Everybody who may read that place's bulletins now, by name."""
    region = place.region if isinstance(place, Department) else place
    above = region.path.split("/")
    grants = Q(role__in=sorted(OF_REGION), region__in=above)
    if isinstance(place, Department):
        grants |= Q(role=Role.HEAD, department=place)
    held = Grant.objects.filter(grants).values("user")
    return list(User.objects.filter(pk__in=held, is_active=True).order_by("name", "pk"))
