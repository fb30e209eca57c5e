"""`/api/v1/qr-codes/`: codes of the caller's regions, new ones, and their images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from qihu.clock import now
from routing.rules.models import Category, ChainTag
from tickets import access
from tickets.api.described import problems, query
from tickets.api.door import Door, body_of, public_url, staff
from tickets.api.paging import PAGE, cursor_of, next_url
from tickets.api.submit import CodeField
from tickets.models import QRCode
from tickets.services import posters
from tickets.services.codes import qr_for_filing

_CODE = OpenApiParameter("code", OpenApiTypes.STR, OpenApiParameter.PATH, description="二维码的代码")


class CodeIn(serializers.Serializer[Any]):
    """A new code and what it presets."""

    code = serializers.RegexField(
        r"\A[A-Za-z0-9][A-Za-z0-9_-]*\Z",
        required=False,
        allow_blank=True,
        max_length=40,
        help_text="字母、数字、短横线；不填则自动生成",
        error_messages={"invalid": "代码只用字母、数字和短横线。"},
    )
    name = serializers.CharField(max_length=60, help_text="张贴处")
    chain_tag = CodeField(queryset=ChainTag.objects.all(), help_text="预置链")
    category = CodeField(queryset=Category.objects.filter(active=True), help_text="预置类别")
    region = serializers.CharField(required=False, max_length=12, help_text="区划代码，须属本中心；缺省 330800")
    expires_at = serializers.DateTimeField(required=False, allow_null=True, help_text="失效时间")


class CodeOut(serializers.Serializer[Any]):
    """A code, where it leads and its images."""

    code = serializers.CharField()
    name = serializers.CharField()
    chain_tag = serializers.CharField(allow_null=True)
    category = serializers.CharField(allow_null=True)
    region = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField(help_text="二维码指向的地址")
    svg = serializers.CharField()
    png = serializers.CharField()
    pdf = serializers.CharField()


class CodesOut(serializers.Serializer[Any]):
    """One page, newest first."""

    results = CodeOut(many=True)
    next = serializers.CharField(allow_null=True)


def _shown(request: Request, code: QRCode) -> dict[str, Any]:
    names = ("code", "name", "created_at", "expires_at", "revoked_at")
    images = {kind: public_url(request, f"/api/v1/qr-codes/{code.code}.{kind}") for kind in ("svg", "png", "pdf")}
    return {name: getattr(code, name) for name in names} | {
        "chain_tag": code.chain_tag_id,
        "category": code.category_id,
        "region": code.region_id,
        "url": _where_it_leads(request, code),
        **images,
    }


def _where_it_leads(request: Request, code: QRCode) -> str:
    return public_url(request, f"/q/{code.code}/")


class Codes(Door):
    """For the service centre."""

    @extend_schema(
        operation_id="qr_codes_list",
        tags=["二维码"],
        summary="本中心的二维码",
        parameters=[query("cursor", "照抄上一页的 next")],
        responses={200: CodesOut, **problems((401, 403, 422))},
    )
    def get(self, request: Request) -> Response:
        """One page."""
        user = staff(request)
        posters.keeper(user)
        place = cursor_of(request, "qr")
        found = access.qr_codes_of(user)
        rows = list((found.filter(pk__lt=place[0]) if place else found)[: PAGE + 1])
        following = next_url(request, "qr", rows[PAGE - 1].pk) if len(rows) > PAGE else None
        shown = [_shown(request, one) for one in rows[:PAGE]]
        return Response(CodesOut({"results": shown, "next": following}).data)

    @extend_schema(
        operation_id="qr_codes_create",
        tags=["二维码"],
        summary="新设二维码",
        request=CodeIn,
        responses={201: CodeOut, **problems((400, 401, 403, 415, 422))},
        examples=[OpenApiExample("园区", {"name": "高新园区大厅", "chain_tag": "capital"}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """201."""
        user = staff(request)
        posters.keeper(user)
        body = body_of(request, CodeIn)
        tag, category = body.get("chain_tag"), body.get("category")
        made = posters.put_up(
            by=user,
            at=now(),
            code=body.get("code", ""),
            name=body["name"],
            region=body.get("region", settings.DEFAULT_REGION),
            chain_tag_id=tag.pk if tag else None,
            category_id=category.pk if category else None,
            expires_at=body.get("expires_at"),
        )
        return Response(CodeOut(_shown(request, made)).data, status=status.HTTP_201_CREATED)


class WhateverIsAccepted(BaseContentNegotiation):
    """An image is what it is: an `<img>` asks for image/*, and a refusal is still JSON."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Nothing is parsed."""
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The JSON of refusals."""
        return renderers[0], renderers[0].media_type


class Image(Door):
    """Public while the code is in force: it hangs on walls."""

    authentication_classes = []
    content_negotiation_class = WhateverIsAccepted
    draw: ClassVar[Callable[[str], bytes]]
    media_type: ClassVar[str]

    def get(self, request: Request, code: str) -> HttpResponse:
        """The image; 404 for an unknown code, 410 for one that has ended."""
        found = qr_for_filing(code, at=now())
        image = type(self).draw(_where_it_leads(request, found))
        return HttpResponse(image, content_type=self.media_type, headers={"Cache-Control": "public, max-age=300"})


def image_door(kind: str, media_type: str, draw: Callable[[str], bytes], said: str) -> Callable[..., Any]:
    """The view of one kind of image, described for the OpenAPI document."""
    described = extend_schema(
        operation_id=f"qr_codes_{kind}",
        tags=["二维码"],
        summary=said,
        parameters=[_CODE],
        auth=[],
        responses={
            (200, media_type): OpenApiResponse(OpenApiTypes.BINARY, said),
            **problems((404, 410)),
        },
    )
    fields = {"draw": staticmethod(draw), "media_type": media_type, "__doc__": said}
    view: type[Image] = type(f"{kind.title()}Image", (Image,), fields)
    return extend_schema_view(get=described)(view).as_view()


IMAGES = {
    "svg": image_door("svg", "image/svg+xml", posters.svg, "二维码，SVG"),
    "png": image_door("png", "image/png", posters.png, "二维码，PNG"),
    "pdf": image_door("pdf", "application/pdf", posters.pdf, "A5 张贴页，PDF"),
}
