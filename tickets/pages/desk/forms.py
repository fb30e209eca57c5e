"""The desk's forms: they parse and remember; what is acceptable is the verbs' to say."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.http import QueryDict

from tickets.asks import asks_in, vague
from tickets.models import Ticket
from tickets.pages.basket import Basket
from tickets.pages.desk.catalogue import Catalogue
from tickets.workflow import Outcome

TEXT_MAX = 2000
_WRITE = {"required": "请写明内容。", "max_length": "最多 2000 字。"}


class MoveForm(forms.Form):
    """One move on one request. `version` is that of the page the person was looking at.

    `arguments()` are the verb's own keyword arguments.
    """

    use_required_attribute = False
    careful: ClassVar[bool] = True
    """Whether the move is refused where somebody changed the request meanwhile."""
    takes_files: ClassVar[bool] = False
    departments_needed: ClassVar[bool] = False
    """Whether it offers departments."""
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        ticket: Ticket,
        options: Catalogue,
        whole: bool = True,
        own_leg: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.ticket, self.options, self.whole, self.own_leg = ticket, options, whole, own_leg
        self.basket = Basket(ticket=ticket.number)
        kwargs.setdefault("initial", {"version": ticket.version})
        super().__init__(*args, **kwargs)
        self.prepare()

    def prepare(self) -> None:
        """Fill in choices and starting values from the request."""

    def arguments(self) -> dict[str, Any]:
        """For the verb."""
        own = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        own |= {"files": self.basket.keys} if self.takes_files else {}
        return own | ({"expected_version": self.cleaned_data["version"]} if self.careful else {})

    def remark(self) -> str:
        """What the person should hear about what they wrote, though it was taken; or ""."""
        return ""

    def seen(self, version: int) -> None:
        """The person has now been shown `version`: pressing again is a decision, not an accident."""
        self.posted("version", str(version))

    def posted(self, name: str, value: str) -> None:
        """As if that had been sent."""
        posted = QueryDict(mutable=True)
        posted.update(self.data)
        posted[name] = value
        self.data = posted


class SignForm(MoveForm):
    """Nothing to fill in; whoever comes second is told who was first, which needs no version."""

    careful = False


class TextForm(MoveForm):
    """Words, required."""

    text = forms.CharField(
        label="内容",
        max_length=TEXT_MAX,
        error_messages=_WRITE,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class ContactForm(TextForm):
    """What was agreed with the firm."""

    takes_files = True

    def prepare(self) -> None:
        """Ask for what matters on the phone."""
        self.fields["text"].label = "联系情况"
        self.fields["text"].widget.attrs["placeholder"] = "和谁联系、怎么联系、约定了什么、下一步何时"


class NoteForm(TextForm):
    """Progress, which the firm reads on its own page."""

    takes_files = True

    def prepare(self) -> None:
        """Say who reads it."""
        self.fields["text"].label = "进展"
        self.fields["text"].help_text = "企业在自己的页面上也能看到。"


class InterimForm(TextForm):
    """A plan or a stage reply."""

    takes_files = True

    def prepare(self) -> None:
        """Say what it is for."""
        self.fields["text"].label = "阶段答复"
        self.fields["text"].help_text = "办理方案或阶段结果，立即发给企业。请写明下一步和时间。"


class SendBackForm(TextForm):
    """Why the reply goes back."""

    def prepare(self) -> None:
        """Ask for the reason."""
        self.fields["text"].label = "退回原因"
        self.fields["text"].widget.attrs["placeholder"] = "哪里没答到、要补什么"


class DeliverForm(MoveForm):
    """An opinion, if there is one."""

    text = forms.CharField(
        label="审核意见",
        required=False,
        max_length=TEXT_MAX,
        help_text="只在内部留存，企业看不到。",
        error_messages=_WRITE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ReplyForm(MoveForm):
    """The answer with its outcome; a date or a place where the outcome needs one."""

    takes_files = True

    outcome = forms.ChoiceField(
        label="办理结果",
        choices=Outcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择办理结果。", "invalid_choice": "请从列出的结果中选择。"},
    )
    planned_on = forms.DateField(
        label="计划完成日期",
        required=False,
        help_text="结果为“列入计划”时必填",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "日期不对，请重新选择。"},
    )
    referred_to = forms.CharField(
        label="转往哪里",
        required=False,
        max_length=60,
        help_text="结果为“转其他程序”时必填",
        error_messages={"max_length": "最多 60 字。"},
    )
    text = forms.CharField(
        label="答复内容",
        max_length=TEXT_MAX,
        error_messages={"required": "请写明答复内容。", "max_length": "最多 2000 字。"},
        help_text="企业会原样看到。逐项回答所问，写清做了什么、结果如何、找谁。",
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    burden_relieved = forms.IntegerField(
        label="减负金额（元）",
        required=False,
        max_value=10**12,
        error_messages={"invalid": "请填整数金额。", "max_value": "金额太大，请核对。"},
    )

    def prepare(self) -> None:
        """One answer for each point that the firm numbered, before the whole."""
        self.asks = asks_in(self.ticket.filing.text)
        for n, ask in enumerate(self.asks, start=1):
            self.fields[f"answer_{n}"] = forms.CharField(
                label=f"第 {n} 项：{ask}",
                max_length=TEXT_MAX,
                error_messages={"required": f"请答复第 {n} 项。", "max_length": "最多 2000 字。"},
                widget=forms.Textarea(attrs={"rows": 2}),
            )
        if self.asks:
            self.fields["text"].label = "总的答复"
            answers = [f"answer_{n}" for n, _ in enumerate(self.asks, start=1)]
            self.order_fields(["version", "outcome", "planned_on", "referred_to", *answers, "text"])

    def arguments(self) -> dict[str, Any]:
        """Each answer with its ask."""
        own = super().arguments()
        answers = [{"ask": ask, "text": own.pop(f"answer_{n}")} for n, ask in enumerate(self.asks, start=1)]
        return own | {"answers": answers}

    def remark(self) -> str:
        """Words on which a firm cannot plan: told, never refused."""
        told = [str(self.cleaned_data.get(name, "")) for name in self.fields if name.startswith(("text", "answer_"))]
        found = vague("\n".join(told))
        return f"答复里有“{'”“'.join(found)}”：写明具体日期，企业才好安排。" if found else ""


class AssignForm(MoveForm):
    """Which department leads and which help."""

    departments_needed = True
    department = forms.ChoiceField(
        label="主办部门",
        error_messages={"required": "请选择主办部门。", "invalid_choice": "请从列表中选择主办部门。"},
    )
    co_departments = forms.MultipleChoiceField(
        label="协办",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "没有这个协办部门：%(value)s"},
    )
    text = forms.CharField(
        label="交办意见",
        required=False,
        max_length=500,
        help_text="只有经办部门看得到。",
        error_messages={"max_length": "最多 500 字。"},
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def prepare(self) -> None:
        """Departments near the request, without the one that has it."""
        path = self.ticket.region.path
        has = self.ticket.department.code if self.ticket.department else ""
        leads = [(group, [c for c in choices if c[0] != has]) for group, choices in self.options.leads(path)]
        self.fields["department"].choices = [("", "请选择"), *leads]  # type: ignore[attr-defined]
        self.fields["co_departments"].choices = self.options.helpers(path)  # type: ignore[attr-defined]


class ClassifyForm(MoveForm):
    """Chain, category, industry chain, difficulty, urgent. A head sees the difficulty only, and only upwards."""

    chain_tag = forms.ChoiceField(label="链", required=False, error_messages={"invalid_choice": "没有这条链。"})
    category = forms.ChoiceField(label="类别", required=False, error_messages={"invalid_choice": "没有这个类别。"})
    industry_chain = forms.ChoiceField(
        label="产业链", required=False, error_messages={"invalid_choice": "没有这条产业链。"}
    )
    difficulty = forms.ChoiceField(
        label="难度",
        required=False,
        widget=forms.RadioSelect,
        choices=Ticket.Difficulty.choices,
        help_text="承诺时间按新难度重算，首次承诺不变。",
        error_messages={"invalid_choice": "难度为 L1 至 L4，部门负责人只能调高。"},
    )
    urgent = forms.BooleanField(label="紧急", required=False)

    def prepare(self) -> None:
        """Start from what the request is."""
        ticket = self.ticket
        self.initial = dict(self.initial) | {
            "chain_tag": ticket.chain_tag_id or "",
            "category": ticket.category_id or "",
            "industry_chain": ticket.industry_chain_id or "",
            "difficulty": ticket.difficulty,
            "urgent": ticket.urgent,
        }
        if self.whole:
            self.fields["chain_tag"].choices = [("", "未定"), *self.options.tags()]  # type: ignore[attr-defined]
            self.fields["category"].choices = [("", "未定"), *self.options.categories()]  # type: ignore[attr-defined]
            self.fields["industry_chain"].choices = [("", "未定"), *self.options.industry_chains()]  # type: ignore[attr-defined]
            return
        for name in ("chain_tag", "category", "industry_chain", "urgent"):
            del self.fields[name]
        higher = [(code, label) for code, label in Ticket.Difficulty.choices if code > ticket.difficulty]
        self.fields["difficulty"].choices = higher  # type: ignore[attr-defined]

    def arguments(self) -> dict[str, Any]:
        """Only what is different from the request as it stands."""
        wanted = super().arguments()
        version = {"expected_version": wanted.pop("expected_version")}
        return version | {name: value for name, value in wanted.items() if value not in {"", self.initial[name]}}
