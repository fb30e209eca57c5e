"""通知发送, the preview of templates, and what a request's page says the firm was told."""

from __future__ import annotations

import pytest

from tests import make
from tests.tickets.pages.desk.conftest import NOON, shown
from tests.tickets.pages.desk.test_notices import tell
from tickets.models import Notice, NoticeTemplate
from tickets.services.notify.send import send_next


@pytest.fixture
def unsent(clock):
    """A request whose firm could not be told, for want of a provider."""
    ticket = make.assigned(title="贷款的事")
    tell(make.fresh(ticket))
    while send_next(at=NOON, down=set()):
        pass
    return make.fresh(ticket)


def test_what_did_not_get_out_is_listed_with_the_reason_and_sent_again(at, cast, unsent):
    page = at(cast.director).get("/desk/notices/sent/")
    assert "没有配置发送通道" in shown(page)
    assert "安捷" not in page.content.decode()
    assert "13800000000" not in page.content.decode()
    (row,) = page.context["rows"]
    answer = at(cast.intake).post(f"/desk/notices/sent/{row['key']}/again/", follow=True)
    assert "已重新排队" in shown(answer)
    assert Notice.objects.get(pk=row["key"]).state == "queued"
    assert "都已送出" in shown(at(cast.director).get("/desk/notices/sent/"))
    assert "待发送" in shown(at(cast.director).get("/desk/notices/sent/?show=all"))


def test_all_at_once(at, cast, unsent):
    assert "1 条已重新排队" in shown(at(cast.director).post("/desk/notices/sent/again/", follow=True))


@pytest.mark.parametrize("who", ["officer", "head", "dispatcher", "supervisor", "leader"])
def test_it_is_the_centres_business(at, cast, unsent, who):
    browser, key = at(getattr(cast, who)), Notice.objects.to_firm().get().pk
    assert browser.get("/desk/notices/sent/").status_code == 403
    assert browser.post(f"/desk/notices/sent/{key}/again/").status_code == 403
    assert browser.post("/desk/notices/sent/again/").status_code == 403
    assert browser.get("/desk/notices/words/").status_code == 403
    assert "通知发送" not in shown(browser.get("/desk/"))
    assert Notice.objects.get(pk=key).state == "unsent"


def test_a_restricted_requests_notices_are_in_nobodys_list(at, cast, clock):
    ticket = make.routed(qr="DEMO-SERVICE", category="SRV-04")
    tell(make.fresh(ticket))
    while send_next(at=NOON, down=set()):
        pass
    assert at(cast.director).get("/desk/notices/sent/?show=all").context["rows"] == []
    key = Notice.objects.to_firm().get().pk
    assert at(cast.director).post(f"/desk/notices/sent/{key}/again/").status_code == 404


def test_only_failures_are_counted_in_the_rail(at, cast, unsent):
    assert at(cast.director).counts()["通知发送"] == ""
    Notice.objects.to_firm().update(state="failed", error="isv.MOBILE_NUMBER_ILLEGAL")
    assert at(cast.director).counts()["通知发送"] == "1"


def test_the_requests_page_says_whether_the_firm_was_told(at, cast, unsent):
    page = shown(at(cast.officer).get(f"/desk/t/{unsent.number}/"))
    assert "已告知企业 未发送 已交办" in page
    assert "没有配置发送通道" in page


def test_a_template_is_tried_on_a_request_that_the_viewer_sees(at, cast, unsent):
    template, director = NoticeTemplate.objects.get(code="handed"), at(cast.director)
    page = director.get("/desk/notices/words/", {"template": template.pk, "number": unsent.number})
    assert "“贷款的事”" in shown(page)
    hidden = make.routed(qr="DEMO-SERVICE", category="SRV-04")
    page = director.get("/desk/notices/words/", {"template": template.pk, "number": hidden.number})
    assert page.status_code == 422
    assert "没有找到这件诉求" in shown(page)
    assert director.get("/desk/notices/words/", {"template": template.pk, "number": ""}).status_code == 422
    assert director.get("/desk/notices/words/").status_code == 200


def test_the_pages_cost_the_same_for_many(at, cast, clock, django_assert_max_num_queries):
    for _ in range(8):
        tell(make.fresh(make.assigned()))
    director = at(cast.director)
    with django_assert_max_num_queries(7):
        assert len(director.get("/desk/notices/sent/?show=all").context["rows"]) == 8
