"""Messages and reveals through the API."""

from __future__ import annotations

import pytest

from tests.tickets.api.conftest import firm_of, here

pytestmark = pytest.mark.django_db
WHY = "兑付奖补资金须核对开户名称。"


def test_officer_and_firm_write_to_each_other(staff):
    ticket = here(shielded=True)
    officer, firm = staff("officer.finance"), firm_of(ticket)
    sent = officer.move(ticket, "messages", {"text": "请补一份设备清单。"})
    assert sent.status_code == 201
    assert sent.json() | {"at": ""} == {
        "seq": 3,
        "from_firm": False,
        "author": "陈伟",
        "at": "",
        "text": "请补一份设备清单。",
        "read_at": None,
    }
    assert firm.move(ticket, "messages", {"text": "清单已放到前台。"}).status_code == 201
    told = firm.get(f"tickets/{ticket.number}/messages/").json()["results"]
    assert [one["from_firm"] for one in told] == [False, True]
    assert told[0]["read_at"]
    assert told[1]["author"] == "企业"
    assert firm.read(ticket)["timeline"][-1]["kind"] == "message"


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("officer.finance", 201),
        ("head.finance", 201),
        ("intake", 201),
        ("dispatcher", 403),
        ("leader", 403),
        ("supervisor", 403),
        ("officer.land", 404),
        ("auditor", 404),
    ],
)
def test_who_may_write(staff, who, status):
    assert staff(who).move(here(), "messages", {"text": "您好"}).status_code == status


def test_bad_words(staff, anybody):
    ticket, officer = here(), staff("officer.finance")
    for body in ({}, {"text": ""}, {"text": "   "}, {"text": "字" * 2001}, {"text": ["a"]}):
        assert officer.move(ticket, "messages", body).status_code == 422
    assert anybody.move(ticket, "messages", {"text": "您好"}).status_code == 404


def test_the_head_is_shown_the_firm_and_nobody_else(staff):
    ticket = here(shielded=True)
    head, officer = staff("head.finance"), staff("officer.finance")
    assert head.read(ticket)["enterprise"]["name"] == "身份保密企业"
    assert head.move(ticket, "reveal", {"reason": "要看"}).status_code == 422
    assert officer.move(ticket, "reveal", {"reason": WHY}).status_code == 403
    assert staff("officer.land").move(ticket, "reveal", {"reason": WHY}).status_code == 404
    shown = head.move(ticket, "reveal", {"reason": WHY})
    assert shown.status_code == 200
    assert shown.json()["until"]
    assert head.read(ticket)["enterprise"]["name"] == "衢州安捷线束有限公司"
    assert head.read(ticket)["contact"]["phone"] == "13800000000"
    assert officer.read(ticket)["enterprise"]["name"] == "身份保密企业"
    assert head.move(ticket, "reveal", {"reason": WHY}).status_code == 409
    assert head.get("tickets/").json()["results"][0]["enterprise"] == "身份保密企业"
    told = firm_of(ticket).read(ticket)["timeline"][-1]
    assert (told["kind"], told["text"]) == ("reveal", WHY)
