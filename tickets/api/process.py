"""`GET /api/v1/figures/process/`: what is about to break, ages of what is open, time by step, flow."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.clock import now
from tickets.api.described import problems, query
from tickets.api.door import Door, staff
from tickets.api.process_rows import CountOut, Counts, of_moment, of_window
from tickets.figures import ageing, flows, forecast, waiting
from tickets.figures.fresh import freshen
from tickets.figures.hazard import Expected
from tickets.figures.process_lists import window_asked
from tickets.figures.seen import requests_of


class ExpectedOut(serializers.Serializer[Any]):
    """Promises expected to break, of `due` that come due."""

    department = serializers.CharField(allow_null=True, allow_blank=True, help_text="null 为全部")
    day = serializers.DateField(allow_null=True, help_text="null 为五日合计")
    expected = serializers.FloatField()
    low = serializers.IntegerField(help_text="80 % 区间")
    high = serializers.IntegerField()
    due = CountOut()


class ForecastOut(serializers.Serializer[Any]):
    """The next five working days."""

    definition = serializers.CharField()
    learned_since = serializers.DateTimeField()
    days = serializers.ListField(child=serializers.DateField())
    expected = ExpectedOut(many=True)


class AgeOut(serializers.Serializer[Any]):
    """Open requests of one department."""

    department = serializers.CharField(allow_blank=True, help_text="空为受理中心")
    open = CountOut()
    late = CountOut()
    oldest = serializers.DateTimeField()
    bands = serializers.DictField(child=CountOut(), help_text="、".join(f"{b.code} {b.label}" for b in ageing.BANDS))


class WaitOut(serializers.Serializer[Any]):
    """Opening time at one step."""

    status = serializers.CharField()
    department = serializers.CharField(allow_null=True, allow_blank=True, help_text="null 为全部，空为没有主办部门")
    median_seconds = serializers.FloatField(allow_null=True)
    p90_seconds = serializers.FloatField(allow_null=True)
    ranked = serializers.BooleanField(help_text="n 不少于 20，可以比较")
    ended = CountOut()
    waiting = CountOut()


class FlowOut(serializers.Serializer[Any]):
    """Requests that went from one to the other."""

    place = serializers.IntegerField(help_text="经手几个部门之后")
    source = serializers.CharField(  # type: ignore[assignment]
        help_text="in 受理研判，~ 其他部门，其余为部门代码"
    )
    target = serializers.CharField(help_text="部门代码，或最后：结果、rejected、withdrawn、open")
    ends = serializers.BooleanField()
    requests = CountOut()


class ProcessOut(serializers.Serializer[Any]):
    """All of it."""

    as_of = serializers.DateTimeField()
    forecast = ForecastOut()
    ageing_definition = serializers.CharField()
    ageing = AgeOut(many=True)
    steps_definition = serializers.CharField()
    steps = WaitOut(many=True)
    flow_definition = serializers.CharField()
    flow = FlowOut(many=True)


class ProcessFigures(Door):
    """Over what the caller's board covers."""

    @extend_schema(
        operation_id="figures_process",
        tags=["统计"],
        summary="诉求等在哪里",
        description="今后 5 个工作日的超期预计、在办时长（此刻）；各步骤用时、部门之间的流向（按时段）。",
        parameters=[query("since", "起始日期（含）"), query("until", "截止日期（不含）"), query("as_of", "截止时点")],
        responses={200: ProcessOut, **problems((401, 403, 422))},
    )
    def get(self, request: Request) -> Response:
        """All of it."""
        scope, at = requests_of(staff(request)), now()
        window = window_asked(request.GET.dict(), at)
        freshen(at)
        then, moment = of_window(request, window), of_moment(request, at)
        body = {
            "as_of": window.as_of,
            "forecast": _forecast(forecast.forecast(scope, at=at), moment),
            "ageing_definition": ageing.SENTENCE,
            "ageing": [_age(one, moment) for one in ageing.ageing(scope, at=at)],
            "steps_definition": waiting.SENTENCE,
            "steps": [_step(one, then) for one in waiting.waits(window, scope=scope)],
            "flow_definition": flows.SENTENCE,
            "flow": [_band(one, then) for one in flows.flow(window, scope=scope).bands],
        }
        return Response(ProcessOut(body).data)


def _forecast(found: forecast.Forecast, counts: Counts) -> dict[str, Any]:
    rows = [_expected(found.whole(), counts)]
    rows += [_expected(one, counts, day=day.isoformat()) for day, one in found.by_day().items()]
    for code, mine in found.by_department().items():
        for day, one in mine.items():
            rows.append(_expected(one, counts, department=code, **({"day": day.isoformat()} if day else {})))
    return {
        "definition": forecast.SENTENCE,
        "learned_since": found.since,
        "days": found.days,
        "expected": rows,
    }


def _expected(one: Expected, counts: Counts, **asked: str) -> dict[str, Any]:
    return {
        "department": asked.get("department"),
        "day": asked.get("day"),
        "expected": round(one.mean, 3),
        "low": one.low,
        "high": one.high,
        "due": counts.number(one.n, "risk", **asked),
    }


def _age(one: ageing.Aged, counts: Counts) -> dict[str, Any]:
    place = {"department": one.department}
    bands = zip(ageing.BANDS, one.counts, strict=True)
    return {
        **place,
        "open": counts.number(one.total, "age", **place),
        "late": counts.number(one.late, "age", part="late", **place),
        "oldest": one.oldest,
        "bands": {band.code: counts.number(n, "age", band=band.code, **place) for band, n in bands},
    }


def _step(one: waiting.Wait, counts: Counts) -> dict[str, Any]:
    place = {"status": str(one.status)} | ({} if one.department is None else {"department": one.department})
    return {
        "status": str(one.status),
        "department": one.department,
        "median_seconds": one.median,
        "p90_seconds": one.p90,
        "ranked": one.ranked,
        "ended": counts.number(one.n, "step", part="ended", **place),
        "waiting": counts.number(one.waiting, "step", part="waiting", **place),
    }


def _band(one: flows.Band, counts: Counts) -> dict[str, Any]:
    asked = {"place": str(one.place), "source": one.source, "target": one.target}
    return {
        "place": one.place,
        "source": one.source,
        "target": one.target,
        "ends": one.ends,
        "requests": counts.number(one.n, "flow", **asked),
    }
