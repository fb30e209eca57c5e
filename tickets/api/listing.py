"""`GET /api/v1/tickets/`: the caller's visible requests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.accounts.models import User
from qihu.errors import Invalid
from tickets import access
from tickets.access import Caller
from tickets.api.described import problems, query
from tickets.api.door import Door, caller_of
from tickets.api.paging import PAGE, cursor_of, next_url
from tickets.api.rows import PageOut, page_body
from tickets.models import Ticket
from tickets.models.lists import TicketQuerySet
from tickets.workflow import Status

_NEWEST, _SOONEST = "newest", "soonest"
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 60

LIST = extend_schema(
    operation_id="tickets_list",
    tags=["诉求"],
    summary="查询诉求",
    description="只列出您看得到的诉求（企业令牌：本人的和企业共享的），每页 50 件，最新在前；"
    "给出 due_before 时最紧在前。不认识的参数不起作用。",
    parameters=[
        query("status", "状态，可用逗号分隔多个"),
        query("department", "主办部门代码"),
        query("chain_tag", "链"),
        query("q", "编号、标题、内容、企业名称中的词，空格分隔的词都要有，最多 60 字"),
        query("due_before", "最近一个时限早于此刻（ISO 8601）", kind=OpenApiTypes.DATETIME),
        query("cursor", "照抄上一页的 next"),
    ],
    responses={200: PageOut, **problems((401, 422))},
)


class List(Door):
    """The reading half of `/tickets/`."""

    @LIST
    def get(self, request: Request) -> Response:
        """One page."""
        caller = caller_of(request)
        found, order = _asked(request.GET, caller)
        found = _after(found, order, cursor_of(request, order))
        rows = list(found.for_lists()[: PAGE + 1])
        return Response(page_body(caller, rows[:PAGE], _next(request, order, rows)))


def filtered(caller: Caller, asked: QueryDict) -> TicketQuerySet:
    """Every page of the list for these parameters, in its order. Raises `Invalid`."""
    return _asked(asked, caller)[0]


def _asked(asked: QueryDict, caller: Caller) -> tuple[TicketQuerySet, str]:
    """The filters that are known, applied, and the order of the list."""
    found, named = _visible(caller)
    if statuses := _statuses(asked):
        found = found.standing_at(*statuses)
    if department := _word(asked, "department"):
        found = found.at_department(department)
    if tag := _word(asked, "chain_tag"):
        found = found.tagged(tag)
    if typed := _word(asked, "q"):
        found = found.matching(typed, named=named)
    before = _moment(asked, "due_before")
    if before:
        return found.open().due_within(_EVER, before).soonest_first(), _SOONEST
    return found.newest_first(), _NEWEST


def _visible(caller: Caller) -> tuple[TicketQuerySet, Q]:
    """What the caller may see, and of which of it they may know the firm."""
    if caller.contact:
        return access.visible_to_contact(caller.contact), Q(pk__isnull=False)
    user = caller.user or AnonymousUser()
    return access.visible_to(user), access.named_to(user) if isinstance(user, User) else Q(pk__in=[])


def _after(found: TicketQuerySet, order: str, place: list[Any] | None) -> TicketQuerySet:
    if place is None:
        return found
    at, key = datetime.fromisoformat(place[0]), place[1]
    return found.after_soonest(at, key) if order == _SOONEST else found.after_newest(at, key)


def _next(request: Request, order: str, rows: list[Ticket]) -> str | None:
    if len(rows) <= PAGE:
        return None
    last = rows[PAGE - 1]
    at = last.next_due_at if order == _SOONEST and last.next_due_at else last.submitted_at
    return next_url(request, order, at.isoformat(), last.pk)


def _statuses(asked: QueryDict) -> list[str]:
    typed = [one for given in asked.getlist("status") for one in given.split(",") if one]
    if unknown := [one for one in typed if one not in Status.values]:
        raise _malformed("status", f"没有这个状态：{'、'.join(unknown)[:_LONGEST]}。")
    return typed


def _word(asked: QueryDict, name: str) -> str:
    typed = " ".join(asked.get(name, "").split())
    if len(typed) > _LONGEST or not typed.replace(" ", "").isprintable():
        raise _malformed(name, f"{name} 最多 {_LONGEST} 个可见字符。")
    return typed


def _moment(asked: QueryDict, name: str) -> datetime | None:
    typed = asked.get(name, "").replace(" ", "+")  # a "+" of an offset that was not escaped
    if not typed:
        return None
    try:
        found = parse_datetime(typed)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise _malformed(name, f"{name} 应为带时区的 ISO 8601 时刻，如 2026-11-22T18:00:00+08:00。")
    return found


def _malformed(name: str, said: str) -> Invalid:
    return Invalid(said, fields={name: said})
