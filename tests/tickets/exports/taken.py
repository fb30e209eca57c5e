"""Exports as a reader of the file finds them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from openpyxl import load_workbook

from qihu.crypto import sm3
from tests import make
from tests.people import user
from tickets.access import Caller, visible_to
from tickets.figures import projection
from tickets.models import Export, Ticket
from tickets.services.exports import asking, picking, working
from tickets.services.exports.cells import written
from tickets.services.exports.picking import Picked
from tickets.services.exports.sending import Sending

AT = datetime(2026, 3, 31, 4, 0, tzinfo=UTC)
MARCH = {"since": "2026-03-01", "until": "2026-04-01"}
WHY = "三月例会材料"


def a_month() -> None:
    """Seven requests of three departments."""
    make.closed()
    make.closed(qr="DEMO-TALENT", result=3)
    make.closed(qr="DEMO-TALENT", at=make.MONDAY + timedelta(days=7), outcome="partial")
    make.answered(qr="DEMO-INDUSTRY", outcome="unsolved")
    make.withdrawn()
    make.triaged()
    make.signed()
    projection.catch_up()


def all_of(who: str) -> Picked:
    person = user(who)
    return picking.of_list(visible_to(person).newest_first(), "全部诉求", user=person, at=AT)


def sent(picked: Picked, who: str, *, form: str = "csv") -> tuple[bytes, Export]:
    """A short one, wholly taken."""
    way = asking.export(picked=picked, caller=Caller(user(who)), at=AT, form=form, reason=WHY)
    assert isinstance(way, Sending)
    return b"".join(way), Export.objects.latest("pk")


def kept(picked: Picked, who: str, *, form: str = "csv") -> Export:
    """As a long one is: worked off to the end."""
    made = asking.keep(picked=picked, caller=Caller(user(who)), at=AT, form=form, reason=WHY)
    working.work_off(export_id=made.pk, at=AT)
    made.refresh_from_db()
    return made


class Csv:
    """A CSV: what it says of itself, its heading and rows, and the hash that anybody can take of it."""

    def __init__(self, content: bytes) -> None:
        assert content.startswith(b"\xef\xbb\xbf")
        lines = content.removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True)
        self.said = dict(_pairs(line.decode() for line in lines if line.startswith(b"# ")))
        body = b"".join(line for line in lines if not line.startswith(b"# "))
        self.hash = sm3(body).hex()
        self.heading, *self.rows = list(csv.reader(io.StringIO(body.decode(), newline="")))

    def column(self, name: str) -> list[str]:
        place = self.heading.index(name)
        return [row[place] for row in self.rows]


def _pairs(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, _, said = line.removeprefix("# ").strip().partition("：")
        yield name, said


class Xlsx:
    """A workbook, read by another program than the one that wrote it."""

    def __init__(self, content: bytes) -> None:
        self.book = load_workbook(io.BytesIO(content))
        self.sheet = self.book["数据"]
        self.mark = self.sheet["A1"].value
        table = [[cell.value for cell in row] for row in self.sheet.iter_rows(min_row=2)]
        self.heading, self.rows = table[0], table[1:]
        self.said = {row[0].value or "水印": row[1].value for row in self.book["说明"].iter_rows()}
        self.hash = sm3(written([["" if c is None else str(c) for c in row] for row in table])).hex()


def numbers(found: Iterator[Ticket]) -> set[str]:
    return {ticket.number for ticket in found}


def plain(fingerprint: str) -> str:
    return fingerprint.replace(" ", "")
