"""How long a promise is: a whole number of one of five units (pure)."""

import re
from dataclasses import dataclass
from enum import StrEnum

_WRITTEN = re.compile(r"(-?[0-9]{1,12})\s*([a-z]+)")


class PromiseError(ValueError):
    """A promise, a calendar or a time that makes no sense; the message is Chinese and shown as it is."""


class Unit(StrEnum):
    """Minutes and hours on the clock, working hours, calendar days, working days (domain.md §4)."""

    MIN = "min"
    H = "h"
    WH = "wh"
    D = "d"
    WD = "wd"


DAYS = frozenset({Unit.D, Unit.WD})
OPENING = frozenset({Unit.WH, Unit.WD})
_UNITS = frozenset(unit.value for unit in Unit)
_WORDS = {Unit.MIN: "分钟", Unit.H: "小时", Unit.WH: "个工作小时", Unit.D: "天", Unit.WD: "个工作日"}


@dataclass(frozen=True, slots=True)
class Amount:
    """`value` ≥ 0 of `unit`; days and working days start at 1, since "the end of no day" is no moment."""

    value: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.value < 0:
            raise PromiseError(f"时限不能为负：{self}")
        if self.value == 0 and self.unit in DAYS:
            raise PromiseError(f"按天计的时限至少为 1：{self}")

    def __str__(self) -> str:
        return f"{self.value}{self.unit}"

    def words(self) -> str:
        """For people: `5 个工作日`."""
        return f"{self.value} {_WORDS[self.unit]}"


def parse_amount(text: str) -> Amount:
    """`5wd` → five working days. Raises PromiseError for anything that is not number and unit."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise PromiseError(f"看不懂的时限“{text}”，应为整数加单位，例如 30min、4h、2wh、3d、5wd")
    value, unit = found.groups()
    if unit not in _UNITS:
        raise PromiseError(f"未知的时限单位“{unit}”，可用 min、h、wh、d、wd")
    return Amount(int(value), Unit(unit))
