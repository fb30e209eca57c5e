"""Reading one request: where it stands, its promises, its story, and what the caller may do next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.clock import now
from tickets.access import Caller, identity_hidden, parties
from tickets.api.attachments import AttachmentOut, rows
from tickets.api.described import ACCESS_CODE, NUMBER, problems
from tickets.api.door import Door, etag, opened
from tickets.api.identity import identity
from tickets.holding import Holder, holding
from tickets.models import Deadline, Ticket
from tickets.services import shield
from tickets.services.attachments import attachments_of
from tickets.services.standing import may_make
from tickets.timeline import Entry, events_of, timeline
from tickets.workflow import Action, Status


class DepartmentOut(serializers.Serializer[Any]):
    """A department by its code."""

    code = serializers.CharField()
    name = serializers.CharField()


class EnterpriseOut(serializers.Serializer[Any]):
    """The firm, or the alias of a shielded one."""

    name = serializers.CharField()
    uscc = serializers.CharField()


class ContactOut(serializers.Serializer[Any]):
    """Masked for those who do not call the firm; empty for a shielded one."""

    name = serializers.CharField()
    phone = serializers.CharField()


class DeadlineOut(serializers.Serializer[Any]):
    """One promise. `promised_due_at` is the first and never changes; `due_at` is the agreed one."""

    clock = serializers.CharField()
    round = serializers.IntegerField()
    state = serializers.CharField(help_text="running、paused、met、void")
    started_at = serializers.DateTimeField()
    promised_due_at = serializers.DateTimeField(allow_null=True, help_text="首次承诺；FULL 只统计，为 null")
    due_at = serializers.DateTimeField(allow_null=True, help_text="现行承诺")
    met_at = serializers.DateTimeField(allow_null=True)
    breached_at = serializers.DateTimeField(allow_null=True, help_text="超过承诺的时刻")
    provisional = serializers.BooleanField(help_text="节假日安排尚未公布，日期暂定")


class PartOut(serializers.Serializer[Any]):
    """One asked item and its answer."""

    ask = serializers.CharField()
    text = serializers.CharField()


class EntryOut(serializers.Serializer[Any]):
    """One line of the story."""

    seq = serializers.IntegerField()
    kind = serializers.CharField(help_text="动作的名称，或 breach、warning、approval、message、reveal、erase 等记录")
    at = serializers.DateTimeField()
    actor = serializers.CharField()
    text = serializers.CharField(allow_blank=True, help_text="随动作写下的文字")
    says = serializers.CharField(help_text="一句话说明")
    parts = PartOut(many=True)


class HeldOut(serializers.Serializer[Any]):
    """What one holder answers for, at this moment. While legs are open, lead and co-handlers share the time equally."""

    holder = serializers.ChoiceField(
        [str(one) for one in Holder], help_text="centre 服务中心、firm 企业、department 部门、nobody 办结后至重开前"
    )
    department = serializers.CharField(allow_blank=True, help_text="部门代码；不是部门时为空")
    leg = serializers.BooleanField(help_text="作为协办")
    microseconds = serializers.IntegerField(help_text="各项之和恰为从提交到结束（未结束则到现在）的时间")


class TicketOut(serializers.Serializer[Any]):
    """One request as the caller may see it."""

    number = serializers.CharField()
    version = serializers.IntegerField(help_text="同 ETag")
    status = serializers.ChoiceField(Status.choices)
    status_label = serializers.CharField()
    outcome = serializers.CharField(allow_null=True)
    chain_tag = serializers.CharField(allow_null=True)
    category = serializers.CharField(allow_null=True)
    region = serializers.CharField()
    department = DepartmentOut(allow_null=True)
    officer = serializers.CharField(allow_null=True, help_text="经办人姓名")
    title = serializers.CharField()
    text = serializers.CharField()
    enterprise = EnterpriseOut()
    contact = ContactOut()
    shielded = serializers.BooleanField()
    visibility = serializers.CharField(allow_null=True, help_text="firm、me 或 shielded；只给企业令牌看")
    difficulty = serializers.CharField()
    urgent = serializers.BooleanField()
    tier = serializers.IntegerField()
    round = serializers.IntegerField()
    late = serializers.BooleanField(help_text="有正在计时的承诺已超期")
    submitted_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    deadlines = DeadlineOut(many=True)
    timeline = EntryOut(many=True)
    attachments = AttachmentOut(many=True)
    held = HeldOut(many=True, help_text="谁办了多久；只给工作人员看")
    moves = serializers.SerializerMethodField(help_text="调用者现在可以办理的动作")

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(Action.choices)))
    def get_moves(self, shown: dict[str, Any]) -> list[str]:
        """From the table, never from a role."""
        return [str(action) for action in shown["moves"]]


_AS_STORED = (
    *("number", "version", "status", "shielded", "difficulty", "urgent"),
    *("tier", "round", "late", "submitted_at", "closed_at"),
)


def department(ticket: Ticket) -> dict[str, str] | None:
    """`{code, name}`, or None before it was routed."""
    return {"code": ticket.department.code, "name": ticket.department.name} if ticket.department else None


def shown(caller: Caller, ticket: Ticket, *, at: datetime) -> dict[str, Any]:
    """The answer's body: three queries beside the request itself."""
    who = parties(caller, ticket)
    events = events_of(ticket)
    firm = identity(ticket, who, revealed=shield.look(caller, ticket, at=at) is not None)
    facts = {
        "status_label": Status(ticket.status).label,
        "outcome": _outcome(caller, ticket),
        "chain_tag": ticket.chain_tag_id,
        "category": ticket.category_id,
        "region": ticket.region_id,
        "department": department(ticket),
        "officer": ticket.officer.name if ticket.officer else None,
        "title": ticket.filing.title,
        "text": ticket.filing.text,
        "enterprise": {"name": firm.name, "uscc": firm.uscc},
        "contact": {"name": firm.contact_name, "phone": firm.contact_phone},
        "visibility": (caller.contact and ticket.visibility) or None,
        "deadlines": Deadline.objects.of_ticket(ticket.pk),
        "timeline": _lines(timeline(ticket, for_firm=caller.firm, events=events)),
        "held": () if caller.firm else holding(events, at=at).shares,
        "attachments": rows(attachments_of(ticket, caller, at=at, hide_names=identity_hidden(ticket, who))),
        "moves": may_make(ticket, who, user=caller.user, at=at),
    }
    return dict(TicketOut(facts | {name: getattr(ticket, name) for name in _AS_STORED}).data)


def _outcome(caller: Caller, ticket: Ticket) -> str | None:
    """The firm hears the outcome when the reply is delivered, and never if it withdraws before."""
    return None if caller.firm and ticket.answered_at is None else ticket.outcome or None


def _lines(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    return [
        {
            "seq": one.seq,
            "kind": one.kind,
            "at": one.at,
            "actor": one.actor,
            "text": one.text,
            "says": one.says,
            "parts": [{"ask": ask, "text": text} for ask, text in one.parts],
        }
        for one in entries
    ]


class Read(Door):
    """`GET /api/v1/tickets/{number}/`."""

    @extend_schema(
        operation_id="tickets_read",
        tags=["诉求"],
        summary="读取诉求",
        description="企业带 X-Access-Code 或企业令牌，工作人员带令牌。ETag 是版本号，办理时可放进 If-Match。",
        parameters=[NUMBER, ACCESS_CODE],
        responses={200: TicketOut, **problems((401, 404, 429))},
    )
    def get(self, request: Request, number: str) -> Response:
        """The request; never its access code."""
        at = now()
        caller, ticket = opened(request, number, at=at)
        return Response(shown(caller, ticket, at=at), headers={"ETag": etag(ticket.version)})
