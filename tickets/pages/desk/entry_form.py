"""What is written down for a firm. The checks are those of the firm's own form."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from tickets import access
from tickets.models.source import DETAIL_MAX, REFERENCE_MAX
from tickets.pages.desk.catalogue import Catalogue
from tickets.pages.desk.seat import Seat
from tickets.pages.firm.forms import Words, at_most
from tickets.services import filing
from tickets.services.entry import Heard
from tickets.services.intake import Filed


def _line(**attributes: str) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": "off"} | attributes)


class EntryForm(forms.Form):
    """What the firm said, who it is, and how it reached us. The checks are those of the firm's own form."""

    use_required_attribute = False
    key = forms.CharField(required=False, widget=forms.HiddenInput)
    channel = forms.ChoiceField(
        label="渠道",
        widget=forms.RadioSelect,
        error_messages={"required": "请选择渠道。", "invalid_choice": "您不能以这个渠道代企业录入。"},
    )
    reference = Words(label="原编号", check=at_most(REFERENCE_MAX), required=False, widget=_line())
    received_at = forms.DateTimeField(
        label="收到时间",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": "时间不对，请重新选择。"},
    )
    detail = Words(label="来源说明", check=at_most(DETAIL_MAX), required=False, widget=_line())
    enterprise_name = Words(label="企业名称", check=filing.checked_firm, missing="请填写企业名称。", widget=_line())
    uscc_confirmed = forms.BooleanField(label="代码无误，照此录入", required=False)
    uscc = Words(label="统一社会信用代码", required=False, widget=_line(autocapitalize="characters"))
    contact_name = Words(label="联系人", check=filing.checked_person, missing="请填写联系人姓名。", widget=_line())
    contact_phone = Words(
        label="联系电话", check=filing.normal_phone, missing="请填写联系电话。", widget=_line(inputmode="tel")
    )
    text = Words(
        label="诉求内容",
        check=filing.checked_text,
        missing="请写明企业的诉求。",
        help_text="照企业的原话记，一件事一份。",
        widget=forms.Textarea(attrs={"rows": "6"}),
    )
    chain_tag = forms.ChoiceField(label="链", required=False, error_messages={"invalid_choice": "没有这条链。"})
    category = forms.ChoiceField(label="类别", required=False, error_messages={"invalid_choice": "没有这个类别。"})
    region = forms.ChoiceField(
        label="区划", error_messages={"required": "请选择区划。", "invalid_choice": "您不能为这个区划代企业录入。"}
    )
    urgent = forms.BooleanField(label="紧急", required=False)
    shielded = forms.BooleanField(label="企业要求身份保密", required=False)

    def __init__(self, *args: Any, seat: Seat, options: Catalogue, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seat = seat
        channels = access.channels_of(seat.user)
        self.fields["channel"].choices = [(one.value, one.label) for one in channels]  # type: ignore[attr-defined]
        regions = access.regions_entered_by(seat.user, channels[0])
        shown = [(r.code, "　" * r.path.count("/") + r.name) for r in regions if len(r.code) <= 6]
        self.fields["region"].choices = shown  # type: ignore[attr-defined]
        self.fields["chain_tag"].choices = [("", "说不准"), *options.tags()]  # type: ignore[attr-defined]
        self.fields["category"].choices = [("", "不指定"), *options.categories()]  # type: ignore[attr-defined]

    def clean_key(self) -> str:
        """A UUID, so that a second press is the first one's answer."""
        try:
            return str(uuid.UUID(self.cleaned_data["key"]))
        except ValueError:
            return str(uuid.uuid4())

    def clean_received_at(self) -> datetime:
        """Now, unless it was earlier."""
        typed: datetime | None = self.cleaned_data["received_at"]
        if typed and typed > self.seat.at:
            raise ValidationError("收到时间不能晚于现在。")
        return typed or self.seat.at

    def clean_uscc(self) -> str:
        """In capitals; a failing check digit passes once confirmed."""
        return filing.normal_uscc(self.cleaned_data["uscc"], confirmed=self.cleaned_data["uscc_confirmed"])

    @property
    def doubts_uscc(self) -> bool:
        """Whether the page must ask to confirm the credit code."""
        return bool(self.is_bound and (self.has_error("uscc", "uscc_checksum") or self.data.get("uscc_confirmed")))

    def heard(self) -> Heard:
        """How it reached us."""
        names = ("channel", "received_at", "reference", "detail")
        return Heard(**{name: self.cleaned_data[name] for name in names})

    def filed(self) -> Filed:
        """The checked filing."""
        names = ("text", "enterprise_name", "contact_name", "contact_phone", "uscc", "urgent", "shielded", "channel")
        said: dict[str, Any] = {name: self.cleaned_data[name] for name in names}
        wanted: dict[str, Any] = {n: self.cleaned_data[n] or None for n in ("chain_tag", "category", "region")}
        return Filed(**said, **wanted)
