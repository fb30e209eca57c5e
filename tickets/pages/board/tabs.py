"""The board's sections, in the order of its tab bar."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse

TABS: tuple[tuple[str, str], ...] = (
    ("board", "概览"),
    ("board-ladder", "督办阶梯"),
    ("board-process", "流程"),
)
"""Name of the address and what the tab says. A new section of the board gets a line here."""


def tabs(current: str) -> Iterator[dict[str, object]]:
    """For `board/_tabs.html`: each section, the current one marked."""
    for name, label in TABS:
        yield {"label": label, "url": reverse(name), "current": name == current}
