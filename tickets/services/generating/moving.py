"""Moving what a log says to other weeks: times in columns and inside its JSON, and the chain made anew."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from qihu.crypto import sm3
from tickets.models.event import CHAINED, canonical_row

_DAY = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")


class Mover:
    """Moves by a fixed number of weeks; the same day is worked out once."""

    def __init__(self, weeks: int) -> None:
        self.by = timedelta(weeks=weeks)
        self._kept: dict[str, str] = {}

    def moment(self, at: datetime | None) -> datetime | None:
        """A column."""
        return None if at is None else at + self.by

    def text(self, written: str) -> str:
        """Every date inside a JSON text, with a time of day behind it or without."""
        return _DAY.sub(self._moved, written)

    def _moved(self, found: re.Match[str]) -> str:
        written = found[0]
        moved = self._kept.get(written)
        if moved is None:
            moved = self._kept[written] = (date.fromisoformat(written) + self.by).isoformat()
        return moved


def chained(rows: Sequence[tuple[object, ...]]) -> list[bytes]:
    """The chain of one request's events, given as the columns `CHAINED` in order: `Event.chained` for each."""
    hashes, last = list[bytes](), b""
    for row in rows:
        last = sm3(last, canonical_row(row).encode())
        hashes.append(last)
    return hashes


PLACE = {name: i for i, name in enumerate(CHAINED)}
"""Where a column stands in such a row."""
