"""`GET /api/v1/figures/load/`: arrivals by hour and kind of day, workload, capacity against what is coming."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.clock import now
from routing.promises.book import current_book
from tickets.api.described import problems, query
from tickets.api.door import Door, staff
from tickets.api.process_rows import CountOut, Counts, of_moment, of_window
from tickets.figures import arrivals, load
from tickets.figures.process_lists import window_asked
from tickets.figures.seen import own_officers, requests_of


class ArrivalsOut(serializers.Serializer[Any]):
    """One kind of day."""

    kind = serializers.CharField(help_text="、".join(f"{code} {label}" for code, label in arrivals.KINDS.items()))
    days = serializers.IntegerField()
    average = serializers.FloatField(allow_null=True, help_text="每天件数")
    total = CountOut()
    hours = CountOut(many=True)


class WorkloadOut(serializers.Serializer[Any]):
    """One department, or one officer of the caller's own department."""

    department = serializers.CharField(allow_blank=True, help_text="空为没有主办部门")
    is_officer = serializers.BooleanField()
    officer = serializers.CharField(allow_null=True, help_text="姓名；null 为部门合计，或还没有经办人")
    open = CountOut()
    late = CountOut()
    closed = CountOut()
    broken = CountOut()


class CapacityOut(serializers.Serializer[Any]):
    """One department."""

    department = serializers.CharField()
    open = CountOut()
    closed = CountOut()
    closed_a_day = serializers.FloatField(help_text="每个工作日")
    came = CountOut()
    coming = serializers.FloatField(help_text="今后 5 个工作日预计来件")
    coming_low = serializers.IntegerField(help_text="80 % 区间")
    coming_high = serializers.IntegerField()
    backlog_days = serializers.FloatField(allow_null=True, help_text="工作日；办结不足 20 次为 null")
    open_then = serializers.FloatField(help_text="五个工作日后在办")


class LoadOut(serializers.Serializer[Any]):
    """All of it."""

    as_of = serializers.DateTimeField()
    arrivals_definition = serializers.CharField()
    arrivals = ArrivalsOut(many=True)
    held_definition = serializers.CharField()
    held = WorkloadOut(many=True)
    capacity_definition = serializers.CharField()
    capacity = CapacityOut(many=True)


class LoadFigures(Door):
    """Over what the caller's board covers; officers by name for the head of their department alone."""

    @extend_schema(
        operation_id="figures_load",
        tags=["统计"],
        summary="来件、工作量与办结能力",
        description="来件按钟点和日子（时段内）；部门在办、办结、超期，本部门负责人另见经办人；办结能力与预计来件（此刻）。",
        parameters=[query("since", "起始日期（含）"), query("until", "截止日期（不含）"), query("as_of", "截止时点")],
        responses={200: LoadOut, **problems((401, 403, 422))},
    )
    def get(self, request: Request) -> Response:
        """All of it."""
        user, at = staff(request), now()
        scope, calendar = requests_of(user), current_book().calendar()
        window = window_asked(request.GET.dict(), at)
        then, moment = of_window(request, window), of_moment(request, at)
        ahead = load.capacity(scope, at=at, calendar=calendar)
        closed_in, came_in = of_window(request, ahead.closed_in), of_window(request, ahead.came_in)
        held = load.held(window, scope=scope, officers_of=own_officers(user))
        rows = arrivals.arrivals(window, scope=scope, calendar=calendar)
        body = {
            "as_of": window.as_of,
            "arrivals_definition": arrivals.SENTENCE,
            "arrivals": [_arrived(one, then) for one in rows],
            "held_definition": load.SENTENCE,
            "held": [_held(one, then, moment) for one in held],
            "capacity_definition": load.CAPACITY_SENTENCE,
            "capacity": [_capacity(one, moment, closed_in, came_in) for one in ahead.departments],
        }
        return Response(LoadOut(body).data)


def _arrived(one: arrivals.Row, counts: Counts) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "days": one.days,
        "average": one.average,
        "total": counts.number(one.total, "arrived", kind=one.kind),
        "hours": [counts.number(n, "arrived", kind=one.kind, hour=str(hour)) for hour, n in enumerate(one.hours)],
    }


def _held(one: load.Held, then: Counts, moment: Counts) -> dict[str, Any]:
    place = {"department": one.department} | ({"officer": str(one.officer or "")} if one.is_officer else {})
    return {
        "department": one.department,
        "is_officer": one.is_officer,
        "officer": one.name or None,
        "open": moment.number(one.open, "open", **place),
        "late": moment.number(one.late, "open", part="late", **place),
        "closed": then.number(one.closed, "closed", **place),
        "broken": then.number(one.broken, "broken", **place),
    }


def _capacity(one: load.Capacity, moment: Counts, closed_in: Counts, came_in: Counts) -> dict[str, Any]:
    place = {"department": one.department}
    return {
        **place,
        "open": moment.number(one.open, "open", **place),
        "closed": closed_in.number(one.closed, "closed", **place),
        "closed_a_day": one.a_day,
        "came": came_in.number(one.coming.n, "came", **place),
        "coming": round(one.coming.mean, 3),
        "coming_low": one.coming.low,
        "coming_high": one.coming.high,
        "backlog_days": one.backlog,
        "open_then": round(one.then, 3),
    }
