"""The process page: who has it, that every number opens exactly its rows, what bad input gets, what it costs."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta

import pytest
from django.test import Client

from tests import make
from tests.people import user
from tickets.access import Caller
from tickets.pages.board import process
from tickets.services import dispatch

pytestmark = pytest.mark.django_db
AT = make.MONDAY + timedelta(days=2)
PAGE = "/board/process/"
ROWS = "/board/process/rows/"
LINK = re.compile(r'<a[^>]*href="(/board/process/rows/[^"]*)"[^>]*data-count="([\d,]+)"')


@pytest.fixture(autouse=True)
def _two_days_later(monkeypatch):
    monkeypatch.setattr(process, "now", lambda: AT)


def seen_by(username: str) -> Client:
    client = Client()
    client.force_login(user(username), backend="django.contrib.auth.backends.ModelBackend")
    return client


def handed_on(*, at: datetime = make.MONDAY) -> None:
    ticket = make.signed(at=at)
    dispatch.reassign(
        ticket_id=ticket.pk,
        caller=Caller(user("dispatcher")),
        at=at + timedelta(hours=3),
        department="land",
        text="用地事项",
    )


def some_days() -> None:
    make.closed(), make.closed(qr="DEMO-TALENT", outcome="partial", result=3)
    make.answered(qr="DEMO-INDUSTRY"), make.withdrawn(), make.rejected(), make.triaged()
    make.signed(), make.suspended(), make.disputed(), make.split(), make.info_needed()
    make.signed(at=AT - timedelta(hours=1)), make.assigned(at=AT - timedelta(hours=2))
    handed_on()
    make.merged(at=make.MONDAY + timedelta(hours=1))


@pytest.mark.parametrize("username", ["leader", "supervisor", "head.finance"])
def test_every_number_opens_exactly_its_rows(username):
    some_days()
    client = seen_by(username)
    page = client.get(PAGE)
    found = set(LINK.findall(page.content.decode()))
    lists = {html.unescape(address).split("list=")[1].split("&")[0] for address, _ in found}
    assert lists == {"step", "flow", "age", "risk"}
    for address, count in found:
        rows = client.get(html.unescape(address))
        assert rows.status_code == 200, html.unescape(address)
        assert rows.context["listing"].total == int(count) == len(rows.context["lines"]), html.unescape(address)


def test_a_head_sees_the_own_department_alone():
    some_days()
    client = seen_by("head.talent")
    page = client.get(PAGE)
    assert [line["label"] for line in page.context["aged"]["lines"]] == []
    assert page.context["flow"]["n"].count == 1
    assert "金融办" not in page.content.decode()


@pytest.mark.parametrize("username", ["officer.finance", "officer.discipline", "auditor", "sysadmin"])
@pytest.mark.parametrize("address", [PAGE, f"{ROWS}?list=age"])
def test_others_have_none(username, address):
    assert seen_by(username).get(address).status_code == 403


@pytest.mark.parametrize("address", [PAGE, f"{ROWS}?list=age"])
def test_strangers_sign_in_first(address):
    assert Client().get(address).headers["Location"].startswith("/login/")


def test_restricted_requests_are_in_no_number():
    make.routed(qr="DEMO-SERVICE", category="SRV-04")
    page = seen_by("supervisor").get(PAGE)
    assert LINK.findall(page.content.decode()) == []


def test_an_empty_city_has_an_empty_page():
    page = seen_by("leader").get(PAGE)
    assert page.status_code == 200
    assert "没有在办的诉求" in page.content.decode()


def test_a_wrong_period_keeps_what_was_typed():
    page = seen_by("leader").get(PAGE, {"since": "2026-03-09", "last": "2026-03-01"})
    assert page.status_code == 422
    assert "截止日期不能早于起始日期" in page.content.decode()
    assert 'value="2026-03-09"' in page.content.decode()


PERIOD = "since=2026-03-01&until=2026-04-01"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("list=nonsense", "list"),
        ("", "list"),
        (f"list=step&status=x&{PERIOD}", "status"),
        (f"list=step&status=closed&{PERIOD}", "status"),
        (f"list=step&part=x&{PERIOD}", "part"),
        (f"list=step&department=nobody&{PERIOD}", "department"),
        ("list=step&since=2026-03-09&until=2026-03-01", "until"),
        ("list=step&status=assigned", "since"),
        (f"list=flow&place=9&{PERIOD}", "place"),
        (f"list=flow&source=x&{PERIOD}", "source"),
        (f"list=flow&target=x%00&{PERIOD}", "target"),
        ("list=age&band=x", "band"),
        ("list=age&department=x", "department"),
        ("list=age&as_of=x", "as_of"),
        ("list=age&as_of=0001-01-01T00:00:00%2B00:00", "as_of"),
        ("list=age&as_of=2026-03-01T00:00:00", "as_of"),
        ("list=risk&day=x", "day"),
        ("list=risk&clock=x", "clock"),
        ("list=age&page=0", "page"),
        ("list=age&page=x", "page"),
        ("list=age&page=99", "page"),
    ],
)
def test_bad_input_is_refused(query, field):
    page = seen_by("leader").get(f"{ROWS}?{query}", headers={"accept": "application/problem+json"})
    assert page.status_code == 422


def test_queries_do_not_grow(django_assert_max_num_queries):
    some_days()
    client = seen_by("leader")
    client.get(PAGE)
    with django_assert_max_num_queries(18):
        client.get(PAGE)
    some_days()
    client.get(PAGE)
    with django_assert_max_num_queries(18):
        client.get(PAGE)
    for asked in (f"list=step&{PERIOD}", f"list=flow&{PERIOD}", "list=age", "list=risk"):
        with django_assert_max_num_queries(13):
            assert client.get(f"{ROWS}?{asked}").context["lines"]


def test_rows_are_turned_page_by_page(monkeypatch):
    monkeypatch.setattr("tickets.figures.listing.PAGE", 2)
    for _ in range(5):
        make.signed()
    client, address, seen = seen_by("leader"), f"{ROWS}?list=age", []
    while address:
        page = client.get(address)
        assert page.context["listing"].total == 5
        seen += [one["ticket"].number for one in page.context["lines"]]
        address = page.context["pager"]["older"] and ROWS + page.context["pager"]["older"]
    assert len(seen) == len(set(seen)) == 5
