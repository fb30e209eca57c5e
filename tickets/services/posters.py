"""QR codes on walls: who puts them up, and what is printed."""

from __future__ import annotations

import io
import secrets
import zlib
from collections.abc import Iterator
from datetime import datetime

import segno
from django.db import IntegrityError, transaction

from qihu.accounts.models import Role, User
from qihu.errors import Forbidden, Invalid
from tickets.access import regions_of
from tickets.models import QRCode
from tickets.services.codes import create_qr

_CENTRE = frozenset({Role.INTAKE, Role.DISPATCHER, Role.DIRECTOR})
_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # nothing that is misread on a wall
_QUIET = 4  # modules of white around the code (ISO/IEC 18004)
_A5 = (420, 595)  # points
_SIDE = 300  # points, quiet zone included: readable from two metres


def keeper(user: User) -> None:
    """Raises `Forbidden` for who is not of a service centre."""
    if not user.roles() & _CENTRE:
        raise Forbidden("二维码由企业综合服务中心管理。")


def put_up(
    *,
    by: User,
    at: datetime,
    code: str,
    name: str,
    region: str,
    chain_tag_id: str | None,
    category_id: str | None,
    expires_at: datetime | None,
) -> QRCode:
    """A new code in a region of one's own; drawn at random where none is given.

    Raises `Forbidden` for another region, `Invalid` for a code in use and a date that has passed.
    """
    keeper(by)
    place = regions_of(by).filter(pk=region).first()
    if place is None:
        raise Forbidden("不能在其他区划设二维码。")
    if expires_at is not None and expires_at <= at:
        raise Invalid("失效时间已过。", fields={"expires_at": "请填写将来的时刻。"})
    context = {"chain_tag_id": chain_tag_id, "category_id": category_id, "expires_at": expires_at}
    try:
        with transaction.atomic():
            made = create_qr(code=code or drawn(), name=name, region=place, at=at, by=by, **context)
    except IntegrityError:  # the one constraint that a checked body can break: the code is unique
        raise Invalid("这个代码已经用过。", fields={"code": "这个代码已经用过，请换一个。"}) from None
    return made


def drawn() -> str:
    """A code nobody can guess from another: 31⁷ of them."""
    return "Q-" + "".join(secrets.choice(_ALPHABET) for _ in range(7))


def svg(url: str) -> bytes:
    """The plain code, scaling with whatever shows it."""
    out = io.BytesIO()
    _code(url).save(out, kind="svg", border=_QUIET, omitsize=True, light="#fff", xmldecl=False)
    return out.getvalue()


def png(url: str) -> bytes:
    """The plain code, 12 pixels a module: about 500 pixels wide."""
    out = io.BytesIO()
    _code(url).save(out, kind="png", border=_QUIET, scale=12)
    return out.getvalue()


def pdf(url: str) -> bytes:
    """An A5 sheet with the code as vectors and its address underneath, for printing."""
    content = zlib.compress(_drawing(url).encode("ascii"))
    page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_A5[0]} {_A5[1]}] /Contents 4 0 R"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"{page} /Resources << /Font << /F 5 0 R >> >> >>".encode(),
        f"<< /Length {len(content)} /Filter /FlateDecode >>\nstream\n".encode() + content + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
    ]
    return _file(objects)


def _code(url: str) -> segno.QRCode:
    return segno.make(url, error="q", micro=False)  # a quarter may be scratched or dirty


def _drawing(url: str) -> str:
    """The page's operators: black squares, then the address centred in Courier (0.6 em a character)."""
    size = min(14.0, (_A5[0] - 40) / (0.6 * max(1, len(url))))
    left = (_A5[0] - 0.6 * size * len(url)) / 2
    said = url.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return "\n".join(["0 g", *_squares(url), "f", f"BT /F {size:.2f} Tf {left:.2f} 110 Td ({said}) Tj ET"])


def _squares(url: str) -> Iterator[str]:
    """One rectangle for each run of dark modules; PDF counts upwards."""
    matrix = _code(url).matrix
    module = _SIDE / (len(matrix) + 2 * _QUIET)
    left, top = (_A5[0] - _SIDE) / 2, (_A5[1] + _SIDE) / 2 + 30
    for y, row in enumerate(matrix, start=_QUIET):
        start = 0
        for x in range(len(row) + 1):
            if x < len(row) and row[x]:
                continue
            if x > start:
                place = f"{left + (start + _QUIET) * module:.3f} {top - (y + 1) * module:.3f}"
                yield f"{place} {(x - start) * module:.3f} {module:.3f} re"
            start = x + 1


def _file(objects: list[bytes]) -> bytes:
    """Numbered objects, the table of where they begin, and the trailer (ISO 32000-1, 7.5)."""
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    size, begin = len(objects) + 1, len(out)
    trailer = f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{begin}\n%%EOF\n"
    return bytes(out) + f"xref\n0 {size}\n0000000000 65535 f \n{table}{trailer}".encode()
