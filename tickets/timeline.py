"""The request's story, read from the log: sentences in Chinese for the firm and for officials."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tickets.models import Confirmation, Event, Rating, Ticket
from tickets.remarked import remarked
from tickets.terms import Remark
from tickets.workflow import Action, Clock, Outcome, Party

_A = Action
_HIDDEN_FROM_FIRM = frozenset({_A.CLASSIFY, _A.REPLY, _A.SEND_BACK, _A.DEFER})
_TEXT_HIDDEN_FROM_FIRM = frozenset({_A.ASSIGN, _A.REASSIGN, _A.DELIVER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the timeline. `says` is the sentence, `text` the words that went with it, `bad` a broken promise."""

    seq: int
    kind: str
    at: datetime
    actor: str
    says: str
    text: str = ""
    parts: tuple[tuple[str, str], ...] = ()
    bad: bool = False
    files: bool = False


def timeline(ticket: Ticket, *, for_firm: bool) -> list[Entry]:
    """Every event this reader may see, oldest first: one query.

    The firm sees a reply when it is delivered, not before, and nothing of classification and review.
    """
    events = list(Event.objects.filter(ticket=ticket).select_related("actor", "text", "department").order_by("seq"))
    entries = []
    last_reply: Event | None = None
    for event in events:
        last_reply = event if event.kind == _A.REPLY else last_reply
        if (for_firm and event.kind in _HIDDEN_FROM_FIRM) or files_said(event, for_firm=for_firm) == "":
            continue
        entries.append(_entry(event, last_reply, for_firm=for_firm))
    return entries


def _entry(event: Event, last_reply: Event | None, *, for_firm: bool) -> Entry:
    spoken = last_reply if for_firm and event.kind == _A.DELIVER else event
    hidden = for_firm and event.kind in _TEXT_HIDDEN_FROM_FIRM and spoken is event
    text = spoken.text if spoken and not hidden else None
    return Entry(
        seq=event.seq,
        kind=event.kind,
        at=event.happened_at,
        actor=actor_name(event),
        says=sentence(event, outcome_of=last_reply, for_firm=for_firm),
        text=text.body if text else "",
        parts=tuple((part["ask"], part["text"]) for part in text.parts) if text else (),
        bad=event.kind == "breach",
        files="files" in spoken.data if spoken else False,
    )


def actor_name(event: Event) -> str:
    """Name of the member of staff, else who it was."""
    return event.actor.name if event.actor else Party(event.party).label


def sentence(event: Event, *, outcome_of: Event | None, for_firm: bool) -> str:
    """What happened, in one short Chinese sentence."""
    department = event.department.name if event.department else "服务中心"
    who = event.actor.name if event.actor else department
    if event.kind == "breach":
        return f"“{Clock(event.data['clock']).label}”超过承诺时间"
    if event.kind in {Remark.SOURCE, Remark.CONFIRM} or (event.kind == _A.SUBMIT and event.data.get("on_behalf")):
        return _by_another_hand(event, for_firm=for_firm)
    for beside in (remarked, files_said):
        if (told := beside(event, for_firm=for_firm)) is not None:
            return told
    if event.kind == _A.RATE:
        scores = [Rating.Score(event.data[name]).label for name in ("process", "result")]
        return f"{'您' if for_firm else '企业'}评价：过程{scores[0]}，结果{scores[1]}，办结"
    if event.kind in {_A.REPLY, _A.DELIVER} and outcome_of:
        outcome = Outcome(outcome_of.data["outcome"]).label
        return f"{who}拟答复：{outcome}，待审核" if event.kind == _A.REPLY else f"{department}答复：{outcome}"
    said: dict[str, str] = {
        _A.SUBMIT: "您提交了诉求" if for_firm else "企业提交",
        _A.ROUTE: f"已交给{department}" if for_firm else f"按规则交办{department}",
        _A.DEFER: "规则未能确定，转人工研判",
        _A.ASSIGN: f"已交给{department}" if for_firm else f"{who}交办{department}",
        _A.REASSIGN: f"改由{department}办理" if for_firm else f"{who}改派{department}",
        _A.CLASSIFY: f"{who}调整归类",
        _A.SIGN: f"{department} {who}已签收",
        _A.CONTACT: f"{who}已联系{'您' if for_firm else '企业'}",
        _A.INTERIM: f"{who}作出阶段答复",
        _A.NOTE: f"{who}记录进展",
        _A.SEND_BACK: f"{who}退回重办",
        _A.LAPSE: "原系统已办结" if event.data.get("imported") else "到期未评价，自动办结",
        _A.REWORK: f"{'您' if for_firm else '企业'}未认可答复，二次交办{department}",
        _A.WITHDRAW: f"{'您' if for_firm else '企业'}撤回诉求",
        _A.URGE: f"{'您' if for_firm else '企业'}催办",
        Remark.VISIBILITY: "提交人调整了谁看得到" if for_firm else "企业调整了可见范围",
    }
    return said.get(event.kind, event.kind)


_ANSWERED = {
    Confirmation.State.CONFIRMED: "确认了代录的内容",
    Confirmation.State.CORRECTED: "更正了代录的内容",
    Confirmation.State.DENIED: "表示这件诉求不是其提出",
}


def _by_another_hand(event: Event, *, for_firm: bool) -> str:
    """What was entered for the firm, and its word on it."""
    firm = "您" if for_firm else "企业"
    if event.kind == Remark.CONFIRM:
        said = _ANSWERED[Confirmation.State(event.data["op"])]
        return f"{firm}{said.replace('其', '您') if for_firm else said}"
    channel = Ticket.Channel(event.data["channel"]).label
    if event.kind == Remark.SOURCE:
        return f"同一件事又经{channel}收到，并入本件"
    if event.data.get("imported"):
        return f"{firm}的诉求从原系统导入"
    return f"服务中心按{channel}代您录入" if for_firm else f"{actor_name(event)}代企业录入（{channel}）"


def files_said(event: Event, *, for_firm: bool) -> str | None:
    """The sentence of an event about files alone: "" where it is no news, None for every other event."""
    if event.kind == Remark.MATERIAL:
        return f"{'您' if for_firm else actor_name(event)}补充了 {len(event.data['files'])} 份材料"
    if event.kind == Remark.CHECKED:
        bad = sum(one["state"] in {"refused", "infected"} for one in event.data["files"])
        return f"{bad} 份材料未通过安全检查，不予提供" if bad else ""
    return None
