"""`POST /api/v1/auth/token/`: a password for a token that expires."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth import authenticate
from drf_spectacular.utils import OpenApiExample, extend_schema
from knox.models import AuthToken
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.accounts.models import User
from qihu.audit.models import Action
from qihu.audit.record import record
from qihu.errors import Locked
from tickets.api.described import problems
from tickets.api.door import Door, body_of


class TokenIn(serializers.Serializer[Any]):
    """`otp` is asked for where the policy demands a second factor."""

    username = serializers.CharField(max_length=80)
    password = serializers.CharField(max_length=200, trim_whitespace=False)
    otp = serializers.CharField(max_length=12, required=False, allow_blank=True)


class TokenOut(serializers.Serializer[Any]):
    """Kept hashed: it is shown here and never again."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True)


class Token(Door):
    """Guesses are counted, slowed and locked by django-axes, as at the sign-in page."""

    authentication_classes = []

    @extend_schema(
        operation_id="auth_token",
        tags=["登录"],
        summary="换取令牌",
        description="之后的调用带 Authorization: Bearer 加令牌。连续输错会锁定一刻钟（429）。",
        request=TokenIn,
        responses={200: TokenOut, **problems((400, 401, 415, 422, 429))},
        examples=[OpenApiExample("登录", {"username": "officer.finance", "password": "……"}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """200 with a token; 401 for a wrong pair; 429 while locked."""
        body = body_of(request, TokenIn)
        # axes marks the request that it is given: DRF's own keeps the mark from the middleware, whose page is HTML
        user = authenticate(request=request, username=body["username"], password=body["password"])
        if getattr(request, "axes_locked_out", False):
            wait = int(timedelta(hours=settings.AXES_COOLOFF_TIME).total_seconds())
            raise Locked("输错次数较多，账号已锁定，请 15 分钟后再试。", retry_after=wait)
        if not isinstance(user, User):
            raise exceptions.AuthenticationFailed("账号或密码不对。")
        AxesProxyHandler.user_logged_in(sender=User, request=request, user=user)
        row, token = AuthToken.objects.create(user)
        record(Action.TOKEN, actor=user, kind="user", key=user.pk, after={"expires_at": row.expiry})
        return Response(TokenOut({"token": token, "expires_at": row.expiry}).data)

    def get_authenticate_header(self, request: Request) -> str:
        """Keeps 401 a 401: without one DRF answers 403."""
        return "Bearer"
