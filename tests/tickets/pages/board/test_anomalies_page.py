"""值得核对 on the board and in the API: numbers equal to rows, who may look, who may check."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils.html import escape

from tests.people import user
from tests.tickets.figures.anomalies.plant import MARCH, WEEKDAYS, answered, ordinary, pks
from tickets.figures import projection
from tickets.models import AnomalyReview

pytestmark = pytest.mark.django_db
PAGE, API = "/board/anomalies/", "/api/v1/figures/anomalies/"
DATES = {"since": str(MARCH.since_on), "until": str(MARCH.until_on)}
OF_FINANCE = DATES | {"value": "department:finance"}
FOUR = timedelta(minutes=4)
SAID = "逐件回访，都是电话里当场办成的。"


def seen_by(username: str) -> Client:
    client = Client()
    client.force_login(user(username), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def fast():
    ordinary(8, qr="DEMO-INDUSTRY")
    planted = [answered(30 + n, at=day, took=FOUR) for n, day in enumerate(WEEKDAYS[:4])]
    projection.catch_up()
    return planted


class TestPage:
    def test_a_card_for_each_kind_and_a_group_that_opens_exactly_its_requests(self, fast):
        client = seen_by("supervisor")
        page = client.get(PAGE, DATES)
        assert len(page.context["cards"]) == 12
        row = next(r for r in page.context["groups"] if r["group"].kind.code == "quick_reply")
        opened = client.get(row["url"])
        assert opened.context["total"] == row["group"].observed == len(opened.context["rows"]) == 4
        assert {r["ticket"].pk for r in opened.context["rows"]} == pks(fast)
        assert all(r["ticket"].number in opened.content.decode() for r in opened.context["rows"])
        narrowed = client.get(PAGE, DATES | {"kind": "quick_reply"}).context["groups"]
        assert [r["group"].kind.code for r in narrowed] == ["quick_reply"]

    def test_a_supervisor_checks_and_it_stands_beside(self, fast):
        client = seen_by("supervisor")
        url = f"{PAGE}quick_reply/?since={DATES['since']}&until={DATES['until']}&value=department%3Afinance"
        short = client.post(url, {"reason": "好"})
        assert short.status_code == 422
        assert "好" in short.content.decode()
        assert client.post(url, {"reason": SAID}).status_code == 302
        assert escape(SAID) in client.get(url).content.decode()
        overview = client.get(PAGE, DATES).content.decode()
        assert "已核对 ·" in overview
        assert escape(SAID) in overview
        assert client.post(url, {"reason": SAID}).status_code == 409
        assert AnomalyReview.objects.count() == 1

    @pytest.mark.parametrize("name", ["director", "leader", "head.finance"])
    def test_others_look_and_do_not_check(self, fast, name):
        client = seen_by(name)
        url = f"{PAGE}quick_reply/"
        opened = client.get(url, OF_FINANCE)
        if opened.status_code == 200:
            assert opened.context["form"] is None
        address = f"{url}?since={DATES['since']}&until={DATES['until']}&value=department%3Afinance"
        assert client.post(address, {"reason": SAID}).status_code == 403
        assert not AnomalyReview.objects.exists()

    @pytest.mark.parametrize("name", ["officer.finance", "intake", "dispatcher", "auditor", "sysadmin"])
    def test_who_has_no_business_here(self, name):
        client = seen_by(name)
        assert client.get(PAGE).status_code == 403
        assert client.get(f"{PAGE}quick_reply/", OF_FINANCE).status_code == 403

    def test_the_tab_is_shown_to_who_may_open_it(self):
        assert PAGE in seen_by("supervisor").get("/board/ladder/").content.decode()
        assert PAGE not in seen_by("intake").get("/board/ladder/").content.decode()

    def test_strangers_sign_in_first(self):
        assert Client().get(PAGE).headers["Location"].startswith("/login/")

    @pytest.mark.parametrize(
        "typed",
        [{"since": "2026-03-05", "last": "2026-03-01"}, {"since": "2026-01-01", "last": "2026-06-01"}, {"since": "x"}],
    )
    def test_a_period_that_makes_no_sense_keeps_what_was_typed(self, typed):
        page = seen_by("supervisor").get(PAGE, typed)
        assert page.status_code == 422
        assert typed["since"] in page.content.decode()

    @pytest.mark.parametrize(
        ("path", "more", "status"),
        [
            ("guilty/", {}, 422),
            ("quick_reply/", {"value": "department:nowhere"}, 404),
            ("quick_reply/", {"page": "x"}, 422),
            ("quick_reply/", {"page": "9"}, 422),
        ],
    )
    def test_what_is_not_there(self, fast, path, more, status):
        assert seen_by("supervisor").get(PAGE + path, OF_FINANCE | more).status_code == status

    def test_queries_do_not_grow(self, fast, django_assert_max_num_queries):
        client = seen_by("supervisor")
        with django_assert_max_num_queries(36):
            client.get(PAGE, DATES)
        with django_assert_max_num_queries(14):
            client.get(f"{PAGE}quick_reply/", OF_FINANCE)


class TestApi:
    def test_groups_give_the_address_of_exactly_their_rows(self, fast):
        client = seen_by("supervisor")
        body = client.get(API, DATES).json()
        assert len(body["kinds"]) == 12
        kind = next(one for one in body["kinds"] if one["code"] == "quick_reply")
        (group,) = kind["groups"]
        rows = client.get(group["rows"].removeprefix("http://testserver")).json()
        assert rows["total"] == group["observed"] == len(rows["results"]) == 4
        assert {row["ticket"]["number"] for row in rows["results"]} == {ticket.number for ticket in fast}
        assert rows["next"] is None
        assert group["among"] == 4
        assert group["base_rate"] < 0.05

    def test_a_supervisor_checks(self, fast):
        body = {"kind": "quick_reply", "reason": SAID} | OF_FINANCE
        client = seen_by("supervisor")
        done = client.post(f"{API}reviews/", body, content_type="application/json")
        assert done.status_code == 201
        assert done.json()["events"] == 4
        assert client.post(f"{API}reviews/", body, content_type="application/json").status_code == 409
        kinds = client.get(API, DATES).json()["kinds"]
        (group,) = next(one for one in kinds if one["code"] == "quick_reply")["groups"]
        assert (group["checked"], group["reviews"][0]["reason"]) == (4, SAID)
        assert seen_by("leader").post(f"{API}reviews/", body, content_type="application/json").status_code == 403

    def test_who_may_not_and_what_is_wrong(self):
        assert Client().get(API).status_code == 401
        for name in ("intake", "officer.finance", "auditor"):
            assert seen_by(name).get(API).status_code == 403
            assert seen_by(name).get(f"{API}rows/", OF_FINANCE | {"kind": "quick_reply"}).status_code == 403
        client = seen_by("supervisor")
        assert client.get(API, {"since": "2026-03-02", "until": "2026-03-01"}).status_code == 422
        assert client.get(f"{API}rows/", OF_FINANCE | {"kind": "guilty"}).status_code == 422
        assert client.get(f"{API}rows/", OF_FINANCE | {"kind": "quick_reply"}).status_code == 404
