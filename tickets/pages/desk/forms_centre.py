"""The desk's forms for the service centre's moves and for those who watch."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from tickets.pages.desk.forms import TEXT_MAX, MoveForm, TextForm
from tickets.workflow import Rejection

REASON_MAX = 500


def _said(value: str) -> bool | None:
    return {"yes": True, "no": False}.get(value)


def yes_no(label: str, *, yes: str = "是", no: str = "否", missing: str = "") -> forms.ChoiceField:
    """Two pills; required where `missing` says what is."""
    return forms.ChoiceField(
        label=label,
        required=bool(missing),
        choices=(("yes", yes), ("no", no)),
        widget=forms.RadioSelect,
        error_messages={"required": missing, "invalid_choice": "请从列出的选项中选择。"},
    )


class ReasonForm(MoveForm):
    """Why, required."""

    hint: ClassVar[str] = ""
    reason = forms.CharField(
        label="理由",
        max_length=REASON_MAX,
        error_messages={"required": "请写明理由。", "max_length": f"最多 {REASON_MAX} 字。"},
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def prepare(self) -> None:
        """Say what follows."""
        self.fields["reason"].help_text = self.hint


class TierForm(ReasonForm):
    """提级."""

    hint = "提级后，答复由上一级审核送达。"


class ReopenForm(ReasonForm):
    """A closed request goes on."""

    hint = "重开后回到主办部门，进入新一轮；首次办结仍留在记录中。"


class ExcludeForm(ReasonForm):
    """Out of the solved rate."""

    hint = "经企服中心主任批准后生效；剔除的件数会与解决率一并公布。"


class TestForm(ReasonForm):
    """Out of all figures."""

    hint = "须另一人批准；测试件不计入统计，但件数会一并列出。"
    __test__ = False


class SuperviseForm(TextForm):
    """督办."""

    def prepare(self) -> None:
        """Say what follows."""
        self.fields["text"].label = "督办要求"
        self.fields["text"].help_text = "主办部门负责人须在时限内书面答复；督办期间企业不能撤回。"


class InstructForm(TextForm):
    """批示."""

    def prepare(self) -> None:
        """Say what follows."""
        self.fields["text"].label = "批示内容"
        self.fields["text"].help_text = "主办部门负责人须在时限内书面答复。"


class RequestInfoForm(MoveForm):
    """What is missing, one thing a line."""

    items = forms.CharField(
        label="要补什么",
        max_length=TEXT_MAX,
        help_text="每行一项，最多 9 项。只能要求一次，请一次列全；企业补正期间各项时限暂停。",
        error_messages={"required": "请逐行写明要补充的材料。", "max_length": f"最多 {TEXT_MAX} 字。"},
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "近三年纳税证明\n厂房租赁合同"}),
    )
    text = forms.CharField(
        label="说明",
        required=False,
        max_length=REASON_MAX,
        help_text="企业看得到。",
        error_messages={"max_length": f"最多 {REASON_MAX} 字。"},
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def arguments(self) -> dict[str, Any]:
        """One item a line."""
        own = super().arguments()
        return own | {"items": [line for line in own["items"].splitlines() if line.strip()]}


class SupplementForm(TextForm):
    """What the firm told intake."""

    def prepare(self) -> None:
        """Say whose words these are."""
        self.fields["text"].label = "代企业补充"
        self.fields["text"].help_text = "写明企业补充的情况和来源（电话、窗口）。补充后按原状态继续计时。"


class RejectForm(MoveForm):
    """Why not, and where the firm should go instead."""

    reason = forms.ChoiceField(
        label="原因",
        choices=Rejection.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择不予受理的原因。", "invalid_choice": "请从列出的原因中选择。"},
    )
    text = forms.CharField(
        label="应向哪里反映",
        max_length=TEXT_MAX,
        help_text="企业会原样看到：写明部门、电话或办理入口。",
        error_messages={"required": "请写明企业应向哪里反映。", "max_length": f"最多 {TEXT_MAX} 字。"},
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class MergeForm(MoveForm):
    """The main request's number."""

    into = forms.CharField(
        label="主件编号",
        max_length=24,
        help_text="并案后本件随主件办理；最早的提交时间和最早的原定期限由主件保留。",
        error_messages={"required": "请填写主件编号。", "max_length": "编号不对，请核对。"},
        widget=forms.TextInput(attrs={"placeholder": "QH-20261122-000120", "autocapitalize": "characters"}),
    )

    def clean_into(self) -> str:
        """As it is printed."""
        return str(self.cleaned_data["into"]).strip().upper()


class AssignLegForm(MoveForm):
    """Who helps."""

    departments_needed = True
    departments = forms.MultipleChoiceField(
        label="协办部门",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "请选择协办部门。", "invalid_choice": "没有这个协办部门：%(value)s"},
    )
    text = forms.CharField(
        label="要协办什么",
        required=False,
        max_length=REASON_MAX,
        help_text="只有经办部门看得到。",
        error_messages={"max_length": f"最多 {REASON_MAX} 字。"},
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def prepare(self) -> None:
        """Departments of the region and above, without the lead."""
        has = self.ticket.department.code if self.ticket.department else ""
        near = self.options.helpers(self.ticket.region.path)
        self.fields["departments"].choices = [c for c in near if c[0] != has]  # type: ignore[attr-defined]


class RuleForm(MoveForm):
    """Who is right, and where the request goes then."""

    departments_needed = True
    upheld = yes_no("退单是否成立", yes="成立，改由其他部门", no="不成立，继续办理", missing="请选择退单是否成立。")
    department = forms.ChoiceField(
        label="改由哪个部门",
        required=False,
        help_text="退单成立时必选；已用的时间会补回给新部门。",
        error_messages={"invalid_choice": "请从列表中选择主办部门。"},
    )
    text = forms.CharField(
        label="裁定理由",
        max_length=TEXT_MAX,
        help_text="裁定为最终决定。",
        error_messages={"required": "请写明裁定理由。", "max_length": f"最多 {TEXT_MAX} 字。"},
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def prepare(self) -> None:
        """Every lead but the one that objects."""
        has = self.ticket.department.code if self.ticket.department else ""
        near = self.options.leads(self.ticket.region.path)
        leads = [(group, [c for c in choices if c[0] != has]) for group, choices in near]
        self.fields["department"].choices = [("", "请选择"), *leads]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A department goes with a return that is upheld."""
        given = super().clean() or {}
        if given.get("upheld") == "yes" and not given.get("department") and "department" not in self.errors:
            self.add_error("department", "退单成立，请选择改由哪个部门办理。")
        return given

    def arguments(self) -> dict[str, Any]:
        """Refused: no department."""
        own = super().arguments()
        upheld = _said(own["upheld"])
        return own | {"upheld": upheld, "department": own["department"] if upheld else ""}


class CallBackForm(MoveForm):
    """What the firm said on the phone."""

    contacted = yes_no("是否接通", yes="接通", no="未接通", missing="请选择是否接通。")
    was_contacted = yes_no("承办部门是否联系过", yes="联系过", no="没有联系过")
    solved = yes_no("企业认为是否解决", yes="已解决", no="没有解决")
    satisfied = yes_no("企业是否满意", yes="满意", no="不满意")
    text = forms.CharField(
        label="企业怎么说",
        required=False,
        max_length=REASON_MAX,
        help_text="答复为“已解决”而企业说没有解决的，会自动再次交办。",
        error_messages={"max_length": f"最多 {REASON_MAX} 字。"},
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean(self) -> dict[str, Any]:
        """Reached: whether it is solved has to be said."""
        given = super().clean() or {}
        if given.get("contacted") == "yes" and not given.get("solved") and "solved" not in self.errors:
            self.add_error("solved", "接通后请记录企业是否认为已解决。")
        return given

    def arguments(self) -> dict[str, Any]:
        """Yes, no or not said."""
        own = super().arguments()
        return (
            own
            | {name: _said(own[name]) for name in ("was_contacted", "solved", "satisfied")}
            | {"contacted": own["contacted"] == "yes"}
        )


class FollowUpForm(TextForm):
    """How the plan stands."""

    done = forms.BooleanField(label="计划已完成，不再跟踪", required=False)
    next_on = forms.DateField(
        label="下次跟踪日期",
        required=False,
        help_text="不填则按承诺表定期跟踪。",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "日期不对，请重新选择。"},
    )

    def prepare(self) -> None:
        """Ask how the plan stands."""
        self.fields["text"].label = "进展"
        self.fields["text"].help_text = "企业在自己的页面上也能看到。"
