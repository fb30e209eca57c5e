"""The desk's forms for a department that cannot go on as planned, that is supervised, or that helps."""

from __future__ import annotations

from django import forms

from tickets.pages.desk.forms import TEXT_MAX, MoveForm, TextForm
from tickets.pages.desk.forms_centre import REASON_MAX, ReasonForm
from tickets.workflow import ReturnReason, Suspension


class ObjectForm(MoveForm):
    """退单: why, on what basis, whose it is."""

    departments_needed = True
    reason = forms.ChoiceField(
        label="退单原因",
        choices=ReturnReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择退单原因。", "invalid_choice": "请从列出的原因中选择。"},
    )
    basis = forms.CharField(
        label="职责依据",
        max_length=TEXT_MAX,
        help_text="写明法规条款或“三定”规定。每轮只能退一次，裁定前时限照走。",
        error_messages={"required": "请写明职责依据。", "max_length": f"最多 {TEXT_MAX} 字。"},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    suggested_department = forms.ChoiceField(
        label="建议由谁办理",
        error_messages={"required": "请选择建议的承办部门。", "invalid_choice": "请从列表中选择部门。"},
    )

    def prepare(self) -> None:
        """Every lead but one's own."""
        has = self.ticket.department.code if self.ticket.department else ""
        near = self.options.leads(self.ticket.region.path)
        leads = [(group, [c for c in choices if c[0] != has]) for group, choices in near]
        self.fields["suggested_department"].choices = [("", "请选择"), *leads]  # type: ignore[attr-defined]


class ExtendForm(ReasonForm):
    """Until when, and why."""

    hint = "经企服中心主任批准后生效，原定期限仍留在记录中。"
    until = forms.DateField(
        label="延期至",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": "请选择延期至哪一天。", "invalid": "日期不对，请重新选择。"},
    )

    def prepare(self) -> None:
        """The day before the reason."""
        super().prepare()
        self.order_fields(["version", "until", "reason"])


class SuspendForm(MoveForm):
    """One of the listed reasons."""

    reason = forms.ChoiceField(
        label="挂起原因",
        choices=Suspension.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择挂起原因。", "invalid_choice": "请从列出的原因中选择。"},
    )
    text = forms.CharField(
        label="具体情况",
        required=False,
        max_length=REASON_MAX,
        help_text="写明在等什么、预计到何时。经企服中心主任批准后暂停计时，到期自动恢复。",
        error_messages={"max_length": f"最多 {REASON_MAX} 字。"},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    since = forms.DateTimeField(
        label="补记起始时间（不补记请留空）",
        required=False,
        input_formats=["%Y-%m-%dT%H:%M"],
        help_text="确已停下却没有及时申请的，从这时起算暂停；已经记下的超期不撤销。",
        error_messages={"invalid": "请填写日期和时间。"},
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


class ResumeForm(MoveForm):
    """What has changed, if there is something to say."""

    text = forms.CharField(
        label="说明",
        required=False,
        max_length=REASON_MAX,
        error_messages={"max_length": f"最多 {REASON_MAX} 字。"},
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class AnswerSupervisionForm(TextForm):
    """The written answer that is owed."""

    def prepare(self) -> None:
        """Ask for dates."""
        self.fields["text"].label = "督办答复"
        self.fields["text"].help_text = "写明为何未办结、现在到哪一步、何时办完。"


class LegForm(MoveForm):
    """A move of one's own leg; nothing to fill in."""

    careful = False
    leg = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def prepare(self) -> None:
        """Which leg it is."""
        self.initial = dict(self.initial) | {"leg": self.own_leg}


class LegSignForm(LegForm):
    """Nothing to fill in."""


class LegReplyForm(LegForm):
    """The co-handler's part."""

    text = forms.CharField(
        label="协办意见",
        max_length=TEXT_MAX,
        help_text="给主办部门，由其汇总答复企业。",
        error_messages={"required": "请写明协办意见。", "max_length": f"最多 {TEXT_MAX} 字。"},
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class LegReturnForm(LegForm):
    """Why it is not the co-handler's."""

    reason = forms.CharField(
        label="退回理由",
        max_length=REASON_MAX,
        error_messages={"required": "请写明退回理由。", "max_length": f"最多 {REASON_MAX} 字。"},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
