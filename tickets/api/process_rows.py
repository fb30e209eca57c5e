"""The rows behind the numbers of the process and the load figures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.clock import now
from tickets.access import Caller
from tickets.api.described import problems, query
from tickets.api.door import Door, public_url, staff
from tickets.api.paging import page_number
from tickets.api.rows import RowOut, page_body
from tickets.figures import Window
from tickets.figures.fresh import freshen
from tickets.figures.listing import Listing, paged
from tickets.figures.load_lists import LISTS, behind

ROWS = "/api/v1/figures/process/rows/"


class CountOut(serializers.Serializer[Any]):
    """A count, and where its rows are."""

    n = serializers.IntegerField()
    rows = serializers.CharField(help_text="清单的地址，行数与 n 相等")


class LineOut(serializers.Serializer[Any]):
    """One row: a request, and what of it was counted."""

    ticket = RowOut()
    what = serializers.CharField(help_text="步骤、时限或状态")
    since = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True, help_text="结束；将超期的为到期时刻")
    work_seconds = serializers.IntegerField(allow_null=True, help_text="工作时间，秒")
    chance = serializers.FloatField(allow_null=True, help_text="超期的概率，0–1")
    told_by = serializers.CharField(help_text="概率依据谁的快慢：本部门、本区划、全部；其余为空")
    seen = serializers.IntegerField(allow_null=True, help_text="依据的时限个数")


class LinesOut(serializers.Serializer[Any]):
    """One page of rows."""

    heading = serializers.CharField()
    definition = serializers.CharField(help_text="口径")
    total = serializers.IntegerField()
    results = LineOut(many=True)
    next = serializers.CharField(allow_null=True, help_text="下一页的地址；没有则为 null")


class Counts:
    """Makes `CountOut` of counts; `fixed` goes along with each address."""

    def __init__(self, request: Request, fixed: Mapping[str, str]) -> None:
        self._request, self._fixed = request, fixed

    def number(self, n: int, list_: str, **asked: str) -> dict[str, Any]:
        """A count that opens its rows."""
        typed = urlencode({"list": list_, **self._fixed, **asked})
        return {"n": n, "rows": public_url(self._request, f"{ROWS}?{typed}")}


def of_window(request: Request, window: Window) -> Counts:
    """For numbers of a period, at its cut-off."""
    times = {"since": window.since, "until": window.until, "as_of": window.as_of}
    return Counts(request, {name: at.isoformat() for name, at in times.items()})


def of_moment(request: Request, at: datetime) -> Counts:
    """For numbers of this moment."""
    return Counts(request, {"as_of": at.isoformat()})


class ProcessRows(Door):
    """The rows behind a number."""

    @extend_schema(
        operation_id="figures_process_rows",
        tags=["统计"],
        summary="流程和负荷的一个数背后的清单",
        description="地址由 figures/process/ 和 figures/load/ 给出，照用即可。经办人的清单只给本部门负责人。",
        parameters=[
            query("list", f"清单：{'、'.join(LISTS)}"),
            query("since", "起始（含）"),
            query("until", "截止（不含）"),
            query("as_of", "截止时点"),
            query("page", "页码"),
        ],
        responses={200: LinesOut, **problems((401, 403, 422))},
    )
    def get(self, request: Request) -> Response:
        """One page."""
        user, at = staff(request), now()
        freshen(at)
        found = paged(behind(user, request.GET.dict(), at=at), page_number(request))
        return Response(LinesOut(_body(request, Caller(user), found)).data)


def _body(request: Request, caller: Caller, found: Listing) -> dict[str, Any]:
    tickets = page_body(caller, [line.ticket for line in found.lines], None)["results"]
    typed = urlencode(request.GET.dict() | {"page": str(found.page + 1)})
    return {
        "heading": found.heading,
        "definition": found.sentence,
        "total": found.total,
        "results": [
            {
                "ticket": ticket,
                "what": line.what,
                "since": line.since,
                "until": line.until,
                "work_seconds": line.seconds,
                "chance": line.chance,
                "told_by": line.told_by,
                "seen": line.n,
            }
            for line, ticket in zip(found.lines, tickets, strict=True)
        ],
        "next": public_url(request, f"{request.path}?{typed}") if found.page < found.pages else None,
    }
