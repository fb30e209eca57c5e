"""`POST /api/v1/tickets/{number}/{move}/`: a table of moves, each with the shape of its body and its verb."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.clock import now
from tickets.access import Caller
from tickets.api.bodies import (
    AssignIn,
    ClassifyIn,
    NothingIn,
    RateIn,
    ReplyIn,
    ReworkIn,
    SendBackIn,
    WithdrawIn,
    WordIn,
    WrittenIn,
)
from tickets.api.described import ACCESS_CODE, IF_MATCH, KEY, NUMBER, problems
from tickets.api.door import Door, body_of, etag, key_of, opened, version_of
from tickets.services import closing, dispatch, handling, review
from tickets.services.answered import Answered, Press, once, permit
from tickets.services.intent import Done
from tickets.workflow import BY_ACTION, Action, Party

Verb = Callable[..., Done]


@dataclass(frozen=True, slots=True)
class Way:
    """How a move comes in: its verb, the shape of its body, and an example for the document."""

    verb: Verb
    body: type[serializers.Serializer[Any]]
    example: Mapping[str, object]


_A = Action
WAYS: Mapping[Action, Way] = {
    _A.ASSIGN: Way(dispatch.assign, AssignIn, {"department": "finance", "co_departments": ["rural-bank"]}),
    _A.REASSIGN: Way(dispatch.reassign, AssignIn, {"department": "economy", "text": "属账款拖欠，由经信局办理。"}),
    _A.CLASSIFY: Way(dispatch.classify, ClassifyIn, {"difficulty": "L3", "urgent": False}),
    _A.SIGN: Way(handling.sign, NothingIn, {}),
    _A.CONTACT: Way(handling.contact, WrittenIn, {"text": "已电话联系，约定周二到厂。"}),
    _A.INTERIM: Way(handling.interim, WrittenIn, {"text": "计划本周组织银企对接。"}),
    _A.NOTE: Way(handling.note, WrittenIn, {"text": "农商银行已受理。"}),
    _A.REPLY: Way(handling.reply, ReplyIn, {"outcome": "solved", "text": "已协调农商银行授信1500万元。"}),
    _A.SEND_BACK: Way(review.send_back, SendBackIn, {"text": "请写明利率和期限。"}),
    _A.DELIVER: Way(review.deliver, WordIn, {}),
    _A.RATE: Way(closing.rate, RateIn, {"process": 5, "result": 5, "text": "很快。"}),
    _A.REWORK: Way(closing.rework, ReworkIn, {"reason": "款项还没有到账。"}),
    _A.WITHDRAW: Way(closing.withdraw, WithdrawIn, {"reason": "已自行解决。"}),
    _A.URGE: Way(closing.urge, WordIn, {}),
}


class MovedOut(serializers.Serializer[Any]):
    """The move as the log has it: it reads the same whenever the same key is sent again."""

    number = serializers.CharField()
    move = serializers.CharField()
    seq = serializers.IntegerField(help_text="事件序号")
    status = serializers.CharField(help_text="这个动作之后的状态")
    at = serializers.DateTimeField()


class Make(Door):
    """One move of the table; `action` is set for each address."""

    action: ClassVar[Action]

    def post(self, request: Request, number: str) -> Response:
        """Who may see it, who may make it, what was sent — in this order — then one verb."""
        at = now()
        caller, ticket = opened(request, number, at=at)
        permit(self.action, caller=caller, ticket=ticket)
        way = WAYS[self.action]
        body = body_of(request, way.body)
        press = Press(action=self.action, ticket=ticket, caller=caller, body=body, key=key_of(request))
        make = partial(_made, way, press, at=at, expected_version=version_of(request))
        return _answer(press, once(press, at=at, make=make))


def _made(way: Way, press: Press, *, at: datetime, expected_version: int | None) -> Done:
    """The firm's verbs are the firm's alone and take no caller."""
    who: dict[str, Caller] = {} if Party.FIRM in BY_ACTION[press.action].by else {"caller": press.caller}
    return way.verb(ticket_id=press.ticket.pk, at=at, expected_version=expected_version, **who, **press.body)


def _answer(press: Press, answered: Answered) -> Response:
    event = answered.event
    body = {
        "number": press.ticket.number,
        "move": event.kind,
        "seq": event.seq,
        "status": event.to_status,
        "at": event.happened_at,
    }
    headers = {"ETag": etag(answered.version)} if answered.version else {}
    return Response(MovedOut(body).data, headers=headers)


def door_of(action: Action) -> Callable[..., Any]:
    """The view of one move, described for the OpenAPI document."""
    way, move = WAYS[action], BY_ACTION[action]
    who = "、".join(party.label for party in Party if party in move.by and party != Party.SYSTEM)
    example = OpenApiExample(action.label, dict(way.example), request_only=True)
    described = extend_schema(
        operation_id=f"tickets_{action}",
        tags=["办理"],
        summary=action.label,
        description=f"{who}办理。",
        request=way.body,
        parameters=[NUMBER, ACCESS_CODE, KEY, IF_MATCH],
        responses={200: MovedOut, **problems((400, 401, 403, 404, 409, 412, 415, 422, 429))},
        examples=[example, OpenApiExample("已办", _MOVED | {"move": str(action)}, response_only=True)],
    )
    view: type[Make] = type(f"{action.name.title()}Door", (Make,), {"action": action, "__doc__": action.label})
    return extend_schema_view(post=described)(view).as_view()


_MOVED = {
    "number": "QH-20261122-000123",
    "seq": 3,
    "status": "in_progress",
    "at": "2026-11-22T10:47:00+08:00",
}
