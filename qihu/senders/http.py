"""One POST to a provider: JSON back, or a `SendError` that says whether to try again."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import httpx

from qihu.senders.parcel import SendError

TOO_FAST = 60  # seconds to wait after an HTTP 429


def post(
    url: str, *, timeout: float, headers: Mapping[str, str] | None = None, json: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The provider's answer as a JSON object, whatever its status below 500. Addresses hold secrets: none is quoted."""
    try:
        response = _client().post(url, headers=headers, json=json, timeout=timeout)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        raise SendError("unreachable", retry=True) from None
    except httpx.HTTPError:  # it was on its way: nobody knows whether it arrived
        raise SendError("no_answer", retry=True, doubtful=True) from None
    return _read(response)


@lru_cache(maxsize=1)
def _client() -> httpx.Client:
    """One a process, for its TLS set-up. No connection is kept: one that went stale would look like a lost answer."""
    return httpx.Client(limits=httpx.Limits(max_keepalive_connections=0))


def _read(response: httpx.Response) -> dict[str, Any]:
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise SendError("http_429", retry=True, after=TOO_FAST)
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if isinstance(answer, dict) and (answer or response.is_success):
        return answer
    failed = response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR
    raise SendError(f"http_{response.status_code}", retry=failed, doubtful=failed)
