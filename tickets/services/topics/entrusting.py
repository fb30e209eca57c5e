"""Who answers for a topic and until when; its measure, its result, its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from qihu.accounts.models import Department, Role, User, within
from qihu.errors import Conflict, Invalid
from qihu.outbox.publish import publish
from tickets.access import Caller
from tickets.models import Topic, TopicMember
from tickets.models.topic import WORDS_MAX
from tickets.services.topics.acting import begin, digest, finish, words
from tickets.topic_moves import TopicAct

MESSAGE_MAX = 500
_NEVER_LEADS = frozenset({Department.Kind.PARTNER, Department.Kind.DISCIPLINE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Codes as asked for: the department that leads, whoever of it is responsible (a username or ""), until when."""

    department: str
    due_on: date
    owner: str = ""
    today: date


def trust(*, department: str, due_on: date, at: datetime, owner: str = "") -> Trust:
    """With the local day of `at`."""
    today = at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    return Trust(department=department, due_on=due_on, owner=owner, today=today)


def set_owner(topic: Topic, asked: Trust) -> None:
    """Not saved yet. Raises `Invalid` naming the field."""
    department = Department.objects.filter(code=asked.department, active=True).select_related("region").first()
    if department is None or department.kind in _NEVER_LEADS:
        raise Invalid("请选择牵头部门。", fields={"department": "请从列表中选择牵头部门。"})
    if not within(topic.region.path, department.region.path) and not within(department.region.path, topic.region.path):
        raise Invalid("这个部门不在专题的区划内。", fields={"department": "这个部门不在专题的区划内。"})
    if asked.due_on < asked.today:
        raise Invalid("期限不能早于今天。", fields={"due_on": "期限不能早于今天。"})
    topic.department, topic.due_on = department, asked.due_on
    topic.owner = _person(department, asked.owner) if asked.owner else None


def _person(department: Department, username: str) -> User:
    found = User.objects.filter(
        username=username, is_active=True, grants__department=department, grants__role__in=[Role.HEAD, Role.OFFICER]
    ).first()
    if found is None:
        raise Invalid("责任人须是牵头部门的人。", fields={"owner": "责任人须是牵头部门的人，填账号；可不填。"})
    return found


@transaction.atomic
def entrust(*, topic_id: int, caller: Caller, at: datetime, asked: Trust, expected_version: int | None = None) -> Topic:
    """Name the department that leads, who of it is responsible, and until when. May be named anew until published."""
    topic, role = begin(TopicAct.ENTRUST, topic_id, caller=caller, at=at, expected_version=expected_version)
    before = {"department": topic.department_id, "owner": topic.owner_id, "due_on": topic.due_on}
    set_owner(topic, asked)
    after = {"department": topic.department_id, "owner": topic.owner_id, "due_on": topic.due_on}
    changed = ("department", "owner", "due_on")
    told = after | {"before": before}
    finish(TopicAct.ENTRUST, topic, role=role, caller=caller, at=at, changed=changed, data=told)
    return topic


@transaction.atomic
def measure(*, topic_id: int, caller: Caller, at: datetime, text: str, expected_version: int | None = None) -> Topic:
    """The head of the leading department says what will be done about it; the first time is when it counts from."""
    topic, role = begin(TopicAct.MEASURE, topic_id, caller=caller, at=at, expected_version=expected_version)
    topic.measure = words(text, "text", most=WORDS_MAX, asked="请写明采取什么措施、从什么时候起。")
    topic.measured_at = topic.measured_at or at
    told = {"measure": digest(topic.measure)}
    finish(TopicAct.MEASURE, topic, role=role, caller=caller, at=at, changed=("measure", "measured_at"), data=told)
    return topic


@transaction.atomic
def publish_result(
    *, topic_id: int, caller: Caller, at: datetime, text: str, message: str, expected_version: int | None = None
) -> Topic:
    """The director publishes the result; `message` goes to every firm, once, from the outbox (`telling.tell`)."""
    topic, role = begin(TopicAct.PUBLISH, topic_id, caller=caller, at=at, expected_version=expected_version)
    topic.result = words(text, "text", most=WORDS_MAX, asked="请写明处理结果。")
    topic.message = words(message, "message", most=MESSAGE_MAX, asked="请写明要告诉企业的话。")
    topic.published_at = at
    told = {"result": digest(topic.result), "message": digest(topic.message)}
    changed = ("result", "message", "published_at")
    finish(TopicAct.PUBLISH, topic, role=role, caller=caller, at=at, changed=changed, data=told)
    publish("tickets.tell_topic", topic_id=topic.pk)
    return topic


@transaction.atomic
def close(*, topic_id: int, caller: Caller, at: datetime, expected_version: int | None = None) -> Topic:
    """Done: only with a measure, and once every firm that is to be told has been."""
    topic, role = begin(TopicAct.CLOSE, topic_id, caller=caller, at=at, expected_version=expected_version)
    if topic.sent_back_at is None or TopicMember.objects.untold(topic.pk).exists():
        raise Conflict("还没有告知全部企业，不能办结。")
    topic.ended_at = at
    finish(TopicAct.CLOSE, topic, role=role, caller=caller, at=at, changed=("ended_at",))
    return topic
