"""`POST /api/v1/topics/{number}/{act}/`: the table of topics' acts, each with the shape of its body and its verb."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.accounts.models import User
from qihu.clock import now
from tickets.access import Caller
from tickets.api import topic_bodies as b
from tickets.api.bodies import NothingIn
from tickets.api.described import IF_MATCH, problems
from tickets.api.door import Door, body_of, etag, staff, version_of
from tickets.models import Topic, TopicEvent
from tickets.services.topics import dismissing, entrusting, gathering
from tickets.services.topics.acting import permit
from tickets.services.topics.entrusting import Trust, trust
from tickets.topic_access import tickets_named, topic_or_404
from tickets.topic_moves import TOPIC_MOVES, TopicAct, TopicRole, TopicState

TOPIC = OpenApiParameter("number", OpenApiTypes.STR, OpenApiParameter.PATH, description="专题编号，如 ZT-000012")
_TRUSTED = ("department", "due_on", "owner")


def trust_of(body: Mapping[str, Any], at: datetime) -> Trust | None:
    """Who is to lead, None where nobody was named."""
    return trust(**{name: body[name] for name in _TRUSTED if name in body}, at=at) if "department" in body else None


def keys_of(user: User, numbers: list[str]) -> list[int]:
    """Keys of requests that this person may see. Raises `Unknown`."""
    return [ticket.pk for ticket in tickets_named(user, numbers)]


def _plain(body: dict[str, Any], user: User, at: datetime) -> dict[str, Any]:
    return body


def _opening(body: dict[str, Any], user: User, at: datetime) -> dict[str, Any]:
    chosen = keys_of(user, body["tickets"]) if "tickets" in body else None
    return {"title": body.get("title", ""), "tickets": chosen, "trust": trust_of(body, at)}


def _several(body: dict[str, Any], user: User, at: datetime) -> dict[str, Any]:
    return {"tickets": keys_of(user, body["tickets"])}


def _single(body: dict[str, Any], user: User, at: datetime) -> dict[str, Any]:
    rest = {name: value for name, value in body.items() if name != "ticket"}
    return rest | {"ticket_id": keys_of(user, [body["ticket"]])[0]}


def _trusting(body: dict[str, Any], user: User, at: datetime) -> dict[str, Any]:
    return {"asked": trust_of(body, at)}


@dataclass(frozen=True, slots=True)
class TopicWay:
    """How an act comes in; `reads` makes the verb's arguments of the checked body."""

    verb: Callable[..., Topic]
    body: type[serializers.Serializer[Any]]
    example: Mapping[str, object]
    reads: Callable[[dict[str, Any], User, datetime], dict[str, Any]] = _plain


_A, _ONE = TopicAct, "QH-20261122-000123"
# fmt: off
TOPIC_WAYS: Mapping[TopicAct, TopicWay] = {
    _A.OPEN: TopicWay(gathering.open_proposal, b.TopicOpenIn, {
        "title": "人才公寓轮候太久", "department": "talent", "due_on": "2026-12-20"}, _opening),
    _A.GATHER: TopicWay(gathering.gather, b.TopicTicketsIn, {"tickets": [_ONE]}, _several),
    _A.REMOVE: TopicWay(gathering.remove, b.TopicTicketIn, {"ticket": _ONE}, _single),
    _A.MUTE: TopicWay(gathering.mute, b.TopicMuteIn, {"ticket": _ONE, "muted": True}, _single),
    _A.ENTRUST: TopicWay(entrusting.entrust, b.TopicEntrustIn, {
        "department": "talent", "due_on": "2026-12-20", "owner": "head.talent"}, _trusting),
    _A.MEASURE: TopicWay(entrusting.measure, b.TopicMeasureIn, {"text": "新增房源 200 套，按月公布轮候顺序。"}),
    _A.PUBLISH: TopicWay(entrusting.publish_result, b.TopicPublishIn, {
        "text": "房源已增加 200 套。", "message": "人才公寓已新增房源 200 套，排到的企业会收到短信。"}),
    _A.CLOSE: TopicWay(entrusting.close, NothingIn, {}),
    _A.DISMISS: TopicWay(dismissing.dismiss, b.TopicDismissIn, {"text": "只是字面相近。"}),
}
# fmt: on


class TopicDoneOut(serializers.Serializer[Any]):
    """The act as the topic's log has it."""

    number = serializers.CharField()
    act = serializers.CharField()
    seq = serializers.IntegerField(help_text="专题日志的序号")
    state = serializers.CharField(help_text="办过之后的状态")
    at = serializers.DateTimeField()


def done(topic: Topic, event: TopicEvent, *, status: int = 200, **headers: str) -> Response:
    """What an act is answered with; the ETag is the topic's version after it."""
    body = {
        "number": topic.number,
        "act": event.kind,
        "seq": event.seq,
        "state": topic.state,
        "at": event.happened_at,
    }
    return Response(TopicDoneOut(body).data, status=status, headers={"ETag": etag(topic.version), **headers})


class Act(Door):
    """One act of the table; `act` is set for each address."""

    act: ClassVar[TopicAct]

    def post(self, request: Request, number: str) -> Response:
        """Who may see it, who may do it, what was sent — in this order — then one verb."""
        at, user, way = now(), staff(request), TOPIC_WAYS[self.act]
        topic = topic_or_404(user, number)
        permit(self.act, caller=Caller(user), topic=topic)
        said = way.reads(body_of(request, way.body), user, at)
        version = version_of(request)
        after = way.verb(topic_id=topic.pk, caller=Caller(user), at=at, expected_version=version, **said)
        return done(after, after.log.get(seq=after.last_seq))


def act_door(act: TopicAct) -> Callable[..., Any]:
    """The view of one act, described for the OpenAPI document."""
    way, move = TOPIC_WAYS[act], TOPIC_MOVES[act]
    who = "、".join(role.label for role in TopicRole if role in move.by)
    states = "、".join(state.label for state in TopicState if state in move.sources)
    described = extend_schema(
        operation_id=f"topics_{act}",
        tags=["举一反三"],
        summary=act.label,
        description=f"{who}办理；专题在“{states}”时。",
        request=way.body,
        parameters=[TOPIC, IF_MATCH],
        responses={200: TopicDoneOut, **problems((400, 401, 403, 404, 409, 412, 415, 422))},
        examples=[
            OpenApiExample(str(act.label), dict(way.example), request_only=True),
            OpenApiExample("已办", _DONE | {"act": str(act), "state": str(move.target or "open")}, response_only=True),
        ],
    )
    view: type[Act] = type(f"Topic{act.name.title()}Door", (Act,), {"act": act, "__doc__": act.label})
    return extend_schema_view(post=described)(view).as_view()


_DONE = {"number": "ZT-000012", "seq": 2, "at": "2026-11-22T10:47:00+08:00"}
