"""What makes a filing acceptable: one set of checks for the form and the API. Pure."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum
from stdnum.exceptions import ValidationError as NumberError

from qihu import phones

TITLE_MAX, TEXT_MIN, TEXT_MAX, NAME_MAX, PERSON_MAX = 60, 5, 2000, 80, 30
_SENTENCE_END = re.compile(r"[。！？!?；;\n]")


def checked_text(typed: str) -> str:
    """What the firm asks, trimmed: `TEXT_MIN` to `TEXT_MAX` characters. Raises `ValidationError`."""
    plain = typed.strip()
    if len(plain) < TEXT_MIN:
        raise ValidationError(f"请写明您的诉求，至少 {TEXT_MIN} 个字。", code="text_short")
    return _at_most(plain, TEXT_MAX)


def checked_title(typed: str) -> str:
    """A title of at most `TITLE_MAX` characters, or "" for none. Raises `ValidationError`."""
    return _at_most(" ".join(typed.split()), TITLE_MAX)


def checked_firm(typed: str) -> str:
    """The firm's name: 2 to `NAME_MAX` characters. Raises `ValidationError`."""
    plain = " ".join(typed.split())
    if len(plain) < 2:
        raise ValidationError("请填写企业全称。", code="firm_missing")
    return _at_most(plain, NAME_MAX)


def checked_person(typed: str) -> str:
    """The contact's name: 1 to `PERSON_MAX` characters. Raises `ValidationError`."""
    plain = " ".join(typed.split())
    if not plain:
        raise ValidationError("请填写联系人姓名。", code="person_missing")
    return _at_most(plain, PERSON_MAX)


def _at_most(plain: str, most: int) -> str:
    if len(plain) > most:
        raise ValidationError(f"最多 {most} 个字，现在有 {len(plain)} 个字，请精简。", code="too_long")
    return plain


def normal_phone(typed: str) -> str:
    """Digits only, without spaces, dashes or the country code. Raises `ValidationError`."""
    return phones.normal(typed)


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
        raise ValidationError("统一社会信用代码是 18 位数字和大写字母，不含 I、O、S、V、Z。", code="uscc") from None


def title_from(text: str) -> str:
    """First sentence of the text, at most 40 characters: the title where the firm gave none."""
    first = next((part.strip() for part in _SENTENCE_END.split(text) if part.strip()), text.strip())
    return first if len(first) <= 40 else f"{first[:39]}…"
