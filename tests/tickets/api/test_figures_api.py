"""Figures, and the requests behind each number."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest

from qihu.clock import now
from tests import make
from tests.tickets.api.conftest import here


def period(**more: str) -> str:
    today = now().date()
    return urlencode({"since": str(today - timedelta(days=2)), "until": str(today + timedelta(days=2))} | more)


def figures(response) -> dict[str, dict]:
    assert response.status_code == 200, response.content
    return {one["code"]: one for one in response.json()["figures"]}


def test_every_number_opens_exactly_its_requests(staff):
    closed, other = make.closed(at=now() - timedelta(hours=2)), here(make.signed)
    leader = staff("leader")
    found = figures(leader.get(f"figures/?{period()}"))
    assert found["submitted"]["hits"] == 2
    assert (found["solved"]["numerator"], found["solved"]["denominator"]) == (1, 1)
    for figure in found.values():
        for side, count in (("numerator", figure["hits"]), ("denominator", figure["denominator"])):
            rows = leader.get(figure[f"{side}_rows"]).json()
            if count is not None and "median_seconds" not in figure:
                assert len(rows["results"]) == count, (figure["code"], side)
            assert rows["next"] is None
    behind = leader.get(found["solved"]["numerator_rows"]).json()["results"]
    assert [row["number"] for row in behind] == [closed.number]
    assert other.number not in str(behind)


def test_groups_open_their_own_requests_and_so_does_the_one_without_a_value(staff):
    here(make.triaged), here()
    leader = staff("leader")
    groups = leader.get(f"figures/?{period(by='chain_tag')}").json()["groups"]["chain_tag"]
    counts = {}
    for group in groups:
        submitted = next(one for one in group["figures"] if one["code"] == "submitted")
        counts[group["value"]] = len(leader.get(submitted["numerator_rows"]).json()["results"])
        assert counts[group["value"]] == submitted["hits"]
    assert counts == {"capital": 1, "": 1}


def test_a_head_counts_what_the_department_leads(staff):
    here(), here(qr="DEMO-INDUSTRY")
    assert figures(staff("head.finance").get(f"figures/?{period()}"))["submitted"]["hits"] == 1
    assert figures(staff("leader").get(f"figures/?{period()}"))["submitted"]["hits"] == 2


def test_who_has_no_board_has_no_figures(staff, anybody):
    for path in (f"figures/?{period()}", f"figures/rows/?{period(figure='submitted')}"):
        assert staff("officer.finance").get(path).status_code == 403
        assert anybody.get(path).status_code == 401


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "since"),
        ("since=2026-11-01", "until"),
        ("since=x&until=2026-12-01", "since"),
        ("since=2026-12-01&until=2026-11-01", "until"),
        ("since=2026-11-01&until=2026-12-01&by=colour", "by"),
        ("since=2026-11-01&until=2026-12-01&as_of=x", "as_of"),
    ],
)
def test_a_bad_period_is_422(staff, query, field):
    response = staff("leader").get(f"figures/?{query}")
    assert response.status_code == 422
    assert field in response.json()["errors"]


@pytest.mark.parametrize(
    "more",
    [
        {"figure": "nope"},
        {"part": "half"},
        {"page": "0"},
        {"page": "x"},
        {"page": "99"},
        {"by": "region", "value": "\0"},
    ],
)
def test_rows_of_nothing_are_422(staff, more):
    here()
    assert staff("leader").get(f"figures/rows/?{period(**({'figure': 'submitted'} | more))}").status_code == 422


def test_rows_come_by_pages(staff, monkeypatch):
    monkeypatch.setattr("tickets.figures.rows.PAGE", 2)
    made = {here().number for _ in range(3)}
    leader = staff("leader")
    path, seen = figures(leader.get(f"figures/?{period()}"))["submitted"]["numerator_rows"], []
    while path:
        page = leader.get(path).json()
        seen += [row["number"] for row in page["results"]]
        path = page["next"]
    assert len(seen) == 3
    assert set(seen) == made
