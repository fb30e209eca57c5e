"""A caller of the API: anybody, a firm with its access code, or a member of staff with a token."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from knox.models import AuthToken

from qihu.accounts.models import User
from qihu.clock import now
from tests import make
from tests.people import user
from tickets.models import Ticket
from tickets.services.codes import access_code

BASE = "/api/v1/"
BODY = {
    "qr_code": "DEMO-CAPITAL",
    "text": "新产线扩建，资金缺口1500万元。希望协调银行授信。",
    "enterprise": {"name": "衢州安捷线束有限公司"},
    "contact": {"name": "李娜", "phone": "138 0000 0000"},
}


class Api:
    """Paths are relative to /api/v1/; every answer that is no success must be a problem."""

    def __init__(self, **headers: str) -> None:
        self.client = Client(headers=headers, raise_request_exception=False)

    def get(self, path: str, **headers: str) -> HttpResponse:
        return _checked(self.client.get(_at(path), headers=_named(headers)))

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        data = body if isinstance(body, (str, bytes)) else json.dumps({} if body is None else body)
        return _checked(self.client.post(_at(path), data, content_type="application/json", headers=_named(headers)))

    def move(self, ticket: Ticket, move: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.post(f"tickets/{ticket.number}/{move}/", body, **headers)

    def read(self, ticket: Ticket) -> dict[str, Any]:
        response = self.get(f"tickets/{ticket.number}/")
        assert response.status_code == 200, response.content
        return response.json()


def _at(path: str) -> str:
    return path.removeprefix("http://testserver") if path.startswith(("/", "http")) else BASE + path


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _checked(response: HttpResponse) -> HttpResponse:
    assert response.status_code < 500, response.content
    if response.status_code >= 400:
        assert response["Content-Type"] == "application/problem+json"
        problem = json.loads(response.content)
        assert problem["status"] == response.status_code
        assert {"type", "title", "detail", "code"} <= set(problem)
    return response


@pytest.fixture
def anybody(db) -> Api:
    return Api()


@pytest.fixture
def staff(request) -> Callable[[str | User], Api]:
    """`staff("officer.finance")`: a caller with a token."""
    if "committed" not in request.fixturenames:
        request.getfixturevalue("db")

    def signed_in(who: str | User) -> Api:
        person = who if isinstance(who, User) else user(who)
        return Api(Authorization=f"Bearer {AuthToken.objects.create(person)[1]}")

    return signed_in


def firm_of(ticket: Ticket) -> Api:
    return Api(**{"X-Access-Code": access_code(ticket.number)})


def here(state: Callable[..., Ticket] = make.routed, **more: object) -> Ticket:
    """A request made now, so that the API's clock and its promises agree."""
    return state(at=now(), **more)
