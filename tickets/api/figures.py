"""`GET /api/v1/figures/`, and for every number the list of exactly the requests behind it."""

from __future__ import annotations

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
from tickets.api.rows import PageOut, page_body
from tickets.figures import DIMENSIONS, PERIODS, Figure, Part, Window, opened, report
from tickets.figures.answers import RowsURL, as_json, figure_json
from tickets.figures.count import checked
from tickets.figures.fresh import fresh_window
from tickets.figures.measures import edition_asked
from tickets.figures.scope import Scope, counted_for, seen_by
from tickets.figures.series import Point, series, window_of
from tickets.figures.tally import split_value

_ROWS = "/api/v1/figures/rows/"
_SINCE, _UNTIL = query("since", "起始日期（含）"), query("until", "截止日期（不含）")
_AS_OF = query("as_of", "截止时点，缺省为统计进度（几秒之内）")
_KNOWN = query("known", "只计入此刻之前已有记录的内容；缺省为今天所知的一切。与 as_of 相同即“当时所见”")
_ONLY = query("only", "只要这些指标，代码以逗号相连；综合指数（index）只在点名时给出")
_BY = query("by", f"分组：{'、'.join(f'{code}（{label}）' for code, label in [*DIMENSIONS.items(), *PERIODS.items()])}")


class TwinOut(serializers.Serializer[Any]):
    """One figure. A rate without a denominator is null."""

    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    definition = serializers.CharField(help_text="口径，一句话")
    numerator = serializers.FloatField(allow_null=True, help_text="可带权重：基本满意计 0.9")
    hits = serializers.IntegerField(help_text="分子的件数")
    denominator = serializers.IntegerField(allow_null=True)
    rate = serializers.FloatField(allow_null=True)
    interval = serializers.ListField(child=serializers.FloatField(), allow_null=True, help_text="Wilson 95 %")
    ranked = serializers.BooleanField(help_text="n 不少于 20，可以排名")
    median_seconds = serializers.FloatField(required=False, allow_null=True)
    p90_seconds = serializers.FloatField(required=False, allow_null=True)
    numerator_rows = serializers.CharField(help_text="分子的诉求清单")
    denominator_rows = serializers.CharField(help_text="分母的诉求清单")


class FigureOut(TwinOut):
    """A figure and its twins, each with a denominator of its own."""

    twins = TwinOut(many=True)


class GroupOut(serializers.Serializer[Any]):
    """The figures of one department, chain, …"""

    value = serializers.CharField(allow_blank=True)
    label = serializers.CharField()  # type: ignore[assignment]
    figures = FigureOut(many=True)


class FiguresOut(serializers.Serializer[Any]):
    """Figures of a period, and of its groups where `by` was given."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    as_of = serializers.DateTimeField(help_text="截止时点")
    known = serializers.DateTimeField(allow_null=True, help_text="计入的是此刻之前已有的记录；空为今天所知的一切")
    definitions = serializers.IntegerField(help_text="口径版本")
    figures = FigureOut(many=True)
    groups = serializers.DictField(child=GroupOut(many=True))


class Figures(Door):
    """Counted from the log, over what the caller's board covers."""

    @extend_schema(
        operation_id="figures",
        tags=["统计"],
        summary="闭环指标",
        description="按首次提交落在 [since, until) 的诉求统计；每个数都给出其背后诉求清单的地址。",
        parameters=[_SINCE, _UNTIL, _BY, _AS_OF, _KNOWN, _ONLY],
        responses={200: FiguresOut, **problems((401, 403, 422))},
    )
    def get(self, request: Request) -> Response:
        """All figures."""
        scope = counted_for(staff(request))
        by, only = _by(request, scope), [code for code in request.GET.get("only", "").split(",") if code]
        found = report(fresh_window(request.GET, at=now()), by=[by] if by else [], scope=scope, only=only or None)
        window = found.window

        return Response(as_json(found, _rows(request, window, by)))


def _rows(request: Request, window: Window, by: str) -> RowsURL:
    """Addresses fixed at this count's cut-off, so that the list counts what the number counted."""

    def rows(figure: Figure, part: Part, value: str | None) -> str:
        place = {"figure": figure.code, "part": str(part), "as_of": window.as_of.isoformat()}
        place |= {"known": window.known.isoformat()} if window.known else {}
        group = {"by": by, "value": value} if value is not None else {}
        period = {"since": window.since.isoformat(), "until": window.until.isoformat()}
        return public_url(request, f"{_ROWS}?{urlencode(period | place | group)}")

    return rows


class PointOut(serializers.Serializer[Any]):
    """One period and its groups (one with an empty value where no grouping was asked for)."""

    since = serializers.DateField()
    until = serializers.DateField(help_text="不含")
    groups = GroupOut(many=True)


class SeriesOut(serializers.Serializer[Any]):
    """Periods in order."""

    as_of = serializers.DateTimeField()
    known = serializers.DateTimeField(allow_null=True)
    definitions = serializers.IntegerField()
    points = PointOut(many=True)


class FigureSeries(Door):
    """Figures period by period."""

    @extend_schema(
        operation_id="figures_series",
        tags=["统计"],
        summary="指标的时间序列",
        description="时段内逐日、周、月、季、年的指标，可再按一个维度分组；分组时不给中位数和 P90。",
        parameters=[_SINCE, _UNTIL, query("every", f"{'、'.join(PERIODS)}"), _BY, _AS_OF, _KNOWN, _ONLY],
        responses={200: SeriesOut, **problems((401, 403, 422))},
    )
    def get(self, request: Request) -> Response:
        """Every period in which something was submitted."""
        scope = counted_for(staff(request))
        by, only = _by(request, scope), [code for code in request.GET.get("only", "").split(",") if code]
        found = series(
            fresh_window(request.GET, at=now()),
            every=request.GET.get("every", "month"),
            by=by,
            scope=scope,
            only=only or None,
        )
        window = found.counted.window
        return Response(
            {
                "as_of": window.as_of.isoformat(),
                "known": window.known.isoformat() if window.known else None,
                "definitions": found.counted.edition,
                "points": [
                    {"since": point.since, "until": point.until, "groups": _groups(request, point, by, window)}
                    for point in found.points
                ],
            }
        )


def _groups(request: Request, point: Point, by: str, window: Window) -> list[dict[str, Any]]:
    rows = _rows(request, window_of(point, window), by)
    return [
        {
            "value": value,
            "label": group.label if by else "",
            "figures": [figure_json(figure, rows, value if by else None) for figure in group.figures.values()],
        }
        for group in point.groups
        for value in [split_value(group.value)[1]]
    ]


class FigureRows(Door):
    """The requests behind a number."""

    @extend_schema(
        operation_id="figures_rows",
        tags=["统计"],
        summary="一个数背后的诉求",
        description="地址由 figures 给出，照用即可。",
        parameters=[
            _SINCE,
            _UNTIL,
            query("figure", "指标代码"),
            query("part", "numerator 或 denominator"),
            _BY,
            query("value", "分组的值"),
            _AS_OF,
            _KNOWN,
            query("page", "页码"),
            query("definitions", "口径版本，缺省为最新一版；冻结的数由地址带上"),
        ],
        responses={200: PageOut, **problems((401, 403, 422))},
    )
    def get(self, request: Request) -> Response:
        """One page, newest first."""
        user, get = staff(request), request.GET
        page, scope = page_number(request), counted_for(user)
        found = opened(
            fresh_window(request.GET, at=now()),
            figure=get.get("figure", ""),
            part=get.get("part", Part.DENOMINATOR),
            by=_by(request, scope),
            value=get.get("value", ""),
            scope=scope,
            seen=seen_by(user),
            page=page,
            definitions=edition_asked(get.get("definitions", "")),
        )
        following = public_url(request, f"{request.path}?{_with_page(request, page + 1)}")
        return Response(page_body(Caller(user), found.tickets, following if page < found.pages else None))


def _by(request: Request, scope: Scope) -> str:
    """Raises `Invalid` for an unknown dimension, `Forbidden` for figures by officer, which only a head sees."""
    by = scope.permits(request.GET.get("by", ""))
    return checked(by[:40]) if by else ""


def _with_page(request: Request, page: int) -> str:
    query_string = request.GET.copy()
    query_string["page"] = str(page)
    return query_string.urlencode()
