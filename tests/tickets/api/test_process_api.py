"""Process and load figures in the API: each count opens exactly its rows; whose they are; bad input."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from qihu.clock import now
from tests import make
from tests.tickets.api.conftest import here


def period(**more: str) -> str:
    today = now().date()
    return urlencode({"since": str(today - timedelta(days=20)), "until": str(today + timedelta(days=2))} | more)


def counts(body: Any) -> Iterator[dict[str, Any]]:
    """Every count of the answer that has rows."""
    if isinstance(body, list):
        for one in body:
            yield from counts(one)
    elif isinstance(body, dict):
        if set(body) == {"n", "rows"}:
            yield body
        else:
            yield from counts(list(body.values()))


def some() -> None:
    make.closed(at=now() - timedelta(days=3)), make.triaged(at=now() - timedelta(days=2))
    here(make.signed), here(make.assigned, qr="DEMO-TALENT")


@pytest.mark.parametrize("username", ["leader", "head.finance"])
@pytest.mark.parametrize("path", ["figures/process/", "figures/load/"])
def test_every_count_opens_exactly_its_rows(staff, path, username):
    some()
    caller = staff(username)
    answer = caller.get(f"{path}?{period()}")
    assert answer.status_code == 200, answer.content
    found = {one["rows"]: one["n"] for one in counts(answer.json()) if one["n"]}
    assert len(found) > 10
    for address, n in found.items():
        rows = caller.get(address).json()
        assert rows["total"] == n == len(rows["results"]), address
        assert rows["next"] is None


def test_a_row_tells_what_was_counted(staff):
    made = here(make.signed)
    leader = staff("leader")
    (row,) = leader.get("figures/process/rows/?list=risk&clock=RESOLVE").json()["results"] or [None]
    assert row["ticket"]["number"] == made.number
    assert (row["what"], row["told_by"]) == ("答复", "全部")
    assert 0 < row["chance"] < 1


def test_pages_follow_each_other(staff, monkeypatch):
    monkeypatch.setattr("tickets.figures.listing.PAGE", 1)
    here(make.signed), here(make.assigned)
    leader = staff("leader")
    first = leader.get("figures/process/rows/?list=open").json()
    second = leader.get(first["next"]).json()
    assert first["total"] == second["total"] == 2
    assert first["results"][0]["ticket"]["number"] != second["results"][0]["ticket"]["number"]
    assert second["next"] is None


def test_officers_are_for_their_head_alone(staff):
    made = here(make.signed)
    path = f"figures/load/?{period()}"
    own = [one for one in staff("head.finance").get(path).json()["held"] if one["is_officer"]]
    assert [(one["department"], one["officer"]) for one in own] == [("finance", made.officer.name)]
    assert not [one for one in staff("leader").get(path).json()["held"] if one["is_officer"]]
    assert staff("head.finance").get(own[0]["open"]["rows"]).json()["total"] == 1
    for username in ("leader", "head.land"):
        assert staff(username).get(own[0]["open"]["rows"]).status_code == 403


@pytest.mark.parametrize(
    "path", ["figures/process/?since=2026-01-01&until=2026-02-01", "figures/load/", "figures/process/rows/?list=open"]
)
def test_who_has_no_board_has_no_figures(staff, anybody, path):
    assert staff("officer.finance").get(path).status_code == 403
    assert anybody.get(path).status_code == 401


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("figures/process/", "since"),
        ("figures/process/?since=2026-02-01&until=2026-01-01", "until"),
        ("figures/load/?since=x&until=2026-01-01", "since"),
        ("figures/load/?since=2020-01-01&until=2026-01-01", "until"),
        ("figures/process/rows/?list=x", "list"),
        ("figures/process/rows/?list=open&page=x", "page"),
    ],
)
def test_bad_input_is_422(staff, path, field):
    answer = staff("leader").get(path)
    assert answer.status_code == 422
    assert field in answer.json()["errors"]
