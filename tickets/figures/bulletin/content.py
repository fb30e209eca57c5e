"""What a bulletin says, free of any file format (pure). It is kept as JSON: the three files are made of it alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

NOTHING = "—"
"""Where there is no number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell: `text`, under it `small` (n and interval), `value` for a spreadsheet (0–1 where `unit` is "%").

    `rows` opens the requests behind the number: `figure=…&part=…`. `bar`: low, high, value in percent.
    """

    text: str
    small: str = ""
    value: float | None = None
    unit: str = ""
    rows: str = ""
    bar: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """`tone`: "red" (红榜), "black" (黑榜), "twin" (belongs to the row above), "low" (too few to compare) or ""."""

    cells: tuple[Cell, ...]
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The first column holds names; `title` may be empty."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str = ""

    @property
    def worded(self) -> tuple[bool, ...]:
        """For each column whether it holds words: they stand left, numbers right."""
        return tuple(self._worded(index) for index in range(len(self.columns)))

    def _worded(self, index: int) -> bool:
        cells = [row.cells[index] for row in self.rows]
        numbers = any(cell.value is not None or cell.bar or cell.small for cell in cells)
        return index == 0 or (not numbers and any(cell.text != NOTHING for cell in cells))


@dataclass(frozen=True, slots=True)
class Bar:
    """A share and its interval in percent, and what it rests on."""

    label: str
    low: float
    high: float
    value: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Shares with their intervals, one line each."""

    title: str
    bars: tuple[Bar, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Counts over time or kinds."""

    title: str
    unit: str
    labels: tuple[str, ...]
    values: tuple[int, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of words."""

    text: str


Block = Paragraph | Table | Bars | Columns
_KINDS: Mapping[str, type[Block]] = {"paragraph": Paragraph, "table": Table, "bars": Bars, "columns": Columns}


@dataclass(frozen=True, slots=True)
class Section:
    """一、 …"""

    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A whole bulletin. `as_of` is the cut-off; `signed`: who issues it; `dated`: the day of making, in words."""

    title: str
    number: str
    place: str
    month: str
    period: str
    as_of: datetime
    as_of_said: str
    definitions: str
    signed: str
    dated: str
    sections: tuple[Section, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain values, in a fixed order."""
        sections = [
            {"heading": one.heading, "blocks": [{"kind": _kind(block)} | asdict(block) for block in one.blocks]}
            for one in self.sections
        ]
        return asdict(self) | {"as_of": self.as_of.isoformat(), "sections": sections}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Content:
        """What `as_json` made."""
        sections = tuple(Section(one["heading"], tuple(map(_block, one["blocks"]))) for one in kept["sections"])
        return cls(**{**kept, "as_of": datetime.fromisoformat(kept["as_of"]), "sections": sections})


def _kind(block: Block) -> str:
    return next(name for name, kind in _KINDS.items() if isinstance(block, kind))


def _block(kept: Mapping[str, Any]) -> Block:
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
    kind: type[Block] = _KINDS[kept["kind"]]
    del fields["kind"]
    if kind is Table:
        fields["rows"] = tuple(Row(tuple(map(_cell, row["cells"])), row["tone"]) for row in fields["rows"])
    if kind is Bars:
        fields["bars"] = tuple(Bar(**bar) for bar in fields["bars"])
    return kind(**fields)


def _cell(kept: Mapping[str, Any]) -> Cell:
    bar = kept["bar"]
    return Cell(**{**kept, "bar": (bar[0], bar[1], bar[2]) if bar else None})
