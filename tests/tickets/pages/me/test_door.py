"""The door of a firm's account: the code on the page of the demo only, limits told kindly, sessions kept apart."""

from __future__ import annotations

import logging

import pytest
from django.core import signing

from qihu.signin import sessions
from qihu.signin.models import Count, FirmSession, OneTimeCode
from tests import make
from tests.conftest import PASSWORD
from tests.firms import PHONES, firm, person
from tests.people import user
from tests.tickets.pages.me.conftest import Signed, shown_code

pytestmark = pytest.mark.django_db
PHONE = PHONES["李娜"]


def test_sign_in_by_code_and_what_the_phone_submitted_is_there(browser):
    before = make.submitted()
    page = browser("李娜").text("/me/")
    assert before.number in page
    assert before.filing.title in page


def test_the_code_is_shown_in_the_demo_only(browser, settings):
    answer = browser().ask(PHONE)
    assert "演示环境" in answer.content.decode()
    assert shown_code(answer)
    settings.DEMO = False
    other = browser().ask(PHONES["王强"])
    assert other.status_code == 503
    assert "demo-code" not in other.content.decode()


def test_no_log_line_has_the_code_or_the_phone(browser, caplog):
    with caplog.at_level(logging.DEBUG):
        phone = browser()
        code = shown_code(phone.ask(PHONE))
        phone.post("/me/code/", {"phone": PHONE, "code": code})
    said = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("django.db"))
    assert code not in said
    assert PHONE not in said


def test_a_known_phone_and_an_unknown_one_get_the_same_page(browser):
    firm(person())
    known, unknown = browser().ask(PHONE), browser().ask("13511112222")
    strip = lambda answer, phone: answer.content.decode().replace(phone, "P").replace(shown_code(answer), "C")  # noqa: E731
    one, other = strip(known, PHONE), strip(unknown, "13511112222")
    assert _plain(one) == _plain(other)


def _plain(page: str) -> str:
    return "".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)


def test_asked_again_too_soon_the_page_still_takes_the_code(browser):
    phone = browser()
    code = shown_code(phone.ask(PHONE))
    soon = phone.ask(PHONE)
    assert soon.status_code == 429
    assert int(soon["Retry-After"]) <= 60
    assert 'name="code"' in soon.content.decode()
    assert phone.post("/me/code/", {"phone": PHONE, "code": code}).status_code == 303


def test_wrong_and_void_codes_are_told_beside_the_field(browser):
    phone = browser()
    code = shown_code(phone.ask(PHONE))
    typed = f"{(int(code) + 1) % 10**6:06d}"
    answers = [phone.post("/me/code/", {"phone": PHONE, "code": typed}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [422] * 4 + [429]
    assert 'id="id_code_error"' in answers[0].content.decode()
    assert "作废" in answers[4].content.decode()
    assert phone.post("/me/code/", {"phone": PHONE, "code": code}).status_code == 429
    assert sessions.COOKIE not in phone.cookies


@pytest.mark.parametrize(("typed", "said"), [("0570-3021234", "座机"), ("123", "11 位手机号"), ("", "请填写手机号")])
def test_a_phone_that_gets_no_code_is_told_so(browser, typed, said):
    answer = browser().ask(typed)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not OneTimeCode.objects.exists()


def test_the_cookie_is_for_the_server_only_and_a_new_key_each_time(browser, settings):
    settings.SESSION_COOKIE_SECURE = True
    settings.CODES_PER_ADDRESS = 100
    phone = browser("李娜")
    first = phone.cookies[sessions.COOKIE]
    assert (first["httponly"], first["secure"], first["samesite"]) == (True, True, "Lax")
    assert (first["max-age"], first["expires"]) == ("", ""), "until the browser is closed"
    kept = Signed()
    kept.cookies[sessions.COOKIE] = first.value
    person("王强")
    kept.sign_in("王强", keep="on")
    second = kept.cookies[sessions.COOKIE]
    assert second.value != first.value
    assert second["max-age"] == 30 * 86400
    assert phone.get("/me/").content.decode().count("获取验证码") == 1, "the key it had before has ended"


def test_two_browsers_with_the_same_phone_and_sign_out_everywhere(browser):
    one = browser("李娜")
    Count.objects.all().delete()
    two = browser("李娜")
    assert FirmSession.objects.count() == 2
    one.post("/me/out/")
    assert "获取验证码" in one.text("/me/")
    assert "我的诉求" in two.text("/me/")
    Count.objects.all().delete()
    three = browser("李娜")
    two.post("/me/out/", {"everywhere": "1"})
    assert "获取验证码" in three.text("/me/")


def test_a_staff_session_and_a_firms_never_mix(browser, client):
    phone = browser("李娜")
    assert phone.get("/desk/").status_code == 302, "a firm's session opens no desk"
    assert phone.get("/admin/", follow=True).redirect_chain
    assert phone.post("/login/", {"username": "officer.finance", "password": PASSWORD}).status_code == 302
    assert phone.get("/desk/").status_code == 200
    assert "我的诉求" in phone.text("/me/")
    phone.post("/me/out/")
    assert phone.get("/desk/").status_code == 200, "signing out as a firm leaves the staff session"
    client.force_login(user("officer.finance"), "django.contrib.auth.backends.ModelBackend")
    assert "获取验证码" in client.get("/me/").content.decode(), "a staff session opens no firm's account"


def test_a_forged_cookie_opens_nothing(browser):
    for forged in (signing.dumps(1), sessions.BEARER + "x" * 43, "\x00", ""):
        phone = browser()
        phone.cookies[sessions.COOKIE] = forged
        assert "获取验证码" in phone.text("/me/")


@pytest.mark.parametrize(
    ("given", "to"),
    [
        ("/q/DEMO/", "/q/DEMO/"),
        ("//evil.example/", "/me/"),
        ("https://evil.example/", "/me/"),
        ("javascript:x", "/me/"),
    ],
)
def test_after_signing_in_one_comes_back_to_a_page_of_ours_only(browser, given, to):
    phone = browser()
    code = shown_code(phone.ask(PHONE))
    assert phone.post("/me/code/", {"phone": PHONE, "code": code, "next": given})["Location"] == to


def test_pages_of_the_account_ask_to_sign_in(browser):
    for path in ("/me/firms/", "/me/claim/", "/me/firms/1/"):
        answer = browser().get(path)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/me/?next=")
    for path in ("/me/out/", "/me/firms/1/invite/", "/me/invitations/1/accept/"):
        assert browser().post(path)["Location"] == "/me/"
