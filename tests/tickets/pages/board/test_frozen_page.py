"""冻结 on the board: what was kept, what was restated, what today's count says, and who may see and do what."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from tests import make
from tests.people import user
from tickets.figures import projection
from tickets.figures.frozen import month_of
from tickets.models import FrozenMonth, Restated
from tickets.pages.board import frozen as page
from tickets.pages.board import views
from tickets.services import freezing

AT = datetime(2026, 6, 20, 4, 0, tzinfo=UTC)
LIST, MARCH = "/board/frozen/", "/board/frozen/2026-03/"
LINK = re.compile(r'<a[^>]*href="(/board/rows/[^"]*)"[^>]*data-count="(\d+)"')
simulated = pytest.mark.django_db
recorded_later = pytest.mark.usefixtures("committed")


@pytest.fixture(autouse=True)
def _june(monkeypatch):
    for module in (page, views):
        monkeypatch.setattr(module, "now", lambda: AT)


def seen_by(username: str) -> Client:
    client = Client()
    client.force_login(user(username), backend="django.contrib.auth.backends.ModelBackend")
    return client


def frozen() -> FrozenMonth:
    make.closed()
    make.closed(qr="DEMO-TALENT", outcome="partial")
    make.signed(qr="DEMO-TALENT", at=make.MONDAY + timedelta(days=1))
    return freezing.freeze(month=month_of("2026-03"), at=AT)


def opens(client: Client, text: str) -> int:
    links = LINK.findall(text)
    for address, count in links:
        assert f'data-total="{count}"' in client.get(html.unescape(address)).content.decode(), address
    return len(links)


@simulated
@pytest.mark.parametrize("username", ["supervisor", "leader", "director", "dispatcher", "head.talent"])
def test_every_number_opens_exactly_its_requests(username):
    frozen()
    client = seen_by(username)
    assert opens(client, client.get(LIST).content.decode()) > 3
    assert opens(client, client.get(MARCH).content.decode()) > 40


@recorded_later
def test_frozen_restated_and_today_stand_side_by_side():
    frozen()
    client = seen_by("director")
    make.closed(at=make.MONDAY + timedelta(days=2))
    sent = client.post(MARCH, {"reason": "补录一件三月的诉求"})
    assert sent.status_code == 302
    assert Restated.objects.get().reason == "补录一件三月的诉求"
    make.closed(at=make.MONDAY + timedelta(days=3))
    projection.catch_up()
    shown = client.get(MARCH + "?verify=1")
    text = shown.content.decode()
    received = next(row for row in shown.context["rows"] if row["label"] == "收到")
    assert [cell.value.text for cell, _ in received["cells"]] == ["3", "4", "5"]
    assert [changed for _, changed in received["cells"]] == [False, True, True]
    assert shown.context["heads"] == ["冻结", "第 1 次重述", "今天重算"]
    assert shown.context["verified"] == [("冻结数据", True), ("第 1 次重述", True)]
    assert "补录一件三月的诉求" in text
    assert "逐字节相同" in text
    opens(client, text)
    assert [one["frozen"].restated for one in client.get(LIST).context["months"]] == [1]


@simulated
def test_a_head_sees_the_own_department_alone():
    frozen()
    shown = seen_by("head.talent").get(MARCH)
    received = next(row for row in shown.context["rows"] if row["label"] == "收到")
    assert {cell.value.text for cell, _ in received["cells"]} == {"2"}
    assert "金融办" not in shown.content.decode()
    assert shown.context["form"] is None
    for client, place in ((seen_by("head.talent"), "d:finance"), (seen_by("director"), "r:999999")):
        assert client.get(MARCH, {"place": place}).status_code == 404
    assert "金融办" in seen_by("leader").get(MARCH).content.decode()


@simulated
def test_a_head_of_a_department_without_requests_finds_an_empty_page():
    frozen()
    shown = seen_by("head.land").get(MARCH)
    assert shown.status_code == 200
    assert shown.context["empty"]
    assert seen_by("head.land").get(LIST).status_code == 200


@simulated
@pytest.mark.parametrize("username", ["officer.finance", "officer.discipline", "auditor", "sysadmin"])
@pytest.mark.parametrize("address", [LIST, MARCH])
def test_others_have_none(username, address):
    frozen()
    assert seen_by(username).get(address).status_code == 403
    assert Client().get(address).headers["Location"].startswith("/login/")


@simulated
@pytest.mark.parametrize("username", ["leader", "dispatcher", "head.talent"])
def test_who_may_not_restate(username):
    frozen()
    client = seen_by(username)
    assert "重述本月" not in client.get(MARCH).content.decode()
    assert client.post(MARCH, {"reason": "补录一件三月的诉求"}).status_code == 403
    assert not Restated.objects.exists()


@simulated
@pytest.mark.parametrize(
    ("reason", "said"), [("", "4 至 200 字"), ("短", "4 至 200 字"), ("补录一件诉求", "与冻结数据一致")]
)
def test_what_was_typed_comes_back_with_what_is_wrong(reason, said):
    frozen()
    answer = seen_by("director").post(MARCH, {"reason": reason})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert answer.context["form"]["reason"].value() == reason
    assert not Restated.objects.exists()


@simulated
@pytest.mark.parametrize("month", ["2026-04", "2026-13", "abc"])
def test_unknown_months(month):
    frozen()
    assert seen_by("leader").get(f"/board/frozen/{month}/").status_code == 404


@simulated
def test_an_unknown_edition_is_refused():
    answer = seen_by("leader").get(
        "/board/rows/?figure=solved&since=2026-03-01&until=2026-04-01&definitions=99", headers={"accept": "text/html"}
    )
    assert answer.status_code == 422


@simulated
def test_the_board_says_that_its_month_is_frozen():
    assert "已冻结" not in seen_by("leader").get("/board/?since=2026-03-01&until=2026-04-01").content.decode()
    frozen()
    client = seen_by("leader")
    text = client.get("/board/?since=2026-03-01&until=2026-04-01").content.decode()
    assert "本月已冻结（口径第 1 版" in text
    assert f'href="{MARCH}"' in text
    assert "已冻结" not in client.get("/board/?since=2026-03-02&until=2026-04-01").content.decode()


@simulated
def test_pages_ask_the_same_however_many_requests_there_are(django_assert_max_num_queries):
    frozen()
    client = seen_by("leader")
    for address in (LIST, MARCH):
        client.get(address)  # a page that finds the projection older than five seconds works it off itself
    with django_assert_max_num_queries(12):
        client.get(LIST)
    with django_assert_max_num_queries(24) as asked:
        client.get(MARCH)
    few = len(asked)  # now: the next request empties what it is counted from
    make.closed(at=make.MONDAY - timedelta(days=40))
    freezing.freeze(month=month_of("2026-01"), at=AT)
    client.get(MARCH)
    with django_assert_max_num_queries(few):
        client.get(MARCH)
    with django_assert_max_num_queries(12):
        client.get(LIST)
