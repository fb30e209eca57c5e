"""Tokens, sessions and who gets neither."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from knox.models import AuthToken

from tests.conftest import PASSWORD
from tests.people import user
from tests.tickets.api.conftest import Api, here

PAIR = {"username": "officer.finance", "password": PASSWORD}


def test_a_password_becomes_a_token_that_works(anybody):
    ticket = here()
    answer = anybody.post("auth/token/", PAIR | {"otp": ""})
    assert answer.status_code == 200
    assert answer.json()["expires_at"].endswith("+08:00")
    bearer = Api(Authorization=f"Bearer {answer.json()['token']}")
    assert bearer.move(ticket, "sign").status_code == 200


@pytest.mark.parametrize("change", [{"password": "wrong"}, {"username": "nobody"}, {"password": PASSWORD + " "}])
def test_a_wrong_pair_is_401_and_does_not_say_which_half(anybody, change):
    answer = anybody.post("auth/token/", PAIR | change)
    assert (answer.status_code, answer.json()["detail"]) == (401, "账号或密码不对。")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_disabled_account_gets_no_token(anybody):
    person = user("officer.finance")
    person.is_active = False
    person.save(update_fields=["is_active"])
    assert anybody.post("auth/token/", PAIR).status_code == 401


@pytest.mark.parametrize("body", [{}, {"username": "officer.finance"}, {"username": "x" * 81, "password": "x"}])
def test_half_a_pair_is_422(anybody, body):
    assert anybody.post("auth/token/", body).status_code == 422


@pytest.fixture
def patience(settings) -> int:
    """Fewer failures than in production: each costs a slow hash."""
    settings.AXES_FAILURE_LIMIT = 3
    return 3


def test_guessing_is_locked_and_told_as_a_problem(anybody, patience):
    for _ in range(patience):
        last = anybody.post("auth/token/", PAIR | {"password": "wrong"})
    locked = anybody.post("auth/token/", PAIR)
    assert locked.status_code == 429
    assert locked["Retry-After"] == "900"
    assert last.status_code in {401, 429}
    assert anybody.post("auth/token/", PAIR | {"username": "head.finance"}).status_code == 200


def test_a_success_forgets_earlier_failures(anybody, patience):
    for _ in range(2):
        for _ in range(patience - 1):
            assert anybody.post("auth/token/", PAIR | {"password": "wrong"}).status_code == 401
        assert anybody.post("auth/token/", PAIR).status_code == 200


@pytest.mark.parametrize("header", ["Bearer forged", "Bearer", "Bearer a b", "Bearer é"])
def test_bad_tokens_are_401_wherever_they_are_sent(db, header):
    caller = Api(Authorization=header)
    ticket = here()
    for answer in (caller.get("tickets/"), caller.get(f"tickets/{ticket.number}/"), caller.move(ticket, "sign")):
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == "Bearer"


def test_an_expired_token_is_401(db):
    token = AuthToken.objects.create(user("officer.finance"), expiry=timedelta(seconds=-1))[1]
    assert Api(Authorization=f"Bearer {token}").get("tickets/").status_code == 401


def test_a_session_works_but_only_with_its_csrf_token(db):
    ticket = here()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user("officer.finance"), backend="django.contrib.auth.backends.ModelBackend")
    path = f"/api/v1/tickets/{ticket.number}/"
    assert browser.get(path).status_code == 200
    refused = browser.post(f"{path}sign/", "{}", content_type="application/json")
    assert (refused.status_code, refused["Content-Type"]) == (403, "application/problem+json")

    browser.get("/login/?next=/desk/")
    browser.cookies["csrftoken"] = "a" * 32
    accepted = browser.post(f"{path}sign/", "{}", content_type="application/json", headers={"X-CSRFToken": "a" * 32})
    assert accepted.status_code == 200
