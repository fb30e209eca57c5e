"""A request as one row of a list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from tickets.access import Caller, parties
from tickets.api.identity import firm_name
from tickets.api.read import DepartmentOut, department
from tickets.models import Ticket
from tickets.workflow import Status


class RowOut(serializers.Serializer[Any]):
    """What a list shows of a request; its text and contact are read one by one."""

    number = serializers.CharField()
    status = serializers.ChoiceField(Status.choices)
    title = serializers.CharField()
    enterprise = serializers.CharField(help_text="企业名称；身份保密的为“身份保密企业”")
    chain_tag = serializers.CharField(allow_null=True)
    category = serializers.CharField(allow_null=True)
    region = serializers.CharField()
    department = DepartmentOut(allow_null=True)
    officer = serializers.CharField(allow_null=True)
    difficulty = serializers.CharField()
    urgent = serializers.BooleanField()
    tier = serializers.IntegerField()
    round = serializers.IntegerField()
    late = serializers.BooleanField()
    next_clock = serializers.CharField(allow_null=True, help_text="最近到期的时限")
    next_due_at = serializers.DateTimeField(allow_null=True)
    submitted_at = serializers.DateTimeField()
    url = serializers.CharField()


class PageOut(serializers.Serializer[Any]):
    """One page of a list."""

    results = RowOut(many=True)
    next = serializers.CharField(allow_null=True, help_text="下一页的地址；没有则为 null")


_AS_STORED = (
    *("number", "status", "difficulty", "urgent", "tier", "round"),
    *("late", "next_due_at", "submitted_at"),
)


def page_body(caller: Caller, tickets: Iterable[Ticket], following: str | None) -> dict[str, Any]:
    """`{results, next}`; the requests come from `for_lists()`, so a row costs no query."""
    return dict(PageOut({"results": [_row(caller, one) for one in tickets], "next": following}).data)


def _row(caller: Caller, ticket: Ticket) -> dict[str, Any]:
    stored = {name: getattr(ticket, name) for name in _AS_STORED}
    return stored | {
        "title": ticket.filing.title,
        "enterprise": firm_name(ticket, parties(caller, ticket)),
        "chain_tag": ticket.chain_tag_id,
        "category": ticket.category_id,
        "region": ticket.region_id,
        "department": department(ticket),
        "officer": ticket.officer.name if ticket.officer else None,
        "next_clock": ticket.next_clock or None,
        "url": f"/api/v1/tickets/{ticket.number}/",
    }
