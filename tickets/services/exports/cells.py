"""Cells and lines of an export: harmless to spreadsheets, and one way of writing that the hash is taken of. Pure.

The hash (SM3) is of the heading and the rows as they stand in a CSV file: UTF-8 without a mark, commas, CRLF. A file
is checked by dropping its mark and every line that begins with `# `; a workbook by writing its cells down like that.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes

from qihu.crypto import running_sm3
from tickets.services.harmless import harmless

Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Column:
    """A heading; `number`: its cells are numbers to a spreadsheet; `width` in characters."""

    label: str
    number: bool = False
    width: int = 14


def written(rows: Iterable[Row]) -> bytes:
    """Rows as lines, every cell harmless."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows([harmless(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def read(lines: bytes) -> Iterator[list[str]]:
    """Inverse of `written`."""
    return csv.reader(io.StringIO(lines.decode(), newline=""))


@dataclass(slots=True)
class Tally:
    """What has passed so far: rows and their hash."""

    rows: int = 0
    _hash: hashes.Hash = field(default_factory=running_sm3)

    def heading(self, line: bytes) -> bytes:
        """Hash the heading, which is no row."""
        self._hash.update(line)
        return line

    def take(self, rows: int, lines: bytes) -> bytes:
        """Count and hash so many rows."""
        self.rows += rows
        self._hash.update(lines)
        return lines

    def digest(self) -> bytes:
        """SM3 of what has passed: 32 bytes."""
        return self._hash.copy().finalize()
