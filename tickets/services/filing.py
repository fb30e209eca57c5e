"""What makes a filing acceptable: one set of checks for the form and the API. Pure."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum
from stdnum.exceptions import ValidationError as NumberError

TITLE_MAX, TEXT_MIN, TEXT_MAX, NAME_MAX, PERSON_MAX = 60, 5, 2000, 80, 30
_PHONE = re.compile(r"(\+?86)?1[3-9]\d{9}|0\d{2,3}\d{7,8}(\d{1,6})?|400\d{7}")
_SENTENCE_END = re.compile(r"[。！？!?；;\n]")


def normal_phone(typed: str) -> str:
    """Digits only, without spaces, dashes or the country code. Raises `ValidationError`."""
    plain = re.sub(r"[\s\-()（）转]", "", typed)
    if not _PHONE.fullmatch(plain):
        raise ValidationError("请填写 11 位手机号，或带区号的座机号。", code="phone")
    return re.sub(r"^\+?86(?=1)", "", plain)


def normal_uscc(typed: str, *, confirmed: bool) -> str:
    """The code of GB 32100 in capitals, or "" for none.

    A wrong length or a letter that the standard excludes is an error; a failing check digit is code
    `uscc_checksum` once and accepted with `confirmed`, since real codes fail it (domain.md §6).
    """
    plain = re.sub(r"[\s\-]", "", typed).upper()
    if not plain:
        return ""
    try:
        return str(uscc.validate(plain))
    except InvalidChecksum:
        if confirmed:
            return plain
        raise ValidationError(
            "这个代码的校验位对不上，请再核对一遍；确认无误可勾选“代码无误”后提交。", code="uscc_checksum"
        ) from None
    except NumberError:
        raise ValidationError(
            "统一社会信用代码是 18 位数字和大写字母，不含 I、O、S、V、Z。", code="uscc"
        ) from None


def title_from(text: str) -> str:
    """First sentence of the text, at most 40 characters: the title where the firm gave none."""
    first = next((part.strip() for part in _SENTENCE_END.split(text) if part.strip()), text.strip())
    return first if len(first) <= 40 else f"{first[:39]}…"
