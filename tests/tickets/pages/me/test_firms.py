"""Members, invitations, hand-over and claims on their pages."""

from __future__ import annotations

import pytest

from qihu.accounts.models import Claim, Membership
from tests.firms import RIVAL, firm, person
from tests.tickets.pages.me.conftest import contact

pytestmark = pytest.mark.django_db


def test_a_firm_is_claimed_and_waits(browser):
    mine = browser("李娜")
    typed = {
        "name": "衢州安捷线束有限公司",
        "uscc": "91330800MA28F0000",
        "region": "330800",
        "evidence": "我是行政经理",
    }
    assert mine.post("/me/claim/", typed).status_code == 422
    doubted = mine.post("/me/claim/", typed | {"uscc": "91330800MA28F00001"})
    assert doubted.status_code == 422
    assert "代码无误" in doubted.content.decode()
    done = mine.post("/me/claim/", typed | {"uscc": "91330800MA28F00001", "uscc_confirmed": "on"})
    assert done.status_code == 303
    assert "核对中" in mine.text("/me/firms/")
    twice = mine.post("/me/claim/", typed | {"uscc": "91330800MA28F00001", "uscc_confirmed": "on"})
    assert twice.status_code == 409
    assert "我是行政经理" in twice.content.decode()
    assert Claim.objects.get().evidence == "我是行政经理"


def test_invite_accept_and_see(browser, office):
    owner = browser("李娜")
    assert owner.post(f"/me/firms/{office.pk}/invite/", {"phone": "136 0000 0003", "role": "viewer"}).status_code == 303
    contact("孙涛")
    waiting = owner.text(f"/me/firms/{office.pk}/")
    assert "136****0003" in waiting
    assert "孙涛" not in waiting, "a phone typed into an invitation tells nobody's name"
    invited = browser("孙涛")
    page = invited.text("/me/firms/")
    assert office.name in page
    assert invited.get(f"/me/firms/{office.pk}/").status_code == 404
    key = Membership.objects.waiting().get().pk
    assert browser("赵敏").post(f"/me/invitations/{key}/accept/").status_code == 404
    invited.post(f"/me/invitations/{key}/accept/")
    assert "查看人" in invited.text(f"/me/firms/{office.pk}/")


@pytest.mark.parametrize("typed", [{"phone": "0570-3021234", "role": "viewer"}, {"phone": "", "role": ""}])
def test_a_bad_invitation_is_told_beside_the_field(browser, office, typed):
    answer = browser("李娜").post(f"/me/firms/{office.pk}/invite/", typed)
    assert answer.status_code == 422
    assert "id_phone_error" in answer.content.decode()


def test_an_invited_person_of_another_firm_sees_that_firm_only(browser, office):
    rival = person("孙涛")
    elsewhere = firm(rival, uscc=RIVAL, name="衢州对手有限公司")
    stranger = browser("孙涛")
    assert stranger.get(f"/me/firms/{elsewhere.pk}/").status_code == 200
    assert stranger.get(f"/me/firms/{office.pk}/").status_code == 404
    for path in ("invite", "leave", "hand-over"):
        assert (
            stranger.post(f"/me/firms/{office.pk}/{path}/", {"phone": "13500000004", "role": "owner"}).status_code
            == 404
        )
    key = contact("李娜").membership(office.pk).pk
    for path in (f"/me/firms/{office.pk}", f"/me/firms/{elsewhere.pk}"):
        assert stranger.post(f"{path}/members/{key}/remove/").status_code in {404, 409}
    assert contact("李娜").membership(office.pk)


@pytest.mark.parametrize("name", ["王强", "赵敏"])
def test_who_is_no_owner_reads_the_members_and_changes_none(browser, office, name):
    other = browser(name)
    page = other.text(f"/me/firms/{office.pk}/")
    assert "李娜" in page
    assert "邀请同事" not in page
    key = contact("李娜").membership(office.pk).pk
    assert other.post(f"/me/firms/{office.pk}/invite/", {"phone": "13500000004", "role": "owner"}).status_code == 403
    assert other.post(f"/me/firms/{office.pk}/members/{key}/remove/").status_code == 403
    assert other.post(f"/me/firms/{office.pk}/members/{key}/role/", {"role": "viewer"}).status_code == 403
    assert other.post(f"/me/firms/{office.pk}/hand-over/", {"to": key}).status_code == 403


def test_roles_removal_hand_over_and_history(browser, office):
    owner = browser("李娜")
    wang, zhao = (contact(name).membership(office.pk).pk for name in ("王强", "赵敏"))
    assert owner.post(f"/me/firms/{office.pk}/members/{zhao}/role/", {"role": "contact"}).status_code == 303
    assert owner.post(f"/me/firms/{office.pk}/members/{wang}/role/", {"role": "king"}).status_code == 422
    refused = owner.post(f"/me/firms/{office.pk}/leave/")
    assert refused.status_code == 409
    assert "交给同事" in refused.content.decode()
    gone = browser("王强")
    assert gone.get(f"/me/firms/{office.pk}/").status_code == 200
    owner.post(f"/me/firms/{office.pk}/members/{wang}/remove/")
    assert gone.get(f"/me/firms/{office.pk}/").status_code == 404
    assert "王强" in owner.text(f"/me/firms/{office.pk}/").split("以往的成员")[1]
    assert owner.post(f"/me/firms/{office.pk}/hand-over/", {"to": ""}).status_code == 422
    heir = contact("赵敏").membership(office.pk).pk
    assert owner.post(f"/me/firms/{office.pk}/hand-over/", {"to": heir})["Location"] == "/me/firms/"
    assert "邀请同事" in browser("赵敏").text(f"/me/firms/{office.pk}/")


def test_the_price_of_the_members_page(browser, office, django_assert_num_queries):
    owner = browser("李娜")
    with django_assert_num_queries(4):  # session, memberships, those in force, those that ended
        owner.get(f"/me/firms/{office.pk}/")
    with django_assert_num_queries(4):  # session, memberships, invitations, claims
        owner.get("/me/firms/")
