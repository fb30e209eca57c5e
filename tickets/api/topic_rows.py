"""A topic as one row of a list."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from rest_framework import serializers

from tickets.api.read import DepartmentOut
from tickets.figures.window import zone
from tickets.models import Topic
from tickets.topic_moves import TopicState


class TopicOwnerOut(serializers.Serializer[Any]):
    """Who of the leading department is responsible."""

    username = serializers.CharField()
    name = serializers.CharField()


class TopicRowOut(serializers.Serializer[Any]):
    """What a list shows of a topic; of a proposal why it is one: how many requests and firms, when, which words."""

    number = serializers.CharField()
    title = serializers.CharField()
    state = serializers.CharField(help_text="、".join(f"{one} {one.label}" for one in TopicState))
    state_label = serializers.CharField()
    region = serializers.CharField()
    chain_tag = serializers.CharField(allow_null=True)
    department = DepartmentOut(allow_null=True, help_text="牵头部门")
    owner = TopicOwnerOut(allow_null=True, help_text="责任人")
    due_on = serializers.DateField(allow_null=True, help_text="公布结果的期限")
    late = serializers.BooleanField(help_text="过了期限还没有公布")
    requests = serializers.IntegerField(help_text="诉求件数；限制知悉和测试的不计")
    firms = serializers.IntegerField(help_text="企业家数")
    first_at = serializers.DateTimeField(allow_null=True, help_text="最早一件的提交时间")
    last_at = serializers.DateTimeField(allow_null=True, help_text="最晚一件的提交时间")
    words = serializers.ListField(child=serializers.CharField(), help_text="共同的词")
    proposed_at = serializers.DateTimeField(allow_null=True)
    opened_at = serializers.DateTimeField(allow_null=True)
    measured_at = serializers.DateTimeField(allow_null=True, help_text="首次定下措施")
    published_at = serializers.DateTimeField(allow_null=True)
    sent_back_at = serializers.DateTimeField(allow_null=True, help_text="告知全部企业")
    ended_at = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField()


class TopicPageOut(serializers.Serializer[Any]):
    """One page of a list."""

    results = TopicRowOut(many=True)
    next = serializers.CharField(allow_null=True, help_text="下一页的地址；没有则为 null")


_AS_STORED = (
    *("number", "title", "state", "due_on", "requests", "firms", "first_at", "last_at", "words", "proposed_at"),
    *("opened_at", "measured_at", "published_at", "sent_back_at", "ended_at"),
)


def topic_page(topics: Iterable[Topic], following: str | None, *, at: datetime) -> dict[str, Any]:
    """`{results, next}`; the topics come from `for_lists()`, so a row costs no query."""
    rows = [topic_row(one, at=at) for one in topics]
    return dict(TopicPageOut({"results": rows, "next": following}).data)


def topic_row(topic: Topic, *, at: datetime) -> dict[str, Any]:
    """For `TopicRowOut`."""
    lead, owner = topic.department, topic.owner
    return {name: getattr(topic, name) for name in _AS_STORED} | {
        "state_label": TopicState(topic.state).label,
        "region": topic.region_id,
        "chain_tag": topic.chain_tag_id,
        "department": {"code": lead.code, "name": lead.name} if lead else None,
        "owner": {"username": owner.username, "name": owner.name} if owner else None,
        "late": topic.late(at.astimezone(zone()).date()),
        "url": f"/api/v1/topics/{topic.number}/",
    }
