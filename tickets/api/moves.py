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

from qihu.address import seen_from
from qihu.clock import now
from tickets.api import bodies as b
from tickets.api.described import ACCESS_CODE, IF_MATCH, KEY, NUMBER, problems
from tickets.api.door import Door, body_of, etag, key_of, opened, version_of
from tickets.models import Event
from tickets.services import callback, centre, closing, departure, dispatch, handling, joining, legs, review
from tickets.services.answered import Answered, Press, once, permit, status_after
from tickets.services.intent import Done
from tickets.services.origins import Origin
from tickets.workflow import LEG_MOVES, Action, LegAction, Party, approvers, parties_of

Verb = Callable[..., Done]


@dataclass(frozen=True, slots=True)
class Way:
    """How a move comes in: its verb, the shape of its body, and an example for the document.

    `traced`: which network it came from is kept, as a hash (`tickets.services.origins`).
    """

    verb: Verb
    body: type[serializers.Serializer[Any]]
    example: Mapping[str, object]
    traced: bool = False


_A, _L = Action, LegAction
# fmt: off
WAYS: Mapping[Action | LegAction, Way] = {
    _A.ASSIGN: Way(dispatch.assign, b.AssignIn, {"department": "finance", "co_departments": ["rural-bank"]}),
    _A.REQUEST_INFO: Way(centre.request_info, b.RequestInfoIn, {"items": ["营业执照副本", "近三年纳税证明"]}),
    _A.SUPPLEMENT: Way(closing.supplement, b.WrittenIn, {"text": "材料已补齐：近三年纳税合计 320 万元。"}),
    _A.CLASSIFY: Way(dispatch.classify, b.ClassifyIn, {"difficulty": "L3", "urgent": False}),
    _A.REJECT: Way(centre.reject, b.RejectIn, {"reason": "litigation", "text": "案件已由法院受理，请向承办法官反映。"}),
    _A.MERGE: Way(joining.merge, b.MergeIn, {"into": "QH-20261122-000120"}),
    _A.SPLIT: Way(joining.split, b.SplitIn, {"parts": [
        {"text": "协调银行授信 1500 万元。", "department": "finance"},
        {"text": "协调扩建用地 20 亩。", "department": "land"}]}),
    _A.REASSIGN: Way(dispatch.reassign, b.AssignIn, {"department": "economy", "text": "属账款拖欠，由经信局办理。"}),
    _A.ASSIGN_LEG: Way(legs.assign_leg, b.AssignLegIn, {"departments": ["rural-bank"], "text": "请提供授信方案。"}),
    _L.LEG_SIGN: Way(legs.leg_sign, b.LegSignIn, {}),
    _L.LEG_REPLY: Way(legs.leg_reply, b.LegReplyIn, {"text": "可授信 1500 万元，年利率 3.6 %。"}),
    _L.LEG_RETURN: Way(legs.leg_return, b.LegReturnIn, {"reason": "企业开户行不在本行。"}),
    _A.SIGN: Way(handling.sign, b.NothingIn, {}),
    _A.CONTACT: Way(handling.contact, b.WrittenIn, {"text": "已电话联系，约定周二到厂。"}),
    _A.INTERIM: Way(handling.interim, b.WrittenIn, {"text": "计划本周组织银企对接。"}),
    _A.NOTE: Way(handling.note, b.WrittenIn, {"text": "农商银行已受理。"}),
    _A.OBJECT: Way(departure.object_to, b.ObjectIn, {
        "reason": "not_our_duty", "basis": "“三定”规定第四条", "suggested_department": "economy"}),
    _A.RULE_ON_RETURN: Way(dispatch.rule_on_return, b.RuleIn, {
        "upheld": True, "text": "账款拖欠由经信局负责。", "department": "economy"}),
    _A.EXTEND: Way(departure.extend, b.ExtendIn, {"reason": "银行评审排期在下周。", "until": "2026-12-04"}),
    _A.SUSPEND: Way(departure.suspend, b.SuspendIn, {"reason": "quota", "text": "待下月专项额度。"}),
    _A.RESUME: Way(departure.resume, b.WordIn, {}),
    _A.RAISE_TIER: Way(centre.raise_tier, b.ReasonIn, {"reason": "涉及多部门，需市级协调。"}),
    _A.REPLY: Way(handling.reply, b.ReplyIn, {"outcome": "solved", "text": "已协调农商银行授信1500万元。"}),
    _A.SEND_BACK: Way(review.send_back, b.SendBackIn, {"text": "请写明利率和期限。"}),
    _A.DELIVER: Way(review.deliver, b.WordIn, {}),
    _A.RATE: Way(closing.rate, b.RateIn, {"process": 5, "result": 5, "text": "很快。"}, traced=True),
    _A.REWORK: Way(closing.rework, b.AgainIn, {"reason": "款项还没有到账。"}),
    _A.CALL_BACK: Way(callback.call_back, b.CallBackIn, {
        "contacted": True, "was_contacted": True, "solved": True, "satisfied": True}),
    _A.REOPEN: Way(closing.reopen, b.AgainIn, {"reason": "银行又收回了额度。"}),
    _A.WITHDRAW: Way(closing.withdraw, b.WithdrawIn, {"reason": "已自行解决。"}),
    _A.URGE: Way(closing.urge, b.WordIn, {}),
    _A.SUPERVISE: Way(centre.supervise, b.TextIn, {"text": "请一个工作日内书面说明进展。"}),
    _A.INSTRUCT: Way(centre.instruct, b.TextIn, {"text": "请金融办专班跟进。"}),
    _A.ANSWER_SUPERVISION: Way(centre.answer_supervision, b.TextIn, {"text": "已与银行会商，周五前放款。"}),
    _A.FOLLOW_UP: Way(handling.follow_up, b.FollowUpIn, {"text": "管网已进场施工。", "next_on": "2026-12-31"}),
    _A.EXCLUDE: Way(centre.exclude, b.ReasonIn, {"reason": "企业误评，已书面更正。"}),
    _A.MARK_TEST: Way(centre.mark_test, b.ReasonIn, {"reason": "上线演练提交。"}),
}
# fmt: on


class MovedOut(serializers.Serializer[Any]):
    """The move as the log has it: it reads the same whenever the same key is sent again."""

    number = serializers.CharField()
    move = serializers.CharField()
    seq = serializers.IntegerField(help_text="事件序号")
    status = serializers.CharField(help_text="这个动作之后的状态")
    at = serializers.DateTimeField()


class AskedOut(MovedOut):
    """A two-step move that waits for the second person."""

    approval = serializers.IntegerField(help_text="申请编号：POST /api/v1/approvals/{id}/approve/ 或 refuse/")


class Make(Door):
    """One move of the table; `action` is set for each address."""

    action: ClassVar[Action | LegAction]

    def post(self, request: Request, number: str) -> Response:
        """Who may see it, who may make it, what was sent — in this order — then one verb."""
        at = now()
        caller, ticket = opened(request, number, at=at)
        permit(self.action, caller=caller, ticket=ticket)
        way = WAYS[self.action]
        body = body_of(request, way.body)
        press = Press(action=self.action, ticket=ticket, caller=caller, body=body, key=key_of(request))
        more = {"origin": Origin("", seen_from(request))} if way.traced else {}
        make = partial(_made, way, press, at=at, expected_version=version_of(request), **more)
        return _answer(press, once(press, at=at, make=make))


def _made(way: Way, press: Press, *, at: datetime, expected_version: int | None, **more: object) -> Done:
    caller, key = press.caller, press.ticket.pk
    return way.verb(ticket_id=key, caller=caller, at=at, expected_version=expected_version, **press.body, **more)


def _answer(press: Press, answered: Answered) -> Response:
    return moved(press.ticket.number, answered.event, version=answered.version)


def moved(number: str, event: Event, *, version: int | None) -> Response:
    """What a move is answered with: 200 done, or 202 where it was only asked for."""
    body = {
        "number": number,
        "move": event.kind,
        "seq": event.seq,
        "status": status_after(event),
        "at": event.happened_at,
    }
    headers = {"ETag": etag(version)} if version else {}
    if event.kind == "approval" and event.data.get("op") == "asked":
        return Response(AskedOut(body | {"approval": event.data["approval"]}).data, status=202, headers=headers)
    return Response(MovedOut(body).data, headers=headers)


def door_of(action: Action | LegAction) -> Callable[..., Any]:
    """The view of one move, described for the OpenAPI document."""
    way = WAYS[action]
    makers = parties_of(action) if isinstance(action, Action) else LEG_MOVES[action].by
    seconds = approvers(action) if isinstance(action, Action) else frozenset[Party]()
    who = "、".join(party.label for party in Party if party in makers and party != Party.SYSTEM)
    second = "、".join(party.label for party in Party if party in seconds)
    out, status, told = (AskedOut, 202, "已提出") if seconds else (MovedOut, 200, "已办")
    asked = OpenApiExample(str(action.label), dict(way.example), request_only=True)
    answer = OpenApiExample(told, _example(action, asked=bool(seconds)), response_only=True)
    described = extend_schema(
        operation_id=f"tickets_{action}",
        tags=["办理"],
        summary=action.label,
        description=f"{who}提出，{second}批准。" if second else f"{who}办理。",
        request=way.body,
        parameters=[NUMBER, ACCESS_CODE, KEY, IF_MATCH],
        responses={status: out, **problems((400, 401, 403, 404, 409, 412, 415, 422, 429))},
        examples=[asked, answer],
    )
    view: type[Make] = type(f"{action.name.title()}Door", (Make,), {"action": action, "__doc__": action.label})
    return extend_schema_view(post=described)(view).as_view()


def _example(action: Action | LegAction, *, asked: bool) -> dict[str, object]:
    return _MOVED | {"move": "approval" if asked else str(action)} | ({"approval": 17} if asked else {})


_MOVED = {
    "number": "QH-20261122-000123",
    "seq": 3,
    "status": "in_progress",
    "at": "2026-11-22T10:47:00+08:00",
}
