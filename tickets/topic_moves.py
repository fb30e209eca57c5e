"""The small table of topics (举一反三): what may be done with one, from which state, and by whom. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import TextChoices


class TopicState(TextChoices):
    """Where a topic stands."""

    PROPOSED = "proposed", "待认定"
    OPEN = "open", "研究中"
    MEASURED = "measured", "措施已定"
    PUBLISHED = "published", "已公布"
    CLOSED = "closed", "已办结"
    DISMISSED = "dismissed", "不立专题"


class TopicRole(TextChoices):
    """Who somebody is to a topic."""

    DISPATCHER = "dispatcher", "研判交办员"
    DIRECTOR = "director", "企服中心主任"
    SUPERVISOR = "supervisor", "督办员"
    HEAD = "head", "牵头部门负责人"
    OFFICER = "officer", "牵头部门经办"
    INTAKE = "intake", "受理员"
    LEADER = "leader", "领导"
    SYSTEM = "system", "系统"


class TopicAct(TextChoices):
    """What is done with a topic; the kinds of its log."""

    PROPOSE = "propose", "发现相似诉求"
    OPEN = "open", "立专题"
    GATHER = "gather", "加入诉求"
    REMOVE = "remove", "移出诉求"
    ENTRUST = "entrust", "交牵头部门"
    MEASURE = "measure", "定措施"
    PUBLISH = "publish", "公布结果并告知企业"
    MUTE = "mute", "不告知这家企业"
    SENT = "sent", "已告知全部企业"
    CLOSE = "close", "办结"
    DISMISS = "dismiss", "不立专题"


_S, _R, _A = TopicState, TopicRole, TopicAct
LIVE = frozenset({_S.OPEN, _S.MEASURED, _S.PUBLISHED})
"""Requests may join."""
DUE = frozenset({_S.OPEN, _S.MEASURED})
"""The date for the result still counts."""
ENDED = frozenset({_S.CLOSED, _S.DISMISSED})
GATHERERS = frozenset({_R.DISPATCHER, _R.DIRECTOR, _R.SUPERVISOR})
"""Who opens topics and gathers requests."""


@dataclass(frozen=True, slots=True)
class TopicMove:
    """One row. `target` None: the state stays."""

    act: TopicAct
    sources: frozenset[TopicState]
    target: TopicState | None
    by: frozenset[TopicRole]


_MOVES = (
    TopicMove(_A.OPEN, frozenset({_S.PROPOSED}), _S.OPEN, GATHERERS),
    TopicMove(_A.GATHER, LIVE, None, GATHERERS),
    TopicMove(_A.REMOVE, LIVE, None, GATHERERS),
    TopicMove(_A.MUTE, LIVE, None, GATHERERS),
    TopicMove(_A.ENTRUST, DUE, None, GATHERERS),
    TopicMove(_A.MEASURE, DUE, _S.MEASURED, frozenset({_R.HEAD})),
    TopicMove(_A.PUBLISH, frozenset({_S.MEASURED}), _S.PUBLISHED, frozenset({_R.DIRECTOR})),
    TopicMove(_A.CLOSE, frozenset({_S.PUBLISHED}), _S.CLOSED, GATHERERS),
    TopicMove(_A.DISMISS, frozenset({_S.PROPOSED, _S.OPEN, _S.MEASURED}), _S.DISMISSED, GATHERERS),
)
TOPIC_MOVES: Mapping[TopicAct, TopicMove] = {move.act: move for move in _MOVES}
"""What people do; finding proposals and telling firms is the system's."""
