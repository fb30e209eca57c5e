"""Bodies of the moves (interface.md): what is sent, in the names that the verbs take."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tickets.api.attachments import files_field
from tickets.models import Rating, Ticket
from tickets.workflow import Outcome

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
    """contact, interim, note: words, and files that go with them."""

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


class ReworkIn(serializers.Serializer[Any]):
    """rework."""

    reason = _words(required=True, most=REASON_MAX, help_text="哪里没有解决")


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
    difficulty = serializers.ChoiceField(Ticket.Difficulty.choices, required=False)
    urgent = serializers.BooleanField(required=False)
