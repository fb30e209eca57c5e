"""Why: the routing decision, and how a due time came about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.clock import now
from qihu.errors import Forbidden, Invalid, Unknown
from tickets.api.described import ACCESS_CODE, NUMBER, problems, query
from tickets.api.door import Door, opened
from tickets.api.read import DepartmentOut
from tickets.derived import Rung, derivation, rungs
from tickets.models import Deadline, Decision


class RuleOut(serializers.Serializer[Any]):
    """A line of the rule set."""

    position = serializers.IntegerField()
    name = serializers.CharField()


class DecisionOut(serializers.Serializer[Any]):
    """One routing decision with everything it rested on."""

    number = serializers.CharField()
    rule_set = serializers.IntegerField(help_text="规则集版本")
    rule = RuleOut(allow_null=True, help_text="适用的规则；null：无一适用，转人工研判")
    department = DepartmentOut(allow_null=True)
    co_departments = serializers.ListField(child=serializers.CharField())
    confidence = serializers.FloatField(allow_null=True)
    reason = serializers.CharField()
    facts = serializers.DictField(help_text="所见事实，不含内容")
    second = serializers.DictField(allow_null=True, help_text="次选")
    decided_at = serializers.DateTimeField()


class Why(Door):
    """`GET /api/v1/tickets/{number}/decision/`."""

    @extend_schema(
        operation_id="tickets_decision",
        tags=["诉求"],
        summary="为什么交到这里",
        description="最近一次自动交办的依据：规则集版本、规则、所见事实、次选。供工作人员查看。",
        parameters=[NUMBER],
        responses={200: DecisionOut, **problems((401, 403, 404))},
    )
    def get(self, request: Request, number: str) -> Response:
        """404 until the rules have decided."""
        caller, ticket = opened(request, number, at=now())
        if caller.firm:
            raise Forbidden("交办依据供工作人员查看。")
        decision = Decision.objects.latest_of(ticket)
        if decision is None:
            raise Unknown("这件诉求还没有自动交办的记录。")
        return Response(DecisionOut(_decision(ticket.number, decision)).data)


def _decision(number: str, decision: Decision) -> dict[str, Any]:
    ruling = decision.facts["ruling"]
    place = ruling["rule_position"]
    lead = decision.department
    return {
        "number": number,
        "rule_set": decision.rule_set.number,
        "rule": None if place is None else {"position": place, "name": ruling["rule_name"]},
        "department": {"code": lead.code, "name": lead.name} if lead else None,
        "co_departments": ruling["co_departments"],
        "confidence": ruling["confidence"],
        "reason": decision.reason,
        "facts": decision.facts["seen"],
        "second": decision.second,
        "decided_at": decision.decided_at,
    }


class StepOut(serializers.Serializer[Any]):
    """One line of the derivation."""

    date = serializers.DateField()
    text = serializers.CharField()
    seconds = serializers.IntegerField(help_text="这一步计入的秒数")
    at = serializers.DateTimeField(help_text="算到的时刻")


class LadderOut(serializers.Serializer[Any]):
    """A step of the ladder."""

    step = serializers.CharField(source="words")
    effect = serializers.CharField()
    at = serializers.DateTimeField()
    state = serializers.ChoiceField(
        choices=["lit", "rehearsed", "ahead", "passed"], help_text="已触发、演练、未到、未触发即结束"
    )


class ExplainOut(serializers.Serializer[Any]):
    """How a due time came about. `steps` is empty for a clock that is only reported."""

    number = serializers.CharField()
    clock = serializers.CharField()
    round = serializers.IntegerField()
    promise = serializers.CharField(allow_null=True, help_text="承诺的时长，如 5wd")
    started_at = serializers.DateTimeField()
    promised_due_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    provisional = serializers.BooleanField()
    steps = StepOut(many=True)
    ladder = LadderOut(many=True, help_text="预警与督办阶梯；仅供工作人员")


class Explain(Door):
    """`GET /api/v1/tickets/{number}/deadlines/{clock}/explain/`."""

    @extend_schema(
        operation_id="tickets_deadline_explain",
        tags=["诉求"],
        summary="时限是怎么算的",
        description="逐日推算到现行承诺；同一时限有多次时取最近一次，可用 round 指定轮次。",
        parameters=[NUMBER, ACCESS_CODE, query("round", "办理轮次", kind=OpenApiTypes.INT)],
        responses={200: ExplainOut, **problems((401, 404, 422, 429))},
    )
    def get(self, request: Request, number: str, clock: str) -> Response:
        """The newest row of that clock."""
        caller, ticket = opened(request, number, at=now())
        wanted = _round(request)
        rows = [d for d in Deadline.objects.reckoned(ticket, clock) if wanted in {None, d.round}]
        if not rows:
            raise Unknown("这件诉求没有这个时限。")
        steps = [] if caller.firm else rungs(rows[0], rows[0].alerts.all())
        return Response(ExplainOut(_reckoned(ticket.number, rows[0], steps)).data)


def _round(request: Request) -> int | None:
    typed = request.GET.get("round", "")
    if not typed:
        return None
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 6):
        raise Invalid("round 应为轮次的数字。", fields={"round": "应为数字。"})
    return int(typed)


def _reckoned(number: str, deadline: Deadline, steps: Sequence[Rung]) -> dict[str, Any]:
    names = ("clock", "round", "started_at", "promised_due_at", "due_at", "provisional")
    return {name: getattr(deadline, name) for name in names} | {
        "number": number,
        "promise": f"{deadline.amount}{deadline.unit}" if deadline.promise else None,
        "steps": [
            {"date": step.date, "text": step.text, "seconds": step.seconds, "at": step.at}
            for step in derivation(deadline)
        ],
        "ladder": steps,
    }
