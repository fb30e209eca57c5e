"""Where a refusal becomes an answer: a page, a fragment or problem JSON (RFC 9457). And what every page is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from rest_framework import exceptions as rest
from rest_framework.response import Response

from qihu.errors import DomainError, Forbidden, Invalid, Locked, Unknown

PROBLEM = "application/problem+json"
_Answer = TypeVar("_Answer", bound=HttpResponse)
ORGANISATION = "衢州市企业综合服务中心"


def page_context(request: HttpRequest) -> dict[str, object]:
    """Context of every page: `demo`, `big` (large type chosen), `org_name`."""
    return {"demo": settings.DEMO, "big": request.COOKIES.get("big") == "1", "org_name": ORGANISATION}


class Refusals:
    """Middleware: a `DomainError` that left a view becomes the answer; so do Django's own 404 and 403."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on; the work is in `process_exception`."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Called by Django for an exception of a view; None leaves it to Django."""
        if isinstance(error, Http404):
            error = Unknown("没有这个页面。")
        if isinstance(error, PermissionDenied):
            error = Forbidden("没有权限。")
        return refusal_page(request, error) if isinstance(error, DomainError) else None


def refusal_page(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The refusal as a page, or as a fragment where htmx asked."""
    if request.path.startswith("/api/"):
        return JsonResponse(_body(error), status=error.status, content_type=PROBLEM)
    template = "parts/refusal.html" if getattr(request, "htmx", False) else "errors/error.html"
    context = {
        "error": error,
        "status": error.status,
        "title": error.title,
        "message": error.message,
        "fields": error.fields,
    }
    response = render(request, template, context, status=error.status)
    return _with_headers(response, error)


@contextmanager
def told_on(form: BaseForm) -> Iterator[None]:
    """Within: an `Invalid` becomes errors beside the form's fields, so nothing typed is lost."""
    try:
        yield
    except Invalid as error:
        for name, said in error.fields.items():
            form.add_error(name if name in form.fields else None, said)
        if not error.fields:
            form.add_error(None, error.message)


def problem(error: Exception, _context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler: everything foreseen becomes problem JSON; the rest is a 500."""
    refusal = _from_rest(error)
    if refusal is None:
        return None
    response = Response(_body(refusal), status=refusal.status, content_type=PROBLEM)
    if refusal.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return _with_headers(response, refusal)


def _from_rest(error: Exception) -> DomainError | None:
    if isinstance(error, DomainError):
        return error
    if isinstance(error, Http404):
        return Unknown("没有这个资源。")
    if isinstance(error, PermissionDenied):
        return Forbidden("没有权限。")
    if isinstance(error, rest.ValidationError):
        return Invalid("填写有误，请看各项说明。", fields=flat(error.detail))
    if isinstance(error, rest.APIException):
        refusal = DomainError(str(error.detail), code=str(getattr(error, "default_code", "refused")))
        refusal.status = error.status_code
        return refusal
    return None


def flat(detail: Any, prefix: str = "") -> dict[str, str]:
    """DRF's nested errors as {"contact.phone": "…"}."""
    if isinstance(detail, Mapping):
        found: dict[str, str] = {}
        for key, value in detail.items():
            found |= flat(value, f"{prefix}.{key}" if prefix else str(key))
        return found
    if isinstance(detail, list):
        return {prefix or "body": "；".join(str(part) for part in detail)}
    return {prefix or "body": str(detail)}


def _body(error: DomainError) -> dict[str, object]:
    body: dict[str, object] = {
        "type": f"/api/docs/#{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.message,
        "code": error.code,
    }
    if error.fields:
        body["errors"] = error.fields
    return body


def _with_headers(response: _Answer, error: DomainError) -> _Answer:
    if isinstance(error, Locked):
        response["Retry-After"] = str(error.retry_after)
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's 404 for URLs that no pattern fits."""
    return refusal_page(request, Unknown("没有这个页面。"))


def broken(request: HttpRequest) -> HttpResponse:
    """Django's 500: says sorry, tells nothing."""
    error = DomainError("系统出错了，您填写的内容没有丢失的话请稍后再试。", code="server-error")
    error.status, error.title = 500, "系统出错"
    return refusal_page(request, error)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """An expired or missing form token."""
    return refusal_page(request, Forbidden("页面停留太久，请返回上一页刷新后再提交。", code="csrf"))
