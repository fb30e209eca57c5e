"""GET /api/v1/tickets/: what one may see, filtered, fifty a page."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest

from qihu.clock import now
from tests import make
from tests.tickets.api.conftest import firm_of, here
from tickets.api import paging


def numbers(response) -> list[str]:
    assert response.status_code == 200, response.content
    return [row["number"] for row in response.json()["results"]]


def test_everybody_lists_what_they_may_see(staff, anybody):
    city, county, theirs = here(), here(region="330802"), here(qr="DEMO-INDUSTRY")
    assert numbers(staff("officer.finance").get("tickets/")) == [city.number]
    assert numbers(staff("officer.finance-330802").get("tickets/")) == [county.number]
    assert numbers(staff("head.land").get("tickets/")) == [theirs.number]
    assert numbers(staff("leader").get("tickets/")) == [theirs.number, county.number, city.number]
    assert numbers(staff("auditor").get("tickets/")) == []
    assert anybody.get("tickets/").status_code == 401
    assert firm_of(city).get("tickets/").status_code == 401


def test_filters_narrow_the_list_and_unknown_ones_do_nothing(staff):
    signed, waiting, land = here(make.signed), here(make.triaged), here(qr="DEMO-INDUSTRY", urgent=True)
    dispatcher = staff("dispatcher")

    def asked(query: str) -> set[str]:
        return set(numbers(dispatcher.get(f"tickets/?{query}")))

    assert asked("status=in_progress") == {signed.number}
    assert asked("status=in_progress,triage") == asked("status=triage&status=in_progress")
    assert asked("department=land") == {land.number}
    assert asked("department=nobody") == set()
    assert asked("chain_tag=capital") == {signed.number}
    assert asked("q=1500") == {signed.number, waiting.number, land.number}
    assert asked(f"q={quote('安捷线束 授信')}&department=finance") == {signed.number}
    assert asked(f"q={waiting.number}") == {waiting.number}
    assert asked(f"q={quote('没有这样的词')}") == set()
    assert asked("colour=red") == {signed.number, waiting.number, land.number}
    soon = quote((now() + timedelta(minutes=45)).isoformat())
    assert asked(f"due_before={soon}") == {land.number}


def test_due_before_puts_what_burns_first_first(staff):
    slow, fast = here(make.signed), here(qr="DEMO-INDUSTRY", urgent=True)
    far = quote((now() + timedelta(days=90)).isoformat())
    assert numbers(staff("dispatcher").get(f"tickets/?due_before={far}")) == [fast.number, slow.number]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=lost", "status"),
        ("q=" + "x" * 61, "q"),
        ("q=%00", "q"),
        ("department=" + "x" * 61, "department"),
        ("due_before=tomorrow", "due_before"),
        ("due_before=2026-13-01T00:00:00Z", "due_before"),
        ("due_before=2026-11-01T00:00:00", "due_before"),
        ("cursor=forged", "cursor"),
    ],
)
def test_malformed_filters_are_422(staff, query, field):
    response = staff("dispatcher").get(f"tickets/?{query}")
    assert response.status_code == 422
    assert list(response.json()["errors"]) == [field]


@pytest.mark.parametrize("query", ["", "due_before=2999-01-01T00:00:00Z"])
def test_pages_follow_each_other_without_gap_or_repetition(staff, monkeypatch, query):
    monkeypatch.setattr("tickets.api.listing.PAGE", 2)
    made = {here().number for _ in range(5)}
    dispatcher = staff("dispatcher")
    path, seen = f"tickets/?{query}", []
    while path:
        response = dispatcher.get(path)
        seen += numbers(response)
        path = response.json()["next"]
    assert len(seen) == 5
    assert set(seen) == made
    assert paging.PAGE == 50


def test_a_cursor_belongs_to_its_order(staff, monkeypatch):
    monkeypatch.setattr("tickets.api.listing.PAGE", 1)
    here(), here()
    dispatcher = staff("dispatcher")
    following = dispatcher.get("tickets/").json()["next"]
    assert dispatcher.get(f"{following}&due_before=2999-01-01T00:00:00Z").status_code == 422


def test_a_row_tells_enough_for_a_queue(staff):
    ticket = here(make.signed)
    row = staff("officer.finance").get("tickets/").json()["results"][0]
    assert (row["status"], row["officer"], row["title"]) == ("in_progress", "陈伟", ticket.filing.title)
    assert row["department"] == {"code": "finance", "name": "金融办"}
    assert row["next_due_at"].endswith("+08:00")
    assert "contact" not in row


def test_the_number_of_statements_does_not_grow_with_the_list(staff, django_assert_num_queries):
    dispatcher = staff("dispatcher")
    here()
    with django_assert_num_queries(4):
        dispatcher.get("tickets/")
    for _ in range(4):
        here(make.signed)
    with django_assert_num_queries(4):
        assert len(numbers(dispatcher.get(f"tickets/?status=assigned,in_progress&q={quote('授信')}"))) == 5
