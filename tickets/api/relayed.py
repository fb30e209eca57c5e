"""Messages between the firm and those who handle its request, and the lifting of the identity shield."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.clock import now
from tickets.api.described import ACCESS_CODE, KEY, NUMBER, problems
from tickets.api.door import Door, body_of, key_of, opened
from tickets.models import Event, RelayedMessage, Ticket
from tickets.services import relay, shield
from tickets.services.answered import Press, once
from tickets.services.intent import Done
from tickets.terms import Party, Remark
from tickets.timeline import actor_name


class MessageIn(serializers.Serializer[Any]):
    """Words to be passed on."""

    text = serializers.CharField(max_length=relay.TEXT_MAX, help_text="要转达的话")


class MessageOut(serializers.Serializer[Any]):
    """One message. `read_at`: when the other side had it before it."""

    seq = serializers.IntegerField(help_text="事件序号")
    from_firm = serializers.BooleanField()
    author = serializers.CharField()
    at = serializers.DateTimeField()
    text = serializers.CharField(allow_blank=True)
    read_at = serializers.DateTimeField(allow_null=True)


class ConversationOut(serializers.Serializer[Any]):
    """The whole conversation, oldest first."""

    results = MessageOut(many=True)


class Messages(Door):
    """`/api/v1/tickets/{number}/messages/`."""

    @extend_schema(
        operation_id="tickets_messages",
        tags=["留言"],
        summary="读取留言",
        description="企业带 X-Access-Code，工作人员带令牌。企业和承办方读取后，对方写的算已读。",
        parameters=[NUMBER, ACCESS_CODE],
        responses={200: ConversationOut, **problems((401, 404, 429))},
    )
    def get(self, request: Request, number: str) -> Response:
        """The conversation as the caller may see it."""
        at = now()
        caller, ticket = opened(request, number, at=at)
        if relay.writer(caller, ticket):
            relay.seen(ticket, by_firm=caller.firm, at=at)
        return Response(ConversationOut({"results": _conversation(ticket)}).data)

    @extend_schema(
        operation_id="tickets_message",
        tags=["留言"],
        summary="转达留言",
        description="企业、承办部门、受理员可写。同一方十分钟内重复同一句话只算一条。",
        request=MessageIn,
        parameters=[NUMBER, ACCESS_CODE, KEY],
        responses={201: MessageOut, **problems((400, 401, 403, 404, 409, 415, 422, 429))},
        examples=[OpenApiExample("留言", {"text": "请问设备清单可否再补一份？"}, request_only=True)],
    )
    def post(self, request: Request, number: str) -> Response:
        """201 with the message; 409 once the request has ended."""
        at = now()
        caller, ticket = opened(request, number, at=at)
        body = body_of(request, MessageIn)
        press = Press(action=Remark.MESSAGE, ticket=ticket, caller=caller, body=body, key=key_of(request))

        def send() -> Done:
            return Done(ticket, relay.send(ticket_id=ticket.pk, caller=caller, at=at, text=body["text"]))

        event = once(press, at=at, make=send).event
        return Response(MessageOut(_message(event, None)).data, status=201)


def _conversation(ticket: Ticket) -> list[dict[str, Any]]:
    read = {one.seq: one for one in RelayedMessage.objects.of_ticket(ticket)}
    events = Event.objects.filter(ticket=ticket, kind=Remark.MESSAGE).select_related("actor", "text").order_by("seq")
    return [_message(event, read.get(event.seq)) for event in events]


def _message(event: Event, kept: RelayedMessage | None) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "from_firm": event.party == Party.FIRM,
        "author": actor_name(event),
        "at": event.happened_at,
        "text": event.text.body if event.text else "",
        "read_at": kept.read_at if kept else None,
    }


class RevealIn(serializers.Serializer[Any]):
    """Why the firm must be known; the firm reads it."""

    reason = serializers.CharField(max_length=shield.REASON_MAX, help_text=f"至少 {shield.REASON_MIN} 个字，企业会看到")


class RevealOut(serializers.Serializer[Any]):
    """Until when this caller, and nobody else, reads the firm's identity in `GET /tickets/{number}/`."""

    number = serializers.CharField()
    seq = serializers.IntegerField(help_text="事件序号")
    until = serializers.DateTimeField()


class RevealDoor(Door):
    """`POST /api/v1/tickets/{number}/reveal/`."""

    @extend_schema(
        operation_id="tickets_reveal",
        tags=["留言"],
        summary="查看被保密的身份",
        description="主办部门负责人或企服中心主任，写明理由。只限本人、24 小时；企业立即看到谁、何时、为什么。",
        request=RevealIn,
        parameters=[NUMBER],
        responses={200: RevealOut, **problems((400, 401, 403, 404, 409, 415, 422))},
        examples=[OpenApiExample("查看", {"reason": "兑付奖补资金须核对开户名称。"}, request_only=True)],
    )
    def post(self, request: Request, number: str) -> Response:
        """200 with the end of the sight."""
        at = now()
        caller, ticket = opened(request, number, at=at)
        reason = body_of(request, RevealIn)["reason"]
        sight = shield.reveal(ticket_id=ticket.pk, caller=caller, at=at, reason=reason)
        return Response(RevealOut({"number": ticket.number, "seq": sight.seq, "until": sight.until}).data)
