"""Counts every HTTP request by the name of its view: never by its path, which holds numbers and codes."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from qihu.metrics.counted import REQUEST_SECONDS, REQUESTS

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Measured:
    """The outermost middleware, so that what the others do is in the time."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on and count how it ended; Django itself makes an answer of every error."""
        began = time.perf_counter()
        response = self._get_response(request)
        view = _view(request, response.status_code)
        method = request.method if request.method in _METHODS else "OTHER"
        REQUESTS.labels(view, method, str(response.status_code)).inc()
        REQUEST_SECONDS.labels(view).observe(time.perf_counter() - began)
        return response


def _view(request: HttpRequest, status: int) -> str:
    """The name in the list of addresses; one for the back office, for files, and for what nobody serves."""
    match = request.resolver_match
    if match is None:
        return "static" if status < 400 else "unmatched"
    return "admin" if "admin" in match.app_names else match.view_name
