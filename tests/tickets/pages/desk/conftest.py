"""A person at the desk at a fixed moment."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from qihu.accounts.models import User
from tests import make
from tickets.pages.desk import seat

NOON = make.MONDAY + timedelta(hours=1)  # 11:00 in Shanghai


class Desk(Client):
    """A signed-in browser. `titles` are the rows of a list as shown."""

    def titles(self, query: str = "") -> list[str]:
        page = self.get(f"/desk/?{query}")
        assert page.status_code == 200
        return [row["title"] for row in page.context["rows"]]

    def counts(self) -> dict[str, str]:
        page = self.get("/desk/")
        return {item["label"]: item["count"] for group in page.context["nav"] for item in group["items"]}

    def move(self, number: str, name: str, **typed: object):
        return self.post(f"/desk/t/{number}/{name}/", typed)


@pytest.fixture
def clock(monkeypatch) -> Callable[[datetime], None]:
    """Sets what the desk reads as the present."""

    def set_to(moment: datetime) -> None:
        monkeypatch.setattr(seat, "now", lambda: moment)

    set_to(NOON)
    return set_to


@pytest.fixture
def at(clock, cast, db) -> Callable[[User], Desk]:
    def sit(user: User) -> Desk:
        browser = Desk()
        browser.force_login(user)
        return browser

    return sit


def shown(page) -> str:
    """Words of the page without markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))
