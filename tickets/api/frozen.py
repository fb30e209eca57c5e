"""`/api/v1/figures/frozen/`: months whose figures are kept, what was restated, and the recount that shows it."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.clock import now
from tickets.api.described import problems, query
from tickets.api.door import Door, body_of, public_url, staff
from tickets.api.figures import FigureOut, GroupOut
from tickets.figures import Figure, Part, Window
from tickets.figures.answers import RowsURL, figure_json
from tickets.figures.fresh import freshen
from tickets.figures.frozen import KEPT, month_of
from tickets.figures.kept import Line, Version, frozen_or_404, months, place_asked, versions
from tickets.figures.scope import counted_for
from tickets.models import FrozenMonth, Restated
from tickets.services import freezing

_ROWS_AT = "/api/v1/figures/rows/"
_MONTH = OpenApiParameter("month", OpenApiTypes.STR, OpenApiParameter.PATH, description="月份，如 2026-08")
_PLACE = query("place", "范围：r:区划代码 或 d:部门代码，缺省为您看板的第一个")
_FREEZE = OpenApiExample("冻结八月", value={"month": "2026-08"}, request_only=True)
_RESTATE = OpenApiExample("重述", value={"reason": "补录纸质回访单 12 份"}, request_only=True)


class FreezeIn(serializers.Serializer[Any]):
    """Which month to freeze."""

    month = serializers.CharField(max_length=7, help_text="如 2026-08")


class RestateIn(serializers.Serializer[Any]):
    """Why a month is restated."""

    reason = serializers.CharField(max_length=200, help_text="4 至 200 字；请勿写个人信息")


class FrozenOut(serializers.Serializer[Any]):
    """How a month was counted."""

    month = serializers.CharField()
    as_of = serializers.DateTimeField(help_text="截止时点：其后第二个月的月底")
    known_at = serializers.DateTimeField(help_text="只计入此刻之前的记录")
    definitions = serializers.IntegerField(help_text="口径版本")
    digest = serializers.CharField(help_text="SM3，十六进制")
    at = serializers.DateTimeField(help_text="冻结或重述的时间")
    by = serializers.CharField(allow_null=True, help_text="谁；空为系统")


class FrozenLineOut(FrozenOut):
    """A frozen month with the figures of the caller's place."""

    restated = serializers.IntegerField(help_text="重述次数")
    figures = FigureOut(many=True)


class RestatedOut(FrozenOut):
    """A restatement."""

    ordinal = serializers.IntegerField()
    reason = serializers.CharField()
    figures = FigureOut(many=True)


class FrozenTodayOut(serializers.Serializer[Any]):
    """The same cut-off with all that is known today."""

    definitions = serializers.IntegerField()
    figures = FigureOut(many=True)


class FrozenMonthOut(FrozenOut):
    """A frozen month beside its restatements and today's count."""

    place = serializers.CharField()
    figures = FigureOut(many=True)
    groups = serializers.DictField(child=GroupOut(many=True))
    restatements = RestatedOut(many=True)
    today = FrozenTodayOut()


class FrozenVerifiedOut(serializers.Serializer[Any]):
    """What the recount said."""

    month = serializers.CharField()
    ordinal = serializers.IntegerField(allow_null=True, help_text="第几次重述；空为冻结的数")
    equal = serializers.BooleanField(help_text="逐字节一致")
    differing = serializers.ListField(child=serializers.CharField(), help_text="不一致的范围")
    digest_right = serializers.BooleanField(help_text="总摘要与各页摘要相符")


class FrozenMonths(Door):
    """What is frozen; freezing by hand."""

    @extend_schema(
        operation_id="figures_frozen_list",
        tags=["统计"],
        summary="冻结的月份",
        parameters=[_PLACE],
        responses={200: FrozenLineOut(many=True), **problems((401, 403, 404))},
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        place = place_asked(counted_for(staff(request)), request.GET.get("place", ""))
        return Response([_line(request, line) for line in months(place)])

    @extend_schema(
        operation_id="figures_freeze",
        tags=["统计"],
        summary="冻结一个月",
        description="其后第二个月的月底过后才能冻结；由全市的中心主任或督办员办理，系统也会自动冻结。",
        request=FreezeIn,
        examples=[_FREEZE],
        responses={201: FrozenOut, **problems((400, 401, 403, 404, 409, 415, 422))},
    )
    def post(self, request: Request) -> Response:
        """One month, once."""
        user, at = staff(request), now()
        month = month_of(body_of(request, FreezeIn)["month"])
        return Response(_taken(freezing.freeze(month=month, at=at, by=user)), status=201)


class OneFrozenMonth(Door):
    """One frozen month."""

    @extend_schema(
        operation_id="figures_frozen",
        tags=["统计"],
        summary="一个冻结的月份",
        description="冻结的数、各次重述和今天在同一截止时点重算的数；每个数都给出其背后诉求清单的地址。",
        parameters=[_MONTH, _PLACE],
        responses={200: FrozenMonthOut, **problems((401, 403, 404))},
    )
    def get(self, request: Request, month: str) -> Response:
        """Beside its restatements."""
        user, at = staff(request), now()
        place, frozen = place_asked(counted_for(user), request.GET.get("place", "")), _frozen(month)
        freshen(at)
        kept, restated, today = versions(frozen, place, at=at)
        body = _taken(frozen) | {
            "place": place,
            "figures": _figures(request, kept),
            "groups": {by: _groups(request, kept, by) for by in KEPT},
            "restatements": [_taken(one.taken) | {"figures": _figures(request, one)} for one in restated if one.taken],
            "today": {"definitions": today.definitions.number, "figures": _figures(request, today)},
        }
        return Response(body)


class RestateMonth(Door):
    """A later count beside the frozen one."""

    @extend_schema(
        operation_id="figures_restate",
        tags=["统计"],
        summary="重述一个冻结的月份",
        description="同一截止时点，按今天所知和现行口径重算，并列在冻结的数旁边；由全市的中心主任或督办员办理，须写理由。",
        parameters=[_MONTH],
        request=RestateIn,
        examples=[_RESTATE],
        responses={201: FrozenOut, **problems((400, 401, 403, 404, 409, 415, 422))},
    )
    def post(self, request: Request, month: str) -> Response:
        """With a reason."""
        user, at, on = staff(request), now(), month_of(month)
        reason = body_of(request, RestateIn)["reason"]
        return Response(_taken(freezing.restate(month=on, by=user, reason=reason, at=at)), status=201)


class VerifyMonth(Door):
    """The recount."""

    @extend_schema(
        operation_id="figures_frozen_verify",
        tags=["统计"],
        summary="重算核对",
        description="按冻结时的截止时点、知悉时点和口径重算您看板的范围，与留存的数逐字节比较。",
        parameters=[_MONTH],
        responses={200: FrozenVerifiedOut(many=True), **problems((401, 403, 404))},
    )
    def get(self, request: Request, month: str) -> Response:
        """The frozen count and every restatement."""
        places, frozen = counted_for(staff(request)).places(), _frozen(month)
        restated = frozen.restatements.select_related("frozen").order_by("ordinal")
        taken: list[FrozenMonth | Restated] = [frozen, *restated]
        return Response([_verified(one, places) for one in taken])


def _frozen(month: str) -> FrozenMonth:
    return frozen_or_404(month_of(month))


def _verified(taken: FrozenMonth | Restated, places: list[str]) -> dict[str, Any]:
    found = freezing.verify(taken, places=places)
    return {
        "month": _named(taken.month),
        "ordinal": taken.ordinal if isinstance(taken, Restated) else None,
        "equal": found.equal,
        "differing": list(found.differing),
        "digest_right": found.sealed,
    }


def _named(month: date) -> str:
    return f"{month:%Y-%m}"


def _taken(taken: FrozenMonth | Restated) -> dict[str, Any]:
    body = {
        "month": _named(taken.month),
        "as_of": taken.as_of.isoformat(),
        "known_at": taken.known_at.isoformat(),
        "definitions": taken.definitions,
        "digest": bytes(taken.digest).hex(),
        "by": taken.by.name if taken.by else None,
    }
    if isinstance(taken, Restated):
        return body | {"at": taken.at.isoformat(), "ordinal": taken.ordinal, "reason": taken.reason}
    return body | {"at": taken.frozen_at.isoformat()}


def _line(request: Request, line: Line) -> dict[str, Any]:
    rows = _rows(request, line.window, line.frozen.definitions)
    figures = [figure_json(figure, rows) for figure in line.figures.values()]
    return _taken(line.frozen) | {"restated": getattr(line.frozen, "restated", 0), "figures": figures}


def _figures(request: Request, version: Version) -> list[dict[str, Any]]:
    return [figure_json(figure, _of(request, version)) for figure in version.nested]


def _groups(request: Request, version: Version, by: str) -> list[dict[str, Any]]:
    rows = _of(request, version, by)
    return [
        {
            "value": group.value,
            "label": group.label,
            "figures": [figure_json(one, rows, group.value) for one in group.figures.values()],
        }
        for group in version.groups(by)
    ]


def _of(request: Request, version: Version, by: str = "") -> RowsURL:
    return _rows(request, version.window, version.definitions.number, by)


def _rows(request: Request, window: Window, edition: int, by: str = "") -> RowsURL:
    """Fixed at the cut-off, what was known and the edition, so that the list counts what the number counted."""

    def url(figure: Figure, part: Part, value: str | None) -> str:
        """Of one part."""
        asked = {"figure": figure.code, "part": str(part), "definitions": str(edition)}
        asked |= {"since": window.since.isoformat(), "until": window.until.isoformat()}
        asked |= {"as_of": window.as_of.isoformat()} | ({"known": window.known.isoformat()} if window.known else {})
        asked |= {"by": by, "value": value} if value is not None else {}
        return public_url(request, f"{_ROWS_AT}?{urlencode(asked)}")

    return url
