"""One-time codes: asked for, sent, redeemed. What is answered never tells whether a phone is known here."""

from __future__ import annotations

import hmac
import os
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from qihu import phones
from qihu.accounts.models import Contact
from qihu.audit.models import Action
from qihu.audit.record import record
from qihu.crypto import keyed
from qihu.errors import Invalid, Locked
from qihu.signin.models import Count, OneTimeCode
from qihu.signin.sending import send_code

LIVES = timedelta(minutes=5)
TRIES = 5
AGAIN = timedelta(seconds=60)
_HOUR, _DAY, _QUARTER = timedelta(hours=1), timedelta(days=1), timedelta(minutes=15)
_WRONG_PER_ADDRESS = 30
_WRONG = "验证码不对，请核对最新收到的一条短信。"
_VOID = "输错次数太多，这个验证码已作废。请重新获取。"


@dataclass(frozen=True, slots=True)
class Sent:
    """A code is on its way. `shown`: the code itself, in the demo organisation without an SMS provider, else ""."""

    shown: str = ""


def issue(*, phone: str, address: str, at: datetime) -> Sent:
    """Send a new code to a normal mobile phone; older ones can no longer be used.

    Raises `Locked` for who asks too often (phone, address, everybody together), `Unsent` where it could not be sent.
    """
    code = f"{secrets.randbelow(10**6):06d}"
    row = _written(phone, code, address=address, at=at)
    try:
        return Sent(send_code(phone, code, key=f"code-{row.pk}"))
    except Exception:
        OneTimeCode.objects.filter(pk=row.pk).delete()
        raise


@transaction.atomic
def _written(phone: str, code: str, *, address: str, at: datetime) -> OneTimeCode:
    """Counted and kept in one transaction: what is refused counts for nothing."""
    _limit("phone", phone, 1, AGAIN, at, "验证码已发送，请看短信。没有收到的话，{wait}后可以再要一次。")
    _limit("phone-hour", phone, 5, _HOUR, at, "这个手机号要验证码太频繁，请 {wait}后再试。")
    _limit("phone-day", phone, 10, _DAY, at, "这个手机号今天要验证码太多次，请 {wait}后再试。")
    _limit("address", address, settings.CODES_PER_ADDRESS, _HOUR, at, "您所在的网络要验证码太频繁，请 {wait}后再试。")
    _limit("everybody", "", settings.CODES_PER_HOUR, _HOUR, at, "现在要验证码的人太多，请 {wait}后再试。")
    _forget(at)
    salt = os.urandom(16)
    return OneTimeCode.objects.create(
        phone_index=phones.index(phone),
        salt=salt,
        digest=_digest(phone, code, salt),
        made_at=at,
        expires_at=at + LIVES,
    )


def redeem(*, phone: str, code: str, address: str, at: datetime) -> Contact:
    """The person whose phone received `code`. Raises `Invalid` (field `code`) or, after too many tries, `Locked`.

    A wrong try is counted even though it is refused: it is committed before the refusal is raised.
    """
    _refuse_guesser(address, at)
    typed = "".join(unicodedata.normalize("NFKC", code).split())
    found = _tried(phone, typed, at=at)
    if isinstance(found, Contact):
        return found
    with transaction.atomic():
        Count.objects.hit(digest=_count_key("wrong", address), window=_QUARTER, at=at)
    raise found


@transaction.atomic
def _tried(phone: str, typed: str, *, at: datetime) -> Contact | Invalid | Locked:
    """Locked row by row, so that two tries at once are two tries, and two right ones one."""
    newest = OneTimeCode.objects.filter(phone_index=phones.index(phone)).order_by("-pk")
    row = newest.select_for_update().first()
    expected = bytes(row.digest) if row else bytes(32)
    fits = hmac.compare_digest(expected, _digest(phone, typed, bytes(row.salt) if row else bytes(16)))
    if row is None:
        return _wrong(_WRONG)
    if row.tries >= TRIES:
        return _void(row, at)
    if fits and row.used_at is not None:
        return _wrong("这个验证码已经用过，请重新获取。")
    if fits and row.expires_at <= at:
        return _wrong("验证码已过期（5 分钟内有效），请重新获取。")
    if not fits:
        return _miss(row, at)
    row.used_at = at
    row.save(update_fields=["used_at"])
    contact = Contact.objects.by_phone(phone)
    contact.confirmed_at = at
    contact.save(update_fields=["confirmed_at"])
    return contact


def _miss(row: OneTimeCode, at: datetime) -> Invalid | Locked:
    row.tries += 1
    row.save(update_fields=["tries"])
    if row.tries < TRIES:
        return _wrong(_WRONG)
    record(Action.LOCKED_OUT, actor=None, kind="code", key=row.pk, at=at)
    return _void(row, at)


def _wrong(said: str) -> Invalid:
    return Invalid(said, code="wrong-code", fields={"code": said})


def _void(row: OneTimeCode, at: datetime) -> Locked:
    return Locked(_VOID, retry_after=max(1, int((row.made_at + AGAIN - at).total_seconds())))


def _digest(phone: str, code: str, salt: bytes) -> bytes:
    return keyed("one-time-code", f"{phone}|{salt.hex()}|{code}")


def _count_key(scope: str, value: str) -> bytes:
    return keyed("sign-in-count", f"{scope}|{value}")


def _limit(scope: str, value: str, most: int, window: timedelta, at: datetime, said: str) -> None:
    hits, until = Count.objects.hit(digest=_count_key(scope, value), window=window, at=at)
    if hits > most:
        seconds = int((until - at).total_seconds()) + 1
        wait = f"{seconds} 秒" if seconds <= 90 else f"{-(-seconds // 60)} 分钟"
        raise Locked(said.format(wait=wait), retry_after=seconds)


def _refuse_guesser(address: str, at: datetime) -> None:
    row = Count.objects.filter(digest=_count_key("wrong", address), until__gt=at).first()
    if row and row.hits >= _WRONG_PER_ADDRESS:
        seconds = int((row.until - at).total_seconds()) + 1
        raise Locked("输错次数较多，请一刻钟后再试。", retry_after=seconds)


def _forget(at: datetime) -> None:
    """What no longer matters goes, a little with each new code."""
    old = OneTimeCode.objects.filter(expires_at__lt=at - _DAY).values("pk")[:20]
    OneTimeCode.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()
    Count.objects.filter(
        pk__in=list(Count.objects.filter(until__lt=at - _DAY).values_list("pk", flat=True)[:20])
    ).delete()
