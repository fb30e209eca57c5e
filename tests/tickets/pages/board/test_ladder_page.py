"""督办阶梯 on the board: counts of each step, and the requests behind them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from routing.promises.models import LadderSwitch
from tests import make
from tests.people import user
from tickets.figures import ladder as figures
from tickets.models import Alert
from tickets.pages.board import ladder
from tickets.services.sweep import sweep

pytestmark = pytest.mark.django_db
AT = make.MONDAY + timedelta(days=20)
PAGE = "/board/ladder/"


@pytest.fixture(autouse=True)
def _later(monkeypatch):
    monkeypatch.setattr(ladder, "now", lambda: AT)


def seen_by(username: str) -> Client:
    client = Client()
    client.force_login(user(username), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_each_step_is_counted_and_opens_its_requests():
    one, other = make.signed(), make.signed(qr="DEMO-TALENT")
    sweep(at=AT)
    client = seen_by("supervisor")
    steps = {each["step"].code: each["step"].lit for each in client.get(PAGE).context["steps"]}
    assert steps == {"used-70": 2, "left-1wd": 2, "breach": 2, "late-1wd": 2, "late-3wd": 2, "late-5wd": 2}
    for code, lit in steps.items():
        rows = client.get(PAGE, {"step": code}).context["rows"]
        assert len(rows) == lit
        assert {row["number"] for row in rows} == {one.number, other.number}


def test_a_head_sees_the_own_department_alone():
    one = make.signed()
    make.signed(qr="DEMO-TALENT")
    sweep(at=AT)
    page = seen_by("head.finance").get(PAGE)
    assert {row["number"] for row in page.context["rows"]} == {one.number}


@pytest.mark.parametrize("username", ["officer.finance", "auditor", "sysadmin"])
def test_others_have_none(username):
    assert seen_by(username).get(PAGE).status_code == 403


def test_strangers_sign_in_first():
    assert Client().get(PAGE).headers["Location"].startswith("/login/")


def test_a_rehearsal_is_shown_as_one():
    LadderSwitch.objects.update(rehearsal=True)
    make.signed()
    sweep(at=AT)
    page = seen_by("supervisor").get(PAGE)
    text = page.content.decode()
    assert "阶梯正在演练" in text
    assert "演练 1" in text
    lit = {each["step"].code: (each["step"].lit, each["step"].rehearsed) for each in page.context["steps"]}
    assert lit["breach"] == (1, 0)
    assert lit["late-3wd"] == (0, 1)


def test_pages_follow_each_other_and_miss_nothing(monkeypatch):
    monkeypatch.setattr(figures, "PAGE", 5)
    for _ in range(3):
        make.signed()
    sweep(at=AT)
    client, address, seen = seen_by("supervisor"), PAGE, []
    while address:
        page = client.get(address)
        seen += [(row["number"], row["step"]) for row in page.context["rows"]]
        address = f"{PAGE}{page.context['older']}" if page.context["older"] else ""
    assert len(seen) == len(set(seen)) == Alert.objects.filter(deadline__clock="RESOLVE").count() == 18


@pytest.mark.parametrize("query", ["?step=nonsense", "?before=x", "?before=1e99-1", "?before=12-x"])
def test_bad_input_is_refused(query):
    assert seen_by("supervisor").get(PAGE + query).status_code == 422


def test_queries_do_not_grow(django_assert_max_num_queries):
    for _ in range(5):
        make.signed()
    sweep(at=AT)
    client = seen_by("supervisor")
    with django_assert_max_num_queries(12):
        client.get(PAGE)
