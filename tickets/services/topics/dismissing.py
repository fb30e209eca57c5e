"""A proposal that is none, or a topic that comes to nothing: with a reason, and its requests are free again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tickets.access import Caller
from tickets.models import Ticket, Topic, TopicMember
from tickets.services.topics.acting import begin, digest, finish, words
from tickets.services.topics.gathering import release
from tickets.topic_moves import TopicAct

REASON_MAX = 300


@transaction.atomic
def dismiss(*, topic_id: int, caller: Caller, at: datetime, text: str, expected_version: int | None = None) -> Topic:
    """No topic. What was proposed here is not proposed again; new requests like it may be."""
    held = TopicMember.objects.filter(topic=topic_id, state=TopicMember.State.MEMBER)
    tickets = list(Ticket.objects.lock(held.values_list("ticket", flat=True)))
    topic, role = begin(TopicAct.DISMISS, topic_id, caller=caller, at=at, expected_version=expected_version)
    topic.reason = words(text, "text", most=REASON_MAX, asked="请写明为什么不立专题。")
    topic.ended_at = at
    release(topic, tickets, caller=caller, role=role, at=at)
    told = {"reason": digest(topic.reason)}
    finish(TopicAct.DISMISS, topic, role=role, caller=caller, at=at, changed=("reason", "ended_at"), data=told)
    return topic
