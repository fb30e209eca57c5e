"""The definitions of the figures: editions of data (`definitions/<number>.toml`), each with a sentence in Chinese.

Twins are figures of their own: each has its own denominator, so each opens its own requests.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings

from qihu.errors import Invalid
from tickets.figures.expression import Expression, both, read

_EDITIONS = Path(__file__).parent / "definitions"


class Part(StrEnum):
    """Which requests of a figure: counted, counted over, or over but not counted."""

    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"
    REST = "rest"


class Kind(StrEnum):
    """How a figure is read: a number, a share, a length of time, or a weighted mean of other figures."""

    COUNT = "count"
    RATE = "rate"
    TIME = "time"
    INDEX = "index"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure's definition. `among`: of which rows at all; `over`: the denominator's condition; `counted`: the
    numerator's. `weights`: (condition, weight) where a hit does not count 1, and then `strict` names what the
    interval rests on. `times`: the column of a length of time, whose n is the denominator; `sums`: the column of a
    sum. `of`: (figure, weight) of an index. `unit` is what a count counts.
    """

    code: str
    label: str
    sentence: str
    kind: Kind = Kind.RATE
    short: str = ""
    over: str = ""
    counted: str = ""
    among: str = "counted and not test"
    strict: str = ""
    weights: tuple[tuple[str, float], ...] = ()
    sums: str = ""
    times: str = ""
    of: tuple[tuple[str, float], ...] = ()
    twin_of: str = ""
    unit: str = "件"
    by_closing: bool = False
    shown: bool = True

    @property
    def population(self) -> Expression:
        """The requests counted over."""
        return both(self.among, self.over)

    @property
    def hits(self) -> Expression:
        """The numerator's requests: always among those of the denominator."""
        return both(self.population.text, self.counted)

    @property
    def strictly(self) -> Expression:
        """What the interval rests on."""
        return both(self.population.text, self.strict) if self.strict else self.hits

    def weighed(self) -> tuple[tuple[Expression, float], ...]:
        """Disjoint conditions and what a request of each counts."""
        return tuple((both(self.population.text, text), weight) for text, weight in self.weights)

    def where(self, part: Part) -> Expression:
        """The requests behind one part."""
        if part is Part.REST:
            return both(self.population.text, f"not ({self.counted or 'True'})")
        return self.hits if part is Part.NUMERATOR else self.population


@dataclass(frozen=True, slots=True)
class Definitions:
    """One edition. Never changed once published: a frozen month quotes its number."""

    number: int
    in_force_from: date
    note: str
    measures: tuple[Measure, ...]

    @property
    def by_code(self) -> Mapping[str, Measure]:
        """Measures by their codes."""
        return {one.code: one for one in self.measures}


@lru_cache
def editions() -> Mapping[int, Definitions]:
    """Every edition by its number. Raises `ValueError` for a condition that names no atom."""
    found = (_read(path) for path in sorted(_EDITIONS.glob("*.toml"), key=lambda path: int(path.stem)))
    return {one.number: one for one in found}


def in_force(at: datetime) -> Definitions:
    """The newest edition that holds at this moment; before the first one, the first."""
    today = at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    known = list(editions().values())
    return next((one for one in reversed(known) if one.in_force_from <= today), known[0])


def edition_asked(typed: str) -> Definitions | None:
    """An edition by its number as typed, None for none. Raises `Invalid` where there is no such edition."""
    if not typed:
        return None
    found = editions().get(int(typed)) if typed.isascii() and typed.isdecimal() and len(typed) < 6 else None
    if found is None:
        raise Invalid("没有这一版口径。", fields={"definitions": "没有这一版口径。"})
    return found


def _read(path: Path) -> Definitions:
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    measures = tuple(_measure(one) for one in told["figure"])
    for measure in measures:
        read(measure.population.text)
        read(measure.hits.text)
    return Definitions(told["number"], told["in_force_from"], told["note"], measures)


def _measure(told: dict[str, object]) -> Measure:
    pairs = {name: tuple((text, weight) for text, weight in told.pop(name, [])) for name in ("weights", "of")}  # type: ignore[attr-defined]
    kind = Kind(str(told.pop("kind", Kind.RATE)))
    return Measure(kind=kind, **pairs, **told)  # type: ignore[arg-type]


MEASURES: tuple[Measure, ...] = editions()[max(editions())].measures
"""Of the newest edition."""
BY_CODE: Mapping[str, Measure] = {measure.code: measure for measure in MEASURES}
BY_CLOSING = frozenset(measure.code for measure in MEASURES if measure.by_closing)
"""Figures whose window is about the closing, not the first submission: the flow chart's second line."""
DIMENSIONS: Mapping[str, str] = {
    "department": "部门",
    "chain_tag": "链",
    "industry_chain": "产业链",
    "region": "区划",
    "category": "类别",
    "channel": "渠道",
    "difficulty": "难度",
    "officer": "经办",
}
PERIODS: Mapping[str, str] = {"day": "日", "week": "周", "month": "月", "quarter": "季", "year": "年"}
