"""The only way doors get a topic: who sees it, and who somebody is to it (domain.md §§1, 7).

The service centre, supervisors and leaders of its region, and the department that leads it; nobody else. Of its
requests each sees only those they may see anyway.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q

from qihu.accounts.models import OF_REGION, Role, User, lies_in, within
from qihu.errors import Forbidden, Unknown
from tickets import access
from tickets.models import Ticket, Topic, TopicMember
from tickets.models.topic import TopicMemberQuerySet, TopicQuerySet, topic_key
from tickets.topic_moves import DUE, GATHERERS, TOPIC_MOVES, TopicAct, TopicRole, TopicState

_LEADING = (Role.HEAD, Role.OFFICER)
SEEING = OF_REGION | frozenset(_LEADING)
"""Roles that may see a topic at all."""
_NOT_FOUND = "没有找到这个专题。请核对编号；没有权限的专题也不会显示。"


def topics_visible_to(user: User | AnonymousUser) -> TopicQuerySet:
    """Topics a member of staff may see."""
    if not isinstance(user, User) or not user.is_active:
        return Topic.objects.none()
    seen = Q(department__in=user.departments(_LEADING))
    for path in user.region_paths(OF_REGION):
        seen |= lies_in(path)
    return Topic.objects.filter(seen)


def permit_list(user: User) -> None:
    """Raises `Forbidden` for who holds no role that sees topics at all."""
    if not user.roles() & SEEING:
        raise Forbidden("专题由服务中心、督办员、领导和牵头部门查看。")


def topic_or_404(user: User | AnonymousUser, number: str) -> Topic:
    """The topic with everything its page shows, or `Unknown` for what does not exist or is not theirs."""
    found = topics_visible_to(user).for_lists().filter(pk=topic_key(number)).first()
    if found is None:
        raise Unknown(_NOT_FOUND)
    return found


def roles_in(user: User | None, topic: Topic) -> frozenset[TopicRole]:
    """Everything this person is to the topic; the system without a person."""
    if user is None:
        return frozenset({TopicRole.SYSTEM})
    found = set()
    for grant in user.held:
        of_region = grant.role in OF_REGION and grant.region and within(topic.region.path, grant.region.path)
        leading = grant.role in _LEADING and grant.department_id and grant.department_id == topic.department_id
        if of_region or leading:
            found.add(TopicRole(grant.role))
    return frozenset(found)


def sees(user: User, topic: Topic) -> bool:
    """Whether this person may see it: no query."""
    return bool(roles_in(user, topic))


def acts_open(user: User, topic: Topic) -> list[TopicAct]:
    """What this person may do with the topic as it stands, in the table's order."""
    mine = roles_in(user, topic)
    state = TopicState(topic.state)
    found = [act for act, move in TOPIC_MOVES.items() if state in move.sources and move.by & mine]
    return [act for act in found if act != TopicAct.CLOSE or topic.sent_back_at]


def topics_waiting_for(user: User, today: date) -> TopicQuerySet:
    """What lies with this person: to gatherers proposals and what is overdue, to a head a topic without a measure."""
    gathered = Q(pk__in=[])
    for path in gathers_in(user):
        gathered |= lies_in(path)
    late = Q(state__in=sorted(DUE), due_on__lt=today)
    to_measure = Q(state=TopicState.OPEN, department__in=user.departments((Role.HEAD,)))
    return Topic.objects.filter((gathered & (Q(state=TopicState.PROPOSED) | late)) | to_measure)


def gathers_in(user: User) -> tuple[str, ...]:
    """Paths of the regions for which this person may open topics and gather requests."""
    return user.region_paths([str(role) for role in GATHERERS])


def permit_opening(user: User) -> None:
    """Raises `Forbidden` for who opens topics nowhere; where they may, `gathering.open_by_hand` asks."""
    if not gathers_in(user):
        raise Forbidden("专题由研判员、企服中心主任和督办员来立。")


def may_gather(user: User, ticket: Ticket) -> bool:
    """Whether this person may open a topic with this request: no query."""
    return any(within(ticket.region.path, path) for path in gathers_in(user))


def tickets_named(user: User, numbers: Iterable[str]) -> list[Ticket]:
    """These requests, in order of their keys; `Unknown` names the first that does not exist or is not theirs."""
    wanted = list(dict.fromkeys(numbers))
    found = list(access.visible_to(user).filter(number__in=wanted).select_related("region").order_by("pk"))
    missing = set(wanted) - {ticket.number for ticket in found}
    if missing:
        raise Unknown(f"没有找到诉求 {min(missing)[:40]}。请核对编号；没有权限的诉求也不会显示。")
    return found


@dataclass(frozen=True, slots=True)
class Seen:
    """Members as one person may see them, and how many more there are."""

    members: list[TopicMember]
    hidden: int


def seen_by(user: User, members: TopicMemberQuerySet, *, limit: int, after: int = 0) -> Seen:
    """At most `limit` rows with their requests, going on below the request `after` where given; and how many of all
    members this person may not see: two queries.
    """
    visible = members.filter(ticket__in=access.visible_to(user))
    page = visible.filter(ticket__lt=after) if after else visible
    counted = members.order_by().aggregate(
        n=Count("pk"), seen=Count("pk", filter=Q(ticket__in=access.visible_to(user).order_by().values("pk")))
    )
    return Seen(list(page.with_rows()[:limit]), counted["n"] - counted["seen"])
