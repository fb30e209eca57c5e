"""What every act on a topic shares: lock, check against the table, log, change, in the caller's transaction.

Order of locks: the requests first, in key order, then the topic.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from qihu.crypto import sm3
from qihu.errors import Conflict, Forbidden, Invalid, Stale, Unknown
from tickets.access import Caller
from tickets.models import Topic, TopicEvent
from tickets.topic_access import roles_in
from tickets.topic_moves import TOPIC_MOVES, TopicAct, TopicRole, TopicState

_ORDER = list(TopicRole)


def begin(
    act: TopicAct, topic_id: int, *, caller: Caller, at: datetime, expected_version: int | None = None
) -> tuple[Topic, TopicRole]:
    """The topic, locked and checked, and as whom the caller acts.

    Raises `Unknown`, `Forbidden`, `Stale`, and `Conflict` that says where the topic stands and who brought it there.
    """
    topic = Topic.objects.lock(topic_id)
    mine = roles_in(caller.user, topic) if topic else frozenset()
    if topic is None or not mine:
        raise Unknown("没有找到这个专题。")
    role = _role(act, mine)
    if expected_version is not None and expected_version != topic.version:
        raise Stale("专题已被他人更新，请看过最新情况再办理。")
    if topic.state not in TOPIC_MOVES[act].sources:
        raise Conflict(_where_it_is(topic, act))
    return topic, role


def permit(act: TopicAct, *, caller: Caller, topic: Topic) -> None:
    """Raises `Forbidden` for who sees the topic but does not do this with it; before the body is read."""
    _role(act, roles_in(caller.user, topic))


def _role(act: TopicAct, mine: frozenset[TopicRole]) -> TopicRole:
    may = sorted(TOPIC_MOVES[act].by & mine, key=_ORDER.index)
    if not may:
        raise Forbidden(f"“{act.label}”不由您办理。")
    return may[0]


def _where_it_is(topic: Topic, act: TopicAct) -> str:
    now = TopicState(topic.state).label
    moving = [str(one) for one, move in TOPIC_MOVES.items() if move.target == topic.state]
    last = topic.log.filter(kind__in=moving).select_related("actor").order_by("-seq").first()
    by = f"已由{last.actor.name}{TopicAct(last.kind).label}，" if last and last.actor else ""
    return f"{by}现在是“{now}”，不能{act.label}。"


def finish(
    act: TopicAct,
    topic: Topic,
    *,
    role: TopicRole,
    caller: Caller,
    at: datetime,
    changed: Iterable[str] = (),
    data: Mapping[str, Any] | None = None,
) -> TopicEvent:
    """Write the topic and one row of its log."""
    move = TOPIC_MOVES.get(act)
    if move and move.target:
        topic.state = move.target
    topic.version += 1
    topic.last_seq += 1
    topic.save(update_fields=["state", "version", "last_seq", *changed])
    return TopicEvent.objects.create(
        topic=topic,
        seq=topic.last_seq,
        kind=act,
        actor_id=caller.actor_id,
        role=role,
        happened_at=at,
        data=dict(data or {}),
    )


def words(typed: str, field: str, *, most: int, asked: str) -> str:
    """What was typed, trimmed; `Invalid` beside the field where there is nothing or too much."""
    said = typed.replace("\x00", "").strip()
    if not said or len(said) > most:
        wrong = f"最多 {most} 字。" if said else asked
        raise Invalid(wrong, fields={field: wrong})
    return said


def digest(text: str) -> str:
    """SM3 of officials' own words: what the log keeps of them."""
    return sm3(text.encode()).hex()
