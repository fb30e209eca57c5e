"""The table and the file: each figure with its target, and beside it the floor measured in the same run."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value. `target` is the limit that `value` must reach: at least it, or at most it with `at_most`."""

    name: str
    value: float
    unit: str
    target: float | None = None
    at_most: bool = True
    floor: float | None = None
    floor_is: str = ""
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """`met`, `missed`, or "" without a target."""
        if self.target is None:
            return ""
        return "met" if (self.value <= self.target if self.at_most else self.value >= self.target) else "missed"

    @property
    def ratio(self) -> float | None:
        """The value over its floor."""
        return self.value / self.floor if self.floor else None

    def row(self) -> list[str]:
        """Cells of the table."""
        sign = "≤" if self.at_most else "≥"
        return [
            self.name,
            f"{_short(self.value)} {self.unit}".strip(),
            "" if self.target is None else f"{sign} {_short(self.target)}",
            self.verdict,
            "" if self.floor is None else _short(self.floor),
            "" if self.ratio is None else f"{self.ratio:.2f}",
            self.floor_is,
        ]


HEAD = ["figure", "value", "target", "", "floor", "ratio", "what the floor is"]


def table(figures: Sequence[Figure]) -> str:
    """Columns aligned for a terminal."""
    rows = [HEAD, *[figure.row() for figure in figures]]
    widths = [max(_width(row[i]) for row in rows) for i in range(len(HEAD))]
    lines = ["  ".join(cell + " " * (widths[i] - _width(cell)) for i, cell in enumerate(row)).rstrip() for row in rows]
    return "\n".join([lines[0], "─" * min(120, sum(widths) + 2 * len(widths)), *lines[1:]])


def write(path: Path, figures: Sequence[Figure], **about: object) -> None:
    """`bench.json`: the machine, and every figure with its notes."""
    machine = {"processors": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    told = [asdict(figure) | {"verdict": figure.verdict, "ratio": figure.ratio} for figure in figures]
    body = {"machine": machine | {"load_before": about.pop("load", None)}, **about, "figures": told}
    path.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _short(number: float) -> str:
    if number == int(number) or abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.3g}" if abs(number) < 10 else f"{number:.1f}"


def _width(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
