"""One short Chinese sentence for each event of the log, for the firm and for officials."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from routing.promises.amount import parse_amount
from routing.promises.models import Rung
from tickets.models import Confirmation, Event, Rating, Ticket
from tickets.remarked import remarked
from tickets.terms import (
    Action,
    Clock,
    LegAction,
    Outcome,
    Party,
    Rejection,
    Remark,
    ReturnReason,
    Status,
    Suspension,
)

_A, _L = Action, LegAction


@dataclass(frozen=True, slots=True)
class Said:
    """What a sentence may use. `firm` is how the reader calls the firm."""

    event: Event
    who: str
    department: str
    firm: str
    for_firm: bool
    outcome_of: Event | None

    def told(self, to_firm: str, to_staff: str) -> str:
        """The wording for this reader."""
        return to_firm if self.for_firm else to_staff


def sentence(event: Event, *, outcome_of: Event | None, for_firm: bool) -> str:
    """What happened. `outcome_of`: the last reply before it, or the event itself."""
    for beside in (remarked, files_said):
        if (told := beside(event, for_firm=for_firm)) is not None:
            return told
    department = event.department.name if event.department else "服务中心"
    said = Said(
        event=event,
        who=event.actor.name if event.actor else _nobody(event, department),
        department=department,
        firm="您" if for_firm else "企业",
        for_firm=for_firm,
        outcome_of=outcome_of,
    )
    words = _WORDS.get(event.kind)
    return words(said) if words else event.kind


def _nobody(event: Event, department: str) -> str:
    return "系统" if event.party == Party.SYSTEM else department


def _label(kind: str) -> str:
    return Action(kind).label if kind in Action.values else kind


def _breach(s: Said) -> str:
    whose = f"{s.department}" if s.event.leg_id else ""
    return f"{whose}“{Clock(s.event.data['clock']).label}”超过承诺时间"


def _promise(s: Said) -> str:
    return Clock(s.event.data["clock"]).label


def _warning(s: Said) -> str:
    """A yellow light, or what the ladder did."""
    amount, effect = s.event.data["amount"], s.event.data["effect"]
    if effect == Rung.Effect.YELLOW:
        used = f"已用 {amount}" if amount.endswith("%") else f"只剩 {parse_amount(amount).words()}"
        return f"“{_promise(s)}”时限{used}，亮黄灯"
    return f"“{_promise(s)}”超期 {parse_amount(amount).words()}，{Rung.Effect(effect).label}"


def _listed(s: Said) -> str:
    why = "回访查明办结不实" if s.event.data["op"] == "false_closure" else f"“{_promise(s)}”长期超期"
    return f"{why}，列入通报"


def _rate(s: Said) -> str:
    scores = [Rating.Score(s.event.data[name]).label for name in ("process", "result")]
    return f"{s.firm}评价：过程{scores[0]}，结果{scores[1]}，办结"


def _outcome(s: Said) -> str:
    data = s.outcome_of.data if s.outcome_of else s.event.data
    return Outcome(data["outcome"]).label if data.get("outcome") else "已答复"


def _lapse(s: Said) -> str:
    if s.event.data.get("imported"):
        return "原系统已办结"
    ended = s.event.to_status == Status.WITHDRAWN
    return "到期未补充材料，自动撤回（30 天内可重开）" if ended else "到期未评价，自动办结"


def _reject(s: Said) -> str:
    reason = s.event.data.get("reason", "")
    why = Rejection(reason).label if reason in Rejection.values else ""
    return f"不予受理：{why}" if why else "不予受理"


def _object(s: Said) -> str:
    reason = s.event.data.get("reason", "")
    return f"{s.department} {s.who}退单：{ReturnReason(reason).label if reason in ReturnReason.values else ''}"


def _ruling(s: Said) -> str:
    return (
        f"{s.who}裁定退单成立，改由{s.department}办理"
        if s.event.data.get("upheld")
        else f"{s.who}裁定退单不成立，继续办理"
    )


def _suspend(s: Said) -> str:
    reason = s.event.data.get("reason", "")
    return f"经批准挂起：{Suspension(reason).label if reason in Suspension.values else ''}"


def _reopen(s: Said) -> str:
    if s.event.party == Party.FIRM:
        return f"{s.firm}重开诉求"
    return s.told("经核查没有解决，重新交办", f"{s.who}重开诉求")


def _extend(s: Said) -> str:
    until = str(s.event.data.get("until", ""))
    try:
        day = date.fromisoformat(until)
    except ValueError:
        return f"经批准延期至 {until}"
    return f"经批准延期至 {day.month} 月 {day.day} 日"


def _approval(s: Said) -> str:
    name = _label(str(s.event.data.get("action", "")))
    made = {"asked": f"{s.who}提出“{name}”", "refused": f"{s.who}未同意“{name}”", "lapsed": f"“{name}”的申请已失效"}
    return made.get(str(s.event.data.get("op", "")), name)


def _call_back(s: Said) -> str:
    data = s.event.data
    if not data.get("contacted"):
        return f"{s.who}回访，未接通"
    denied = "，并说没有人联系过" if data.get("was_contacted") is False else ""
    return f"{s.who}回访：企业表示{'已解决' if data.get('solved') else '没有解决'}{denied}"


def _follow_up(s: Said) -> str:
    return f"{s.who}：计划事项已完成" if s.event.data.get("done") else f"{s.who}跟踪计划进展"


_CONFIRMED = {
    Confirmation.State.CONFIRMED: "确认了代录的内容",
    Confirmation.State.CORRECTED: "更正了代录的内容",
    Confirmation.State.DENIED: "表示这件诉求不是其提出",
}


def _confirm(s: Said) -> str:
    """The firm's word on what was entered for it."""
    words = _CONFIRMED[Confirmation.State(s.event.data["op"])]
    return s.told(f"您{words.replace('其', '您')}", f"企业{words}")


def _ask_confirm(s: Said) -> str:
    again = "重新" if s.event.data["op"] == "renewed" else ""
    return s.told("请您核对代您录入的内容", f"{s.who}{again}请企业核对代录的内容")


def _channel(s: Said) -> str:
    return Ticket.Channel(s.event.data["channel"]).label


def _submit(s: Said) -> str:
    if s.event.data.get("imported"):
        return f"{s.firm}的诉求从原系统导入"
    if s.event.data.get("on_behalf"):
        return s.told(f"服务中心按{_channel(s)}代您录入", f"{s.who}代企业录入（{_channel(s)}）")
    if s.event.data.get("parent"):
        return f"从一件涉及多个部门的诉求中拆出，交{s.department}"
    return s.told("您提交了诉求", "企业提交")


_WORDS: Mapping[str, Callable[[Said], str]] = {
    "breach": _breach,
    "warning": _warning,
    Remark.LISTED: lambda s: (
        "回访查明办结不实，列入通报" if s.event.data["op"] == "false_closure" else "超期多日，列入通报"
    ),
    Remark.LATE_REASON: lambda s: f"{s.who}说明“{_promise(s)}”超期原因",
    "approval": _approval,
    "absorb": lambda s: "另一件相同的诉求并入本件",
    Remark.VISIBILITY: lambda s: s.told("提交人调整了谁看得到", "企业调整了可见范围"),
    Remark.SOURCE: lambda s: f"同一件事又经{_channel(s)}收到，并入本件",
    Remark.ASK_CONFIRM: _ask_confirm,
    Remark.CONFIRM: _confirm,
    _A.SUBMIT: _submit,
    _A.ROUTE: lambda s: s.told(f"已交给{s.department}", f"按规则交办{s.department}"),
    _A.DEFER: lambda s: "规则未能确定，转人工研判",
    _A.ASSIGN: lambda s: s.told(f"已交给{s.department}", f"{s.who}交办{s.department}"),
    _A.REQUEST_INFO: lambda s: s.told("请您补充材料", f"{s.who}要求企业补充材料"),
    _A.SUPPLEMENT: lambda s: s.told("您补充了材料", f"{s.who if s.event.actor_id else '企业'}补充材料"),
    _A.CLASSIFY: lambda s: f"{s.who}调整归类",
    _A.REJECT: _reject,
    _A.MERGE: lambda s: s.told("已与另一件相同的诉求合并办理", f"{s.who}并案"),
    _A.SPLIT: lambda s: f"涉及多个部门，拆成 {len(s.event.data.get('children', []))} 件分别办理",
    _A.REASSIGN: lambda s: s.told(f"改由{s.department}办理", f"{s.who}改派{s.department}"),
    _A.ASSIGN_LEG: lambda s: f"{s.who}增加协办",
    _A.SIGN: lambda s: f"{s.department} {s.who}已签收",
    _A.CONTACT: lambda s: f"{s.who}已联系{s.firm}",
    _A.INTERIM: lambda s: f"{s.who}作出阶段答复",
    _A.NOTE: lambda s: f"{s.who}记录进展",
    _A.OBJECT: _object,
    _A.RULE_ON_RETURN: _ruling,
    _A.EXTEND: _extend,
    _A.SUSPEND: _suspend,
    _A.RESUME: lambda s: "恢复办理" if s.event.actor_id else "挂起到期，自动恢复办理",
    _A.RAISE_TIER: lambda s: f"{s.who}提级办理",
    _A.REPLY: lambda s: f"{s.who}拟答复：{_outcome(s)}，待审核",
    _A.SEND_BACK: lambda s: f"{s.who}退回重办",
    _A.DELIVER: lambda s: f"{s.department}答复：{_outcome(s)}",
    _A.RATE: _rate,
    _A.LAPSE: _lapse,
    _A.REWORK: lambda s: f"{s.firm if s.event.party == Party.FIRM else '回访核实'}未认可答复，二次交办{s.department}",
    _A.CALL_BACK: _call_back,
    _A.REOPEN: _reopen,
    _A.WITHDRAW: lambda s: f"{s.firm}撤回诉求",
    _A.URGE: lambda s: f"{s.firm}催办",
    _A.SUPERVISE: lambda s: f"{s.who}督办",
    _A.INSTRUCT: lambda s: f"{s.who}批示",
    _A.ANSWER_SUPERVISION: lambda s: f"{s.who}答复督办",
    _A.FOLLOW_UP: _follow_up,
    _A.EXCLUDE: lambda s: "经批准剔除评价",
    _A.MARK_TEST: lambda s: "经批准标为测试件",
    _L.LEG_SIGN: lambda s: f"协办 {s.department} {s.who}已签收",
    _L.LEG_REPLY: lambda s: f"协办 {s.department} {s.who}反馈",
    _L.LEG_RETURN: lambda s: f"协办 {s.department} {s.who}退回",
}
"""One home for the words of every kind of event; whoever adds a kind adds its line."""


def files_said(event: Event, *, for_firm: bool) -> str | None:
    """The sentence of an event about files alone: "" where it is no news, None for every other event."""
    if event.kind == Remark.MATERIAL:
        who = "您" if for_firm else event.actor.name if event.actor else Party(event.party).label
        return f"{who}补充了 {len(event.data['files'])} 份材料"
    if event.kind == Remark.CHECKED:
        bad = sum(one["state"] in {"refused", "infected"} for one in event.data["files"])
        return f"{bad} 份材料未通过安全检查，不予提供" if bad else ""
    return None
