"""What can be pressed on a topic: each act with its form, its words and its verb."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict

from qihu.accounts.models import Role, User
from qihu.errors import Invalid
from tickets.models import Ticket, Topic, TopicMember
from tickets.models.topic import TITLE_MAX, WORDS_MAX
from tickets.pages.desk.catalogue import Catalogue
from tickets.pages.desk.seat import Seat
from tickets.services.topics import dismissing, entrusting, gathering
from tickets.services.topics.entrusting import MESSAGE_MAX, Trust
from tickets.topic_access import tickets_named
from tickets.topic_moves import TopicAct

NUMBERS_MAX = 4000


class ActForm(forms.Form):
    """One act on one topic; `version` is that of the page the person was looking at."""

    use_required_attribute = False
    careful: ClassVar[bool] = True
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, topic: Topic, seat: Seat, options: Catalogue, **kwargs: Any) -> None:
        self.topic, self.seat, self.options = topic, seat, options
        kwargs.setdefault("initial", {"version": topic.version} | self.first(topic))
        super().__init__(*args, **kwargs)
        self.prepare()

    def first(self, topic: Topic) -> dict[str, Any]:
        """Starting values."""
        return {}

    def prepare(self) -> None:
        """Choices that depend on the topic."""

    def arguments(self) -> dict[str, Any]:
        """For the verb. Raises `Invalid`, which the page puts beside the field."""
        own = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        return own | ({"expected_version": self.cleaned_data["version"]} if self.careful else {})

    def seen(self, version: int) -> None:
        """The person has now been shown `version`."""
        posted = QueryDict(mutable=True)
        posted.update(self.data)
        posted["version"] = str(version)
        self.data = posted


class LeadForm(ActForm):
    """Department and day."""

    department = forms.ChoiceField(label="牵头部门", error_messages={"required": "请选择牵头部门。"})
    due_on = forms.DateField(
        label="公布结果的期限",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": "请定一个期限。", "invalid": "日期不对，请重新选择。"},
    )

    def first(self, topic: Topic) -> dict[str, Any]:
        """What has been named already, or the department that handles most of the requests."""
        code = topic.department.code if topic.department else usual_department(topic)
        return {"department": code, "due_on": topic.due_on}

    def prepare(self) -> None:
        """Departments of the topic's region."""
        self.fields["department"].choices = [("", "请选择"), *self.options.leads(self.topic.region.path)]  # type: ignore[attr-defined]

    def trust(self) -> Trust | None:
        """As asked."""
        said = self.cleaned_data
        return entrusting.trust(
            department=said["department"], due_on=said["due_on"], owner=said.get("owner", ""), at=self.seat.at
        )


class TrustForm(LeadForm):
    """And who of the department is responsible."""

    owner = forms.ChoiceField(label="责任人", required=False, help_text="牵头部门的人；换部门时先保存部门。")
    field_order = ("department", "owner", "due_on")

    def first(self, topic: Topic) -> dict[str, Any]:
        """And the person."""
        return super().first(topic) | {"owner": topic.owner.username if topic.owner else ""}

    def prepare(self) -> None:
        """And people of the department that leads now."""
        super().prepare()
        people = User.objects.filter(
            is_active=True,
            grants__department=self.topic.department_id or 0,
            grants__role__in=[Role.HEAD, Role.OFFICER],
        )
        named = [(one.username, one.name) for one in people.distinct().order_by("pk")[:100]]
        self.fields["owner"].choices = [("", "未定"), *named]  # type: ignore[attr-defined]

    def arguments(self) -> dict[str, Any]:
        """For `entrust`."""
        return {"asked": self.trust(), "expected_version": self.cleaned_data["version"]}


class OpenForm(LeadForm):
    """A proposal becomes a topic: its name, which of its requests, and, if known already, who leads it."""

    title = forms.CharField(
        label="专题名称",
        max_length=TITLE_MAX,
        error_messages={"required": "请给专题起个名字。", "max_length": f"最多 {TITLE_MAX} 字。"},
    )
    field_order = ("title", "department", "due_on")

    def first(self, topic: Topic) -> dict[str, Any]:
        """The name found."""
        return super().first(topic) | {"title": topic.title}

    def prepare(self) -> None:
        """Nobody has to be named yet."""
        super().prepare()
        self.fields["department"].required = self.fields["due_on"].required = False

    def trust(self) -> Trust | None:
        """A department that was suggested and left as it was, without a day, is nobody's word."""
        said = self.cleaned_data
        if said["due_on"] and not said["department"]:
            raise Invalid("请选择牵头部门。", fields={"department": "定了期限，也请选择牵头部门。"})
        return super().trust() if said["due_on"] else None

    def arguments(self) -> dict[str, Any]:
        """Everything proposed but what was shown and not ticked."""
        shown, ticked = (set(_listed(self.data, name)) for name in ("shown", "tickets"))
        rows = TopicMember.objects.joined(self.topic).values_list("ticket", "ticket__number")
        chosen = [key for key, number in rows if number not in shown - ticked]
        said = self.cleaned_data
        return {"title": said["title"], "tickets": chosen, "trust": self.trust(), "expected_version": said["version"]}


class GatherForm(ActForm):
    """Numbers, however they are set apart."""

    careful = False
    numbers = forms.CharField(
        label="诉求编号",
        max_length=NUMBERS_MAX,
        help_text="一行一个，或用逗号、空格隔开。",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "请填诉求编号。", "max_length": "一次填得太多，请分几次。"},
    )

    def arguments(self) -> dict[str, Any]:
        """Keys of the requests."""
        return {"tickets": [ticket.pk for ticket in _named(self.seat, self.cleaned_data["numbers"])]}


class OneForm(ActForm):
    """One request of the topic."""

    careful = False
    ticket = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def arguments(self) -> dict[str, Any]:
        """Its key."""
        return {"ticket_id": _named(self.seat, self.cleaned_data["ticket"])[0].pk}


class MuteForm(OneForm):
    """And whether its firm is to be left alone."""

    muted = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def arguments(self) -> dict[str, Any]:
        """For `mute`."""
        return super().arguments() | {"muted": self.cleaned_data["muted"]}


class NothingForm(ActForm):
    """Pressing is enough; whoever comes second is told who was first."""

    careful = False


class WordsForm(ActForm):
    """Words, required."""

    text = forms.CharField(
        label="措施",
        max_length=WORDS_MAX,
        help_text="做什么、谁做、从什么时候起。定下当天起，比较前后每周的诉求。",
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": "请写明措施。", "max_length": f"最多 {WORDS_MAX} 字。"},
    )

    def first(self, topic: Topic) -> dict[str, Any]:
        """The measure so far."""
        return {"text": topic.measure}


class PublishForm(ActForm):
    """The result, and the words for the firms."""

    text = forms.CharField(
        label="处理结果",
        max_length=WORDS_MAX,
        help_text="留在专题里，工作人员可见。",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "请写明处理结果。", "max_length": f"最多 {WORDS_MAX} 字。"},
    )
    message = forms.CharField(
        label="告知企业的话",
        max_length=MESSAGE_MAX,
        help_text="同一段话写进每件诉求的回执，每家企业提醒一次；发出后不能改。",
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "请写明要告诉企业的话。", "max_length": f"最多 {MESSAGE_MAX} 字。"},
    )


class DismissForm(ActForm):
    """Why there is no topic."""

    text = forms.CharField(
        label="理由",
        max_length=dismissing.REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "请写明为什么不立专题。", "max_length": f"最多 {dismissing.REASON_MAX} 字。"},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskAct:
    """`panel`: the form is one a person fills in; otherwise it hangs on a row or is a bare button."""

    act: TopicAct
    form: type[ActForm]
    verb: Callable[..., Topic]
    said: str
    panel: bool = True
    primary: bool = False


_A = TopicAct
ACTS: Mapping[str, DeskAct] = {
    str(one.act): one
    for one in (
        DeskAct(act=_A.OPEN, form=OpenForm, verb=gathering.open_proposal, said="专题已立。", primary=True),
        DeskAct(act=_A.MEASURE, form=WordsForm, verb=entrusting.measure, said="措施已定。", primary=True),
        DeskAct(
            act=_A.PUBLISH,
            form=PublishForm,
            verb=entrusting.publish_result,
            said="结果已公布，正在告知企业。",
            primary=True,
        ),
        DeskAct(act=_A.CLOSE, form=NothingForm, verb=entrusting.close, said="专题已办结。", panel=False, primary=True),
        DeskAct(act=_A.ENTRUST, form=TrustForm, verb=entrusting.entrust, said="已交牵头部门。"),
        DeskAct(act=_A.GATHER, form=GatherForm, verb=gathering.gather, said="已加入专题。"),
        DeskAct(act=_A.REMOVE, form=OneForm, verb=gathering.remove, said="已移出专题。", panel=False),
        DeskAct(act=_A.MUTE, form=MuteForm, verb=gathering.mute, said="已记下。", panel=False),
        DeskAct(act=_A.DISMISS, form=DismissForm, verb=dismissing.dismiss, said="已不立专题，诉求照常办理。"),
    )
}


def usual_department(topic: Topic) -> str:
    """Code of the department that leads most of its requests, "" where none does."""
    rows = TopicMember.objects.joined(topic).exclude(ticket__department=None)
    codes = list(rows.values_list("ticket__department__code", flat=True))
    return max(sorted(set(codes)), key=codes.count, default="")


def _listed(posted: Any, name: str) -> list[str]:
    """Every value of a field that may come several times."""
    return posted.getlist(name) if isinstance(posted, QueryDict) else []


def _named(seat: Seat, typed: str) -> list[Ticket]:
    wanted = typed.replace("，", " ").replace(",", " ").replace("、", " ").split()
    return tickets_named(seat.user, wanted[: gathering.AT_ONCE_MAX + 1])
