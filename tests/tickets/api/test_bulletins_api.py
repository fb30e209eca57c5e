"""Bulletins through the API: making, reading, fetching, schedules, and who may not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qihu.clock import now
from tests import make


def last_month() -> str:
    return (now().replace(day=1) - timedelta(days=2)).strftime("%Y-%m")


@pytest.fixture
def made(staff):
    make.closed()
    answer = staff("director").post("bulletins/", {"place": "r:330800", "month": last_month()})
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_it_is_listed_read_and_fetched(staff, made):
    leader = staff("leader")
    assert [one["number"] for one in leader.get("bulletins/").json()["results"]] == [made["number"]]
    assert leader.get(f"bulletins/?month={last_month()}").json()["results"][0]["key"] == made["key"]
    assert leader.get("bulletins/?month=2025-01").json()["results"] == []
    assert leader.get("bulletins/?month=x").status_code == 422
    whole = leader.get(f"bulletins/{made['key']}/").json()
    assert whole["content"]["title"] == made["title"]
    for kind in ("pdf", "docx", "xlsx"):
        fetched = leader.get(f"bulletins/{made['key']}/file.{kind}")
        assert fetched.status_code == 200
        assert fetched["Content-Disposition"].endswith(f'.{kind}"')
    assert leader.get(f"bulletins/{made['key']}/file.exe").status_code == 404


def test_others_have_none(staff, anybody, made):
    for path in ("bulletins/", f"bulletins/{made['key']}/", f"bulletins/{made['key']}/file.pdf"):
        assert anybody.get(path).status_code == 401
        assert staff("officer.finance").get(path).status_code == 403
    assert staff("head.land").get(f"bulletins/{made['key']}/").status_code == 404
    body = {"place": "r:330800", "month": last_month()}
    assert staff("leader").post("bulletins/", body).status_code in {403, 404}
    refused = staff("director").post("bulletins/", body | {"month": "2099-01"})
    assert refused.status_code == 422
    assert "month" in refused.json()["errors"]


def test_schedules(staff):
    director = staff("director")
    body = {"place": "r:330800", "day": 5, "hour": 9, "formats": ["pdf"], "people": ["leader"]}
    answer = director.post("bulletins/schedules/", body)
    assert answer.status_code == 201, answer.content
    key = answer.json()["key"]
    change = {"day": 6, "hour": 8, "formats": ["xlsx"], "people": ["leader"], "active": False}
    changed = director.post(f"bulletins/schedules/{key}/", change)
    assert (changed.json()["day"], changed.json()["active"]) == (6, False)
    assert director.get("bulletins/schedules/").json()["results"][0]["key"] == key
    assert director.post("bulletins/schedules/", body | {"people": ["nobody"]}).status_code == 404
    assert director.post("bulletins/schedules/", body | {"people": ["officer.finance"]}).status_code == 422
    assert staff("head.land").post(f"bulletins/schedules/{key}/", change).status_code == 404
