"""The default rules and words: who hears of what until an administrator says otherwise (domain.md §3–4).

Run again, it adds what is missing and changes nothing that is there.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import transaction

from tickets.models import NoticeRule, NoticeTemplate
from tickets.models.notice_rule import Audience
from tickets.workflow import Clock

_STAFF = {
    "handed": ("交给您部门办理", "“{title}”（{number}）交由{department}办理，请在 {due} 前答复。先签收并联系企业。"),
    "handed-again": ("改派给您部门办理", "“{title}”（{number}）改由{department}办理，{due} 前答复，时限不重新计算。"),
    "leg": ("请您部门协办", "“{title}”（{number}）由{department}主办，请您部门在 {due} 前反馈。"),
    "triage": ("规则未能确定，等待研判", "“{title}”（{number}）规则没有给出去处，请在 {due} 前交办。"),
    "supplemented": ("企业已补充材料", "“{title}”（{number}）企业已补充材料，可以继续办理。"),
    "rework": ("企业未认可答复，二次交办", "“{title}”（{number}）企业没有认可答复，请在 {due} 前重新答复。"),
    "reopened": ("办结后重开", "“{title}”（{number}）办结后重开，请在 {due} 前重新答复。"),
    "urged": ("企业催办", "“{title}”（{number}）企业催办，现在{status}。"),
    "withdrawn": ("企业已撤回", "“{title}”（{number}）企业已撤回，不用再办。"),
    "to-review": ("有答复等待审核", "“{title}”（{number}）有答复等您审核，请在 {due} 前办理。"),
    "sent-back": ("答复被退回重办", "“{title}”（{number}）的答复被退回，请看审核意见后修改。"),
    "delivered": ("答复已送达企业", "“{title}”（{number}）的答复已送达企业，等待评价。"),
    "rated": ("企业已评价", "“{title}”（{number}）企业已评价。"),
    "lapsed": ("企业未评价，已自动办结", "“{title}”（{number}）企业到期没有评价，已自动办结。"),
    "gone": ("企业未补正，已自动撤回", "“{title}”（{number}）企业到期没有补正，已按撤回处理，30 天内可重开。"),
    "call-back": ("已抽中回访", "“{title}”（{number}）已抽中回访，请电话核实是否解决。"),
    "asked": ("有申请等您审批", "“{title}”（{number}）有一项申请等您审批。"),
    "granted": ("您的申请已同意", "“{title}”（{number}）您的申请已同意，现在{status}。"),
    "more-time": ("延期已同意", "“{title}”（{number}）您的延期申请已同意，请在 {due} 前答复。"),
    "refused": ("您的申请未获同意", "“{title}”（{number}）您的申请未获同意，时限不变。"),
    "moot": ("您的申请已失效", "“{title}”（{number}）现在{status}，您的申请不再需要审批。"),
    "objected": ("部门退单，等待裁定", "“{title}”（{number}）{department}退单，请在 {due} 前裁定。"),
    "ruled": ("退单已裁定", "“{title}”（{number}）退单已裁定，由{department}办理，{due} 前答复。"),
    "merged": ("已并入另一件诉求", "“{title}”（{number}）已并入另一件诉求，不用单独办理。"),
    "absorbed": ("另一件诉求并入本件", "“{title}”（{number}）有另一件相同的诉求并入，{due} 前一并答复。"),
    "split": ("已拆分办理", "“{title}”（{number}）已拆分，由企业综合服务中心牵头。"),
    "resumed": ("挂起结束，恢复办理", "“{title}”（{number}）挂起结束，{due} 前答复。"),
    "raised": ("已提级", "“{title}”（{number}）已提级办理。"),
    "supervised": ("督办，须书面答复", "“{title}”（{number}）已督办，请部门负责人在 {due} 前书面答复。"),
    "instructed": ("领导批示，须书面答复", "“{title}”（{number}）有领导批示，请部门负责人在 {due} 前书面答复。"),
    "explained": ("督办已答复", "“{title}”（{number}）部门已就督办作出书面答复。"),
    "leg-replied": ("协办部门已反馈", "“{title}”（{number}）有协办部门作出反馈。"),
    "leg-returned": ("协办部门退回", "“{title}”（{number}）有协办部门退回，请另作安排。"),
    "messaged": ("有新的留言", "“{title}”（{number}）有新的留言，请到办理页查看和回复。"),
    "material": ("企业补充了材料", "“{title}”（{number}）有新的材料，请到办理页查看。"),
    "second-source": ("同一件事又经另一渠道收到", "“{title}”（{number}）同一件事又经另一渠道收到，已并为一件。"),
    "disputed": ("企业更正或否认了代录的内容", "“{title}”（{number}）企业核对后更正或否认了代录的内容，请核实。"),
    "warning": ("“{clock}”即将到期", "“{title}”（{number}）的“{clock}”将在 {due} 到期。"),
    "breach": (
        "“{clock}”超过承诺时间",
        "“{title}”（{number}）的“{clock}”应在 {due} 前完成，现已超期。请尽快办理并说明原因。",
    ),
}
"""Code → line of the inbox and subject of a mail, body."""
_FIRM = {
    "sms-received": ("已收到", "您的诉求{number}已收到，正在研判交由哪个部门办理，{due}前有结果。"),
    "sms-assigned": ("已交办", "您的诉求{number}已交由{department}办理，{due}前答复。"),
    "sms-reassigned": ("已改派", "您的诉求{number}改由{department}办理，{due}前答复。"),
    "sms-asked": ("请补充材料", "您的诉求{number}需要补充材料，请在{due}前到查询页补充。"),
    "sms-interim": ("有阶段答复", "您的诉求{number}有了阶段答复，请到查询页查看。"),
    "sms-delivered": ("有答复，请评价", "您的诉求{number}已有答复，请在{due}前到查询页查看并评价。"),
    "sms-closed": ("到期办结", "您的诉求{number}到期未评价，已办结。如未解决，30天内可在查询页重开。"),
    "sms-lapsed": ("到期撤回", "您的诉求{number}到期未补充材料，已按撤回处理，30天内可在查询页重开。"),
    "sms-reworked": ("重新办理", "您的诉求{number}重新办理，由{department}在{due}前答复。"),
    "sms-suspended": ("暂缓办理", "您的诉求{number}经批准暂缓办理，原因请到查询页查看。"),
    "sms-extended": ("延期", "您的诉求{number}经批准延期，{due}前答复。"),
    "sms-rejected": ("不予受理", "您的诉求{number}不予受理，原因和可去之处请到查询页查看。"),
    "sms-message": ("有新的留言", "您的诉求{number}有新的留言，请到查询页查看和回复。"),
    "sms-revealed": ("企业身份被查看", "您的诉求{number}的企业身份被查看，谁、何时、为什么，请到查询页查看。"),
    "sms-resumed": ("恢复办理", "您的诉求{number}恢复办理，由{department}在{due}前答复。"),
    "sms-split": ("拆分办理", "您的诉求{number}涉及几个部门，已分开办理，{due}前一并答复，进展请到查询页查看。"),
    "sms-topic": ("同类问题有结果", "您的诉求{number}反映的同类问题有了处理结果，请到查询页查看。"),
    "sms-confirm-link": ("请核对代录的诉求", "服务中心代您记录了诉求{number}，请在{due}前打开 {link} 核对。"),
    "sms-merged": ("合并办理", "您的诉求{number}与同类诉求合并办理，进展请到查询页查看。"),
}
"""Code → what it is about, words of the SMS. The firm reads no access code in it and nothing that anybody typed."""

_A = Audience
_Row = tuple[str, str, str, Audience, str]  # kind, clock, detail, audience, template
_HANDED = (("route", ""), ("assign", ""), ("submit", "assigned"))
"""How a request comes to its first department; a part of a split one is born there."""
_HELP_ASKED = (*_HANDED, ("assign_leg", ""), ("reassign", ""), ("rule_on_return", ""))
_TO_STAFF: tuple[_Row, ...] = (
    *((kind, "", op, _A.OFFICERS, "handed") for kind, op in _HANDED),
    *((kind, "", op, _A.CO_OFFICERS, "leg") for kind, op in _HELP_ASKED),
    ("reassign", "", "", _A.OFFICERS, "handed-again"),
    ("defer", "", "", _A.DISPATCHER, "triage"),
    ("defer", "", "", _A.DIRECTOR, "triage"),
    ("supplement", "", "", _A.OFFICER, "supplemented"),
    ("rework", "", "", _A.OFFICERS, "rework"),
    ("rework", "", "", _A.HEAD, "rework"),
    ("reopen", "", "", _A.OFFICERS, "reopened"),
    ("reopen", "", "", _A.HEAD, "reopened"),
    ("urge", "", "", _A.OFFICER, "urged"),
    ("urge", "", "", _A.HEAD, "urged"),
    ("withdraw", "", "", _A.OFFICER, "withdrawn"),
    ("reply", "", "", _A.REVIEWER, "to-review"),
    ("send_back", "", "", _A.OFFICER, "sent-back"),
    ("deliver", "", "", _A.OFFICER, "delivered"),
    ("rate", "", "", _A.OFFICER, "rated"),
    ("lapse", "", "", _A.OFFICER, "lapsed"),
    ("lapse", "", "withdrawn", _A.OFFICER, "gone"),
    *((kind, "CALL_BACK", NoticeRule.STARTED, _A.INTAKE, "call-back") for kind in ("rate", "lapse")),
    ("object", "", "", _A.DISPATCHER, "objected"),
    ("rule_on_return", "", "", _A.HEAD, "ruled"),
    ("rule_on_return", "", "", _A.OFFICERS, "ruled"),
    ("rule_on_return", "", "", _A.OBJECTOR, "ruled"),
    ("approval", "", "asked", _A.APPROVER, "asked"),
    ("approval", "", "refused", _A.ASKER, "refused"),
    ("approval", "", "lapsed", _A.ASKER, "moot"),
    ("extend", "", "", _A.ASKER, "more-time"),
    *((kind, "", "", _A.ASKER, "granted") for kind in ("reject", "suspend", "exclude", "mark_test")),
    ("resume", "", "", _A.OFFICER, "resumed"),
    ("merge", "", "", _A.OFFICER, "merged"),
    ("absorb", "", "", _A.OFFICER, "absorbed"),
    ("split", "", "", _A.OFFICER, "split"),
    ("raise_tier", "", "", _A.HEAD, "raised"),
    ("raise_tier", "", "", _A.DIRECTOR, "raised"),
    ("raise_tier", "", "", _A.LEADER, "raised"),
    ("supervise", "", "", _A.HEAD, "supervised"),
    ("supervise", "", "", _A.OFFICER, "supervised"),
    ("instruct", "", "", _A.HEAD, "instructed"),
    ("instruct", "", "", _A.OFFICER, "instructed"),
    ("answer_supervision", "", "", _A.SUPERVISOR, "explained"),
    ("leg_reply", "", "", _A.OFFICER, "leg-replied"),
    ("leg_return", "", "", _A.OFFICER, "leg-returned"),
    ("leg_return", "", "", _A.DISPATCHER, "leg-returned"),
    ("message", "", "", _A.OFFICER, "messaged"),
    ("material", "", "", _A.OFFICER, "material"),
    ("source", "", "", _A.OFFICER, "second-source"),
    *(("confirm", "", op, who, "disputed") for op in ("corrected", "denied") for who in (_A.INTAKE, _A.OFFICER)),
    ("warning", "", "", _A.OFFICER, "warning"),
    ("warning", "", "", _A.HEAD, "warning"),
)
_BROKEN: tuple[_Row, ...] = (
    *(
        ("breach", str(clock), "", audience, "breach")
        for clock in (Clock.SIGN, Clock.CONTACT, Clock.RESOLVE, Clock.LEG)
        for audience in (_A.HOLDER, _A.HEAD, _A.DIRECTOR)
    ),
    ("breach", "", "", _A.HOLDER, "breach"),
    ("breach", "", "", _A.DIRECTOR, "breach"),
)
_TO_GROUPS: tuple[_Row, ...] = (
    *((kind, "", op, _A.GROUP, "handed") for kind, op in _HANDED),
    ("reassign", "", "", _A.GROUP, "handed-again"),
    ("rework", "", "", _A.GROUP, "rework"),
    ("reopen", "", "", _A.GROUP, "reopened"),
    *((kind, "", op, _A.CO_GROUP, "leg") for kind, op in _HELP_ASKED),
)
_BROKEN_IN_GROUPS: tuple[_Row, ...] = tuple(
    ("breach", str(clock), "", _A.GROUP, "breach") for clock in (Clock.SIGN, Clock.CONTACT, Clock.RESOLVE)
)
_TO_FIRM = {
    "defer": "sms-received",
    "route": "sms-assigned",
    "assign": "sms-assigned",
    "reassign": "sms-reassigned",
    "request_info": "sms-asked",
    "interim": "sms-interim",
    "deliver": "sms-delivered",
    "lapse": "sms-closed",
    "rework": "sms-reworked",
    "reopen": "sms-reworked",
    "suspend": "sms-suspended",
    "resume": "sms-resumed",
    "extend": "sms-extended",
    "reject": "sms-rejected",
    "merge": "sms-merged",
    "split": "sms-split",
    "message": "sms-message",
    "reveal": "sms-revealed",
    "topic_reply": "sms-topic",
    "ask_confirm": "sms-confirm-link",
}


@transaction.atomic
def load_defaults() -> None:
    """Templates and rules that are missing; one that an administrator has changed or switched off stays so."""
    NoticeTemplate.objects.bulk_create(
        [NoticeTemplate(code=code, title=title, body=body) for code, (title, body) in (_STAFF | _FIRM).items()],
        ignore_conflicts=True,
    )
    templates = dict(NoticeTemplate.objects.values_list("code", "pk"))
    NoticeRule.objects.bulk_create(
        [
            NoticeRule(
                kind=kind, clock=clock, op=op, audience=who, way=way, template_id=templates[code], at_once=at_once
            )
            for (kind, clock, op, who, code), way, at_once in _rules()
        ],
        ignore_conflicts=True,
    )


def _rules() -> Iterator[tuple[_Row, str, bool]]:
    """Each row by each way. An inbox is always at once; a mail or a group only for what is broken."""
    way = NoticeRule.Way
    for rows, at_once in ((_TO_STAFF, False), (_BROKEN, True)):
        for row in rows:
            yield row, way.INBOX, True
            yield row, way.MAIL, at_once
    for rows, at_once in ((_TO_GROUPS, False), (_BROKEN_IN_GROUPS, True)):
        for row in rows:
            yield row, way.ROBOT, at_once
    for kind, code in _TO_FIRM.items():
        yield (kind, "", "", _A.FIRM, code), way.SMS, True
    yield ("lapse", "", "withdrawn", _A.FIRM, "sms-lapsed"), way.SMS, True
