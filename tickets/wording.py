"""The words of notices: text with a few known placeholders, filled in without any template engine. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

PLACEHOLDERS = {
    "number": "编号",
    "title": "诉求标题",
    "department": "部门",
    "officer": "经办人",
    "clock": "时限名称",
    "due": "到期时间",
    "status": "状态",
    "link": "核对链接",
}
"""What an administrator may write in braces, and what it stands for."""
EXAMPLE_END = "abcdefghijklmnopqrstuvwxyz"
EXAMPLES = {
    "number": "QH-20260302-000001",
    "title": "新产线扩建，资金缺口1500万元",
    "department": "金融办",
    "officer": "陈伟",
    "clock": "联系",
    "due": "3月9日 17:30",
    "status": "办理中",
    "link": f"https://qihu.example/c/{EXAMPLE_END}/",
}
"""What each could read like."""
FREE_TEXT = frozenset({"title"})
"""Placeholders that carry what a firm typed: never in an SMS."""
OPENING = frozenset({"link"})
"""Placeholders with which whoever reads them can answer for the firm: only in the SMS that asks it to check."""
AT_HAND = frozenset(PLACEHOLDERS) - {"due"} - OPENING
"""Placeholders that a list can fill without asking the log."""
_BRACED = re.compile(r"\{([^{}]*)\}")


class BadWording(ValueError):
    """A text that cannot be filled in; its message is Chinese and shown as it is."""


def placeholders(text: str) -> tuple[str, ...]:
    """The placeholders of a text, each once, in order. `BadWording` for an unknown one and for a lone brace."""
    found = tuple(dict.fromkeys(_BRACED.findall(text)))
    known = "、".join(f"{{{name}}}" for name in PLACEHOLDERS)
    for name in found:
        if name not in PLACEHOLDERS:
            raise BadWording(f"“{{{name}}}”不是可用的占位符。可用的有：{known}。")
    if "{" in (rest := _BRACED.sub("", text)) or "}" in rest:
        raise BadWording(f"花括号没有成对。占位符写作：{known}。")
    return found


def check(text: str, *, allowed: frozenset[str]) -> None:
    """`BadWording` also for a placeholder that may not stand here."""
    for name in placeholders(text):
        if name not in allowed:
            raise BadWording(f"此处不能用占位符“{{{name}}}”（{PLACEHOLDERS[name]}）。")


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with every placeholder replaced; what a value contains is never read again."""
    placeholders(text)
    return _BRACED.sub(lambda match: values.get(match[1], ""), text)
