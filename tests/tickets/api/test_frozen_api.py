"""Frozen months for programs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests import make
from tickets.api import frozen as door
from tickets.figures.frozen import month_of
from tickets.services import freezing

AT = datetime(2026, 6, 20, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _june(monkeypatch):
    monkeypatch.setattr(door, "now", lambda: AT)


def a_month() -> None:
    make.closed()
    make.closed(qr="DEMO-TALENT", outcome="partial")


def figure(body, code):
    return next(one for one in body["figures"] if one["code"] == code)


def test_freeze_read_and_verify(staff):
    a_month()
    director = staff("director")
    made = director.post("figures/frozen/", {"month": "2026-03"}, format="json")
    assert made.status_code == 201, made.content
    assert (made.json()["definitions"], made.json()["by"], len(made.json()["digest"])) == (1, "高晓燕", 64)
    listed = director.get("figures/frozen/").json()
    assert [(one["month"], one["restated"]) for one in listed] == [("2026-03", 0)]
    body = director.get("figures/frozen/2026-03/").json()
    solved = figure(body, "solved")
    assert (solved["numerator"], solved["denominator"]) == (1, 2)
    assert figure(body["today"], "solved")["hits"] == 1
    for part, count in (("numerator_rows", 1), ("denominator_rows", 2)):
        assert len(director.get(solved[part]).json()["results"]) == count
    by_department = {one["value"]: figure(one, "submitted")["hits"] for one in body["groups"]["department"]}
    assert by_department == {"finance": 1, "talent": 1}
    assert "officer" not in body["groups"]
    verified = director.get("figures/frozen/2026-03/verify/").json()
    assert verified == [{"month": "2026-03", "ordinal": None, "equal": True, "differing": [], "digest_right": True}]


def test_bad_input(staff):
    a_month()
    director = staff("director")
    for month, status in (("2026-13", 404), ("2026-05", 422), ("2026-01", 422), ("", 422)):
        assert director.post("figures/frozen/", {"month": month}, format="json").status_code == status, month
    assert director.get("figures/frozen/2026-03/").status_code == 404
    unfrozen = director.post("figures/frozen/2026-03/restate/", {"reason": "补录诉求"}, format="json")
    assert unfrozen.status_code == 422
    freezing.freeze(month=month_of("2026-03"), at=AT)
    assert director.post("figures/frozen/", {"month": "2026-03"}, format="json").status_code == 409
    for reason in ({}, {"reason": ""}, {"reason": "短"}, {"reason": "补录一件诉求"}):
        assert director.post("figures/frozen/2026-03/restate/", reason, format="json").status_code == 422
    assert director.get("figures/frozen/2026-03/?place=d:finance").status_code == 404


@pytest.mark.parametrize("username", ["leader", "dispatcher", "head.finance"])
def test_others_only_read(staff, username):
    a_month()
    client = staff(username)
    assert client.post("figures/frozen/", {"month": "2026-03"}, format="json").status_code == 403
    freezing.freeze(month=month_of("2026-03"), at=AT)
    assert client.post("figures/frozen/2026-03/restate/", {"reason": "补录诉求"}, format="json").status_code == 403
    submitted = figure(client.get("figures/frozen/2026-03/").json(), "submitted")["hits"]
    assert submitted == (1 if username == "head.finance" else 2)
    assert client.get("figures/frozen/2026-03/verify/").json()[0]["equal"] is True


@pytest.mark.parametrize("username", ["officer.finance", "auditor"])
def test_who_has_no_board_reads_nothing(staff, username):
    a_month()
    freezing.freeze(month=month_of("2026-03"), at=AT)
    for address in ("figures/frozen/", "figures/frozen/2026-03/", "figures/frozen/2026-03/verify/"):
        assert staff(username).get(address).status_code == 403


def test_strangers(anybody):
    assert anybody.get("figures/frozen/").status_code == 401
    assert anybody.post("figures/frozen/", {"month": "2026-03"}, format="json").status_code == 401


@pytest.mark.usefixtures("committed")
def test_a_restatement_by_the_api(staff):
    a_month()
    freezing.freeze(month=month_of("2026-03"), at=AT)
    make.closed(at=make.MONDAY + timedelta(days=1))
    director = staff("director")
    made = director.post("figures/frozen/2026-03/restate/", {"reason": "补录一件诉求"}, format="json")
    assert (made.status_code, made.json()["ordinal"]) == (201, 1)
    body = director.get("figures/frozen/2026-03/").json()
    assert figure(body, "submitted")["hits"] == 2
    assert [(one["reason"], figure(one, "submitted")["hits"]) for one in body["restatements"]] == [("补录一件诉求", 3)]
    assert [one["equal"] for one in director.get("figures/frozen/2026-03/verify/").json()] == [True, True]
