"""Reading one topic (举一反三): who owns it, what is done, whether it helped, and its requests page by page."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.clock import now
from qihu.errors import Invalid
from tickets.access import Caller, parties
from tickets.api.described import problems, query
from tickets.api.door import Door, etag, public_url, staff
from tickets.api.identity import firm_name
from tickets.api.paging import PAGE, cursor_of, next_url
from tickets.api.read import DepartmentOut, department
from tickets.api.topic_acts import TOPIC
from tickets.api.topic_rows import TopicRowOut, topic_row
from tickets.figures.inflow import WEEK_PARTS, Inflow, Side, Week, counted_of, inflow, members_behind, window_of
from tickets.models import Topic, TopicMember
from tickets.models.topic import TopicMemberQuerySet
from tickets.topic_access import acts_open, seen_by, topic_or_404
from tickets.topic_moves import TopicAct
from tickets.topic_story import story, told
from tickets.workflow import Status

_JOINED, _ALIKE = "joined", "alike"
_MEMBERS = {_JOINED: "专题中的诉求；提议的是提出的那些", _ALIKE: "内容相近、还没有归入的"}


class TopicWeekOut(serializers.Serializer[Any]):
    """Seven local days [since, until) and the requests of the problem that came in."""

    since = serializers.DateField()
    until = serializers.DateField(help_text="不含")
    after = serializers.BooleanField(help_text="在措施之后")
    whole = serializers.BooleanField(help_text="已满一周；未满的不参与比较")
    joined = serializers.IntegerField(help_text="已归入的")
    alike = serializers.IntegerField(help_text="内容相近的")
    rows = serializers.CharField(help_text="这一周诉求的地址")


class TopicSideOut(serializers.Serializer[Any]):
    """The whole weeks on one side of the measure."""

    weeks = serializers.IntegerField()
    n = serializers.IntegerField()
    weekly = serializers.FloatField(allow_null=True, help_text="每周件数")


class TopicInflowOut(serializers.Serializer[Any]):
    """Weekly inflow around the day of the measure. Falls after a peak are not all the measure's doing."""

    weeks = TopicWeekOut(many=True)
    before = TopicSideOut()
    after = TopicSideOut()
    ratio = serializers.FloatField(allow_null=True, help_text="后÷前；前后各不满两周、或之前没有诉求时为 null")
    low = serializers.FloatField(allow_null=True, help_text="95 % 区间的下端")
    high = serializers.FloatField(allow_null=True, help_text="95 % 区间的上端；无穷大为 null")
    verdict = serializers.CharField(allow_null=True, help_text="fewer 少了、more 多了、unclear 看不出；不能比较为 null")


class TopicLineOut(serializers.Serializer[Any]):
    """One line of the topic's log."""

    seq = serializers.IntegerField()
    kind = serializers.CharField(help_text="、".join(f"{one} {one.label}" for one in TopicAct))
    at = serializers.DateTimeField()
    actor = serializers.CharField()
    says = serializers.CharField(help_text="一句话说明")


class TopicToldOut(serializers.Serializer[Any]):
    """How far the message has got, in requests."""

    told = serializers.IntegerField(help_text="已告知")
    waiting = serializers.IntegerField(help_text="待告知")
    muted = serializers.IntegerField(help_text="不需告知")


class TopicOut(TopicRowOut):
    """One topic as the caller may see it."""

    version = serializers.IntegerField(help_text="同 ETag")
    measure = serializers.CharField(allow_blank=True)
    result = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True, help_text="告知企业的话")
    reason = serializers.CharField(allow_blank=True, help_text="不立专题的理由")
    told = TopicToldOut(allow_null=True, help_text="公布之前为 null")
    inflow = TopicInflowOut(allow_null=True, help_text="提议和不立的专题为 null")
    log = TopicLineOut(many=True, help_text="最新在前，最多 200 条")
    members = serializers.CharField(help_text="其中诉求的地址，分页")
    alike = serializers.CharField(help_text="内容相近、还没有归入的诉求的地址，分页")
    acts = serializers.ListField(child=serializers.CharField(), help_text="调用者现在可以办理的")


class TopicMemberOut(serializers.Serializer[Any]):
    """One request of a topic."""

    number = serializers.CharField()
    title = serializers.CharField()
    enterprise = serializers.CharField(help_text="企业名称；身份保密的为“身份保密企业”")
    department = DepartmentOut(allow_null=True)
    status = serializers.ChoiceField(Status.choices)
    submitted_at = serializers.DateTimeField()
    joined = serializers.BooleanField(help_text="已归入；否则只是内容相近")
    how = serializers.CharField(help_text="hand 人工、proposal 系统发现")
    score = serializers.FloatField(allow_null=True, help_text="相近程度，0–1")
    added_by = serializers.CharField(allow_null=True)
    told_at = serializers.DateTimeField(allow_null=True, help_text="告知企业的时刻")
    muted = serializers.BooleanField(help_text="企业不需要告知")
    url = serializers.CharField()


class TopicMembersOut(serializers.Serializer[Any]):
    """One page, newest first."""

    results = TopicMemberOut(many=True)
    hidden = serializers.IntegerField(help_text="您看不到的件数（全部页合计）")
    next = serializers.CharField(allow_null=True, help_text="下一页的地址；没有则为 null")


_AS_STORED = ("version", "measure", "result", "message", "reason")


class ReadTopic(Door):
    """One topic."""

    @extend_schema(
        operation_id="topics_read",
        tags=["举一反三"],
        summary="读取专题",
        description="责任人、措施、期限、结果、告知进度、措施前后每周的诉求、经过，以及您现在可以办理的。",
        parameters=[TOPIC],
        responses={200: TopicOut, **problems((401, 404))},
    )
    def get(self, request: Request, number: str) -> Response:
        """With its version as ETag."""
        at, user = now(), staff(request)
        topic = topic_or_404(user, number)
        here = f"/api/v1/topics/{topic.number}/"
        facts = {
            "told": told(topic) if topic.published_at else None,
            "inflow": _weeks(request, topic, inflow(topic, at=at)) if counted_of(topic) else None,
            "log": story(topic),
            "members": public_url(request, f"{here}members/"),
            "alike": public_url(request, f"{here}members/?part={_ALIKE}"),
            "acts": acts_open(user, topic),
        }
        stored = {name: getattr(topic, name) for name in _AS_STORED}
        return Response(TopicOut(topic_row(topic, at=at) | stored | facts).data, headers={"ETag": etag(topic.version)})


def _weeks(request: Request, topic: Topic, found: Inflow) -> dict[str, Any]:
    return {
        "weeks": [_week(request, topic, week) for week in found.weeks],
        "before": _side(found.before),
        "after": _side(found.after),
        "ratio": found.ratio,
        "low": found.low,
        "high": None if found.high == float("inf") else found.high,
        "verdict": _verdict(found),
    }


def _week(request: Request, topic: Topic, week: Week) -> dict[str, Any]:
    names = ("since", "until", "after", "whole", "joined", "alike")
    place = urlencode({"since": week.since, "until": week.until})
    rows = public_url(request, f"/api/v1/topics/{topic.number}/rows/?{place}")
    return {name: getattr(week, name) for name in names} | {"rows": rows}


def _side(side: Side) -> dict[str, Any]:
    return {"weeks": side.weeks, "n": side.n, "weekly": side.weekly}


def _verdict(found: Inflow) -> str | None:
    if found.ratio is None:
        return None
    return "fewer" if found.fewer else "more" if found.more else "unclear"


class TopicMembers(Door):
    """The requests of a topic, and those like them."""

    @extend_schema(
        operation_id="topics_members",
        tags=["举一反三"],
        summary="专题中的诉求",
        description="每页 50 件，最新在前；只列出您看得到的，其余只给件数。",
        parameters=[
            TOPIC,
            query("part", "；".join(f"{code} {label}" for code, label in _MEMBERS.items())),
            query("cursor", "照抄上一页的 next"),
        ],
        responses={200: TopicMembersOut, **problems((401, 404, 422))},
    )
    def get(self, request: Request, number: str) -> Response:
        """One page."""
        topic = topic_or_404(staff(request), number)
        part = _part(request, _MEMBERS, _JOINED)
        both = {_JOINED: TopicMember.objects.joined, _ALIKE: TopicMember.objects.alike}
        return _page(request, both[part](topic).order_by("-ticket"), f"topic-{topic.pk}-{part}")


class TopicRows(Door):
    """The requests behind one number of the topic's weeks."""

    @extend_schema(
        operation_id="topics_rows",
        tags=["举一反三"],
        summary="一周背后的诉求",
        description="地址由读取专题给出，照用即可；按首次提交的日期计，并案、测试、限制知悉的不计。",
        parameters=[
            TOPIC,
            query("since", "起始日期（含）", kind=OpenApiTypes.DATE),
            query("until", "截止日期（不含）", kind=OpenApiTypes.DATE),
            query("part", "；".join(f"{code} {label}" for code, label in WEEK_PARTS.items())),
            query("cursor", "照抄上一页的 next"),
        ],
        responses={200: TopicMembersOut, **problems((401, 404, 422))},
    )
    def get(self, request: Request, number: str) -> Response:
        """One page."""
        topic = topic_or_404(staff(request), number)
        part = _part(request, WEEK_PARTS, "all")
        window = window_of(_day(request, "since"), _day(request, "until"), at=now())
        kind = f"topic-{topic.pk}-{part}-{window.since_on}-{window.until_on}"
        return _page(request, members_behind(topic, window, part), kind)


def _page(request: Request, rows: TopicMemberQuerySet, kind: str) -> Response:
    user, place = staff(request), cursor_of(request, kind)
    seen = seen_by(user, rows, limit=PAGE + 1, after=place[0] if place else 0)
    shown = seen.members[:PAGE]
    following = next_url(request, kind, shown[-1].ticket_id) if len(seen.members) > PAGE else None
    body = {"results": [_member(Caller(user), one) for one in shown], "hidden": seen.hidden, "next": following}
    return Response(TopicMembersOut(body).data)


def _member(caller: Caller, one: TopicMember) -> dict[str, Any]:
    ticket = one.ticket
    return {name: getattr(one, name) for name in ("how", "score", "told_at", "muted")} | {
        "number": ticket.number,
        "title": ticket.filing.title,
        "enterprise": firm_name(ticket, parties(caller, ticket)),
        "department": department(ticket),
        "status": ticket.status,
        "submitted_at": ticket.submitted_at,
        "joined": one.state == TopicMember.State.MEMBER,
        "added_by": one.added_by.name if one.added_by else None,
        "url": f"/api/v1/tickets/{ticket.number}/",
    }


def _part(request: Request, known: dict[str, str], usual: str) -> str:
    part = request.GET.get("part", usual)
    if part not in known:
        said = f"part 可用：{'、'.join(known)}。"
        raise Invalid(said, fields={"part": said})
    return part


def _day(request: Request, name: str) -> date:
    try:
        return date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        said = f"{name} 应为日期，如 2026-11-22。"
        raise Invalid(said, fields={name: said}) from None
