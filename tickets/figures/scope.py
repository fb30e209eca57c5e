"""Whose requests a person's figures count: what they may see, in their regions or their own department."""

from __future__ import annotations

from qihu.accounts.models import OF_REGION, Role, User
from qihu.errors import Forbidden
from tickets import access
from tickets.models.lists import TicketQuerySet


def counted_for(user: User) -> TicketQuerySet:
    """Requests that this person's figures cover. Raises `Forbidden` for who has no board.

    Those of the service centre and the watchers: their region; a head: what their department leads.
    """
    if user.roles() & OF_REGION:
        return access.visible_to(user)
    departments = user.departments((Role.HEAD,))
    if not departments:
        raise Forbidden("看板供督办员、领导、中心主任、研判、受理和部门负责人使用，您的账号没有看板。", code="no-board")
    return access.visible_to(user).filter(department__in=departments)


def places_of(user: User) -> str:
    """The names of what the figures cover, for the head of a page: 衢州市, or 金融办."""
    watched = [g.region for g in user.held if g.role in OF_REGION and g.region]
    led = [g.department for g in user.held if g.role == Role.HEAD and g.department]
    return "、".join(dict.fromkeys(str(place) for place in watched or led))
