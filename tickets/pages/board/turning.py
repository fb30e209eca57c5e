"""Turning pages of a board's list: which one is asked for, and the links to those beside it."""

from __future__ import annotations

from django.http import HttpRequest

from qihu.errors import Invalid


def page_asked(request: HttpRequest) -> int:
    """Raises `Invalid` for what is no page's number."""
    typed = request.GET.get("page", "1")
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 7):
        raise Invalid("没有这一页。", fields={"page": "没有这一页。"})
    return int(typed)


def pager(request: HttpRequest, page: int, pages: int) -> dict[str, str]:
    """For `parts/pager.html`: the same list, one page on or back."""
    return {
        "newer": _turned(request, page - 1) if page > 1 else "",
        "older": _turned(request, page + 1) if page < pages else "",
        "text": f"第 {page} 页，共 {pages} 页",
    }


def _turned(request: HttpRequest, page: int) -> str:
    query = request.GET.copy()
    query["page"] = str(page)
    return f"?{query.urlencode()}"
