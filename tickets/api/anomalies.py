"""`GET /api/v1/figures/anomalies/`: what is worth checking, the events behind each group, and what was checked."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.clock import now
from tickets.access import Caller
from tickets.api.described import problems, query
from tickets.api.door import Door, body_of, public_url, staff
from tickets.api.paging import page_number
from tickets.api.rows import RowOut, page_body
from tickets.figures import Window
from tickets.figures.anomalies import BY_CODE, MOST_DAYS, Checked, Group, checked, group_of, looked_at, page_of, period
from tickets.figures.anomalies import watched_by as watched
from tickets.models import AnomalyReview
from tickets.services.checking import LONGEST, check

_HERE = "/api/v1/figures/anomalies/"
_SINCE = query("since", "起始日期（含）；与 until 都缺省时为近 30 天")
_UNTIL = query("until", f"截止日期（不含），至多 {MOST_DAYS} 天")
_KIND = query("kind", f"类型：{'、'.join(f'{kind.code}（{kind.label}）' for kind in BY_CODE.values())}")


class ReviewOut(serializers.Serializer[Any]):
    """What somebody found when they looked."""

    by = serializers.CharField()
    at = serializers.DateTimeField()
    reason = serializers.CharField()
    events = serializers.IntegerField(help_text="核对了几次")


class AnomalyGroupOut(serializers.Serializer[Any]):
    """One group worth checking."""

    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    why = serializers.CharField(help_text="为什么列出，一句话")
    observed = serializers.IntegerField(help_text="几次，即 rows 的条数")
    among = serializers.IntegerField(allow_null=True, help_text="在多少件中")
    expected = serializers.FloatField(allow_null=True, help_text="平常约几次")
    base_rate = serializers.FloatField(allow_null=True, help_text="其他部门的占比")
    checked = serializers.IntegerField(help_text="其中已核对几次")
    reviews = ReviewOut(many=True)
    rows = serializers.CharField(help_text="背后清单的地址")


class AnomalyKindOut(serializers.Serializer[Any]):
    """One kind over the period."""

    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    definition = serializers.CharField(help_text="口径，一句话")
    noticed = serializers.IntegerField(help_text="共注意到几次，平常的也算")
    among = serializers.IntegerField(allow_null=True)
    groups = AnomalyGroupOut(many=True)


class AnomaliesOut(serializers.Serializer[Any]):
    """Every kind over [since, until)."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    kinds = AnomalyKindOut(many=True)


class AnomalyRowOut(serializers.Serializer[Any]):
    """One event, and the request it belongs to."""

    seq = serializers.IntegerField(help_text="事件序号")
    at = serializers.DateTimeField()
    note = serializers.CharField(help_text="为什么列出")
    ticket = RowOut()


class AnomalyPageOut(serializers.Serializer[Any]):
    """One page of them, newest first."""

    total = serializers.IntegerField()
    results = AnomalyRowOut(many=True)
    next = serializers.CharField(allow_null=True, help_text="下一页的地址；没有则为 null")


class AnomalyReviewIn(serializers.Serializer[Any]):
    """Which group, as it was listed, and what was found."""

    kind = serializers.CharField(max_length=20)
    value = serializers.CharField(max_length=80)
    since = serializers.CharField(max_length=40, required=False, default="")
    until = serializers.CharField(max_length=40, required=False, default="")
    reason = serializers.CharField(max_length=LONGEST)


class Anomalies(Door):
    """What is worth checking."""

    @extend_schema(
        operation_id="figures_anomalies",
        tags=["统计"],
        summary="值得核对",
        description="明显不同于平常的情况，只作提示。督办员、中心主任、领导看本区划，部门负责人看本部门。",
        parameters=[_SINCE, _UNTIL],
        responses={200: AnomaliesOut, **problems((401, 403, 422))},
    )
    def get(self, request: Request) -> Response:
        """Every kind with its groups."""
        user = staff(request)
        scope, window = watched(user), _window(request.GET)
        seen = looked_at(scope, window)
        looked = checked([group for one in seen for group in one.groups])
        kinds = [
            {
                "code": one.kind.code,
                "label": one.kind.label,
                "definition": one.kind.sentence,
                "noticed": one.noticed,
                "among": one.among,
                "groups": [_group(request, window, group, looked[one.kind.code, group.value]) for group in one.groups],
            }
            for one in seen
        ]
        return Response(AnomaliesOut({"since": window.since, "until": window.until, "kinds": kinds}).data)


class AnomalyRows(Door):
    """The events behind one group."""

    @extend_schema(
        operation_id="figures_anomaly_rows",
        tags=["统计"],
        summary="一组背后的每一次",
        description="地址由 figures/anomalies 给出，照用即可。",
        parameters=[_SINCE, _UNTIL, _KIND, query("value", "组"), query("page", "页码")],
        responses={200: AnomalyPageOut, **problems((401, 403, 404, 422))},
    )
    def get(self, request: Request) -> Response:
        """One page, newest first."""
        user, get = staff(request), request.GET
        group = group_of(watched(user), _window(get), kind=get.get("kind", ""), value=get.get("value", ""))
        page = page_of(group, page_number(request))
        tickets = page_body(Caller(user), [ticket for _, ticket in page.rows], None)["results"]
        results = [
            {"seq": flag.seq, "at": flag.at, "note": flag.note, "ticket": ticket}
            for (flag, _), ticket in zip(page.rows, tickets, strict=True)
        ]
        following = request.GET.copy()
        following["page"] = str(page.page + 1)
        further = public_url(request, f"{request.path}?{following.urlencode()}") if page.page < page.pages else None
        return Response({"total": page.total, "results": results, "next": further})


class AnomalyReviews(Door):
    """已核对."""

    @extend_schema(
        operation_id="figures_anomaly_check",
        tags=["统计"],
        summary="登记已核对",
        description="由督办员登记，只增不改；之后新出现的不算已核对。",
        request=AnomalyReviewIn,
        responses={201: ReviewOut, **problems((400, 401, 403, 404, 409, 415, 422))},
        examples=[
            OpenApiExample(
                "登记",
                {"kind": "quick_reply", "value": "department:finance", "reason": "逐件回访，都是电话里当场办成的。"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """201 with the review."""
        at, user = now(), staff(request)
        body = body_of(request, AnomalyReviewIn)
        window = period(body.pop("since"), body.pop("until"), at=at)
        return Response(ReviewOut(_review(check(user=user, window=window, at=at, **body))).data, status=201)


def _group(request: Request, window: Window, group: Group, looked: Checked) -> dict[str, Any]:
    period = {"since": window.since_on.isoformat(), "until": window.until_on.isoformat()}
    asked = urlencode(period | {"kind": group.kind.code, "value": group.value})
    return {
        "value": group.value,
        "label": group.label,
        "why": group.why,
        "observed": group.observed,
        "among": group.among,
        "expected": group.expected,
        "base_rate": group.base,
        "checked": looked.covered,
        "reviews": [_review(review) for review in looked.reviews],
        "rows": public_url(request, f"{_HERE}rows/?{asked}"),
    }


def _review(review: AnomalyReview) -> dict[str, Any]:
    return {"by": review.by.name, "at": review.at, "reason": review.reason, "events": len(review.covers)}


def _window(asked: Any) -> Window:
    return period(asked.get("since", ""), asked.get("until", ""), at=now())
