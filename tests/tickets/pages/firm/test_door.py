"""Who sees a receipt: the phone that filed, and whoever types number and access code."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import signing

from qihu.address import address
from qihu.crypto import keyed
from tests import make
from tests.tickets.pages.firm.conftest import Phone, make_code
from tickets.models import Ticket
from tickets.pages.firm import held

pytestmark = pytest.mark.django_db


def plain(answer) -> str:
    """The body without what differs by design: the form's token."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())


def test_a_strangers_number_looks_like_one_that_does_not_exist(stranger):
    ticket = make.submitted()
    theirs, nobodys = stranger.get(f"/t/{ticket.number}/"), stranger.get("/t/QH-20991231-000009/")
    assert theirs.status_code == nobodys.status_code == 404
    assert plain(theirs).replace(ticket.number, "N") == plain(nobodys).replace("QH-20991231-000009", "N")
    assert ticket.filing.title not in plain(theirs)
    for path in ("live/", "urge/", "rate/"):
        assert stranger.get(f"/t/{ticket.number}/{path}", follow=True).status_code == 404
    assert stranger.post(f"/t/{ticket.number}/withdraw/").status_code == 404
    assert make.fresh(ticket).is_open


def test_a_stranger_costs_no_query(stranger, django_assert_num_queries):
    ticket = make.submitted()
    with django_assert_num_queries(0):
        stranger.get(f"/t/{ticket.number}/")


def test_number_and_code_open_it_however_they_were_copied(monday):
    ticket = make.submitted()
    code = make_code(ticket)
    wide = "".join(chr(ord(ch) + 0xFEE0) if ch.isalnum() else ch for ch in code)
    number = ticket.number.lower().replace("-", "")
    for typed in (
        {"number": number, "code": code.lower().replace("-", " ")},
        {"number": f" {ticket.number} ", "code": wide},
    ):
        phone = Phone()
        answer = phone.post("/t/", typed)
        assert (answer.status_code, answer["Location"]) == (303, f"/t/{ticket.number}/")
        assert code in phone.page(ticket)


def test_a_wrong_code_is_told_beside_the_field_and_the_number_stays(stranger, monday):
    ticket = make.submitted()
    answer = stranger.post(f"/t/{ticket.number}/", {"number": ticket.number, "code": "AAAA-AAAA"})
    shown = answer.content.decode()
    assert answer.status_code == 404
    assert 'id="id_code_error"' in shown
    assert f'value="{ticket.number}"' in shown
    nobody = stranger.post("/t/QH-20991231-000009/", {"number": "QH-20991231-000009", "code": "AAAA-AAAA"})
    assert plain(nobody).replace("QH-20991231-000009", "N") == plain(answer).replace(ticket.number, "N")
    assert stranger.post("/t/", {"number": "", "code": ""}).status_code == 422


def test_guessed_codes_lock_the_guesser_but_never_the_holders_open_page(phone, stranger, monday):
    ticket = make.submitted()
    phone.open(ticket)
    for _ in range(5):
        assert stranger.post("/t/", {"number": ticket.number, "code": "WRONG-CODE"}).status_code == 404
        monday.at += timedelta(seconds=20)
    locked = stranger.post("/t/", {"number": ticket.number, "code": make_code(ticket)})
    assert locked.status_code == 429
    assert 0 < int(locked["Retry-After"]) <= 900
    assert 'id="id_code_error"' in locked.content.decode()
    assert ticket.filing.title in phone.page(ticket)
    neighbour = Phone(REMOTE_ADDR="10.9.8.7")
    assert neighbour.post("/t/", {"number": ticket.number, "code": make_code(ticket)}).status_code == 303
    monday.at += timedelta(minutes=15)
    stranger.open(ticket)


def test_quick_guesses_are_slowed(stranger, monday):
    ticket = make.submitted()
    typed = {"number": ticket.number, "code": "WRONG-CODE"}
    assert [stranger.post("/t/", typed).status_code for _ in range(3)] == [404, 404, 429]


def test_behind_our_proxy_the_lock_counts_the_real_address_not_a_forged_one(rf, settings):
    seen = rf.get("/", HTTP_X_FORWARDED_FOR="6.6.6.6, 203.0.113.7", REMOTE_ADDR="10.0.0.1")
    settings.AXES_IPWARE_PROXY_COUNT = None
    assert address(seen) == "10.0.0.1"
    settings.AXES_IPWARE_PROXY_COUNT = 1
    assert address(seen) == "203.0.113.7"
    assert address(rf.get("/", REMOTE_ADDR="10.0.0.1")) == "10.0.0.1"


def test_the_cookie_is_for_the_server_only_and_says_nothing_by_itself(phone, monday, settings):
    settings.SESSION_COOKIE_SECURE = True
    phone.file()
    ticket = Ticket.objects.get()
    cookie = phone.cookies[held.COOKIE]
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
    assert make_code(ticket) not in str(signing.loads(cookie.value, salt="qihu.held"))
    forged = signing.dumps([[ticket.number, "0" * 24]], salt="qihu.held")
    for bad in (forged, cookie.value[:-1] + "x", "rubbish", ""):
        other = Phone()
        other.cookies[held.COOKIE] = bad
        assert other.get(f"/t/{ticket.number}/").status_code == 404


def test_a_changed_code_takes_the_request_away(phone):
    ticket = make.submitted()
    phone.open(ticket)
    Ticket.objects.filter(pk=ticket.pk).update(access_hash=keyed("access-hash", "another"))
    assert phone.get(f"/t/{ticket.number}/").status_code == 404
    assert ticket.number not in phone.get("/").content.decode()


def test_a_phone_keeps_the_last_twenty(phone):
    filed = [make.submitted() for _ in range(22)]
    for ticket in filed:
        phone.open(ticket)
    assert phone.get(f"/t/{filed[1].number}/").status_code == 404
    assert phone.get(f"/t/{filed[2].number}/").status_code == 200
    assert len(phone.cookies[held.COOKIE].value) < 2000


def test_the_start_page_shows_what_this_phone_holds_until_told_to_forget(phone, stranger):
    ticket = make.submitted()
    phone.open(ticket)
    assert ticket.filing.title in phone.get("/").content.decode()
    assert ticket.filing.title not in stranger.get("/").content.decode()
    phone.post("/forget/")
    assert ticket.filing.title not in phone.get("/").content.decode()
    assert phone.get(f"/t/{ticket.number}/").status_code == 404


def test_the_start_page_promises_what_the_promise_book_says(phone, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):
        shown = phone.get("/").content.decode()
    assert "2 个工作小时内有人联系您" in shown
    assert "一般 5 个工作日内答复" in shown
    assert 'href="/q/DEMO/"' in shown


def test_pages_with_a_request_are_never_kept_by_caches(phone):
    ticket = make.submitted()
    phone.open(ticket)
    for path in ("", "live/"):
        assert "no-store" in phone.get(f"/t/{ticket.number}/{path}")["Cache-Control"]
