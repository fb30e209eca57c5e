"""What has happened with a topic: its log in words, and how far the message to the firms has got."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from qihu.accounts.models import Department
from tickets.models import Topic, TopicEvent, TopicMember
from tickets.topic_moves import TopicAct, TopicRole

LOGGED = 200
"""Lines of the story, at most."""
_A = TopicAct
_SAID = {
    _A.PROPOSE: "发现 {n} 件相似诉求",
    _A.OPEN: "立专题，含 {n} 件诉求",
    _A.GATHER: "加入 {n} 件诉求",
    _A.ENTRUST: "交{department}牵头，期限 {due_on}",
    _A.MEASURE: "定下措施",
    _A.PUBLISH: "公布结果，告知企业",
    _A.SENT: "已告知 {told} 件诉求的企业",
    _A.CLOSE: "专题办结",
    _A.DISMISS: "不立专题",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One act: `actor` is a name, or “系统”."""

    seq: int
    kind: TopicAct
    at: datetime
    actor: str
    says: str


def story(topic: Topic) -> list[Line]:
    """Newest first: two queries."""
    log = list(topic.log.select_related("actor").order_by("-seq")[:LOGGED])
    keys = {event.data["department"] for event in log if event.data.get("department")}
    names = dict(Department.objects.filter(pk__in=keys).values_list("pk", "name")) if keys else {}
    return [
        Line(
            seq=event.seq,
            kind=TopicAct(event.kind),
            at=event.happened_at,
            actor=event.actor.name if event.actor else TopicRole(event.role).label,
            says=_says(event, names),
        )
        for event in log
    ]


def _says(event: TopicEvent, names: dict[int, str]) -> str:
    data = event.data
    if event.kind == _A.REMOVE:
        return "移出 1 件诉求" if data["joined"] else "认为 1 件诉求不相似"
    if event.kind == _A.MUTE:
        return "记下一家企业不需要告知" if data["muted"] else "恢复告知一家企业"
    filled = {
        "n": len(data.get("tickets", ())),
        "department": names.get(data.get("department"), ""),
        "due_on": data.get("due_on", ""),
        "told": data.get("told", 0),
    }
    return _SAID[TopicAct(event.kind)].format(**filled)


@dataclass(frozen=True, slots=True)
class Told:
    """How far the message has got, in requests; `muted` firms are in neither."""

    told: int
    waiting: int
    muted: int

    @property
    def all(self) -> int:
        """Everybody who is to have it."""
        return self.told + self.waiting


def told(topic: Topic) -> Told:
    """Three counts."""
    muted = topic.members.filter(state=TopicMember.State.MEMBER, muted=True, told_at=None)
    return Told(
        told=TopicMember.objects.told(topic).count(),
        waiting=TopicMember.objects.untold(topic.pk).count(),
        muted=muted.count(),
    )
