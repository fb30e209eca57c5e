"""What every call of the API shares: who is calling, what a body may be, the request that is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext_lazy as _
from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from qihu.accounts.models import Contact, User
from qihu.address import address
from qihu.clock import now
from qihu.errors import Invalid, Unknown
from qihu.signin import sessions
from qihu.signin.models import FirmSession
from tickets import access
from tickets.access import FIRM, Caller, signed_in
from tickets.models import Ticket
from tickets.services.codes import open_with_code

_KEY = re.compile(r"[\x20-\x7e]{1,200}")
_ETAG = re.compile(r'(?:W/)?"?(\d{1,9})"?')
_NO_CODE = "没有找到这件诉求。请用请求头 X-Access-Code 带上查询码，或用有权限的令牌。"


class BearerToken(TokenAuthentication):  # type: ignore[misc]
    """`Authorization: Bearer …`."""

    def authenticate_credentials(self, token: bytes) -> Any:
        """The user and the token's row. Raises `AuthenticationFailed`, for bytes that are no text too."""
        try:
            return super().authenticate_credentials(token)
        except UnicodeDecodeError:
            raise exceptions.AuthenticationFailed(_("Invalid token.")) from None


class BearerScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]
    """Names the scheme in the OpenAPI document."""

    target_class = "tickets.api.door.BearerToken"
    name = "token"


class FirmBearer(BaseAuthentication):
    """`Authorization: Bearer qf_…`: a person of a firm. They are no user, so nothing of the staff's opens to them."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, FirmSession] | None:
        """Nobody and the session; None leaves the header to the next. Raises `AuthenticationFailed`."""
        word, _, token = request.headers.get("Authorization", "").partition(" ")
        if word.lower() != "bearer" or not token.startswith(sessions.BEARER):
            return None
        found = sessions.session_of(token, at=now(), program=True)
        if found is None:
            raise exceptions.AuthenticationFailed("令牌无效或已过期，请重新登录。")
        return AnonymousUser(), found

    def authenticate_header(self, request: Request) -> str:
        """Keeps 401 a 401."""
        return "Bearer"


class FirmScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Names the scheme in the OpenAPI document."""

    target_class = "tickets.api.door.FirmBearer"
    name = "firm"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer token, by its prefix."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "qf_…",
            "description": "企业令牌，见 auth/firm-token",
        }


class TooLarge(exceptions.APIException):
    """A body above `DATA_UPLOAD_MAX_MEMORY_SIZE`."""

    status_code, default_code = 413, "too-large"
    default_detail = "请求体太大。"


class BoundedJSON(JSONParser):
    """JSON that is refused when it is too long or nested too deep to be a request."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The parsed body; `ParseError` (400) or `TooLarge` (413)."""
        request = (parser_context or {})["request"]
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise exceptions.ParseError("JSON 嵌套太深。") from None


class Door(APIView):
    """A call of the API."""

    authentication_classes = [FirmBearer, BearerToken, SessionAuthentication]
    parser_classes = [BoundedJSON]

    def handle_exception(self, exc: Exception) -> Response:
        """A body that something has read before us is measured by Django, whose own answer is a page."""
        return super().handle_exception(TooLarge() if isinstance(exc, RequestDataTooBig) else exc)


def staff(request: Request) -> User:
    """The signed-in member of staff; 401 for anybody else."""
    if not isinstance(request.user, User):
        raise exceptions.NotAuthenticated("请带上令牌（Authorization: Bearer …）或先登录。")
    return request.user


def contact_of(request: Request) -> Contact | None:
    """Who is signed in for a firm, or None."""
    return request.auth.contact if isinstance(request.auth, FirmSession) else None


def caller_of(request: Request) -> Caller:
    """The signed-in member of staff or person of a firm; 401 for anybody else."""
    contact = contact_of(request)
    return signed_in(contact) if contact else Caller(staff(request))


def opened(request: Request, number: str, *, at: datetime) -> tuple[Caller, Ticket]:
    """The caller and the request that they may see. Staff stay staff, whatever code they send.

    Raises `Unknown` for what does not exist or is not theirs, `Locked` for who guesses access codes.
    """
    if isinstance(request.user, User):
        return Caller(request.user), access.ticket_or_404(request.user, number)
    contact = contact_of(request)
    theirs = access.ticket_of_contact(contact, number) if contact else None
    if contact and theirs:
        return signed_in(contact), theirs
    code = request.headers.get("X-Access-Code", "")
    if not code:
        raise Unknown(_NO_CODE)
    return FIRM, open_with_code(number=number, code=code, address=address(request), at=at)


def body_of(request: Request, shape: type[Serializer[Any]]) -> dict[str, Any]:
    """The checked body; DRF's `ValidationError` becomes 422."""
    serializer = shape(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def key_of(request: Request) -> str | None:
    """`Idempotency-Key`, or None where none was sent. Raises `Invalid` unless printable and not too long."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        said = "Idempotency-Key 应为 1 至 200 个可见的 ASCII 字符。"
        raise Invalid(said, fields={"Idempotency-Key": said})
    return key


def version_of(request: Request) -> int | None:
    """The version in `If-Match`; 0, which no request has, for a tag that is none of ours; None for `*`."""
    tag = request.headers.get("If-Match", "*").strip()
    if tag == "*":
        return None
    found = _ETAG.fullmatch(tag)
    return int(found[1]) if found else 0


def etag(version: int) -> str:
    """The version as an entity tag."""
    return f'"{version}"'


def public_url(request: Request, path: str) -> str:
    """An absolute address under `PUBLIC_URL`, or under the address that was asked."""
    return settings.PUBLIC_URL.rstrip("/") + path if settings.PUBLIC_URL else request.build_absolute_uri(path)
