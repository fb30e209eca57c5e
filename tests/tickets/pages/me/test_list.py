"""The firm's list and pages: what is shared is there, what is only mine is nowhere else."""

from __future__ import annotations

import pytest

from tests import make
from tests.tickets.pages.me.conftest import contact
from tickets.models import Ticket
from tickets.pages.me import listing

pytestmark = pytest.mark.django_db


def number_of(answer) -> str:
    assert answer.status_code == 303, answer.content.decode()
    return answer["Location"].split("/")[2]


def test_signed_in_the_form_offers_who_sees_it_and_knows_the_person(browser, office):
    page = browser("王强").text("/q/DEMO-CAPITAL/")
    for said in ("本企业可见", "仅我可见", "身份保密", office.name, 'value="王强"', 'value="13900000001"'):
        assert said in page
    assert 'name="shielded"' not in page
    assert "本企业可见" not in browser().text("/q/DEMO-CAPITAL/").replace("可选“本企业可见”", "")


def test_a_viewer_or_somebody_without_a_firm_is_not_offered_the_firm(browser, office):
    for name in ("赵敏", "孙涛"):
        page = browser(name).text("/q/DEMO-CAPITAL/")
        assert "仅我可见" in page
        assert 'value="firm"' not in page


def test_shared_with_the_firm_colleagues_see_it_and_only_mine_nobody_does(browser, office):
    mine, owner, viewer = browser("王强"), browser("李娜"), browser("赵敏")
    shared = number_of(mine.file_as(office.pk, "firm", text="园区道路破损，货车进出困难。"))
    alone = number_of(mine.file_as(office.pk, "me", text="被拖欠工资，希望协调。"))
    hidden = number_of(mine.file_as(office.pk, "shielded", text="检查过于频繁，希望规范。"))
    assert all(n in mine.text("/me/") for n in (shared, alone, hidden))
    for colleague in (owner, viewer):
        page = colleague.text("/me/")
        assert shared in page
        assert hidden in page
        assert alone not in page
        assert alone not in colleague.text("/")
        assert alone not in colleague.text("/me/?q=拖欠工资")
        colleague.text(f"/t/{shared}/")
        colleague.text(f"/t/{alone}/", 404)
        colleague.text(f"/t/{alone}/live/", 404)
        assert '办理中 <b class="num">2</b>' in page
    assert '办理中 <b class="num">3</b>' in mine.text("/me/")


def test_the_receipt_of_a_firms_request_has_no_code(browser, office):
    mine = browser("王强")
    shared = number_of(mine.file_as(office.pk, "firm"))
    page = mine.text(f"/t/{shared}/")
    assert "已收到您的诉求" in page
    assert "查询凭证" not in page
    assert "held" not in mine.cookies
    alone = number_of(mine.file_as(office.pk, "me"))
    assert "查询凭证" in mine.text(f"/t/{alone}/")


def test_a_viewer_reads_and_makes_no_move(browser, office):
    ticket = make.answered(contact_phone="13900000001")
    Ticket.objects.filter(pk=ticket.pk).update(enterprise=office, contact=contact("王强"), visibility="firm")
    viewer = browser("赵敏")
    page = viewer.text(f"/t/{ticket.number}/")
    assert "只能看" in page
    assert f"/t/{ticket.number}/rate/" not in page
    for move, typed in (("rate", {"process": 5, "result": 5}), ("rework", {"reason": "没有"}), ("withdraw", {})):
        assert viewer.post(f"/t/{ticket.number}/{move}/", typed).status_code == 403
    assert make.fresh(ticket).status == "answered"
    assert browser("李娜").post(f"/t/{ticket.number}/rate/", {"process": 5, "result": 5}).status_code == 303
    assert make.fresh(ticket).status == "closed"


def test_a_firm_of_others_typed_into_the_post_is_refused_beside_the_field(browser, office):
    answer = browser("孙涛").file_as(office.pk, "firm")
    assert answer.status_code == 422
    assert "不能以这家企业的名义提交" in answer.content.decode()
    assert make.TEXT in answer.content.decode()
    assert not Ticket.objects.exists()


def test_a_session_that_ended_meanwhile_is_told_and_nothing_typed_is_lost(browser, office):
    answer = browser().file_as(office.pk, "firm")
    assert answer.status_code == 422
    assert "登录已过期" in answer.content.decode()
    assert make.TEXT in answer.content.decode()


def test_who_submitted_it_changes_who_sees_it(browser, office):
    mine, owner = browser("王强"), browser("李娜")
    number = number_of(mine.file_as(office.pk, "me"))
    assert mine.post(f"/t/{number}/visibility/", {"visibility": "firm", "enterprise": office.pk}).status_code == 303
    owner.text(f"/t/{number}/")
    assert owner.post(f"/t/{number}/visibility/", {"visibility": "me"}).status_code == 403
    mine.post(f"/t/{number}/visibility/", {"visibility": "nobody"})
    assert Ticket.objects.get().visibility == "firm"
    mine.post(f"/t/{number}/visibility/", {"visibility": "me"})
    owner.text(f"/t/{number}/", 404)


def test_the_same_form_sent_twice_is_one_request(browser, office):
    mine = browser("王强")
    typed = mine.typed(visibility="firm", enterprise=str(office.pk))
    first, second = (mine.post("/q/DEMO-CAPITAL/", typed) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Ticket.objects.count() == 1


def test_filters_and_pages_by_keyset(browser, office, monkeypatch):
    monkeypatch.setattr(listing, "PAGE", 2)
    mine = browser("王强")
    numbers = [number_of(mine.file_as(office.pk, "firm")) for _ in range(3)]
    page = mine.text("/me/")
    assert numbers[2] in page
    assert numbers[0] not in page
    older = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert numbers[0] in mine.text(f"/me/{older}")
    assert numbers[0] in mine.text(f"/me/?q={numbers[0]}")
    assert numbers[2] not in mine.text("/me/?show=done")
    assert numbers[2] in mine.text("/me/?show=nonsense&firm=999&cursor=forged")


def test_the_price_of_the_list_does_not_grow_with_it(browser, office, django_assert_num_queries):
    mine = browser("王强")
    for _ in range(3):
        mine.file_as(office.pk, "firm")
    with django_assert_num_queries(4):  # session, memberships, counts, rows
        mine.get("/me/")


def test_the_price_of_the_form_and_of_a_receipt(browser, office, django_assert_max_num_queries):
    mine = browser("王强")
    number = number_of(mine.file_as(office.pk, "firm"))
    mine.get("/")
    with django_assert_max_num_queries(6):
        mine.get("/q/DEMO-CAPITAL/")
    with django_assert_max_num_queries(9):
        mine.get(f"/t/{number}/")
