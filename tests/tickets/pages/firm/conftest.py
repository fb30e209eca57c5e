"""李娜's phone and what she types."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from tests import make
from tickets.pages.firm import views
from tickets.services.codes import access_code

TYPED = {
    "chain_tag": "capital",
    "text": make.TEXT,
    "enterprise_name": "衢州安捷线束有限公司",
    "uscc": "",
    "contact_name": "李娜",
    "contact_phone": "138-0000-0000",
    "region": "",
}


class Phone(Client):
    """A browser that files and comes back."""

    def typed(self, **more: str) -> dict[str, str]:
        return {"key": str(uuid.uuid4())} | TYPED | more

    def file(self, code: str = "DEMO-CAPITAL", **more: str):
        return self.post(f"/q/{code}/", self.typed(**more))

    def open(self, ticket) -> Phone:
        """Types number and access code; from then on this phone holds the request."""
        answer = self.post("/t/", {"number": ticket.number, "code": make_code(ticket)})
        assert answer.status_code == 303
        return self

    def page(self, ticket) -> str:
        answer = self.get(f"/t/{ticket.number}/")
        assert answer.status_code == 200
        return answer.content.decode()


def make_code(ticket) -> str:
    return access_code(ticket.number)


@pytest.fixture
def phone() -> Phone:
    return Phone()


@pytest.fixture
def stranger() -> Phone:
    return Phone()


@pytest.fixture
def monday(monkeypatch):
    """The clock of the doors, set by hand."""

    class Hand:
        at = make.MONDAY

    monkeypatch.setattr(views, "now", lambda: Hand.at)
    return Hand
