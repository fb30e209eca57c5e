"""What is sent to the acts on topics (举一反三), in the names that the verbs take; numbers stand for requests."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tickets.models.topic import TITLE_MAX, WORDS_MAX
from tickets.services.topics.dismissing import REASON_MAX
from tickets.services.topics.entrusting import MESSAGE_MAX
from tickets.services.topics.gathering import AT_ONCE_MAX

NUMBER_MAX = 24


def _number(**more: Any) -> serializers.CharField:
    return serializers.CharField(max_length=NUMBER_MAX, help_text="诉求编号", **more)


def _numbers(**more: Any) -> serializers.ListField:
    child = serializers.CharField(max_length=NUMBER_MAX)
    return serializers.ListField(child=child, min_length=1, max_length=AT_ONCE_MAX, **more)


class TopicLeadIn(serializers.Serializer[Any]):
    """Who leads it and until when: both or neither."""

    department = serializers.CharField(max_length=40, required=False, help_text="牵头部门代码，与 due_on 同给")
    due_on = serializers.DateField(required=False, help_text="公布结果的期限")
    owner = serializers.CharField(max_length=80, required=False, help_text="责任人账号，须是牵头部门的人")

    def validate(self, body: dict[str, Any]) -> dict[str, Any]:
        """A day without a department is nobody's, and the other way round."""
        for one, other in (("department", "due_on"), ("due_on", "department"), ("owner", "department")):
            if one in body and other not in body:
                raise serializers.ValidationError({other: "牵头部门和期限须同时给出。"})
        return body


class TopicNewIn(TopicLeadIn):
    """A topic gathered by hand."""

    title = serializers.CharField(max_length=TITLE_MAX, help_text="专题名称，一眼看出是什么问题")
    tickets = _numbers(help_text="诉求编号，至少一件")


class TopicOpenIn(TopicLeadIn):
    """open: a proposal becomes a topic. Without `tickets` all of it; those left out are turned down."""

    title = serializers.CharField(max_length=TITLE_MAX, required=False, help_text="不填则用系统提出的名称")
    tickets = _numbers(required=False, help_text="归入哪些；不填则全部，没选的不再提出")


class TopicTicketsIn(serializers.Serializer[Any]):
    """gather: all of them or none."""

    tickets = _numbers(help_text="诉求编号")


class TopicTicketIn(serializers.Serializer[Any]):
    """remove: one request of the topic, or one that was only found alike."""

    ticket = _number()


class TopicMuteIn(TopicTicketIn):
    """mute: whether the firm of this request is to be left alone."""

    muted = serializers.BooleanField(help_text="true 不告知；false 照常告知")


class TopicEntrustIn(serializers.Serializer[Any]):
    """entrust: the department that leads, the day, and who of it is responsible."""

    department = serializers.CharField(max_length=40, help_text="牵头部门代码")
    due_on = serializers.DateField(help_text="公布结果的期限，不早于今天")
    owner = serializers.CharField(
        max_length=80, required=False, allow_blank=True, default="", help_text="责任人账号，须是牵头部门的人"
    )


class TopicMeasureIn(serializers.Serializer[Any]):
    """measure: what is done, by whom, from when."""

    text = serializers.CharField(max_length=WORDS_MAX, help_text="措施；首次定下的当天起，比较前后每周的诉求")


class TopicPublishIn(serializers.Serializer[Any]):
    """publish: the result for the staff, and the words that every firm gets."""

    text = serializers.CharField(max_length=WORDS_MAX, help_text="处理结果，工作人员可见")
    message = serializers.CharField(
        max_length=MESSAGE_MAX, help_text="告知企业的话，写进每件诉求的回执，每家提醒一次；发出后不能改"
    )


class TopicDismissIn(serializers.Serializer[Any]):
    """dismiss: why."""

    text = serializers.CharField(max_length=REASON_MAX, help_text="为什么不立专题")
