"""Codes: the access code that lets a firm read its request, and the QR codes on the wall."""

from __future__ import annotations

import base64
import hmac
import os
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest

from qihu.accounts.models import Region, User
from qihu.crypto import keyed
from qihu.errors import Gone, Locked, Unknown
from tickets.models import QRCode, Ticket, WrongCode

_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_CLEAR = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # no I and O, which look like 1 and 0
_DELAYS = (0, 0, 2, 5, 15)
LOCKED_FOR = timedelta(minutes=15)
_PER_ADDRESS = 40
_NO_MATCH = "编号或查询码不对。查询码在提交成功的页面上，共 8 位。"


def access_code(number: str) -> str:
    """Eight characters, 40 bits, derived from the number under the secret key; only its hash is stored."""
    drawn = base64.b32encode(keyed("access-code", number)[:5]).translate(bytes.maketrans(_PLAIN, _CLEAR)).decode()
    return f"{drawn[:4]}-{drawn[4:]}"


def code_hash(number: str, code: str) -> bytes:
    """Keyed hash of an access code as typed (case and dashes do not matter)."""
    plain = "".join(ch for ch in code.upper() if ch.isalnum())
    return keyed("access-hash", f"{number}:{plain}")


def shown_code(ticket: Ticket) -> str:
    """The access code to show, "" for a request that is read through the firm's account only."""
    return "" if ticket.kept_by_firm else access_code(ticket.number)


def opening_hash(ticket: Ticket) -> bytes:
    """What `access_hash` has to be: of the access code, or of nothing that anybody could type."""
    return os.urandom(32) if ticket.kept_by_firm else code_hash(ticket.number, access_code(ticket.number))


def open_with_code(*, number: str, code: str, address: str, at: datetime) -> Ticket:
    """The request, for whoever types its number and access code.

    Raises `Unknown` for a wrong pair (an unknown number is not told apart) and `Locked` while an address has
    to wait: longer after each wrong code, 15 minutes after five for a number or forty for an address.
    """
    digests = (keyed("wrong-code", f"{number}|{address}"), keyed("wrong-code", f"|{address}"))
    _refuse_while_locked(digests, at)
    ticket = Ticket.objects.for_lists().filter(number=number).first()
    expected = bytes(ticket.access_hash) if ticket else bytes(32)
    if not hmac.compare_digest(expected, code_hash(number, code)) or ticket is None:
        _count_failure(digests, at)
        raise Unknown(_NO_MATCH)
    WrongCode.objects.filter(digest=digests[0]).delete()
    return ticket


def _refuse_while_locked(digests: tuple[bytes, bytes], at: datetime) -> None:
    rows = {bytes(row.digest): row for row in WrongCode.objects.filter(digest__in=digests)}
    for digest, limit in zip(digests, (len(_DELAYS), _PER_ADDRESS), strict=True):
        row = rows.get(digest)
        if row is None:
            continue
        wait = LOCKED_FOR if row.failures >= limit else _delay(row.failures, limit)
        if at < row.last_at + wait:
            seconds = int((row.last_at + wait - at).total_seconds()) + 1
            raise Locked(f"输错次数较多，请 {_words(seconds)}后再试。", retry_after=seconds)


def _delay(failures: int, limit: int) -> timedelta:
    return timedelta(seconds=_DELAYS[failures] if limit == len(_DELAYS) else 0)


def _words(seconds: int) -> str:
    return f"{seconds} 秒" if seconds < 60 else f"{-(-seconds // 60)} 分钟"


@transaction.atomic
def _count_failure(digests: Iterable[bytes], at: datetime) -> None:
    WrongCode.objects.filter(digest__in=digests, last_at__lt=at - LOCKED_FOR).delete()
    for digest in sorted(digests):
        _, fresh = WrongCode.objects.get_or_create(digest=digest, defaults={"failures": 1, "last_at": at})
        if not fresh:
            WrongCode.objects.filter(digest=digest).update(
                failures=F("failures") + 1, last_at=Greatest(F("last_at"), at)
            )


def qr_for_filing(code: str, *, at: datetime) -> QRCode:
    """The QR code to file under. Raises `Unknown`, or `Gone` once it is revoked or expired."""
    try:
        found = QRCode.objects.select_related("region").get(code=code)
    except QRCode.DoesNotExist:
        raise Unknown("没有这个二维码。请核对链接，或从首页提交。") from None
    if found.ended(at):
        raise Gone("这个二维码已停用。请扫描现场的新码，或从首页提交。")
    return found


def open_qr(*, at: datetime) -> QRCode | None:
    """The code behind the front door: the oldest one in force that presets neither tag nor category."""
    plain = QRCode.objects.select_related("region").filter(chain_tag=None, category=None, revoked_at=None)
    return plain.filter(Q(expires_at=None) | Q(expires_at__gt=at)).order_by("pk").first()


def create_qr(
    *, code: str, name: str, region: Region, at: datetime, by: User | None = None, **context: object
) -> QRCode:
    """A new code; `context` may preset `chain_tag`, `category` and `expires_at`."""
    return QRCode.objects.create(code=code, name=name, region=region, created_at=at, created_by=by, **context)


def revoke_qr(*, code: str, at: datetime) -> None:
    """Stop a code; what was filed under it stays."""
    QRCode.objects.filter(code=code, revoked_at=None).update(revoked_at=at)


_DEMO = {
    "DEMO": ("市企服中心大厅", None),
    "DEMO-CAPITAL": ("智造新城东门", "capital"),
    "DEMO-TALENT": ("人才驿站", "talent"),
    "DEMO-INDUSTRY": ("高新园区管委会", "industry"),
    "DEMO-INNOVATION": ("科创中心", "innovation"),
    "DEMO-SERVICE": ("政务服务大厅", "service"),
}


def load_demo_codes(*, at: datetime) -> None:
    """The six codes of the demo organisation. Idempotent."""
    city = Region.objects.get(code="330800")
    for code, (name, tag) in _DEMO.items():
        QRCode.objects.get_or_create(
            code=code, defaults={"name": name, "chain_tag_id": tag, "region": city, "created_at": at}
        )
