"""Editors of who hears of what: templates, rules and the robots of departments' groups (a door)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget

from qihu.audit.back_office import RecordedAdmin
from qihu.clock import now
from tickets.models import NoticeRule, NoticeTemplate, RobotHook
from tickets.models.notice_rule import KINDS
from tickets.wording import EXAMPLES, PLACEHOLDERS, BadWording, fill
from tickets.workflow import Clock

if TYPE_CHECKING:
    from django.db.models import Model
    from django.http import HttpRequest

_KNOWN = "、".join(f"{{{name}}} {label}" for name, label in PLACEHOLDERS.items())


class SignedAdmin(RecordedAdmin):
    """Rows that remember who changed them last, and are switched off rather than deleted."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Sign the row."""
        obj.changed_by, obj.changed_at = request.user, now()
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        """The defaults would come back, and notices refer to these rows."""
        return False


@admin.register(NoticeTemplate)
class NoticeTemplateAdmin(SignedAdmin):
    """Words; how they read on an example stands beside them, on a real request at the desk."""

    list_display = ("code", "title", "sms_code", "changed_by", "changed_at")
    list_select_related = ("changed_by",)
    search_fields = ("code", "title", "body")
    ordering = ("code",)
    fields = ("code", "title", "body", "sms_code", "example", "changed_by", "changed_at")
    readonly_fields = ("example", "changed_by", "changed_at")

    def get_readonly_fields(self, _request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Rules name templates by code, so a code stays."""
        return ("code", *self.readonly_fields) if obj else self.readonly_fields

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        """The placeholders are listed beside the field."""
        kwargs["help_texts"] = {
            "body": f"可用：{_KNOWN}。短信里不能用 {{title}}。"
            "{{link}} 只用于请企业核对代录的短信：短信平台不收网址变量，报批时把网址写进模板，变量 link 只传最后一段。"
        }
        return super().get_form(request, obj, change, **kwargs)

    @admin.display(description="样例")
    def example(self, obj: NoticeTemplate) -> str:
        """The saved words with example values; on a real request: the desk's “预览模板”."""
        try:
            return f"{fill(obj.title, EXAMPLES)} {fill(obj.body, EXAMPLES)}".strip()
        except BadWording as wrong:
            return str(wrong)


class NoticeRuleForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Events and clocks are picked from lists."""

    kind = forms.ChoiceField(label="事件", choices=list(KINDS.items()), widget=UnfoldAdminSelectWidget)
    clock = forms.ChoiceField(
        label="时限",
        required=False,
        choices=[("", "不限"), *Clock.choices],
        widget=UnfoldAdminSelectWidget,
        help_text="超期和预警可按时限分别规定；写明时限的规则优先于不限的",
    )

    class Meta:
        model = NoticeRule
        fields = ("kind", "clock", "op", "audience", "way", "template", "at_once", "active")


@admin.register(NoticeRule)
class NoticeRuleAdmin(SignedAdmin):
    """Who hears of what, by which way, in which words."""

    form = NoticeRuleForm
    list_display = ("event", "clock", "op", "audience", "way", "template", "at_once", "active")
    list_filter = ("kind", "audience", "way", "active")
    list_select_related = ("template",)
    ordering = ("pk",)
    fields = (*NoticeRuleForm.Meta.fields, "changed_by", "changed_at")
    readonly_fields = ("changed_by", "changed_at")

    @admin.display(description="事件", ordering="kind")
    def event(self, obj: NoticeRule) -> str:
        """In Chinese."""
        return KINDS.get(obj.kind, obj.kind)


class RobotHookForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Secrets are written, never read back: an empty field leaves what is there."""

    new_token = forms.CharField(
        label="令牌",
        required=False,
        max_length=200,
        widget=UnfoldAdminPasswordWidget,
        help_text="钉钉为 access_token，企业微信为 key。保存后不再显示；留空则不变",
    )
    new_secret = forms.CharField(
        label="加签密钥",
        required=False,
        max_length=200,
        widget=UnfoldAdminPasswordWidget,
        help_text="只有钉钉有，以 SEC 开头。留空则不变",
    )

    class Meta:
        model = RobotHook
        fields = ("department", "kind", "name", "active")

    def clean(self) -> dict[str, Any]:
        """A new robot needs its token."""
        data: dict[str, Any] = super().clean() or {}
        if not self.instance.pk and not data.get("new_token"):
            self.add_error("new_token", "请填写机器人的令牌")
        return data

    def save(self, commit: bool = True) -> RobotHook:  # noqa: FBT001, FBT002
        """Take over what was typed."""
        for field in ("token", "secret"):
            if typed := self.cleaned_data.get(f"new_{field}"):
                setattr(self.instance, field, typed.strip())
        return cast("RobotHook", super().save(commit))


@admin.register(RobotHook)
class RobotHookAdmin(RecordedAdmin):
    """Robots of departments' groups."""

    form = RobotHookForm
    list_display = ("name", "kind", "department", "active")
    list_filter = ("kind", "active")
    list_select_related = ("department",)
    ordering = ("pk",)
    autocomplete_fields = ("department",)
    fields = ("department", "kind", "name", "new_token", "new_secret", "active")

    def has_delete_permission(self, _request: HttpRequest, _obj: RobotHook | None = None) -> bool:
        """Notices refer to it: switch it off."""
        return False
