"""A firm's token: by phone and code; what it lists, reads, moves and files, and what it never opens."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from qihu.accounts import members
from qihu.signin import sessions
from tests import make
from tests.firms import ANJIE, PHONES, again, firm, joined, person
from tests.tickets.api.conftest import BODY, Api, firm_of, here
from tests.tickets.api.test_listing import numbers
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def signed(name: str = "李娜") -> Api:
    anybody, phone = Api(), PHONES[name]
    asked = anybody.post("auth/code/", {"phone": phone})
    assert (asked.status_code, asked.json()["expires_in"], asked.json()["again_in"]) == (202, 300, 60)
    made = anybody.post("auth/firm-token/", {"phone": phone, "code": asked.json()["demo_code"]})
    assert made.status_code == 200, made.content
    return Api(Authorization=f"Bearer {made.json()['token']}")


@pytest.fixture
def office(db):
    owner = person()
    there = firm(owner)
    joined(there, owner, person("王强"))
    joined(there, owner, person("赵敏"), "viewer")
    return there


def file(api: Api, **more: object) -> str:
    answer = api.post("tickets/", BODY | {"contact": {"name": "王强", "phone": "13900000001"}} | more)
    assert answer.status_code == 201, answer.content
    return answer.json()["number"]


def test_a_token_shows_what_the_phone_submitted(anybody):
    ticket, other = here(), here(contact_phone="13511112222")
    mine = signed()
    assert numbers(mine.get("tickets/")) == [ticket.number]
    assert mine.read(ticket)["contact"]["phone"] == "13800000000"
    assert mine.get(f"tickets/{other.number}/").status_code == 404
    assert firm_of(other).read(other)["number"] == other.number


def test_bad_codes_by_name(anybody, settings):
    phone = PHONES["李娜"]
    assert anybody.post("auth/code/", {"phone": "0570-3021234"}).json()["errors"]["phone"].startswith("座机")
    code = anybody.post("auth/code/", {"phone": phone}).json()["demo_code"]
    assert anybody.post("auth/code/", {"phone": phone}).status_code == 429
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    assert anybody.post("auth/firm-token/", {"phone": PHONES["王强"], "code": code}).status_code == 422
    assert anybody.post("auth/firm-token/", {"phone": phone, "code": wrong}).json()["code"] == "wrong-code"
    assert anybody.post("auth/firm-token/", {"phone": phone, "code": code}).status_code == 200
    assert anybody.post("auth/firm-token/", {"phone": phone, "code": code}).status_code == 422
    settings.DEMO = False
    unsent = anybody.client.post("/api/v1/auth/code/", {"phone": "13511112222"}, content_type="application/json")
    assert (unsent.status_code, unsent.json()["code"]) == (503, "unsent")


def test_a_forged_or_ended_token_is_401(anybody, office):
    browser = sessions.open_session(contact=person(), at=make.MONDAY).token
    for token in ("qf_", "qf_" + "x" * 43, "qf_é", browser):
        assert Api(Authorization=f"Bearer {token}").get("tickets/").status_code == 401
    mine = signed()
    sessions.end_all(contact=person(), at=make.MONDAY)
    assert mine.get("tickets/").status_code == 401


def test_a_firms_token_opens_nothing_of_the_staffs(office):
    mine = signed()
    assert mine.get("figures/?since=2026-01-01&until=2026-02-01").status_code == 401
    assert mine.get("qr-codes/").status_code == 401
    ticket = here(contact_phone=PHONES["李娜"])
    assert mine.get(f"tickets/{ticket.number}/decision/").status_code == 403
    assert mine.move(ticket, "sign").status_code == 403


def test_shared_mine_and_shielded(office):
    wang, owner, viewer = signed("王强"), signed("李娜"), signed("赵敏")
    shared = file(wang, visibility="firm", firm=ANJIE)
    alone = file(wang, firm=ANJIE)
    hidden = file(wang, visibility="shielded", firm=ANJIE, text="检查过于频繁，希望规范检查行为。")
    assert numbers(wang.get("tickets/")) == [hidden, alone, shared]
    for colleague in (owner, viewer):
        assert numbers(colleague.get("tickets/")) == [hidden, shared]
        assert numbers(colleague.get(f"tickets/?q={quote('授信')}")) == [shared]
        assert colleague.get(f"tickets/{alone}/").status_code == 404
        assert colleague.get(f"tickets/{alone}/deadlines/ACCEPT/explain/").status_code == 404
        assert colleague.post(f"tickets/{alone}/withdraw/").status_code == 404
    row = owner.get("tickets/").json()["results"][0]
    assert row["enterprise"] == office.name, "its own firm knows who it is"
    assert Ticket.objects.get(number=alone).enterprise == office


def test_a_viewer_reads_and_gets_403_for_every_move(office):
    ticket = here(make.answered)
    Ticket.objects.filter(pk=ticket.pk).update(enterprise=office, contact=person(), visibility="firm")
    viewer = signed("赵敏")
    assert viewer.read(ticket)["moves"] == []
    for move, body in (
        ("rate", {"process": 5, "result": 5}),
        ("rework", {"reason": "没有"}),
        ("withdraw", {}),
        ("urge", {}),
    ):
        assert viewer.move(ticket, move, body).status_code == 403
    assert signed("王强").move(ticket, "rate", {"process": 4, "result": 5}).status_code == 200


def test_the_same_key_of_two_colleagues_is_two_presses(office):
    ticket = here()
    Ticket.objects.filter(pk=ticket.pk).update(enterprise=office, contact=person(), visibility="firm")
    assert signed("李娜").move(ticket, "urge", Idempotency_Key="k").status_code == 200
    assert signed("王强").move(ticket, "urge", Idempotency_Key="k").status_code == 409


def test_filing_for_a_firm_of_others_is_refused_and_typing_its_code_grants_nothing(office):
    stranger = signed("孙涛")
    file(signed("王强"), visibility="firm", firm=ANJIE)
    refused = stranger.post("tickets/", BODY | {"visibility": "firm", "firm": ANJIE})
    assert (refused.status_code, "firm" in refused.json()["errors"]) == (422, True)
    viewer = signed("赵敏").post("tickets/", BODY | {"visibility": "firm", "firm": ANJIE})
    assert viewer.status_code == 422
    typed = BODY | {"enterprise": {"name": office.name, "uscc": ANJIE}, "uscc_confirmed": True}
    mine = stranger.post("tickets/", typed).json()["number"]
    assert numbers(stranger.get("tickets/")) == [mine]
    assert Api().post("tickets/", BODY | {"visibility": "firm"}).status_code == 422


def test_who_sees_it_is_changed_by_who_submitted_it(office):
    wang, owner = signed("王强"), signed("李娜")
    number = file(wang, firm=ANJIE)
    path = f"tickets/{number}/visibility/"
    assert owner.post(path, {"visibility": "firm", "firm": ANJIE}).status_code == 404
    done = wang.post(path, {"visibility": "firm", "firm": ANJIE})
    assert done.json() == {"number": number, "visibility": "firm", "firm": ANJIE}
    assert owner.post(path, {"visibility": "me"}).status_code == 403
    assert wang.post(path, {"visibility": "all"}).status_code == 422
    assert wang.post(path, {"visibility": "me"}, If_Match='"1"').status_code == 412
    assert Api().post(path, {"visibility": "me"}).status_code == 404


def test_departed_the_token_still_opens_what_is_only_theirs(office):
    wang = signed("王强")
    shared, alone = file(wang, visibility="firm", firm=ANJIE), file(wang, firm=ANJIE)
    members.leave(enterprise_id=office.pk, contact=again(person("王强")), at=make.MONDAY)
    assert numbers(wang.get("tickets/")) == [alone]
    assert wang.get(f"tickets/{shared}/").status_code == 404
    assert wang.post(f"tickets/{shared}/withdraw/").status_code == 404


def test_the_price_of_the_list(office, django_assert_num_queries):
    wang = signed("王强")
    for _ in range(3):
        file(wang, visibility="firm", firm=ANJIE)
    with django_assert_num_queries(3):  # session, memberships, rows
        wang.get("tickets/")
