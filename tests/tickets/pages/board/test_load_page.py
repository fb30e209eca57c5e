"""The load page: that every number opens exactly its rows, who sees officers by name, bad input, what it costs."""

from __future__ import annotations

import html
from datetime import timedelta

import pytest
from django.test import Client

from tests import make
from tests.people import user
from tests.tickets.pages.board.test_process_page import LINK, ROWS, seen_by, some_days
from tickets.pages.board import load, process
from tickets.services.sweep import sweep

pytestmark = pytest.mark.django_db
AT = make.MONDAY + timedelta(days=3)
PAGE = "/board/load/"
PERIOD = "since=2026-03-01&until=2026-04-01"


@pytest.fixture(autouse=True)
def _three_days_later(monkeypatch):
    for page in (load, process):
        monkeypatch.setattr(page, "now", lambda: AT)


@pytest.mark.parametrize("username", ["leader", "supervisor", "head.finance"])
def test_every_number_opens_exactly_its_rows(username):
    some_days()
    sweep(at=AT)
    client = seen_by(username)
    found = set(LINK.findall(client.get(PAGE).content.decode()))
    lists = {html.unescape(address).split("list=")[1].split("&")[0] for address, _ in found}
    assert lists == {"arrived", "came", "open", "closed", "broken"}
    for address, count in found:
        rows = client.get(html.unescape(address))
        assert rows.status_code == 200, html.unescape(address)
        assert rows.context["listing"].total == int(count) == len(rows.context["lines"]), html.unescape(address)


def test_only_the_head_sees_officers_by_name():
    ticket = make.signed()
    name = make.officer_of(ticket).person.name
    own = seen_by("head.finance").get(PAGE)
    assert [one["label"] for one in own.context["held"]] == ["金融办", name]
    for username in ("leader", "supervisor", "director"):
        page = seen_by(username).get(PAGE)
        assert [one["label"] for one in page.context["held"]] == ["金融办"]
        assert name not in page.content.decode()


def test_nobody_else_lists_an_officers_requests():
    ticket = make.signed()
    asked = f"{ROWS}?list=open&department=finance&officer={ticket.officer_id}"
    assert seen_by("head.finance").get(asked).context["listing"].total == 1
    for username in ("leader", "supervisor", "head.land"):
        assert seen_by(username).get(asked).status_code == 403
    assert seen_by("head.finance").get(f"{ROWS}?list=open&officer={ticket.officer_id}").status_code == 403


@pytest.mark.parametrize("username", ["officer.finance", "officer.discipline", "auditor", "sysadmin"])
@pytest.mark.parametrize("address", [PAGE, f"{ROWS}?list=open"])
def test_others_have_none(username, address):
    assert seen_by(username).get(address).status_code == 403


def test_strangers_sign_in_first():
    assert Client().get(PAGE).headers["Location"].startswith("/login/")


def test_few_closings_tell_no_days_of_backlog():
    make.closed(at=AT - timedelta(days=1))
    page = seen_by("leader").get(PAGE)
    assert [one["backlog"] for one in page.context["capacity"]] == [""]
    assert "样本少" in page.content.decode()


@pytest.mark.parametrize(
    "period", [{"since": "2026-03-09", "last": "2026-03-01"}, {"since": "2020-01-01", "last": "2026-03-01"}]
)
def test_a_wrong_period_keeps_what_was_typed(period):
    page = seen_by("leader").get(PAGE, period)
    assert page.status_code == 422
    assert f'value="{period["since"]}"' in page.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        f"list=arrived&kind=x&{PERIOD}",
        f"list=arrived&hour=24&{PERIOD}",
        f"list=arrived&hour=x&{PERIOD}",
        "list=arrived&kind=off&since=2020-01-01&until=2026-01-01",
        f"list=came&department=x&{PERIOD}",
        "list=closed",
        f"list=open&department=finance&officer=x&{PERIOD}",
    ],
)
def test_bad_input_is_refused(query):
    assert seen_by("head.finance").get(f"{ROWS}?{query}").status_code == 422


def test_restricted_requests_are_in_no_number():
    make.routed(qr="DEMO-SERVICE", category="SRV-04")
    sweep(at=AT)
    assert LINK.findall(seen_by("supervisor").get(PAGE).content.decode()) == []


def test_queries_do_not_grow(django_assert_max_num_queries):
    some_days()
    clients = [seen_by("leader"), seen_by("head.finance")]
    for client in clients:
        client.get(PAGE)
        with django_assert_max_num_queries(20):
            client.get(PAGE)
    some_days()
    for client in clients:
        with django_assert_max_num_queries(20):
            client.get(PAGE)


def test_a_supervisor_who_heads_a_department_too_sees_its_officers_alone():
    make.signed(), make.signed(qr="DEMO-TALENT")
    both = user("supervisor")
    head = user("head.finance")
    both.grants.create(role="head", department=head.held[0].department)
    held = seen_by("supervisor").get(PAGE).context["held"]
    assert [one["officer"] for one in held] == [False, False, True]
