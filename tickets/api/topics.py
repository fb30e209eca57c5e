"""`/api/v1/topics/`: the topics (举一反三) and proposals that the caller may see, and a new one by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.accounts.models import User
from qihu.clock import now
from qihu.errors import Invalid
from tickets.access import Caller
from tickets.api.described import KEY, problems, query
from tickets.api.door import Door, body_of, key_of, staff
from tickets.api.paging import PAGE, cursor_of, next_url
from tickets.api.topic_acts import TopicDoneOut, done, keys_of, trust_of
from tickets.api.topic_bodies import TopicNewIn
from tickets.api.topic_rows import TopicPageOut, topic_page
from tickets.figures.window import zone
from tickets.models import Topic
from tickets.models.topic import TITLE_MAX, TopicQuerySet
from tickets.services.topics.gathering import open_by_hand
from tickets.services.topics.once import open_once
from tickets.topic_access import permit_list, permit_opening, topics_visible_to, topics_waiting_for
from tickets.topic_moves import TopicAct, TopicState

SORTS = {"rank": "提议在前、已结在后，各自最新在前（缺省）", "newest": "最新在前"}
_FILTERS = frozenset({"state", "department", "chain_tag", "late", "waiting", "q", "sort", "cursor", "format"})
_LONGEST = 60
_EXAMPLE = {
    "title": "人才公寓轮候太久",
    "tickets": ["QH-20261122-000123", "QH-20261122-000131"],
    "department": "talent",
    "due_on": "2026-12-20",
    "owner": "head.talent",
}
_OPENED = {"number": "ZT-000012", "act": "open", "seq": 1, "state": "open", "at": "2026-11-22T10:47:00+08:00"}


class Topics(Door):
    """Reading the list and opening by hand."""

    @extend_schema(
        operation_id="topics_list",
        tags=["举一反三"],
        summary="查询专题和提议",
        description="state=proposed 是系统发现、等人认定的提议。只列出您看得到的，每页 50 个；"
        "写错的筛选和排序不会被忽略，得到 422。",
        parameters=[
            query("state", f"状态，可用逗号分隔多个：{'、'.join(f'{one} {one.label}' for one in TopicState)}"),
            query("department", "牵头部门代码"),
            query("chain_tag", "链"),
            query("late", "true：过了期限还没有公布", kind=OpenApiTypes.BOOL),
            query("waiting", "true：等您办的", kind=OpenApiTypes.BOOL),
            query("q", f"名称中的词，最多 {TITLE_MAX} 字"),
            query("sort", "；".join(f"{code} {label}" for code, label in SORTS.items())),
            query("cursor", "照抄上一页的 next"),
        ],
        responses={200: TopicPageOut, **problems((401, 403, 422))},
    )
    def get(self, request: Request) -> Response:
        """One page."""
        at, user = now(), staff(request)
        permit_list(user)
        sort = _sort(request)
        found = _asked(request, user, at.astimezone(zone()).date()).for_lists()
        place = cursor_of(request, f"topics-{sort}")
        rows = list(_sorted(found, sort, place)[: PAGE + 1])
        following = next_url(request, f"topics-{sort}", *_place(rows[PAGE - 1], sort)) if len(rows) > PAGE else None
        return Response(topic_page(rows[:PAGE], following, at=at))

    @extend_schema(
        operation_id="topics_create",
        tags=["举一反三"],
        summary="立专题",
        description="研判交办员、企服中心主任、督办员在自己的区划内，把相似的诉求归成一个专题；"
        "系统提议的用 open。一件诉求只进一个专题；限制知悉、测试、已并案的不进。",
        request=TopicNewIn,
        parameters=[KEY],
        responses={201: TopicDoneOut, 200: TopicDoneOut, **problems((400, 401, 403, 404, 409, 415, 422))},
        examples=[
            OpenApiExample("立专题", _EXAMPLE, request_only=True),
            OpenApiExample("已立", _OPENED, response_only=True, status_codes=["201", "200"]),
        ],
    )
    def post(self, request: Request) -> Response:
        """201 the first time, 200 for a key that was seen."""
        user = staff(request)
        permit_opening(user)
        body = body_of(request, TopicNewIn)
        topic, repeated = _opened(body, user=user, key=key_of(request))
        event = topic.log.get(kind=TopicAct.OPEN)
        topic.state = TopicState.OPEN  # as the log has it, whatever has happened since
        return done(topic, event, status=status.HTTP_200_OK if repeated else status.HTTP_201_CREATED)


def _asked(request: Request, user: User, today: date) -> TopicQuerySet:
    """What the caller may see, narrowed by what was asked for. Raises `Invalid` for what is not on the list."""
    if unknown := sorted(set(request.GET) - _FILTERS):
        raise _malformed(unknown[0][:_LONGEST], f"没有这个筛选；可用：{'、'.join(sorted(_FILTERS))}。")
    found = topics_visible_to(user)
    if states := _states(request):
        found = found.standing(*states)
    for name, column in (("department", "department__code"), ("chain_tag", "chain_tag__code")):
        if typed := request.GET.get(name, ""):
            found = found.filter(**{column: _plain(name, typed)})
    if _flag(request, "late"):
        found = found.overdue(today)
    if _flag(request, "waiting"):
        found = found.filter(pk__in=topics_waiting_for(user, today).values("pk"))
    words = " ".join(_plain("q", request.GET.get("q", "")).split())
    return found.filter(title__icontains=words) if words else found


def _states(request: Request) -> list[TopicState]:
    typed = [one.strip() for one in request.GET.get("state", "").split(",") if one.strip()]
    if unknown := [one for one in typed if one not in TopicState.values]:
        raise _malformed("state", f"没有这个状态：{'、'.join(unknown)[:_LONGEST]}。")
    return [TopicState(one) for one in typed]


def _flag(request: Request, name: str) -> bool:
    typed = request.GET.get(name, "")
    if typed not in {"", "true", "false"}:
        raise _malformed(name, f"{name} 应为 true 或 false。")
    return typed == "true"


def _plain(name: str, typed: str) -> str:
    if len(typed) > TITLE_MAX or "\x00" in typed:
        raise _malformed(name, f"{name} 太长或含有不能用的字符。")
    return typed


def _sort(request: Request) -> str:
    sort = request.GET.get("sort", "rank")
    if sort not in SORTS:
        raise _malformed("sort", f"sort 可用：{'、'.join(SORTS)}。")
    return sort


def _sorted(found: TopicQuerySet, sort: str, place: list[Any] | None) -> TopicQuerySet:
    if sort == "newest":
        return (found.filter(pk__lt=place[0]) if place else found).order_by("-pk")
    return found.ranked().after(*place) if place else found.ranked()


def _place(last: Any, sort: str) -> tuple[int, ...]:
    return (last.pk,) if sort == "newest" else (last.rank, last.pk)


def _malformed(name: str, said: str) -> Invalid:
    return Invalid(said, fields={name: said})


def _opened(body: dict[str, Any], *, user: User, key: str | None) -> tuple[Topic, bool]:
    at, caller = now(), Caller(user)
    more = {"title": body["title"], "tickets": keys_of(user, body["tickets"]), "trust": trust_of(body, at)}
    if key is None:
        return open_by_hand(caller=caller, at=at, **more), False
    return open_once(key=key, body=body, caller=caller, at=at, **more)
