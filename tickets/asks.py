"""What a firm asks, point by point, read from its own numbering. Pure."""

from __future__ import annotations

import re

MOST = 9
VAGUE = ("近期", "尽快", "适时")
"""Words on which nobody can plan (domain.md §7)."""
_POINT = re.compile(
    r"(?:^|[\n。；;：:])\s*(?:[（(]?(?P<n>[1-9一二三四五六七八九])[)）]|(?P<m>[1-9一二三四五六七八九])[、.．](?!\d))\s*"
)
_DIGITS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}


def asks_in(text: str) -> list[str]:
    """The numbered points of a text, in order: at least two that count up from one, else none.

    `1、…` `2.…` `（三）…` at the beginning of a line or after the end of a sentence.
    """
    found = list(_POINT.finditer(text))
    points: list[str] = []
    ends = [*(m.start() for m in found[1:]), len(text)]
    for match, end in zip(found, ends, strict=False):
        number = match["n"] or match["m"]
        if (_DIGITS.get(number) or int(number)) != len(points) + 1:
            break
        points.append(" ".join(text[match.end() : end].split()).strip("；;。，,"))
    kept = [point for point in points if point]
    return kept[:MOST] if len(kept) == len(points) >= 2 else []


def vague(text: str) -> list[str]:
    """Which of the vague words a text has."""
    return [word for word in VAGUE if word in text]
