"""Who is to hear of what, in which words: rows that administrators edit; and the robots of departments' groups."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from qihu.accounts.models import Department
from qihu.sealed import SealedField
from tickets.terms import LegAction, Remark
from tickets.wording import AT_HAND, FREE_TEXT, OPENING, PLACEHOLDERS, BadWording, check
from tickets.workflow import Action


class Audience(models.TextChoices):
    """Who somebody is to the event; worked out anew for every event."""

    FIRM = "firm", "企业联系人"
    OFFICER = "officer", "经办人（未签收时为部门全体经办，未交办时为研判员）"
    OFFICERS = "officers", "部门全体经办"
    HEAD = "head", "部门负责人"
    HOLDER = "holder", "时限持有人"
    REVIEWER = "reviewer", "审核人"
    CO_OFFICERS = "co_officers", "协办部门经办"
    OBJECTOR = "objector", "退单部门（负责人和经办）"
    ASKER = "asker", "申请人"
    APPROVER = "approver", "审批人"
    INTAKE = "intake", "受理员"
    DISPATCHER = "dispatcher", "研判交办员"
    DIRECTOR = "director", "企服中心主任"
    SUPERVISOR = "supervisor", "督办员"
    LEADER = "leader", "领导"
    GROUP = "group", "主办部门群"
    CO_GROUP = "co_group", "协办部门群"


IN_GROUPS = frozenset({Audience.GROUP, Audience.CO_GROUP})
KINDS = {
    **{str(action): str(action.label) for action in Action},
    **{str(remark): str(remark.label) for remark in Remark},
    **{str(action): str(action.label) for action in LegAction},
    "absorb": "另一件并入",
    "breach": "时限超期",
    "warning": "时限预警",
    "approval": "审批",
}
"""Events that a rule can name."""


class NoticeTemplate(models.Model):
    """Words with placeholders. `title` is the line of the inbox and the subject of a mail; an SMS has a body only.

    The words of an SMS are approved by the provider and known there by `sms_code`; `body` repeats them, and its
    placeholders are the variables sent.
    """

    code = models.SlugField("代码", max_length=40, unique=True)
    title = models.CharField("标题", max_length=80, blank=True, default="")
    body = models.TextField("正文", max_length=500)
    sms_code = models.CharField(
        "短信模板编号", max_length=40, blank=True, default="", help_text="短信平台审核通过的模板"
    )
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="修改人"
    )
    changed_at = models.DateTimeField("修改时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "通知模板"

    def __str__(self) -> str:
        return f"{self.code} {self.title}".strip()

    def clean(self) -> None:
        """Says beside the field which placeholder is unknown or out of place."""
        wrong = {}
        body = frozenset(PLACEHOLDERS) - (FREE_TEXT if self.sms_code else frozenset())
        if self.pk and self.rules.exclude(kind=Remark.ASK_CONFIRM, way=NoticeRule.Way.SMS).exists():
            body -= OPENING
        for field, text, allowed in (("title", self.title, AT_HAND), ("body", self.body, body)):
            try:
                check(text, allowed=allowed)
            except BadWording as error:
                wrong[field] = str(error)
        if wrong:
            raise ValidationError(wrong)


class RobotHook(models.Model):
    """A robot in a department's group. Its token and secret are kept encrypted and never shown again."""

    class Kind(models.TextChoices):
        DINGTALK = "dingtalk", "钉钉"
        WECOM = "wecom", "企业微信"

    department = models.ForeignKey(Department, models.PROTECT, related_name="robots", verbose_name="部门")
    kind = models.CharField("平台", max_length=8, choices=Kind)
    name = models.CharField("群名称", max_length=40)
    token = SealedField("令牌")
    secret = SealedField("加签密钥", blank=True, default=bytes)
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "群机器人"

    def __str__(self) -> str:
        return f"{self.name}（{self.get_kind_display()}）"


class NoticeRuleQuerySet(models.QuerySet["NoticeRule"]):
    """Named queries."""

    def in_force(self) -> NoticeRuleQuerySet:
        """Those that count, in the order in which they were made: of two that reach one receiver the first wins."""
        return self.filter(active=True).order_by("pk")


class NoticeRule(models.Model):
    """When this happens, that audience hears of it this way in these words.

    A rule that names a clock or a detail beats those of its kind that name none. Detail: the `op` of the event, the
    status it led to, or `started` (the clock named begins with the event).
    """

    STARTED: ClassVar[str] = "started"

    class Way(models.TextChoices):
        INBOX = "inbox", "站内"
        MAIL = "mail", "邮件"
        SMS = "sms", "短信"
        ROBOT = "robot", "群机器人"

    kind = models.CharField("事件", max_length=24)
    clock = models.CharField("时限", max_length=12, blank=True, default="")
    op = models.CharField("细分", max_length=24, blank=True, default="")
    audience = models.CharField("对象", max_length=12, choices=Audience)
    way = models.CharField("方式", max_length=8, choices=Way)
    template = models.ForeignKey(NoticeTemplate, models.PROTECT, related_name="rules", verbose_name="模板")
    at_once = models.BooleanField(
        "立即发送", default=False, help_text="否则并入下一个工作时段的汇总（站内和短信总是立即）"
    )
    active = models.BooleanField("启用", default=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="修改人"
    )
    changed_at = models.DateTimeField("修改时间", null=True, blank=True)

    objects: ClassVar[NoticeRuleQuerySet] = NoticeRuleQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = verbose_name_plural = "通知规则"
        constraints = [
            models.UniqueConstraint(fields=["kind", "clock", "op", "audience", "way"], name="notice_rule_once")
        ]

    def __str__(self) -> str:
        return f"{KINDS.get(self.kind, self.kind)} → {self.get_audience_display()}（{self.get_way_display()}）"

    def clean(self) -> None:
        """Each audience can be reached some ways only; nothing that a firm typed goes into an SMS."""
        if (self.audience == Audience.FIRM) != (self.way == self.Way.SMS):
            raise ValidationError({"way": "企业联系人只用短信通知，其他人不用短信。"})
        if (self.audience in IN_GROUPS) != (self.way == self.Way.ROBOT):
            raise ValidationError({"way": "群机器人只发给部门群，部门群也只用群机器人。"})
        if not self.template_id:
            return
        asks = self.kind == Remark.ASK_CONFIRM and self.way == self.Way.SMS
        allowed = frozenset(PLACEHOLDERS) - (frozenset() if asks else OPENING)
        allowed -= FREE_TEXT if self.way == self.Way.SMS else frozenset()
        try:
            check(self.template.body, allowed=allowed)
        except BadWording as error:
            why = "短信不带企业所写的内容，核对链接只发给企业"
            raise ValidationError({"template": f"{why}：{error}"}) from error
