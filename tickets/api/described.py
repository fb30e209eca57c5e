"""Pieces of the OpenAPI document that many calls share: headers, problems, statuses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from qihu.doors import PROBLEM


class ProblemOut(serializers.Serializer[Any]):
    """RFC 9457."""

    type = serializers.CharField(help_text="问题种类的地址")
    title = serializers.CharField(help_text="一句话")
    status = serializers.IntegerField(help_text="HTTP 状态码")
    detail = serializers.CharField(help_text="给人看的说明")
    code = serializers.CharField(help_text="给程序看的代码")
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.CharField(), required=False, help_text="各字段的问题，如 {“contact.phone”: “…”}"
    )


def header(name: str, text: str) -> OpenApiParameter:
    """An optional request header."""
    return OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.HEADER, description=text)


def query(name: str, text: str, *, kind: Any = OpenApiTypes.STR, many: bool = False) -> OpenApiParameter:
    """An optional query parameter."""
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, description=text, many=many)


NUMBER = OpenApiParameter(
    "number", OpenApiTypes.STR, OpenApiParameter.PATH, description="诉求编号，如 QH-20261122-000123"
)
ACCESS_CODE = header("X-Access-Code", "企业的查询码；工作人员不用")
KEY = header(
    "Idempotency-Key",
    "1–200 个可见 ASCII 字符，保存 24 小时：同一键、同一内容得到第一次的答复，内容不同则 422",
)
IF_MATCH = header("If-Match", "读取时的 ETag；期间有变动则 412")

_WORDS = {
    400: "JSON 不合法",
    401: "令牌无效或没有登录",
    403: "看得到，但不由您办理",
    404: "没有，或不让您看",
    409: "现在的状态不能办理",
    410: "二维码已停用",
    412: "看过之后已有变动，或协议版本不对",
    413: "太大",
    415: "只收 application/json",
    422: "填写有误",
    429: "尝试过多，见 Retry-After",
    460: "这一段的校验和不对，请重传",
    503: "短信没有发出",
    507: "暂存已满，请稍后再传",
}


def problems(statuses: Iterable[int]) -> dict[tuple[int, str], OpenApiResponse]:
    """The refusals a call may answer with, all of one shape."""
    return {(status, PROBLEM): OpenApiResponse(ProblemOut, _WORDS[status]) for status in statuses}
