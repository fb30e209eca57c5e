"""`POST /api/v1/entries/` and `/tickets/{number}/sources/`: what somebody of the staff writes down for a firm."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.clock import now
from qihu.errors import Forbidden
from tickets import access
from tickets.access import Caller
from tickets.api.described import KEY, NUMBER, problems
from tickets.api.door import Door, body_of, key_of, public_url, staff
from tickets.api.moves import MovedOut, moved
from tickets.api.submit import SubmitIn
from tickets.models import Ticket
from tickets.models.source import DETAIL_MAX, REFERENCE_MAX
from tickets.services import entry
from tickets.services.entry import Heard

_CHANNELS = [(one.value, one.label) for one in access.ON_BEHALF]


class SourceIn(serializers.Serializer[Any]):
    """How the matter reached us."""

    channel = serializers.ChoiceField(_CHANNELS, help_text="渠道；部门只能用 visit")
    received_at = serializers.DateTimeField(help_text="收到时间，不晚于现在")
    reference = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=REFERENCE_MAX, help_text="原系统编号，不能重复录入"
    )
    detail = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=DETAIL_MAX, help_text="来源说明"
    )

    @staticmethod
    def heard(body: dict[str, Any]) -> Heard:
        """The checked body as the verbs take it."""
        return Heard(
            channel=body["channel"],
            received_at=body["received_at"],
            reference=body["reference"],
            detail=body["detail"],
        )


class EntryIn(SubmitIn, SourceIn):
    """A filing with its source."""

    qr_code: Any = None
    visibility: Any = None
    firm: Any = None
    urgent = serializers.BooleanField(default=False, help_text="紧急")


class EnteredOut(serializers.Serializer[Any]):
    """What was entered. The access code is the firm's and is not given here."""

    number = serializers.CharField()
    submitted_at = serializers.DateTimeField()
    url = serializers.CharField(help_text="办理页")


_SOURCE: dict[str, object] = {
    "channel": "hotline",
    "received_at": "2026-11-22T10:30:00+08:00",
    "reference": "12345-20261122-0088",
    "detail": "12345-8 转来",
}
_ENTRY: dict[str, object] = _SOURCE | {
    "text": "新产线扩建，资金缺口1500万元，希望协调银行授信。",
    "chain_tag": "capital",
    "enterprise": {"name": "衢州安捷线束有限公司", "uscc": ""},
    "contact": {"name": "李娜", "phone": "13800000000"},
    "region": "330800",
}
_ENTERED = {
    "number": "QH-20261122-000123",
    "submitted_at": "2026-11-22T10:42:00+08:00",
    "url": "https://qihu.example/desk/t/QH-20261122-000123/",
}
_ADDED = {
    "number": "QH-20261122-000123",
    "move": "source",
    "seq": 4,
    "status": "in_progress",
    "at": "2026-11-22T10:47:00+08:00",
}


class Entries(Door):
    """On-behalf entry."""

    @extend_schema(
        operation_id="entries_create",
        tags=["代录"],
        summary="代企业录入",
        description="受理员按各渠道，部门经办和负责人按走访录入。企业联系人的手机收到带一次性核对链接的短信。"
        "原编号已录入过则 409（known-source）。",
        request=EntryIn,
        parameters=[KEY],
        responses={201: EnteredOut, 200: EnteredOut, **problems((400, 401, 403, 409, 415, 422))},
        examples=[
            OpenApiExample("热线转来", _ENTRY, request_only=True),
            OpenApiExample("已录入", _ENTERED, response_only=True, status_codes=["201", "200"]),
        ],
    )
    def post(self, request: Request) -> Response:
        """201 the first time, 200 for a key that was seen."""
        user, at = staff(request), now()
        if not access.channels_of(user):
            raise Forbidden("代企业录入由受理员办理；部门经办可以录入走访中听到的诉求。")
        body = body_of(request, EntryIn)
        filed = EntryIn.filed(body, channel=body["channel"], urgent=body["urgent"])
        filed = replace(filed, region=filed.region or settings.DEFAULT_REGION)
        key = f"api|{key_of(request) or uuid.uuid4()}"
        got = entry.enter(filed=filed, heard=EntryIn.heard(body), caller=Caller(user), key=key, at=at)
        ticket = got.ticket
        url = public_url(request, f"/desk/t/{ticket.number}/")
        out = EnteredOut({"number": ticket.number, "submitted_at": ticket.submitted_at, "url": url})
        return Response(out.data, status=status.HTTP_200_OK if got.repeated else status.HTTP_201_CREATED)


class Sources(Door):
    """The same matter by another channel."""

    @extend_schema(
        operation_id="tickets_add_source",
        tags=["代录"],
        summary="并入又一个来源",
        description="同一件事又经另一渠道收到：并入这件诉求，不另立一件。",
        request=SourceIn,
        parameters=[NUMBER],
        responses={200: MovedOut, **problems((400, 401, 403, 404, 409, 415, 422))},
        examples=[
            OpenApiExample("又经热线收到", _SOURCE, request_only=True),
            OpenApiExample("已并入", _ADDED, response_only=True),
        ],
    )
    def post(self, request: Request, number: str) -> Response:
        """Who may see it, then what was sent, then one verb."""
        user, at = staff(request), now()
        ticket: Ticket = access.ticket_or_404(user, number)
        heard = SourceIn.heard(body_of(request, SourceIn))
        done = entry.add_source(ticket_id=ticket.pk, heard=heard, caller=Caller(user), at=at)
        return moved(number, done.event, version=done.ticket.version)
