"""Lists by keyset (fifty a page, and an opaque, signed place to go on from) or by numbered pages."""

from __future__ import annotations

from typing import Any

from django.core import signing
from rest_framework.request import Request

from qihu.errors import Invalid
from tickets.api.door import public_url

PAGE = 50
_SALT = "tickets.api.cursor"


def cursor_of(request: Request, kind: str) -> list[Any] | None:
    """Where the page before ended in a list of this kind, None for the first page. Raises `Invalid`."""
    given = request.GET.get("cursor", "")
    if not given:
        return None
    try:
        found: list[Any] = signing.loads(given, salt=_SALT)
    except signing.BadSignature:
        found = []
    if not found or found[0] != kind:
        said = "cursor 无效，请从第一页重新读取。"
        raise Invalid(said, fields={"cursor": said})
    return found[1:]


def next_url(request: Request, kind: str, *place: object) -> str:
    """Address of the next page: the same filters, going on after `place`."""
    query = request.GET.copy()
    query["cursor"] = signing.dumps([kind, *place], salt=_SALT)
    return public_url(request, f"{request.path}?{query.urlencode()}")


def page_number(request: Request) -> int:
    """Of a list by numbered pages. Raises `Invalid` for what is no page's number."""
    typed = request.GET.get("page", "1")
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 7):
        raise Invalid("page 应为页码。", fields={"page": "应为数字。"})
    return int(typed)
