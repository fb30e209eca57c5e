"""QR codes of a service centre: list, make, stop."""

from __future__ import annotations

import secrets
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.validators import RegexValidator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from qihu.accounts.models import Region
from qihu.errors import Forbidden
from tickets import access
from tickets.models import QRCode
from tickets.pages.desk import queues, telling
from tickets.pages.desk.catalogue import Catalogue, catalogue
from tickets.pages.desk.seat import AT_CENTRE, Seat, at_desk
from tickets.services.codes import create_qr, revoke_qr

PAGE = 50
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_FORMATS = ("svg", "png", "pdf")


class CodeForm(forms.Form):
    """A new code and what it presets."""

    use_required_attribute = False
    name = forms.CharField(
        label="张贴处",
        max_length=60,
        help_text="企业和经办人都会看到，如“高新园区管委会大厅”。",
        error_messages={"required": "请写明贴在哪里。", "max_length": "最多 60 字。"},
    )
    region = forms.ChoiceField(
        label="区划", error_messages={"required": "请选择区划。", "invalid_choice": "请从列表中选择区划。"}
    )
    chain_tag = forms.ChoiceField(label="预置链", required=False, error_messages={"invalid_choice": "没有这条链。"})
    category = forms.ChoiceField(label="预置类别", required=False, error_messages={"invalid_choice": "没有这个类别。"})
    expires_on = forms.DateField(
        label="有效期至",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "日期不对，请重新选择。"},
    )
    code = forms.CharField(
        label="代码",
        required=False,
        max_length=40,
        help_text="印在码下、出现在链接里；不填则自动生成。",
        validators=[RegexValidator(r"^[A-Z0-9][A-Z0-9-]*$", "代码只用大写字母、数字和短横线。")],
        error_messages={"max_length": "最多 40 个字符。"},
    )

    def __init__(self, *args: Any, seat: Seat, options: Catalogue, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seat = seat
        self.regions = {region.code: region for region in access.regions_of(seat.user)}
        self.fields["region"].choices = [(r.code, _named(r)) for r in self.regions.values()]  # type: ignore[attr-defined]
        self.fields["chain_tag"].choices = [("", "不预置"), *options.tags()]  # type: ignore[attr-defined]
        self.fields["category"].choices = [("", "不预置"), *options.categories()]  # type: ignore[attr-defined]

    def clean_code(self) -> str:
        """Unused; drawn at random where none was typed."""
        typed = str(self.cleaned_data["code"])
        if typed and QRCode.objects.filter(code=typed).exists():
            raise forms.ValidationError("这个代码已经用过，请换一个。")
        return typed or "Q-" + "".join(secrets.choice(_ALPHABET) for _ in range(7))

    def clean_expires_on(self) -> datetime | None:
        """The end of that day, which must not be past."""
        day = self.cleaned_data["expires_on"]
        if day is None:
            return None
        end = datetime.combine(day, time.max, tzinfo=ZoneInfo(settings.TIME_ZONE))
        if end <= self.seat.at:
            raise forms.ValidationError("有效期已经过了，请选今天或以后。")
        return end

    def arguments(self) -> dict[str, Any]:
        """For `create_qr`."""
        typed = self.cleaned_data
        return {
            "code": typed["code"],
            "name": typed["name"],
            "region": self.regions[typed["region"]],
            "chain_tag_id": typed["chain_tag"] or None,
            "category_id": typed["category"] or None,
            "expires_at": typed["expires_on"],
        }


def _named(region: Region) -> str:
    """Indented by its depth, so that the list reads as a tree."""
    return "　" * region.path.count("/") + region.name


@require_http_methods(["GET", "HEAD", "POST"])
@at_desk
def listed(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Codes, newest first, and the form for a new one."""
    _only_the_centre(seat)
    options = catalogue(departments=False, categories=True)
    form = CodeForm(request.POST or None, seat=seat, options=options, initial={"region": settings.DEFAULT_REGION})
    if request.method == "POST" and form.is_valid():
        made = create_qr(at=seat.at, by=seat.user, **form.arguments())
        messages.success(request, f"二维码 {made.code} 已生成，可以下载张贴。")
        return HttpResponseRedirect("/desk/codes/", status=303)
    before = request.GET.get("before", "")
    found = access.qr_codes_of(seat.user)
    found = found.filter(pk__lt=int(before)) if before.isdecimal() and len(before) < 18 else found
    rows = list(found[: PAGE + 1])
    context = {
        "user_title": seat.title,
        "nav": queues.nav(seat, current="codes"),
        "form": form,
        "codes": [_shown(code, seat) for code in rows[:PAGE]],
        "older": f"/desk/codes/?before={rows[PAGE - 1].pk}" if len(rows) > PAGE else "",
    }
    return render(request, "desk/codes.html", context, status=422 if form.errors else 200)


def _shown(code: QRCode, seat: Seat) -> dict[str, object]:
    ended = "已停用" if code.revoked_at else "已过期" if code.ended(seat.at) else ""
    return {
        "code": code.code,
        "name": code.name,
        "tag": code.chain_tag.name if code.chain_tag else "不预置",
        "dot": code.chain_tag_id or "",
        "category": code.category.name if code.category else "",
        "region": code.region.name,
        "made": telling.moment(code.created_at, seat.at),
        "until": telling.moment(code.expires_at, seat.at),
        "ended": ended,
        "posters": [(kind.upper(), f"/api/v1/qr-codes/{code.code}.{kind}") for kind in _FORMATS],
    }


@require_POST
@at_desk
def revoke(request: HttpRequest, seat: Seat, code: str) -> HttpResponse:
    """Stop a code of one's own regions."""
    _only_the_centre(seat)
    found = access.qr_code_or_404(seat.user, code)
    revoke_qr(code=found.code, at=seat.at)
    messages.success(request, f"二维码 {found.code} 已停用，扫码的企业会看到提示。")
    return HttpResponseRedirect("/desk/codes/", status=303)


def _only_the_centre(seat: Seat) -> None:
    if not seat.roles & AT_CENTRE:
        raise Forbidden("二维码由企业综合服务中心管理。")
