"""The form of a QR code: filing once, whatever the phone does, and losing nothing that was typed."""

from __future__ import annotations

import uuid
from datetime import timedelta
from html import unescape

import pytest

from tests import make
from tickets.models import QRCode, Ticket
from tickets.services import codes
from tickets.workflow import Status

pytestmark = pytest.mark.django_db


def page_of(answer) -> str:
    return unescape(answer.content.decode())


def test_a_firm_scans_files_and_sees_its_receipt(phone, monday):
    shown = page_of(phone.get("/q/DEMO-CAPITAL/"))
    assert 'value="capital" checked' in shown
    assert "说不准" in shown
    answer = phone.file()
    ticket = Ticket.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/t/{ticket.number}/")
    assert (ticket.chain_tag_id, ticket.region_id, ticket.status) == ("capital", "330800", Status.SUBMITTED)
    assert ticket.filing.contact_phone == "13800000000"
    receipt = phone.page(ticket)
    assert codes.access_code(ticket.number) in receipt
    assert 'data-draft-done="DEMO-CAPITAL"' in receipt
    assert "data-draft-done" not in phone.page(ticket), "an old receipt must not clear a new draft"


def test_the_firm_may_change_or_open_the_tag_and_name_its_county(phone):
    phone.file(chain_tag="talent", region="330881", shielded="on")
    ticket = Ticket.objects.get()
    assert (ticket.chain_tag_id, ticket.region_id, ticket.shielded) == ("talent", "330881", True)
    phone.file("DEMO", chain_tag="")
    assert Ticket.objects.latest("pk").chain_tag_id is None


def test_double_tap_reload_and_back_make_one_request(phone, stranger):
    typed = phone.typed()
    first = phone.post("/q/DEMO-CAPITAL/", typed)
    again = phone.post("/q/DEMO-CAPITAL/", typed)
    elsewhere = stranger.post("/q/DEMO-CAPITAL/", typed | {"contact_phone": "13800000000"})
    assert first["Location"] == again["Location"] == elsewhere["Location"]
    assert Ticket.objects.count() == 1


def test_the_same_key_with_other_words_is_told_and_the_next_press_is_a_new_request(phone):
    typed = phone.typed()
    phone.post("/q/DEMO-CAPITAL/", typed)
    answer = phone.post("/q/DEMO-CAPITAL/", typed | {"text": "另外一件事：厂区门口道路积水。"})
    assert answer.status_code == 422
    assert "内容不同" in page_of(answer)
    assert "厂区门口道路积水" in page_of(answer)
    fresh = answer.context["key"]
    assert fresh != typed["key"]
    answer = phone.post("/q/DEMO-CAPITAL/", typed | {"text": "另外一件事：厂区门口道路积水。", "key": fresh})
    assert answer.status_code == 303
    assert Ticket.objects.count() == 2


def test_going_back_finds_the_form_as_it_was(phone):
    kept = phone.get("/q/DEMO/")["Cache-Control"]
    assert "private" in kept
    assert "no-store" not in kept


@pytest.mark.parametrize("key", ["", "1", "../../etc/passwd", "x" * 5000])
def test_a_key_that_is_no_uuid_is_replaced(phone, stranger, key):
    assert phone.file(key=key).status_code == 303
    assert stranger.file(key=key).status_code == 303
    assert Ticket.objects.count() == 2, "what everybody could type must not join strangers' requests"


def test_an_empty_form_is_told_beside_each_field(phone):
    answer = phone.post("/q/DEMO/", {"key": str(uuid.uuid4())})
    shown = page_of(answer)
    assert answer.status_code == 422
    assert "有 4 处需要改一下" in shown
    for field in ("text", "enterprise_name", "contact_name", "contact_phone"):
        assert f'id="id_{field}_error"' in shown
    assert not Ticket.objects.exists()


def test_nothing_typed_is_lost(phone):
    key = str(uuid.uuid4())
    typed = {"uscc": "91330800MA28F00L57", "contact_phone": "12", "region": "330881", "shielded": "on"}
    shown = page_of(phone.file(chain_tag="talent", key=key, **typed))
    for kept in (make.TEXT, "衢州安捷线束有限公司", "91330800MA28F00L57", 'value="12"', "李娜", key):
        assert kept in shown
    assert 'value="talent" checked' in shown
    assert 'value="330881" selected' in shown
    assert 'name="shielded" id="id_shielded" checked' in shown.replace(' aria-invalid="true"', "")


def test_over_long_text_is_told_with_both_numbers_and_kept(phone):
    answer = phone.file(text="长" * 2001)
    assert answer.status_code == 422
    assert "最多 2000 个字，现在有 2001 个字" in page_of(answer)
    assert "长" * 2001 in page_of(answer)
    assert phone.file(text="一行\r\n" * 600 + "长" * 200).status_code == 303, "a line break is one character"


@pytest.mark.parametrize("text", ["水", "      ", "\r\n\r\n"])
def test_a_text_that_says_nothing_is_refused(phone, text):
    assert 'id="id_text_error"' in page_of(phone.file(text=text))


@pytest.mark.parametrize(
    ("uscc", "said"),
    [
        ("91330800MA28F00", "18 位"),
        ("9133080OMA28F00L57", "不含 I、O、S、V、Z"),
        ("91330800MA28F00L51", "校验位对不上"),
    ],
)
def test_a_wrong_credit_code_is_told(phone, uscc, said):
    answer = phone.file(uscc=uscc)
    assert answer.status_code == 422
    assert said in page_of(answer)
    assert ("代码无误</b>" in page_of(answer)) == (said == "校验位对不上")
    assert uscc in page_of(answer)


def test_a_failing_check_digit_passes_once_confirmed_but_a_wrong_letter_never(phone):
    assert phone.file(uscc="91330800ma28f00l51", uscc_confirmed="on").status_code == 303
    assert Ticket.objects.get().filing.uscc == "91330800MA28F00L51"
    assert phone.file(uscc="9133080OMA28F00L57", uscc_confirmed="on").status_code == 422


@pytest.mark.parametrize(
    ("field", "forged"),
    [("chain_tag", "gold"), ("chain_tag", "' OR 1=1"), ("region", "110000"), ("region", "330881001")],
)
def test_a_forged_tag_or_region_is_a_field_error(phone, field, forged):
    answer = phone.file(**{field: forged})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Ticket.objects.exists()


def test_fields_the_form_does_not_have_change_nothing(phone):
    phone.file(category="SRV-04", urgent="on", test="on", difficulty="L4", channel="leader")
    ticket = Ticket.objects.get()
    assert (
        ticket.category_id,
        ticket.urgent,
        ticket.test,
        ticket.difficulty,
        ticket.channel,
        ticket.restricted,
    ) == (None, False, False, "L2", "qr", False)


def test_a_flood_is_refused_before_it_is_read(phone):
    assert phone.file(text="水" * 600_000).status_code == 400


def test_null_bytes_are_refused_not_a_crash(phone):
    assert phone.file(text="五个字以上\x00的内容").status_code == 422


def test_unknown_revoked_and_expired_codes(phone, monday):
    assert phone.get("/q/NOPE/").status_code == 404
    assert phone.get("/q/%00/").status_code == phone.get("/q/二维码/").status_code == 404
    assert phone.file("NOPE").status_code == 404
    codes.revoke_qr(code="DEMO-TALENT", at=monday.at)
    QRCode.objects.filter(code="DEMO-SERVICE").update(expires_at=monday.at)
    QRCode.objects.filter(code="DEMO-INDUSTRY").update(expires_at=monday.at + timedelta(seconds=1))
    for code in ("DEMO-TALENT", "DEMO-SERVICE"):
        assert phone.get(f"/q/{code}/").status_code == 410
        assert phone.file(code).status_code == 410
        assert "已停用" in page_of(phone.get(f"/q/{code}/"))
    assert phone.get("/q/DEMO-INDUSTRY/").status_code == 200
    assert not Ticket.objects.exists()


def test_what_was_typed_is_shown_as_text(phone):
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
    phone.file(text=f"我们厂{evil}", enterprise_name=f"厂{evil}", contact_name="<b>李</b>")
    ticket = Ticket.objects.get()
    for shown in (phone.page(ticket), phone.get("/").content.decode()):
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown
    assert "&lt;script&gt;alert(1)" in phone.page(ticket)
    assert "<script>alert" not in phone.file(text=evil, contact_phone="1").content.decode()


def test_a_form_without_its_token_is_refused(phone):
    strict = type(phone)(enforce_csrf_checks=True)
    assert strict.post("/q/DEMO/", phone.typed()).status_code == 403
    token = strict.get("/q/DEMO/").context["csrf_token"]
    assert strict.post("/q/DEMO/", phone.typed(csrfmiddlewaretoken=str(token))).status_code == 303


def test_every_page_carries_the_strict_policy(phone):
    phone.file()
    number = Ticket.objects.get().number
    for address in (
        "/",
        "/q/DEMO/",
        "/q/NOPE/",
        "/t/",
        f"/t/{number}/",
        f"/t/{number}/live/",
        "/t/QH-20260101-000001/",
    ):
        policy = phone.get(address)["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    assert " style=" not in phone.page(Ticket.objects.get())


def test_the_price_of_the_form(phone, django_assert_num_queries):
    phone.get("/q/DEMO-CAPITAL/")
    with django_assert_num_queries(4):  # code, promise book, tags, regions
        phone.get("/q/DEMO-CAPITAL/")


def test_the_price_of_a_submission(phone, stranger, django_assert_num_queries):
    phone.file()
    with django_assert_num_queries(8):  # the code, five of the verb, and the two ends of its transaction
        assert stranger.file().status_code == 303
