"""A trusted platform on this machine: it vouches for the phone that is signed in, by a ticket that is good once."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from tests.firms import ANJIE, again, person
from tests.senders import providers
from tests.tickets.pages.me.conftest import browser

pytestmark = pytest.mark.django_db
__all__ = ["browser"]
SECRET = "shared-with-the-platform"


class Platform(providers.Provider):
    """Knows 李娜 as the legal representative of 安捷线束, 王强 as an employee; checks our signature."""

    people = {
        "t-owner": {"phone": "13800000000", "position": "legal_representative"},
        "t-staff": {"phone": "13900000001", "position": "employee"},
    }

    def __init__(self) -> None:
        super().__init__()
        self.used: set[str] = set()
        self.firm = {"uscc": ANJIE, "name": "衢州安捷线束有限公司"}

    def answer(self, path, query, headers, body):
        ticket = json.loads(body)["ticket"]
        wanted = hmac.new(SECRET.encode(), ticket.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, headers["x-signature"]):
            return 403, {"error": "signature"}
        if ticket in self.used or ticket not in self.people:
            return 200, {"error": "unknown ticket"}
        self.used.add(ticket)
        return 200, self.people[ticket] | self.firm


@pytest.fixture
def platform(settings):
    with providers.serving(Platform(), "/vouch") as served:
        settings.PLATFORM_URL, settings.PLATFORM_SECRET, settings.SEND_TIMEOUT = served.url, SECRET, 3
        yield served


def test_the_owner_is_confirmed_at_once_and_the_ticket_is_good_once(platform, browser):
    mine = browser("李娜")
    assert mine.get("/me/claim/platform/?ticket=t-owner").status_code == 303
    assert again(person()).held[0].role == "owner"
    assert mine.get("/me/claim/platform/?ticket=t-owner").status_code == 422


@pytest.mark.parametrize(
    ("name", "ticket"), [("王强", "t-owner"), ("王强", "t-staff"), ("李娜", "t-nobody"), ("李娜", "")]
)
def test_another_phone_no_owner_or_no_ticket_grants_nothing(platform, browser, name, ticket):
    assert browser(name).get(f"/me/claim/platform/?ticket={ticket}").status_code == 422
    assert not again(person(name)).firms()


@pytest.mark.parametrize(
    "firm", [{"uscc": "", "name": "某公司"}, {"uscc": ANJIE, "name": ""}, {"uscc": "x", "name": "某公司"}]
)
def test_half_an_answer_grants_nothing(platform, browser, firm):
    platform.firm = firm
    assert browser("李娜").get("/me/claim/platform/?ticket=t-owner").status_code == 422


def test_a_wrong_secret_or_a_platform_that_is_down_is_told(platform, browser, settings):
    settings.PLATFORM_SECRET = "another"
    assert browser("李娜").get("/me/claim/platform/?ticket=t-owner").status_code == 422
    settings.PLATFORM_URL = "http://127.0.0.1:9/vouch"
    down = browser("王强").get("/me/claim/platform/?ticket=t-owner")
    assert (down.status_code, "没有回应" in down.content.decode()) == (422, True)


def test_without_a_platform_there_is_no_such_page(browser):
    assert browser("李娜").get("/me/claim/platform/?ticket=t-owner").status_code == 404
