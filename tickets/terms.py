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
    """Promise clocks of domain.md §4."""

    FULL = "FULL", "全程"
    ACCEPT = "ACCEPT", "受理"
    DISPATCH = "DISPATCH", "研判交办"
    SIGN = "SIGN", "签收"
    CONTACT = "CONTACT", "联系"
    INTERIM = "INTERIM", "阶段答复"
    NOTE = "NOTE", "进展记录"
    RESOLVE = "RESOLVE", "答复"
    REVIEW = "REVIEW", "审核"
    RATE = "RATE", "评价"


FIRM_CLOCKS = frozenset({Clock.RATE})
"""The firm's own clocks: running out is an end, not a breach."""
RESTRICTED_CLOCKS = frozenset({Clock.SIGN, Clock.RESOLVE})
"""The only clocks of a restricted request (domain.md §1)."""
CENTRE_CLOCKS = frozenset({Clock.ACCEPT, Clock.DISPATCH})
"""Held by the service centre; the others by the lead department."""


class Action(TextChoices):
    """The moves, by the names that the API uses."""

    SUBMIT = "submit", "提交"
    ROUTE = "route", "自动交办"
    DEFER = "defer", "转人工研判"
    ASSIGN = "assign", "交办"
    REASSIGN = "reassign", "改派"
    CLASSIFY = "classify", "归类"
    SIGN = "sign", "签收"
    CONTACT = "contact", "联系企业"
    INTERIM = "interim", "阶段答复"
    NOTE = "note", "记录进展"
    REPLY = "reply", "答复"
    SEND_BACK = "send_back", "退回重办"
    DELIVER = "deliver", "审核送达"
    RATE = "rate", "评价"
    LAPSE = "lapse", "未评价办结"
    REWORK = "rework", "二次交办"
    WITHDRAW = "withdraw", "撤回"
    URGE = "urge", "催办"


class Remark(TextChoices):
    """Events that are no moves: they change nothing in the table, and the log keeps them like any other."""

    SOURCE = "source", "并入来源"
    CONFIRM = "confirm", "企业核对代录"
    MESSAGE = "message", "转达留言"
    MATERIAL = "material", "补充材料"
    CHECKED = "checked", "检查材料"
    REVEAL = "reveal", "查看企业身份"
    ERASE = "erase", "删除个人信息和文字"
    VISIBILITY = "visibility", "调整谁看得到"
