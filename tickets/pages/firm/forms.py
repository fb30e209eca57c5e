"""What a firm types. The checks themselves are those of `services.filing`, shared with the API."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q

from qihu.accounts.models import Contact, Region
from routing.rules.models import ChainTag
from tickets.models import QRCode, Rating
from tickets.services import filing, relay
from tickets.services.belonging import belonging
from tickets.services.intake import Filed

REASON_MAX = 1000
_NUMBER = re.compile(r"QH-?(\d{8})-?(\d{6,9})")


class Words(forms.CharField):
    """Text that one of the shared checks accepts; a line break counts as one character, as for the reader.

    No `maxlength` attribute: it would cut pasted text without a word.
    """

    def __init__(self, *, check: Callable[[str], str] = str, missing: str = "", **more: Any) -> None:
        super().__init__(**more)
        self.check = check
        if missing:
            self.error_messages["required"] = missing
            self.widget.attrs["data-missing"] = missing

    def clean(self, value: Any) -> str:
        """The accepted text; "" for an optional field left empty."""
        plain = str(super().clean(value)).replace("\r\n", "\n").replace("\r", "\n")
        return self.check(plain) if plain else ""


def at_most(limit: int) -> Callable[[str], str]:
    """A check of length alone."""

    def check(plain: str) -> str:
        if len(plain) > limit:
            raise ValidationError(f"最多 {limit} 个字，现在有 {len(plain)} 个字，请精简。", code="too_long")
        return plain

    return check


def _input(**attributes: str) -> forms.TextInput:
    return forms.TextInput(attrs=attributes)


class Shared(dict[str, forms.Field]):
    """Fields that no form alters, so that none copies them: the copy would cost half of the parsing."""

    def __deepcopy__(self, _memo: dict[int, Any]) -> Shared:
        return self


class AskForm(forms.Form):
    """The request form of a QR code. `clean` costs no query for the code's own tag and region."""

    key = forms.CharField(required=False, widget=forms.HiddenInput(attrs={"data-key-field": ""}))
    chain_tag = forms.CharField(label="和什么有关", required=False)
    text = Words(
        label="您需要什么帮助",
        check=filing.checked_text,
        missing="请写一下您需要什么帮助。",
        help_text="发生了什么、卡在哪里、希望怎么解决。一件事一份诉求，办得更快。",
        widget=forms.Textarea(attrs={"rows": "7"}),
    )
    enterprise_name = Words(
        label="企业名称",
        check=filing.checked_firm,
        missing="请填写企业名称。",
        widget=_input(autocomplete="organization", **{"data-private": ""}),
    )
    uscc_confirmed = forms.BooleanField(label="代码无误，照此提交", required=False)
    uscc = Words(
        label="统一社会信用代码",
        required=False,
        help_text="营业执照上的 18 位代码，填了核对更快。",
        widget=_input(autocomplete="off", autocapitalize="characters", spellcheck="false", **{"data-private": ""}),
    )
    contact_name = Words(
        label="怎么称呼您",
        check=filing.checked_person,
        missing="请填写联系人姓名。",
        widget=_input(autocomplete="name", **{"data-private": ""}),
    )
    contact_phone = Words(
        label="联系电话",
        check=filing.normal_phone,
        missing="请填写联系电话，经办人要靠它联系您。",
        widget=_input(type="tel", inputmode="tel", autocomplete="tel"),
    )
    region = forms.CharField(label="企业在哪里", required=False)
    shielded = forms.BooleanField(label="身份保密", required=False)
    visibility = forms.CharField(label="谁看得到", required=False)
    enterprise = forms.CharField(label="以哪家企业的名义", required=False)

    def __init__(self, *args: Any, qr: QRCode, contact: Contact | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        self.qr = qr
        self.contact = contact

    @cached_property
    def tags(self) -> list[ChainTag]:
        """The chain tags in the order of the page."""
        return list(ChainTag.objects.order_by("position"))

    @cached_property
    def regions(self) -> list[Region]:
        """The city, then its counties."""
        city = settings.DEFAULT_REGION
        return list(Region.objects.filter(Q(pk=city) | Q(parent=city)).order_by("path"))

    def region_select(self) -> str:
        """The region's control; only a page that is shown pays for its choices."""
        here = [("", f"{self.qr.region.name}（扫码所在地）")]
        there = [(one.code, one.name) for one in self.regions if one.code != self.qr.region_id]
        return self["region"].as_widget(forms.Select(choices=here + there))

    def clean_key(self) -> str:
        """The key that makes a repeated post one request: a UUID; anything else is replaced by a new one."""
        try:
            return str(uuid.UUID(self.cleaned_data["key"]))
        except ValueError:
            return str(uuid.uuid4())

    def clean_chain_tag(self) -> str:
        """A known tag, or "" for 说不准."""
        typed = str(self.cleaned_data["chain_tag"])
        if typed and typed != self.qr.chain_tag_id and typed not in {tag.code for tag in self.tags}:
            raise ValidationError("请从列出的几项里选一个，说不准就选“说不准”。")
        return typed

    def clean_region(self) -> str:
        """A region of the list, or "" for where the code hangs."""
        typed = str(self.cleaned_data["region"])
        if typed and typed != self.qr.region_id and typed not in {one.code for one in self.regions}:
            raise ValidationError("请从列表里选一个地方。")
        return typed

    def clean_visibility(self) -> str:
        """Chosen by who is signed in; a session that ended meanwhile is told, never passed over."""
        typed = str(self.cleaned_data["visibility"])
        if typed and self.contact is None:
            raise ValidationError("登录已过期。请重新登录后提交，您写的内容还在。", code="signed_out")
        return typed

    def clean_uscc(self) -> str:
        """In capitals; a failing check digit passes once the firm has confirmed it. Not asked for a firm's account."""
        if self.contact and self.data.get("enterprise"):
            return ""
        return filing.normal_uscc(self.cleaned_data["uscc"], confirmed=self.cleaned_data["uscc_confirmed"])

    @property
    def doubts_uscc(self) -> bool:
        """Whether the page must ask to confirm the credit code."""
        return bool(self.is_bound and (self.has_error("uscc", "uscc_checksum") or self.data.get("uscc_confirmed")))

    def filed(self) -> Filed:
        """The checked filing; `is_valid()` first. Raises `Invalid` for a firm that the person does not file for."""
        said = self.cleaned_data
        filed = Filed(
            text=said["text"],
            enterprise_name=said["enterprise_name"],
            contact_name=said["contact_name"],
            contact_phone=said["contact_phone"],
            uscc=said["uscc"],
            chain_tag=said["chain_tag"] or None,
            region=said["region"] or None,
            shielded=said["shielded"],
        )
        return belonging(filed, contact=self.contact, **sharing(said)) if self.contact else filed


def sharing(said: dict[str, Any]) -> dict[str, Any]:
    """Who sees it and whose it is, as `services.belonging` takes them."""
    typed = str(said["enterprise"])
    key = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 19 else None
    return {"visibility": said["visibility"], "enterprise_id": key}


AskForm.base_fields = Shared(AskForm.base_fields)


class FindForm(forms.Form):
    """Number and access code, however they were copied: full-width, lower case, without dashes."""

    number = Words(
        label="编号",
        check=at_most(40),
        missing="请填写编号。",
        widget=_input(autocomplete="off", autocapitalize="characters", spellcheck="false", placeholder="QH-…"),
    )
    code = Words(
        label="查询码",
        check=at_most(40),
        missing="请填写 8 位查询码。",
        help_text="提交成功时显示的 8 位字母和数字。",
        widget=_input(autocomplete="off", autocapitalize="characters", spellcheck="false"),
    )

    def clean_number(self) -> str:
        """QH-<date>-<serial>; what does not look like one is passed on and matches nothing."""
        plain = "".join(_narrow(self.cleaned_data["number"]).split())
        found = _NUMBER.fullmatch(plain)
        return f"QH-{found[1]}-{found[2]}" if found else plain

    def clean_code(self) -> str:
        """Half-width."""
        return _narrow(self.cleaned_data["code"])


def _narrow(typed: str) -> str:
    return unicodedata.normalize("NFKC", typed).upper()


class RateForm(forms.Form):
    """过程 and 结果, 5–1, and a word if they like."""

    scores: ClassVar[list[tuple[int, str]]] = sorted(Rating.Score.choices, reverse=True)
    process = forms.TypedChoiceField(
        label="办理过程",
        coerce=int,
        choices=scores,
        error_messages={"required": "请选一个。", "invalid_choice": "请选一个。"},
    )
    result = forms.TypedChoiceField(
        label="办理结果",
        coerce=int,
        choices=scores,
        error_messages={"required": "请选一个。", "invalid_choice": "请选一个。"},
    )
    text = Words(
        label="还想说的",
        check=at_most(REASON_MAX),
        required=False,
        widget=forms.Textarea(attrs={"rows": "3"}),
    )


class ReworkForm(forms.Form):
    """Why the answer does not settle it."""

    reason = Words(
        label="哪里没有解决",
        check=at_most(REASON_MAX),
        missing="请写明哪里没有解决，部门好接着办。",
        widget=forms.Textarea(attrs={"rows": "4"}),
    )


class ReopenForm(forms.Form):
    """What is still, or again, not settled."""

    reason = Words(
        label="为什么重开",
        check=at_most(REASON_MAX),
        missing="请写明哪里没有解决，部门好接着办。",
        widget=forms.Textarea(attrs={"rows": "4"}),
    )


class SupplementForm(forms.Form):
    """The facts that were asked for."""

    text = Words(
        label="补充说明",
        check=at_most(REASON_MAX),
        missing="请逐项写明要补充的内容。",
        widget=forms.Textarea(attrs={"rows": "5"}),
    )


class WithdrawForm(forms.Form):
    """Why, if they like."""

    reason = Words(
        label="撤回原因",
        check=at_most(REASON_MAX),
        required=False,
        widget=forms.Textarea(attrs={"rows": "2"}),
    )


class UrgeForm(forms.Form):
    """Nothing to type."""


class MessageForm(forms.Form):
    """A word to whoever handles the request."""

    text = Words(
        label="写给经办部门",
        check=at_most(relay.TEXT_MAX),
        missing="请写下要说的话。",
        widget=forms.Textarea(attrs={"rows": "3"}),
    )
