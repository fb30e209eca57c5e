"""A firm's own calls: a one-time code, a token for it, and who sees a request."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from qihu import phones
from qihu.accounts.models import Contact
from qihu.address import address
from qihu.clock import now
from qihu.errors import Invalid
from qihu.signin import codes, sessions
from tickets.api.described import IF_MATCH, NUMBER, problems
from tickets.api.door import Door, body_of, contact_of, etag, opened, version_of
from tickets.models import Ticket
from tickets.services.belonging import adopt, show_to

FIRM_HELP = "您所代表企业的统一社会信用代码；不填则为个人"


class PhoneIn(serializers.Serializer[Any]):
    """Where to send it."""

    phone = serializers.CharField(help_text="11 位手机号；座机收不到验证码")

    def validate_phone(self, typed: str) -> str:
        """A phone that receives SMS."""
        return phones.mobile(typed)


class OneTimeCodeOut(serializers.Serializer[Any]):
    """The same whether or not the phone is known."""

    expires_in = serializers.IntegerField(help_text="有效秒数")
    again_in = serializers.IntegerField(help_text="多少秒后可再要一次")
    demo_code = serializers.CharField(allow_null=True, help_text="只在没有接短信的演示环境给出验证码，平时为 null")


class Code(Door):
    """`POST /api/v1/auth/code/`."""

    authentication_classes = []

    @extend_schema(
        operation_id="auth_code",
        tags=["登录"],
        summary="要一个短信验证码",
        description="6 位数字，5 分钟内有效，最多试 5 次，用一次即失效。按手机号、来源地址和全站限次（429）。",
        request=PhoneIn,
        responses={202: OneTimeCodeOut, **problems((400, 415, 422, 429, 503))},
        examples=[OpenApiExample("要验证码", {"phone": "13800000000"}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """202: on its way."""
        body = body_of(request, PhoneIn)
        sent = codes.issue(phone=body["phone"], address=address(request), at=now())
        answer = {
            "expires_in": int(codes.LIVES.total_seconds()),
            "again_in": int(codes.AGAIN.total_seconds()),
            "demo_code": sent.shown or None,
        }
        return Response(OneTimeCodeOut(answer).data, status=status.HTTP_202_ACCEPTED)


class FirmTokenIn(PhoneIn):
    """The code that came."""

    code = serializers.CharField(max_length=12, help_text="短信里的 6 位验证码")


class FirmTokenOut(serializers.Serializer[Any]):
    """Kept hashed: it is shown here and never again."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


class FirmToken(Door):
    """`POST /api/v1/auth/firm-token/`."""

    authentication_classes = []

    @extend_schema(
        operation_id="auth_firm_token",
        tags=["登录"],
        summary="企业用验证码换取令牌",
        description="之后的调用带 Authorization: Bearer 加令牌，看得到本人的和所在企业共享的诉求。",
        request=FirmTokenIn,
        responses={200: FirmTokenOut, **problems((400, 415, 422, 429))},
        examples=[OpenApiExample("登录", {"phone": "13800000000", "code": "042871"}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """200 with a token; 422 for a wrong, used or expired code; 429 after five wrong ones."""
        at, body = now(), body_of(request, FirmTokenIn)
        contact = codes.redeem(phone=body["phone"], code=body["code"], address=address(request), at=at)
        adopt(contact=contact)
        made = sessions.open_session(contact=contact, at=at, program=True)
        return Response(FirmTokenOut({"token": made.token, "expires_at": made.expires_at}).data)


class SharingIn(serializers.Serializer[Any]):
    """Who sees it, and whose it is."""

    visibility = serializers.ChoiceField(Ticket.Visibility.choices)
    firm = serializers.CharField(required=False, allow_blank=True, default="", max_length=18, help_text=FIRM_HELP)


class SharingOut(serializers.Serializer[Any]):
    """As it is now."""

    number = serializers.CharField()
    visibility = serializers.ChoiceField(Ticket.Visibility.choices)
    firm = serializers.CharField(allow_null=True)


class Share(Door):
    """`POST /api/v1/tickets/{number}/visibility/`."""

    @extend_schema(
        operation_id="tickets_visibility",
        tags=["诉求"],
        summary="谁看得到",
        description="提交人本人用企业令牌更改：firm 本企业可见、me 仅我可见、shielded 对办理部门身份保密。",
        request=SharingIn,
        parameters=[NUMBER, IF_MATCH],
        responses={200: SharingOut, **problems((400, 401, 403, 404, 412, 415, 422))},
        examples=[OpenApiExample("交给企业", {"visibility": "firm", "firm": "91330800MA28F00001"}, request_only=True)],
    )
    def post(self, request: Request, number: str) -> Response:
        """Takes effect at once."""
        at = now()
        caller, ticket = opened(request, number, at=at)
        body = body_of(request, SharingIn)
        key = firm_key(contact_of(request), body["firm"])
        done = show_to(
            ticket_id=ticket.pk,
            caller=caller,
            at=at,
            visibility=body["visibility"],
            enterprise_id=key,
            expected_version=version_of(request),
        )
        firm = done.ticket.enterprise.uscc if done.ticket.enterprise else None
        answer = {"number": number, "visibility": done.ticket.visibility, "firm": firm}
        return Response(SharingOut(answer).data, headers={"ETag": etag(done.ticket.version)})


def firm_key(contact: Contact | None, uscc: str) -> int | None:
    """Key of one of the person's firms, None for none. Raises `Invalid` for a code that is no firm of theirs."""
    if not uscc:
        return None
    held = contact.held if contact else ()
    found = next((m.enterprise_id for m in held if m.enterprise.uscc == uscc.strip().upper()), None)
    if found is None:
        raise Invalid("您不能以这家企业的名义提交。", fields={"firm": "您不是这家企业的成员。"})
    return found
