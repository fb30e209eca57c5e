"""The board: who has one, what it says, that every number opens its requests, and what bad input gets."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from routing.promises import coverage
from tests import make
from tests.people import user
from tickets.pages.board import views
from tickets.pages.board.period import presets

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 31, 4, 0, tzinfo=UTC)
MARCH = "/board/?since=2026-03-01&until=2026-04-01"
LINK = re.compile(r'<a[^>]*href="(/board/rows/[^"]*)"[^>]*data-count="(\d+)"')


@pytest.fixture(autouse=True)
def _end_of_march(monkeypatch):
    monkeypatch.setattr(views, "now", lambda: AT)


def seen_by(username: str) -> Client:
    client = Client()
    client.force_login(user(username), backend="django.contrib.auth.backends.ModelBackend")
    return client


def a_month() -> None:
    make.closed()
    make.closed(qr="DEMO-TALENT", result=3)
    make.closed(qr="DEMO-TALENT", at=make.MONDAY + timedelta(days=7), outcome="partial")
    make.answered(qr="DEMO-INDUSTRY", outcome="unsolved")
    make.withdrawn()
    make.triaged()
    make.signed()


@pytest.mark.parametrize("username", ["supervisor", "leader", "director", "dispatcher", "intake", "head.finance"])
def test_managers_have_a_board(username):
    make.closed()
    page = seen_by(username).get(MARCH)
    assert page.status_code == 200
    assert "闭环解决情况" in page.content.decode()
    assert page.context["cards"][0].main.value.text == "1"


@pytest.mark.parametrize("username", ["officer.finance", "officer.discipline", "auditor", "sysadmin"])
@pytest.mark.parametrize("address", [MARCH, "/board/rows/?figure=triage_now"])
def test_others_have_none(username, address):
    assert seen_by(username).get(address).status_code == 403


def test_strangers_sign_in_first():
    assert Client().get(MARCH).headers["Location"].startswith("/login/")


def test_a_head_sees_the_own_department_alone():
    a_month()
    page = seen_by("head.talent").get(MARCH)
    assert page.context["cards"][0].main.value.text == "2"
    assert "人社局" in page.content.decode()
    assert "金融办" not in page.content.decode()


@pytest.mark.parametrize("by", ["department", "chain_tag"])
def test_every_number_on_the_board_opens_exactly_its_requests(by):
    a_month()
    client = seen_by("leader")
    found = set(LINK.findall(client.get(f"{MARCH}&by={by}").content.decode()))
    assert len(found) > 20
    for address, count in found:
        page = client.get(html.unescape(address))
        assert page.status_code == 200
        assert page.context["total"] == int(count), html.unescape(address)
        assert len(page.context["tickets"]) == int(count)


def test_restricted_requests_are_in_no_number_and_no_list_even_for_supervisors():
    make.routed(qr="DEMO-SERVICE", category="SRV-04")
    client = seen_by("supervisor")
    assert client.get(MARCH).context["cards"][0].main.value.text == "0"
    assert client.get("/board/rows/?figure=late_now").context["total"] == 0
    rows = client.get("/board/rows/?figure=submitted&part=denominator&since=2026-03-01&until=2026-04-01")
    assert rows.context["total"] == 0


def test_what_needs_somebody_today_leads_to_it():
    a_month()
    client = seen_by("leader")
    needs = client.get(MARCH).context["needs"]
    assert [need["title"] for need in needs] == ["金融办 1 件超期", "待研判 1 件"]
    for need in needs:
        page = client.get(need["url"])
        assert page.context["total"] == 1
        assert f"/desk/t/{page.context['tickets'][0].number}/" in page.content.decode()


def test_queries_stay_within_budget(django_assert_max_num_queries):
    a_month()
    client = seen_by("leader")
    client.get(MARCH)
    with django_assert_max_num_queries(16):
        client.get(MARCH)
    with django_assert_max_num_queries(9):
        client.get(
            "/board/rows/?figure=solved&part=denominator&since=2026-03-01&until=2026-04-01&by=department&value=finance"
        )


def test_few_requests_are_not_ranked():
    a_month()
    page = seen_by("leader").get(MARCH).content.decode()
    assert "不排名" in page
    assert "n = 2" in page


@pytest.mark.parametrize(
    ("query", "said", "kept"),
    [
        ("since=2026-04-01&last=2026-03-01", "截止日期不能早于起始日期", 'value="2026-04-01"'),
        ("since=2026-02-30&last=2026-03-01", "起始日期写法有误", 'value="2026-02-30"'),
        ("since=2026-03-01&last=%3Cb%3E", "截止日期写法有误", "&lt;b&gt;"),
        ("since=2026-03-01&until=2026-04-01&by=horoscope", "不能按“horoscope”分组", 'value="2026-03-31"'),
        ("since=&last=2026-03-01", "请填写起始日期", 'value="2026-03-01"'),
    ],
)
def test_a_period_that_makes_no_sense_is_told_and_kept(query, said, kept):
    page = seen_by("leader").get(f"/board/?{query}")
    assert page.status_code == 422
    assert said in page.content.decode()
    assert kept in page.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "figure=beauty&since=2026-03-01&until=2026-04-01",
        "figure=solved&part=x&since=2026-03-01&until=2026-04-01",
        "figure=solved&since=2026-04-01&until=2026-03-01",
        "figure=solved&since=2026-03-01&until=2026-04-01&page=-1",
        "figure=late_now&page=9",
        "figure=late_now&value=%00",
        "figure=submitted&since=2026-03-01&until=2026-04-01&by=department&value=%00",
        "",
    ],
)
def test_bad_addresses_of_rows_are_refused(query):
    assert seen_by("leader").get(f"/board/rows/?{query}").status_code == 422


def test_rows_are_paged():
    for _ in range(51):
        make.submitted()
    client = seen_by("leader")
    asked = "/board/rows/?figure=submitted&since=2026-03-01&until=2026-04-01"
    first = client.get(asked)
    second = client.get("/board/rows/" + first.context["pager"]["older"])
    assert (len(first.context["tickets"]), len(second.context["tickets"])) == (50, 1)
    assert {t.pk for t in first.context["tickets"]} & {t.pk for t in second.context["tickets"]} == set()


def test_the_month_is_the_default_and_presets_are_by_shanghais_date():
    page = seen_by("leader").get("/board/")
    assert (page.context["window"].since_on.isoformat(), page.context["window"].last_on.isoformat()) == (
        "2026-03-01",
        "2026-03-31",
    )
    new_year = presets(datetime(2026, 12, 31, 16, 0, tzinfo=UTC))  # 00:00 on 1 January in Shanghai
    assert [(p.label, f"{p.since}", f"{p.until}") for p in new_year] == [
        ("本月", "2027-01-01", "2027-02-01"),
        ("上月", "2026-12-01", "2027-01-01"),
        ("本季", "2027-01-01", "2027-04-01"),
        ("今年", "2027-01-01", "2028-01-01"),
    ]


def test_a_calendar_that_ends_soon_is_announced(monkeypatch):
    assert seen_by("leader").get(MARCH).context["warnings"] == []
    monkeypatch.setattr(views, "now", lambda: datetime(2026, 11, 23, tzinfo=UTC))
    assert "工作日历只到 2026年12月31日，还有 38 天" in seen_by("leader").get(MARCH).content.decode()
    assert "已过 2 天" in coverage.coverage_warnings(datetime(2027, 1, 2, tzinfo=UTC))[0]


def test_no_inline_style_or_script():
    a_month()
    page = seen_by("leader").get(MARCH).content.decode()
    assert "style=" not in page
    assert all("src=" in tag or "application/json" in tag for tag in re.findall(r"<script[^>]*>", page))
