"""One-time codes: guessed, replayed, expired, for another phone, asked for too often."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from qihu import phones
from qihu.accounts.models import Contact
from qihu.errors import Invalid, Locked
from qihu.signin import codes
from qihu.signin.models import Count, OneTimeCode
from qihu.signin.sending import Unsent
from tests.firms import code_for
from tests.make import MONDAY

pytestmark = pytest.mark.django_db
PHONE, OTHER = "13800000000", "13900000001"
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def tried(code: str, *, phone: str = PHONE, at=MONDAY + SECOND, address: str = "10.1.1.1") -> Contact:
    return codes.redeem(phone=phone, code=code, address=address, at=at)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def test_a_code_proves_the_phone_once_and_makes_the_person_known():
    code = code_for(PHONE, at=MONDAY)
    assert len(code) == 6
    contact = tried(f" {code[:3]} {code[3:]} ")
    assert (contact.phone, contact.confirmed_at) == (PHONE, MONDAY + SECOND)
    assert tried(code_for(PHONE, at=MONDAY + 2 * MINUTE), at=MONDAY + 2 * MINUTE).pk == contact.pk


def test_nothing_that_is_kept_tells_the_code_or_the_phone():
    code = code_for(PHONE, at=MONDAY)
    row = OneTimeCode.objects.get()
    kept = b"".join(bytes(value) for value in (row.digest, row.salt, row.phone_index))
    assert code.encode() not in kept
    assert PHONE.encode() not in kept
    assert not Count.objects.filter(digest__contains=PHONE.encode()).exists()


def test_replayed():
    code = code_for(PHONE, at=MONDAY)
    tried(code)
    with pytest.raises(Invalid, match="已经用过"):
        tried(code)


def test_expired():
    code = code_for(PHONE, at=MONDAY)
    with pytest.raises(Invalid, match="过期"):
        tried(code, at=MONDAY + 5 * MINUTE)


def test_guessed_five_times_the_code_is_void_even_for_the_right_one():
    code = code_for(PHONE, at=MONDAY)
    for _ in range(4):
        with pytest.raises(Invalid, match="不对"):
            tried(wrong(code))
    with pytest.raises(Locked):
        tried(wrong(code))
    with pytest.raises(Locked, match="作废"):
        tried(code)
    again = code_for(PHONE, at=MONDAY + 2 * MINUTE)
    assert tried(again, at=MONDAY + 2 * MINUTE).phone == PHONE


def test_for_another_phone():
    code = code_for(PHONE, at=MONDAY)
    code_for(OTHER, at=MONDAY)
    with pytest.raises(Invalid):
        tried(code, phone=OTHER)


def test_a_phone_that_never_asked_hears_the_same_as_one_with_a_wrong_code():
    code = code_for(PHONE, at=MONDAY)
    with pytest.raises(Invalid) as known:
        tried(wrong(code))
    with pytest.raises(Invalid) as unknown:
        tried("123456", phone=OTHER)
    assert (known.value.message, known.value.code) == (unknown.value.message, unknown.value.code)


def test_a_new_code_ends_the_older_one():
    first = code_for(PHONE, at=MONDAY)
    code_for(PHONE, at=MONDAY + MINUTE)
    with pytest.raises(Invalid):
        tried(first, at=MONDAY + MINUTE)


def test_asked_too_often_by_phone():
    code_for(PHONE, at=MONDAY)
    with pytest.raises(Locked) as soon:
        code_for(PHONE, at=MONDAY + 59 * SECOND)
    assert 0 < soon.value.retry_after <= 60
    for n in range(1, 5):
        code_for(PHONE, at=MONDAY + n * MINUTE)
    with pytest.raises(Locked, match="频繁"):
        code_for(PHONE, at=MONDAY + 10 * MINUTE)
    assert OneTimeCode.objects.count() == 5


def test_asked_too_often_in_a_day():
    for n in range(10):
        code_for(PHONE, at=MONDAY + timedelta(minutes=31 * n))
    with pytest.raises(Locked, match="今天"):
        code_for(PHONE, at=MONDAY + timedelta(minutes=31 * 10))


def test_asked_too_often_by_address_and_by_everybody(settings):
    settings.CODES_PER_ADDRESS = 2
    for n in range(2):
        code_for(f"1380000000{n}", at=MONDAY)
    with pytest.raises(Locked, match="网络"):
        code_for("13800000009", at=MONDAY)
    settings.CODES_PER_HOUR = 3
    code_for("13800000008", at=MONDAY, address="10.2.2.2")
    with pytest.raises(Locked, match="太多"):
        code_for("13800000007", at=MONDAY, address="10.3.3.3")
    code_for("13800000007", at=MONDAY + timedelta(hours=1), address="10.3.3.3")


def test_an_address_that_guesses_across_phones_is_locked():
    for n in range(30):
        with pytest.raises(Invalid):
            tried("123456", phone=f"138000000{n:02d}")
    code = code_for(PHONE, at=MONDAY)
    with pytest.raises(Locked):
        tried(code)
    assert tried(code, address="10.9.9.9").phone == PHONE


def test_outside_the_demo_a_missing_provider_says_so_and_shows_nothing(settings):
    settings.DEMO = False
    with pytest.raises(Unsent) as refused:
        code_for(PHONE, at=MONDAY)
    assert not any(ch.isdigit() for ch in refused.value.message)
    assert not OneTimeCode.objects.exists()


@pytest.mark.parametrize(
    ("typed", "code"), [("0570-3021234", "landline"), ("400 8001234", "landline"), ("12", "mobile")]
)
def test_a_landline_cannot_receive_codes(typed, code):
    with pytest.raises(ValidationError) as refused:
        phones.mobile(typed)
    assert refused.value.code == code


def test_a_phone_is_read_however_it_was_typed():
    assert {phones.mobile(t) for t in ("138-0000-0000", "+86 13800000000", "１３８００００００００")} == {PHONE}
