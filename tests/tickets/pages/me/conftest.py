"""Phones of firms' people, signed in through the real door."""

from __future__ import annotations

import re
import uuid

import pytest

from qihu.accounts.models import Contact
from tests.firms import PHONES, again, firm, joined, person
from tests.tickets.pages.firm.conftest import Phone


class Signed(Phone):
    """A browser that signs in by code, as the demo page shows it."""

    def ask(self, phone: str):
        return self.post("/me/", {"phone": phone})

    def sign_in(self, name: str = "李娜", **more: str) -> Signed:
        phone = PHONES.get(name, name)
        code = shown_code(self.ask(phone))
        answer = self.post("/me/code/", {"phone": phone, "code": code} | more)
        assert answer.status_code == 303, answer.content.decode()
        return self

    def file_as(self, firm_key: int | str, visibility: str, **more: str):
        return self.file(**{"visibility": visibility, "enterprise": str(firm_key), "key": str(uuid.uuid4())} | more)

    def text(self, path: str, status: int = 200) -> str:
        answer = self.get(path)
        assert answer.status_code == status
        return answer.content.decode()


def shown_code(answer) -> str:
    found = re.search(r'demo-code.*?<b class="num">(\d{6})</b>', answer.content.decode(), re.DOTALL)
    assert found, answer.content.decode()
    return found[1]


@pytest.fixture
def browser(db):
    """`browser("李娜")`: signed in; `browser()`: nobody yet."""

    def opened(name: str = "") -> Signed:
        return Signed().sign_in(name) if name else Signed()

    return opened


@pytest.fixture
def office(db):
    """李娜 owns 安捷线束; 王强 is a contact of it, 赵敏 a viewer."""
    owner = person()
    there = firm(owner)
    joined(there, owner, person("王强"))
    joined(there, owner, person("赵敏"), "viewer")
    return there


def contact(name: str) -> Contact:
    return again(person(name))
