"""Saying why a promise was not kept."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.clock import now
from tickets.api.described import NUMBER, problems
from tickets.api.door import Door, body_of, opened
from tickets.services.lateness import give_reason


class LateReasonIn(serializers.Serializer[Any]):
    """Where it stuck, who has it now, when it will be done."""

    reason = serializers.CharField(max_length=500)


class LateReasonOut(serializers.Serializer[Any]):
    """The event that keeps it."""

    number = serializers.CharField()
    seq = serializers.IntegerField(help_text="事件序号")


class LateReason(Door):
    """`POST /api/v1/tickets/{number}/deadlines/{clock}/reason/`."""

    @extend_schema(
        operation_id="tickets_deadline_reason",
        tags=["诉求"],
        summary="说明超期原因",
        description="签收、联系或答复超期（红灯）后，由主办部门负责人书面说明；企业看不到。",
        request=LateReasonIn,
        parameters=[NUMBER],
        responses={200: LateReasonOut, **problems((400, 401, 403, 404, 409, 415, 422))},
        examples=[OpenApiExample("说明", {"reason": "等省厅批复，预计周五前答复。"}, request_only=True)],
    )
    def post(self, request: Request, number: str, clock: str) -> Response:
        """200 with the event."""
        at = now()
        caller, ticket = opened(request, number, at=at)
        reason = body_of(request, LateReasonIn)["reason"]
        done = give_reason(ticket_id=ticket.pk, clock=clock, caller=caller, at=at, reason=reason)
        return Response(LateReasonOut({"number": ticket.number, "seq": done.event.seq}).data)
