"""The auditor's page: read by auditors alone, filtered by what is known, paged by key."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from qihu.audit.models import Action, Entry
from qihu.audit.record import record
from tests.conftest import PASSWORD
from tests.people import user

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(client) -> Client:
    client.force_login(user("auditor"))
    return client


def rows(page) -> list[str]:
    body = page.content.decode().split("<tbody>")[-1].split("</tbody>")[0]
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)) for row in body.split("</tr>")[:-1]]


def test_an_auditor_lands_here():
    answer = Client().post("/login/", {"username": "auditor", "password": PASSWORD})
    assert answer["Location"] == "/audit/"


@pytest.mark.parametrize(
    "who",
    [
        *("officer.finance", "head.finance", "officer.discipline", "intake", "dispatcher", "director"),
        *("supervisor", "leader", "sysadmin", "secadmin"),
    ],
)
def test_nobody_else_reads_it(client, who):
    client.force_login(user(who))
    assert client.get("/audit/").status_code == 403


def test_strangers_sign_in_first(client):
    assert client.get("/audit/").status_code == 302


def test_the_desk_shows_an_auditor_the_way(auditor):
    assert 'href="/audit/"' in auditor.get("/desk/").content.decode()


def test_an_entry_says_who_did_what_to_which_and_why(auditor):
    record(
        Action.GRANTS,
        actor=user("secadmin"),
        kind="accounts.user",
        key=user("officer.finance").pk,
        before={"grants": []},
        after={"grants": ["officer@finance", "officer@land"]},
        reason="轮岗",
    )
    told = rows(auditor.get("/audit/?action=grants"))[0]
    for words in (
        "secadmin",
        "授权变更",
        "账号 officer.finance",
        "授权 无",
        "授权 officer@finance、officer@land",
        "轮岗",
    ):
        assert words in told.replace("  ", " ")


def test_filters(auditor):
    for key, who in (("A", "leader"), ("B", "leader"), ("A", "director")):
        record(Action.EXPORTED, actor=user(who), kind="figures", key=key)
    assert len(rows(auditor.get("/audit/?action=exported"))) == 3
    assert len(rows(auditor.get("/audit/?action=exported&who=leader"))) == 2
    assert len(rows(auditor.get("/audit/?key=A&who=leader"))) == 1
    assert not rows(auditor.get("/audit/?action=exported&until=2020-01-01"))
    assert len(rows(auditor.get("/audit/?action=exported&since=2020-01-01"))) == 3
    assert len(rows(auditor.get("/audit/?action=exported&before=nonsense&colour=red"))) == 3


def test_what_is_no_filter_is_told(auditor):
    page = auditor.get("/audit/?action=' OR 1=1&since=gestern")
    assert page.status_code == 422
    assert "请从列出的动作中选择。" in page.content.decode()
    assert "日期应写成" in page.content.decode()


def test_pages_follow_each_other_without_gap_or_repeat(auditor):
    for key in range(120):
        record(Action.EXPORTED, actor=None, kind="figures", key=key)
    found, url = [], "/audit/?action=exported"
    while url:
        page = auditor.get(url)
        found += [int(re.search(r"figures (\d+)", re.sub(" +", " ", row))[1]) for row in rows(page)]
        url = page.context["pager"]["older"]
    assert found == list(range(119, -1, -1))


def test_the_price_of_a_page(auditor, django_assert_max_num_queries):
    for key in range(60):
        record(Action.EXPORTED, actor=user("leader"), kind="figures", key=key, reason="月报用")
    auditor.get("/audit/")
    with django_assert_max_num_queries(8):
        auditor.get("/audit/")


def test_reading_the_trail_is_on_record_once_an_hour(auditor):
    for _ in range(3):
        auditor.get("/audit/")
    assert Entry.objects.filter(action=Action.AUDIT_READ, actor=user("auditor")).count() == 1


def test_nothing_here_writes(auditor):
    assert auditor.post("/audit/", {}).status_code == 405
