"""What is typed in a firm's account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Q

from qihu import phones
from qihu.accounts.models import FirmRole, Membership, Region
from tickets.pages.firm.forms import Words, at_most
from tickets.services import filing

EVIDENCE_MAX = 500
_MISSING_PHONE = "请填写手机号。"


def _phone(label: str, **more: Any) -> Words:
    attributes = {"type": "tel", "inputmode": "tel", "autocomplete": more.pop("autocomplete", "tel")}
    return Words(
        label=label, check=phones.mobile, missing=_MISSING_PHONE, widget=forms.TextInput(attrs=attributes), **more
    )


class PhoneForm(forms.Form):
    """Where to send a code."""

    phone = _phone("手机号", help_text="我们发一条短信验证码，不用记密码。")
    next = forms.CharField(required=False, widget=forms.HiddenInput)


class CodeForm(forms.Form):
    """The code that came."""

    phone = Words(label="手机号", check=phones.mobile, missing=_MISSING_PHONE, widget=forms.HiddenInput)
    code = Words(
        label="验证码",
        check=at_most(12),
        missing="请填写短信里的 6 位验证码。",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "pattern": "[0-9 ]*"}),
    )
    keep = forms.BooleanField(label="30 天内免登录", required=False)
    next = forms.CharField(required=False, widget=forms.HiddenInput)


class NameForm(forms.Form):
    """How the person is addressed."""

    name = Words(
        label="怎么称呼您",
        check=filing.checked_person,
        missing="请填写称呼。",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class InviteForm(forms.Form):
    """A colleague by phone, and what they may do."""

    phone = _phone("同事的手机号", autocomplete="off", help_text="对方用这个手机号登录后，就能看到并接受邀请。")
    role = forms.ChoiceField(
        label="可以做什么",
        choices=[
            (FirmRole.CONTACT, "联系人：提交、评价、催办、撤回"),
            (FirmRole.VIEWER, "查看人：只看，不能办理"),
            (FirmRole.OWNER, "管理员：另外还能管理成员"),
        ],
        initial=FirmRole.CONTACT,
        error_messages={"required": "请选择角色。", "invalid_choice": "请选择角色。"},
    )


class HandOverForm(forms.Form):
    """To whom, and whether the giver stays."""

    to = forms.TypedChoiceField(
        label="交给谁",
        coerce=int,
        error_messages={"required": "请选择一位已加入的同事。", "invalid_choice": "请选择一位已加入的同事。"},
    )
    stays = forms.BooleanField(label="交接后我仍作为联系人留在企业", required=False)

    def __init__(self, *args: Any, others: list[Membership], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["to"].choices = [("", "请选择"), *((m.pk, m.contact.label) for m in others)]  # type: ignore[attr-defined]


class ClaimForm(forms.Form):
    """A firm, and what shows that one speaks for it."""

    name = Words(label="企业全称", check=filing.checked_firm, missing="请填写企业全称。")
    uscc = Words(
        label="统一社会信用代码",
        missing="请填写营业执照上的 18 位代码。",
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "spellcheck": "false", "autocomplete": "off"}),
    )
    uscc_confirmed = forms.BooleanField(label="代码无误，照此提交", required=False)
    region = forms.ChoiceField(
        label="企业在哪里", error_messages={"required": "请选择。", "invalid_choice": "请从列表里选一个地方。"}
    )
    evidence = Words(
        label="怎么证明",
        check=at_most(EVIDENCE_MAX),
        missing="请写明您的职务和可以核对的办法。",
        help_text="如：我是行政经理，可拨打企业公示电话核对；或带营业执照到服务中心。",
        widget=forms.Textarea(attrs={"rows": "4"}),
    )
    field_order = ("name", "uscc", "uscc_confirmed", "region", "evidence")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        city = settings.DEFAULT_REGION
        self.regions = {r.code: r for r in Region.objects.filter(Q(pk=city) | Q(parent=city)).order_by("path")}
        self.fields["region"].choices = [(r.code, r.name) for r in self.regions.values()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The code in capitals; a failing check digit passes once it is confirmed."""
        said = self.cleaned_data
        if "uscc" in said:
            try:
                said["uscc"] = filing.normal_uscc(said["uscc"], confirmed=said.get("uscc_confirmed", False))
            except forms.ValidationError as error:
                self.add_error("uscc", error)
        return said

    @property
    def doubts_uscc(self) -> bool:
        """Whether the page must ask to confirm the credit code."""
        return bool(self.is_bound and (self.has_error("uscc", "uscc_checksum") or self.data.get("uscc_confirmed")))
