"""The words of the table: statuses, outcomes, parties, clocks and actions, with their Chinese names. Pure."""

from __future__ import annotations

from django.db.models import TextChoices


class Status(TextChoices):
    """Where a request stands. "Open" = none of closed, rejected, withdrawn, merged."""

    SUBMITTED = "submitted", "待受理"
    INFO_NEEDED = "info_needed", "待补正"
    TRIAGE = "triage", "待研判"
    ASSIGNED = "assigned", "待签收"
    IN_PROGRESS = "in_progress", "办理中"
    DISPUTED = "disputed", "退回待裁定"
    SUSPENDED = "suspended", "挂起"
    REVIEWING = "reviewing", "答复待审"
    ANSWERED = "answered", "待评价"
    CLOSED = "closed", "已办结"
    REJECTED = "rejected", "不予受理"
    WITHDRAWN = "withdrawn", "已撤回"
    MERGED = "merged", "已并案"


ENDED = frozenset({Status.CLOSED, Status.REJECTED, Status.WITHDRAWN, Status.MERGED})
OPEN = frozenset(Status) - ENDED


class Outcome(TextChoices):
    """Required to reply; only `solved` counts as solved."""

    SOLVED = "solved", "已解决"
    PARTIAL = "partial", "部分解决"
    EXPLAINED = "explained", "解释说明"
    PLANNED = "planned", "列入计划"
    REFERRED = "referred", "转其他程序"
    UNSOLVED = "unsolved", "未解决"


class Party(TextChoices):
    """Who somebody is to this request, which is not a role: an officer of another bureau is a stranger."""

    FIRM = "firm", "企业"
    FIRM_VIEWER = "firm_viewer", "企业查看人"
    OFFICER = "officer", "主办经办"
    HEAD = "head", "主办负责人"
    CO_OFFICER = "co_officer", "协办经办"
    CO_HEAD = "co_head", "协办负责人"
    INTAKE = "intake", "受理员"
    DISPATCHER = "dispatcher", "研判交办员"
    DIRECTOR = "director", "企服中心主任"
    SUPERVISOR = "supervisor", "督办员"
    LEADER = "leader", "领导"
    SYSTEM = "system", "系统"


class Clock(TextChoices):
    """Promise clocks of domain.md §4, in the order of its table."""

    FULL = "FULL", "全程"
    ACCEPT = "ACCEPT", "受理"
    COMPLETE = "COMPLETE", "补正"
    DISPATCH = "DISPATCH", "研判交办"
    SIGN = "SIGN", "签收"
    CONTACT = "CONTACT", "联系"
    INTERIM = "INTERIM", "阶段答复"
    NOTE = "NOTE", "进展记录"
    RESOLVE = "RESOLVE", "答复"
    ARBITRATE = "ARBITRATE", "裁定"
    REVIEW_HOLD = "REVIEW_HOLD", "挂起复核"
    REVIEW = "REVIEW", "审核"
    RATE = "RATE", "评价"
    CALL_BACK = "CALL_BACK", "回访"
    LEG = "LEG", "协办反馈"
    SUPERVISE = "SUPERVISE", "督办答复"
    FOLLOW_UP = "FOLLOW_UP", "计划跟踪"


FIRM_CLOCKS = frozenset({Clock.RATE, Clock.COMPLETE})
"""The firm's own clocks: running out is an end, not a breach."""
ENDING_CLOCKS = FIRM_CLOCKS | {Clock.REVIEW_HOLD}
"""Clocks whose running out makes a move by the system instead of breaking a promise."""
RESTRICTED_CLOCKS = frozenset({Clock.SIGN, Clock.RESOLVE})
"""The only clocks of a restricted request (domain.md §1)."""
DEPARTMENT_CLOCKS = frozenset(
    {
        *(Clock.SIGN, Clock.CONTACT, Clock.INTERIM, Clock.NOTE, Clock.RESOLVE, Clock.REVIEW),
        *(Clock.REVIEW_HOLD, Clock.SUPERVISE, Clock.FOLLOW_UP),
    }
)
"""On the desk of the department in the lead: they run by its own hours where it keeps any."""
RED_CLOCKS = frozenset({Clock.SIGN, Clock.CONTACT, Clock.RESOLVE})
"""Whose breach lights red for head and director, and wants a reason (domain.md §4, ladder)."""
CENTRE_CLOCKS = frozenset({Clock.ACCEPT, Clock.DISPATCH, Clock.ARBITRATE, Clock.CALL_BACK})
"""Held by the service centre; the others by the lead department, LEG by the co-handler."""


class Action(TextChoices):
    """The moves, by the names that the API uses, in the order of domain.md §3."""

    SUBMIT = "submit", "提交"
    ROUTE = "route", "自动交办"
    DEFER = "defer", "转人工研判"
    ASSIGN = "assign", "交办"
    REQUEST_INFO = "request_info", "要求补正"
    SUPPLEMENT = "supplement", "补充材料"
    CLASSIFY = "classify", "归类"
    REJECT = "reject", "不予受理"
    MERGE = "merge", "并案"
    SPLIT = "split", "拆分"
    REASSIGN = "reassign", "改派"
    ASSIGN_LEG = "assign_leg", "增加协办"
    SIGN = "sign", "签收"
    CONTACT = "contact", "联系企业"
    INTERIM = "interim", "阶段答复"
    NOTE = "note", "记录进展"
    OBJECT = "object", "退单"
    RULE_ON_RETURN = "rule_on_return", "裁定退单"
    EXTEND = "extend", "申请延期"
    SUSPEND = "suspend", "申请挂起"
    RESUME = "resume", "恢复办理"
    RAISE_TIER = "raise_tier", "提级"
    REPLY = "reply", "答复"
    SEND_BACK = "send_back", "退回重办"
    DELIVER = "deliver", "审核送达"
    RATE = "rate", "评价"
    LAPSE = "lapse", "到期办结"
    REWORK = "rework", "二次交办"
    CALL_BACK = "call_back", "回访"
    REOPEN = "reopen", "重开"
    WITHDRAW = "withdraw", "撤回"
    URGE = "urge", "催办"
    SUPERVISE = "supervise", "督办"
    INSTRUCT = "instruct", "批示"
    ANSWER_SUPERVISION = "answer_supervision", "督办答复"
    FOLLOW_UP = "follow_up", "计划跟踪"
    EXCLUDE = "exclude", "剔除评价"
    MARK_TEST = "mark_test", "标为测试"


class Remark(TextChoices):
    """Events that are no moves: they change nothing in the table, and the log keeps them like any other."""

    SOURCE = "source", "并入来源"
    ASK_CONFIRM = "ask_confirm", "请企业核对代录"
    CONFIRM = "confirm", "企业核对代录"
    MESSAGE = "message", "转达留言"
    MATERIAL = "material", "补充材料"
    CHECKED = "checked", "检查材料"
    REVEAL = "reveal", "查看企业身份"
    ERASE = "erase", "删除个人信息和文字"
    VISIBILITY = "visibility", "调整谁看得到"
    TOPIC = "topic", "归入或移出专题"
    TOPIC_REPLY = "topic_reply", "同类问题的处理结果"
    LISTED = "listed", "列入通报"
    LATE_REASON = "late_reason", "说明超期原因"
    POLICY = "policy", "时限调整"


class LegAction(TextChoices):
    """Moves of a co-handler's leg."""

    LEG_SIGN = "leg_sign", "协办签收"
    LEG_REPLY = "leg_reply", "协办反馈"
    LEG_RETURN = "leg_return", "协办退回"


class LegStatus(TextChoices):
    """Where a leg stands. Released: the request ended, or the department came to lead it."""

    ASSIGNED = "assigned", "待签收"
    SIGNED = "signed", "办理中"
    REPLIED = "replied", "已反馈"
    RETURNED = "returned", "已退回"
    RELEASED = "released", "已解除"


OPEN_LEGS = frozenset({LegStatus.ASSIGNED, LegStatus.SIGNED})


class Rejection(TextChoices):
    """Why a request is not accepted (domain.md §2)."""

    OUTSIDE = "outside", "不属于本级受理范围"
    LITIGATION = "litigation", "已进入诉讼、仲裁或复议"
    PETITION = "petition", "属信访事项"
    DISCIPLINE = "discipline", "属纪检监察事项"
    SECRET = "secret", "涉密或涉个人隐私"
    EMPTY = "empty", "没有实质内容"
    REPEATED = "repeated", "同一事实已办理"


class ReturnReason(TextChoices):
    """Why a department objects to an assignment."""

    WRONG_REGION = "wrong_region", "区划不对"
    NOT_OUR_DUTY = "not_our_duty", "非本部门职责"
    OVERLAPPING = "overlapping", "职责交叉"
    MISSING = "missing", "信息不足"


class Suspension(TextChoices):
    """Why a request may rest."""

    POLICY = "policy", "待上级政策"
    RULING = "ruling", "待司法或审计结论"
    MATERIAL = "material", "待企业材料"
    QUOTA = "quota", "待资金额度"
    SEASON = "season", "受季节或工期限制"
    FORCE_MAJEURE = "force_majeure", "不可抗力"
