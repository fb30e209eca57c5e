"""Pieces of an export: so many requests read, written as lines, packed and sealed; and opened again."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from qihu.crypto import decrypt_bytes, encrypt_bytes
from tickets.models import Export, ExportPart
from tickets.services.exports import columns
from tickets.services.exports.cells import written

SIZE = 1000
"""Requests of a piece: one statement, one short transaction."""


@dataclass(frozen=True, slots=True)
class Told:
    """Lines of a piece, the requests that they are of, and which of their firms were hidden from the person."""

    keys: list[int]
    lines: bytes
    veiled: list[int]


def slices(keys: Iterable[int], size: int) -> Iterator[list[int]]:
    """`keys` in order, so many at a time; what gives them is not asked for more than that."""
    walking = iter(keys)
    while piece := list(islice(walking, size)):
        yield piece


def told(keys: Sequence[int], export: Export) -> Told:
    """What the export's person may have of these requests now."""
    user = export.asked_by
    found = columns.found(keys, user)
    veiled = [ticket.pk for ticket in found if columns.hidden(ticket, user)]
    return Told([ticket.pk for ticket in found], written(columns.rows(found, user, export.what)), veiled)


def sealed(export: Export, number: int, lines: bytes) -> bytes:
    """Lines as they are kept: packed, encrypted, and bound to their place."""
    return encrypt_bytes(_place(export.pk, number), zlib.compress(lines))


def opened(part: ExportPart) -> bytes:
    """The lines of a piece that is done."""
    return zlib.decompress(decrypt_bytes(_place(part.export_id, part.number), bytes(part.body or b"")))


def _place(export_id: int, number: int) -> str:
    return f"export-{export_id}-{number}"


def blocks(export: Export) -> Iterator[tuple[int, bytes]]:
    """Every piece in order, one in memory at a time. Rows, and their lines."""
    for number in export.parts.all().in_order().values_list("number", flat=True):
        part = export.parts.get(number=number)
        yield part.rows, opened(part)
