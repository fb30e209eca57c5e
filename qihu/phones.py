"""Phone numbers as people type them."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError

from qihu.crypto import keyed

_PHONE = re.compile(r"(\+?86)?1[3-9]\d{9}|0\d{2,3}\d{7,8}(\d{1,6})?|400\d{7}")
_MOBILE = re.compile(r"1[3-9]\d{9}")


def normal(typed: str) -> str:
    """Digits only, without spaces, dashes or the country code. Raises `ValidationError`."""
    plain = re.sub(r"[\s\-()（）转]", "", typed)
    if not _PHONE.fullmatch(plain):
        raise ValidationError("请填写 11 位手机号，或带区号的座机号。", code="phone")
    return re.sub(r"^\+?86(?=1)", "", plain)


def mobile(typed: str) -> str:
    """As `normal`, for a phone that receives one-time codes. Raises `ValidationError`, saying so of a landline."""
    try:
        plain = normal(unicodedata.normalize("NFKC", typed))
    except ValidationError:
        raise ValidationError("请填写 11 位手机号。", code="mobile") from None
    if not _MOBILE.fullmatch(plain):
        said = "座机收不到短信验证码，请用手机号。用座机提交的诉求，可凭编号和查询码查看。"
        raise ValidationError(said, code="landline")
    return plain


def is_mobile(phone: str) -> bool:
    """Whether a normal phone can receive an SMS."""
    return bool(_MOBILE.fullmatch(phone))


def index(phone: str) -> bytes:
    """Blind index of a normal phone: equal phones have equal indexes, and nothing can be read back. 32 bytes."""
    return keyed("phone", phone)


def masked(phone: str) -> str:
    """138****0000: the middle hidden, since screens are shown around."""
    return f"{phone[:3]}****{phone[-4:]}" if phone else ""
