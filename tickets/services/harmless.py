"""Text for the cells of a spreadsheet, whoever typed it. Pure."""

from __future__ import annotations

import re

_ACTIVE = tuple("=+-@|%＝＋－＠")
"""What a spreadsheet may take for the beginning of a formula or a command, also in its wide form."""
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\ufeff\u200b-\u200f\u2028-\u202e\u2060]"
)
"""Not allowed in XML, or unseen before an active character."""
_LONGEST = 32_000
"""A spreadsheet's cell takes 32,767."""


def harmless(text: str) -> str:
    """Text that no spreadsheet executes: an apostrophe before whatever could begin a formula."""
    plain = _INVISIBLE.sub("", text)
    tidy = plain.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")[:_LONGEST]
    risky = plain.startswith(("\t", "\r", "\n")) or tidy.lstrip().startswith(_ACTIVE)
    return f"'{tidy}" if risky else tidy
