"""Bodies of the moves (interface.md): what is sent, in the names that the verbs take."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tickets.api.attachments import files_field
from tickets.models import Rating, Ticket
from tickets.workflow import Outcome, Rejection, ReturnReason, Suspension

WORDS_MAX = 4000
REASON_MAX = 1000


def _words(*, required: bool, most: int = WORDS_MAX, **more: Any) -> serializers.CharField:
    if required:
        return serializers.CharField(max_length=most, **more)
    return serializers.CharField(max_length=most, required=False, allow_blank=True, default="", **more)


def _score(of: str) -> serializers.IntegerField:
    least, most = min(Rating.Score.values), max(Rating.Score.values)
    return serializers.IntegerField(min_value=least, max_value=most, help_text=f"{of}，{least}–{most}")


class NothingIn(serializers.Serializer[Any]):
    """An empty body."""


class TextIn(serializers.Serializer[Any]):
    """Words alone."""

    text = _words(required=True, help_text="写明内容")


class WrittenIn(TextIn):
    """contact, interim, note, supplement: words, and files that go with them."""

    files = files_field()


class WordIn(serializers.Serializer[Any]):
    """deliver, urge: a word, if wanted."""

    text = _words(required=False)


class SendBackIn(serializers.Serializer[Any]):
    """send_back. `reason` is another name for `text`."""

    text = _words(required=False, help_text="退回理由，必填")
    reason = _words(required=False, help_text="同 text")

    def validate(self, body: dict[str, Any]) -> dict[str, Any]:
        """One of the two."""
        text = body["text"] or body["reason"]
        if not text:
            raise serializers.ValidationError({"text": "请写明退回理由。"})
        return {"text": text}


class AnswerIn(serializers.Serializer[Any]):
    """One asked item and its answer."""

    ask = serializers.CharField(max_length=200)
    text = serializers.CharField(max_length=WORDS_MAX)


class ReplyIn(serializers.Serializer[Any]):
    """reply. `planned_on` with `planned`, `referred_to` with `referred`."""

    outcome = serializers.ChoiceField(Outcome.choices)
    text = _words(required=True)
    answers = AnswerIn(many=True, required=False, help_text="逐项答复")
    planned_on = serializers.DateField(required=False, allow_null=True, help_text="列入计划的完成日期")
    referred_to = _words(required=False, most=200, help_text="转往哪里")
    burden_relieved = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=10**12, help_text="减负金额，元"
    )
    files = files_field()


class RateIn(serializers.Serializer[Any]):
    """rate: 5 非常满意, 4 满意, 3 基本满意, 2 不满意, 1 非常不满意."""

    process = _score("过程")
    result = _score("结果")
    text = _words(required=False, most=REASON_MAX)


class ReasonIn(serializers.Serializer[Any]):
    """raise_tier, exclude, mark_test, leg_return: why."""

    reason = _words(required=True, most=REASON_MAX, help_text="写明原因")


class AgainIn(ReasonIn):
    """rework, reopen: why, and files that show it."""

    files = files_field()


class WithdrawIn(serializers.Serializer[Any]):
    """withdraw."""

    reason = _words(required=False, most=REASON_MAX)


class AssignIn(serializers.Serializer[Any]):
    """assign, reassign: codes of departments."""

    department = serializers.CharField(max_length=40, help_text="主办部门代码")
    co_departments = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, max_length=10, help_text="协办部门代码"
    )
    text = _words(required=False, most=REASON_MAX)


class ClassifyIn(serializers.Serializer[Any]):
    """classify: only what is given changes."""

    chain_tag = serializers.CharField(required=False, max_length=20)
    category = serializers.CharField(required=False, max_length=12)
    industry_chain = serializers.CharField(required=False, max_length=20, help_text="六条标志性产业链之一的代码")
    difficulty = serializers.ChoiceField(Ticket.Difficulty.choices, required=False)
    urgent = serializers.BooleanField(required=False)
    region = serializers.CharField(required=False, max_length=12)


class RequestInfoIn(serializers.Serializer[Any]):
    """request_info: what is missing, item by item."""

    items = serializers.ListField(
        child=serializers.CharField(max_length=200), min_length=1, max_length=9, help_text="逐项写明要补充的材料"
    )
    text = _words(required=False, most=REASON_MAX)


class RejectIn(serializers.Serializer[Any]):
    """reject: the reason's code, and where to go instead."""

    reason = serializers.ChoiceField(Rejection.choices)
    text = _words(required=True, most=REASON_MAX, help_text="企业应向哪里反映")


class MergeIn(serializers.Serializer[Any]):
    """merge: the number of the request that this one follows."""

    into = serializers.CharField(max_length=24, help_text="主件编号")


class PartIn(serializers.Serializer[Any]):
    """One part of a split request."""

    text = serializers.CharField(max_length=2000)
    department = serializers.CharField(max_length=40)
    co_departments = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=10)


class SplitIn(serializers.Serializer[Any]):
    """split: two to nine parts."""

    parts = PartIn(many=True)


class AssignLegIn(serializers.Serializer[Any]):
    """assign_leg: codes of the departments that are to help."""

    departments = serializers.ListField(child=serializers.CharField(max_length=40), min_length=1, max_length=10)
    text = _words(required=False, most=REASON_MAX)


class LegSignIn(serializers.Serializer[Any]):
    """leg_sign. `leg`: its id, where the department has several."""

    leg = serializers.IntegerField(required=False)


class LegReplyIn(LegSignIn):
    """leg_reply."""

    text = _words(required=True)


class LegReturnIn(LegSignIn):
    """leg_return."""

    reason = _words(required=True, most=REASON_MAX)


class ObjectIn(serializers.Serializer[Any]):
    """object: why, the legal basis, and whose it is."""

    reason = serializers.ChoiceField(ReturnReason.choices)
    basis = _words(required=True, most=REASON_MAX)
    suggested_department = serializers.CharField(max_length=40)


class RuleIn(serializers.Serializer[Any]):
    """rule_on_return: upheld goes to another department."""

    upheld = serializers.BooleanField()
    text = _words(required=True, most=REASON_MAX)
    department = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    co_departments = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=10)


class ExtendIn(serializers.Serializer[Any]):
    """extend: until which day."""

    reason = _words(required=True, most=REASON_MAX)
    until = serializers.DateField()


class SuspendIn(serializers.Serializer[Any]):
    """suspend: the reason's code, words if wanted, and since when where it is entered late."""

    reason = serializers.ChoiceField(Suspension.choices)
    text = _words(required=False, most=REASON_MAX)
    since = serializers.DateTimeField(required=False, allow_null=True, help_text="补记：从何时起已停下")


class CallBackIn(serializers.Serializer[Any]):
    """call_back: `solved` is needed where the firm was reached."""

    contacted = serializers.BooleanField(help_text="电话是否接通")
    was_contacted = serializers.BooleanField(
        required=False, allow_null=True, help_text="企业说承办部门是否联系过；回答没有的，不计入响应率的分子"
    )
    solved = serializers.BooleanField(required=False, allow_null=True)
    satisfied = serializers.BooleanField(required=False, allow_null=True)
    text = _words(required=False, most=REASON_MAX)


class FollowUpIn(serializers.Serializer[Any]):
    """follow_up: done, or when it is looked at next."""

    text = _words(required=True)
    done = serializers.BooleanField(required=False, default=False)
    next_on = serializers.DateField(required=False, allow_null=True)


class DecideIn(serializers.Serializer[Any]):
    """approve, refuse: the second person's words; refusing needs some."""

    text = _words(required=False, most=REASON_MAX)
