"""The board's sections, in the order of its tab bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from django.urls import reverse

from qihu.accounts.models import User
from tickets.figures.anomalies import watches

TABS: tuple[tuple[str, str], ...] = (
    ("board", "概览"),
    ("board-ladder", "督办阶梯"),
    ("board-process", "流程"),
    ("board-load", "负荷"),
    ("board-anomalies", "值得核对"),
    ("board-frozen", "冻结"),
    ("board-exports", "导出"),
    ("board-bulletins", "通报"),
)
"""Name of the address and what the tab says. A new section of the board gets a line here."""


NOT_FOR_ALL: Mapping[str, Callable[[User], bool]] = {"board-anomalies": watches}
"""Sections that not everybody with a board may open, and who may."""


def tabs(current: str, user: User) -> Iterator[dict[str, object]]:
    """For `board/_tabs.html`: each section that this person may open, the current one marked."""
    for name, label in TABS:
        if name in NOT_FOR_ALL and not NOT_FOR_ALL[name](user):
            continue
        yield {"label": label, "url": reverse(name), "current": name == current}
