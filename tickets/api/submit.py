"""`POST /api/v1/tickets/`: a request comes in."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.exceptions import ValidationError
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.accounts.models import Region
from qihu.clock import now
from qihu.errors import Gone, Invalid, Unknown
from routing.rules.models import Category, ChainTag
from tickets.api.described import KEY, problems
from tickets.api.door import Door, body_of, contact_of, key_of, public_url
from tickets.api.firms import FIRM_HELP, firm_key
from tickets.models import QRCode, Ticket
from tickets.services import filing, intake
from tickets.services.answered import as_submitted
from tickets.services.belonging import belonging
from tickets.services.codes import qr_for_filing
from tickets.services.intake import Filed, Receipt
from tickets.workflow import Status


class CodeField(serializers.PrimaryKeyRelatedField[Any]):
    """The code of a row of a small table; "" and null mean none."""

    def __init__(self, **more: Any) -> None:
        said: dict[str, Any] = {
            "does_not_exist": "没有这个代码：{pk_value}。",
            "incorrect_type": "应为代码（字符串）。",
        }
        super().__init__(required=False, allow_null=True, pk_field=serializers.CharField(), error_messages=said, **more)

    def to_internal_value(self, data: Any) -> Any:
        """The row. No code has a character that cannot be printed, and the database refuses to look for some."""
        if isinstance(data, str) and not data.isprintable():
            self.fail("incorrect_type")
        return super().to_internal_value(data)


class EnterpriseIn(serializers.Serializer[Any]):
    """The firm as it names itself; a name or a code gives no sight of anything."""

    name = serializers.CharField(help_text=f"企业全称，2–{filing.NAME_MAX} 字")
    uscc = serializers.CharField(required=False, allow_blank=True, default="", help_text="统一社会信用代码，18 位")

    def validate_name(self, typed: str) -> str:
        """As the form checks it."""
        return filing.checked_firm(typed)


class ContactIn(serializers.Serializer[Any]):
    """Whom the officer calls."""

    name = serializers.CharField(help_text=f"联系人姓名，最多 {filing.PERSON_MAX} 字")
    phone = serializers.CharField(help_text="手机，或带区号的座机")

    def validate_name(self, typed: str) -> str:
        """As the form checks it."""
        return filing.checked_person(typed)

    def validate_phone(self, typed: str) -> str:
        """Digits only."""
        return filing.normal_phone(typed)


class SubmitIn(serializers.Serializer[Any]):
    """A filing."""

    qr_code = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=40,
        help_text="所扫二维码的代码；没有则不填",
    )
    title = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        help_text=f"最多 {filing.TITLE_MAX} 字；不填则取正文首句",
    )
    text = serializers.CharField(help_text=f"诉求内容，{filing.TEXT_MIN}–{filing.TEXT_MAX} 字")
    chain_tag = CodeField(
        queryset=ChainTag.objects.all(),
        help_text="capital、talent、industry、innovation、service；优先于二维码预置的链",
    )
    category = CodeField(queryset=Category.objects.filter(active=True), help_text="诉求类别，如 FIN-01")
    enterprise = EnterpriseIn()
    contact = ContactIn()
    region = CodeField(queryset=Region.objects.all(), help_text="区划代码；不填则取二维码所在区划，再缺省 330800")
    shielded = serializers.BooleanField(default=False, help_text="对办理部门隐去企业身份")
    visibility = serializers.ChoiceField(
        Ticket.Visibility.choices, required=False, help_text="谁看得到；只用于企业令牌，缺省 me（仅我可见）"
    )
    firm = serializers.CharField(required=False, allow_blank=True, default="", max_length=18, help_text=FIRM_HELP)
    uscc_confirmed = serializers.BooleanField(default=False, help_text="信用代码校验位对不上、但已核对无误时为 true")

    def validate_title(self, typed: str) -> str:
        """As the form checks it."""
        return filing.checked_title(typed)

    def validate_text(self, typed: str) -> str:
        """As the form checks it."""
        return filing.checked_text(typed)

    def validate_qr_code(self, typed: str | None) -> QRCode | None:
        """The code in force: here one that is not is a mistake in a field, not a missing page."""
        try:
            return qr_for_filing(typed, at=now()) if typed else None
        except (Unknown, Gone) as error:
            raise serializers.ValidationError(error.message, code=error.code) from None

    def validate(self, body: dict[str, Any]) -> dict[str, Any]:
        """The credit code, which may be confirmed. `Invalid` carries `uscc_checksum` for programs."""
        try:
            body["enterprise"]["uscc"] = filing.normal_uscc(
                body["enterprise"]["uscc"], confirmed=body["uscc_confirmed"]
            )
        except ValidationError as error:
            said = {"enterprise.uscc": str(error.message)}
            raise Invalid("统一社会信用代码有误。", code=str(error.code), fields=said) from None
        return body

    @staticmethod
    def filed(body: dict[str, Any], **more: Any) -> Filed:
        """The checked body as the verb takes it; `more` as in `Filed`."""
        codes: dict[str, Any] = {
            name: row.pk if (row := body.get(name)) else None for name in ("chain_tag", "category", "region")
        }
        return Filed(
            title=body["title"],
            text=body["text"],
            enterprise_name=body["enterprise"]["name"],
            uscc=body["enterprise"]["uscc"],
            contact_name=body["contact"]["name"],
            contact_phone=body["contact"]["phone"],
            shielded=body["shielded"],
            **codes,
            **more,
        )


class ReceiptOut(serializers.Serializer[Any]):
    """What the firm gets. Only what never changes, so that the same key always reads the same bytes."""

    number = serializers.CharField()
    access_code = serializers.CharField(help_text="查询码：只在这里给出，请保存；归企业账户的诉求没有，为空")
    status = serializers.CharField(help_text="submitted；之后的进展请读取诉求")
    chain_tag = serializers.CharField(allow_null=True)
    category = serializers.CharField(allow_null=True)
    region = serializers.CharField()
    department = serializers.CharField(allow_null=True, help_text="此时总为 null：交办在几毫秒之后")
    submitted_at = serializers.DateTimeField()
    url = serializers.CharField(help_text="回执和进度页面")


def receipt(request: Request, got: Receipt) -> dict[str, Any]:
    """The answer's body. On a repeat the request may have changed: the log knows what was submitted."""
    ticket = got.ticket
    facts = as_submitted(ticket) if got.repeated else {
        "chain_tag": ticket.chain_tag_id, "category": ticket.category_id, "region": ticket.region_id
    }  # fmt: skip
    answer = {
        "number": ticket.number,
        "access_code": got.access_code,
        "status": Status.SUBMITTED,
        "chain_tag": facts["chain_tag"],
        "category": facts["category"],
        "region": facts["region"],
        "department": None,
        "submitted_at": ticket.submitted_at,
        "url": public_url(request, f"/t/{ticket.number}/"),
    }
    return dict(ReceiptOut(answer).data)


_EXAMPLE = {
    "qr_code": "DEMO-CAPITAL",
    "text": "新产线扩建，资金缺口1500万元，希望协调银行授信。",
    "enterprise": {"name": "衢州安捷线束有限公司", "uscc": ""},
    "contact": {"name": "李娜", "phone": "13800000000"},
}
_ANSWER = {
    "number": "QH-20261122-000123",
    "access_code": "7KQ2-M9XA",
    "status": "submitted",
    "chain_tag": "capital",
    "category": None,
    "region": "330800",
    "department": None,
    "submitted_at": "2026-11-22T10:42:00+08:00",
    "url": "https://qihu.example/t/QH-20261122-000123/",
}
SUBMIT = extend_schema(
    operation_id="tickets_submit",
    tags=["诉求"],
    summary="提交诉求",
    description="不必登录；带企业令牌则归其账户。带 Idempotency-Key 重发得到同一回执（200）；不带键每次都是新诉求。",
    request=SubmitIn,
    parameters=[KEY],
    responses={201: ReceiptOut, 200: ReceiptOut, **problems((400, 401, 415, 422))},
    examples=[
        OpenApiExample("扫码提交", _EXAMPLE, request_only=True),
        OpenApiExample("回执", _ANSWER, response_only=True, status_codes=["201", "200"]),
    ],
)


class Submit(Door):
    """The submitting half of `/tickets/`."""

    @SUBMIT
    def post(self, request: Request) -> Response:
        """201 the first time, 200 for a key that was seen."""
        body = body_of(request, SubmitIn)
        filed = _belonging(request, body)
        key = key_of(request) or str(uuid.uuid4())
        got = intake.submit(filed=filed, qr=body.get("qr_code"), key=f"api|{key}", at=now())
        code = status.HTTP_200_OK if got.repeated else status.HTTP_201_CREATED
        return Response(receipt(request, got), status=code)


def _belonging(request: Request, body: dict[str, Any]) -> Filed:
    """The filing, of the person whose token came along. Raises `Invalid` for a choice that needs one."""
    filed, contact = SubmitIn.filed(body), contact_of(request)
    if contact:
        given = body.get("visibility") or (Ticket.Visibility.SHIELDED if filed.shielded else Ticket.Visibility.ME)
        key = firm_key(contact, body["firm"])
        return belonging(filed, contact=contact, visibility=given, enterprise_id=key)
    if body.get("visibility") or body["firm"]:
        raise Invalid("选择谁看得到，需要带上企业令牌。", fields={"visibility": "需要带上企业令牌。"})
    return filed
