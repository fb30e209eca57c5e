"""The firm's page behind a confirmation link."""

from __future__ import annotations

import pytest

from tests import make
from tests.tickets.test_entry import AT, HOUR, entered, heard, link
from tickets.models import Confirmation, Event
from tickets.pages.firm import confirm

pytestmark = pytest.mark.django_db


@pytest.fixture
def hour(monkeypatch):
    class Hand:
        at = AT + HOUR

    monkeypatch.setattr(confirm, "now", lambda: Hand.at)
    return Hand


@pytest.fixture
def ticket(cast, hour):
    return entered(cast.as_intake, of=heard("visit", detail="内部备注")).ticket


def test_the_firm_reads_what_was_entered_and_confirms_it(ticket, phone):
    path = f"/c/{link(ticket)}/"
    page = phone.get(path)
    words = page.content.decode()
    assert make.TEXT in words
    assert "138****0000" in words
    assert "13800000000" not in words
    assert "内部备注" not in words
    assert page["Referrer-Policy"] == "no-referrer"
    assert "no-store" in page["Cache-Control"]
    assert phone.get(f"/t/{ticket.number}/").status_code == 404  # looking holds nothing
    answer = phone.post(path, {"state": "confirmed"})
    assert (answer.status_code, answer["Location"]) == (303, f"/t/{ticket.number}/")
    assert phone.get(f"/t/{ticket.number}/").status_code == 200


def test_a_used_an_expired_and_a_guessed_link_show_nothing(ticket, phone, stranger, hour):
    path = f"/c/{link(ticket)}/"
    phone.post(path, {"state": "confirmed"})
    for method in (stranger.get, stranger.post):
        answer = method(path, {"state": "denied"})
        assert answer.status_code == 410
        assert make.TEXT not in answer.content.decode()
    assert Confirmation.objects.get().state == "confirmed"
    assert stranger.get(f"/t/{ticket.number}/").status_code == 404
    assert stranger.get(f"/c/{'a' * 26}/").status_code == 404
    Confirmation.objects.update(state="waiting", answered_at=None, expires_at=hour.at)
    assert stranger.get(path).status_code == 410


def test_the_link_is_not_the_access_code(ticket, stranger):
    answer = stranger.post("/t/", {"number": ticket.number, "code": link(ticket)})
    assert answer.status_code in {404, 422}


def test_a_correction_without_words_is_told_beside_the_field(ticket, phone):
    path = f"/c/{link(ticket)}/"
    page = phone.post(path, {"state": "corrected", "text": ""})
    assert page.status_code == 422
    assert "请写明要更正什么" in page.content.decode()
    assert phone.post(path, {"text": "x"}).status_code == 422
    assert phone.post(path, {"state": "corrected", "text": "缺口是1800万元"}).status_code == 303
    assert "缺口是1800万元" in phone.page(ticket)


def test_not_mine_leaves_the_phone_without_the_request(ticket, phone):
    answer = phone.post(f"/c/{link(ticket)}/", {"state": "denied"})
    assert answer.status_code == 200
    assert "已转告服务中心" in answer.content.decode()
    assert phone.get(f"/t/{ticket.number}/").status_code == 404
    assert Event.objects.get(ticket=ticket, kind="confirm").data == {"op": "denied"}
