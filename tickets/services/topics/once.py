"""One key, one topic: a program that sends its opening again gets the topic that it opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from qihu.crypto import sm3
from tickets.access import Caller
from tickets.models import Answer, Event, Topic
from tickets.services.answered import fingerprint_of, kept_answer
from tickets.services.topics.entrusting import Trust
from tickets.services.topics.gathering import open_by_hand
from tickets.terms import Remark


@transaction.atomic
def open_once(
    *,
    key: str,
    body: Mapping[str, object],
    caller: Caller,
    at: datetime,
    title: str,
    tickets: Sequence[int],
    trust: Trust | None = None,
) -> tuple[Topic, bool]:
    """The topic, and whether it had been opened before with this key. Keys are kept as those of moves, 24 h.

    What is kept is the first request's own event of having joined, which names the topic. Raises as `open_by_hand`,
    which then leaves no claim, and `Invalid` for a known key with another body.
    """
    first, digest = min(tickets), sm3(f"topic|{caller.actor_id}|{key}".encode())
    kept = kept_answer(digest=digest, fingerprint=fingerprint_of(body), ticket_id=first, at=at)
    if kept:
        joined = Event.objects.get(ticket_id=kept.ticket_id, seq=kept.seq)
        return Topic.objects.get(pk=joined.data["topic"]), True
    topic = open_by_hand(caller=caller, at=at, title=title, tickets=tickets, trust=trust)
    mine = Event.objects.filter(ticket=first, kind=Remark.TOPIC, data__topic=topic.pk)
    Answer.objects.filter(digest=digest).update(seq=mine.values_list("seq", flat=True).get())
    return topic, False
