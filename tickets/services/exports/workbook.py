"""An export as an XLSX that is written while it is sent: sheets 数据 and 说明, a visible line and print margins marked.

By hand, since openpyxl has the whole file before the first byte leaves. Checked by reading it with openpyxl in tests.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import IO, cast
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from django.conf import settings

from tickets.services.exports.cells import Tally, read
from tickets.services.exports.paper import Block, Line, Paper
from tickets.services.harmless import harmless

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PLAIN, _HEAD, _FAINT, _NUMBER = range(4)
_NUMERIC = re.compile(r"\d{1,15}(\.\d{1,6})?")
_FILE = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_SHEETS = ("数据", "说明")
_MARGIN_MAX = 250
"""Characters that a header or footer may have: 255 with its own codes."""
_FIXED = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>'
    + "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPES}.worksheet+xml"/>' for n in (1, 2)
    )
    + "</Types>",
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    + "".join(f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(_SHEETS, start=1))
    + "</sheets></workbook>",
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    + "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in (1, 2)
    )
    + f'<Relationship Id="rId3" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}">'
    '<fonts count="3"><font><sz val="11"/><name val="宋体"/></font><font><b/><sz val="11"/><name val="宋体"/></font>'
    '<font><sz val="10"/><color rgb="FF8A8F8D"/><name val="宋体"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    "<borders><border><left/><right/><top/><bottom/><diagonal/></border></borders>"
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4">'
    + "".join(
        f'<xf numFmtId="{form}" fontId="{font}" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>'
        for form, font in ((49, 0), (49, 1), (49, 2), (0, 0))
    )
    + '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}


class _Pipe:
    """What a zip writes to: no place to go back to, so it is sent on as it comes."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing waits."""

    def taken(self) -> bytes:
        """What has come since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def xlsx_file(paper: Paper, blocks: Iterable[Block], tally: Tally) -> Iterator[bytes]:
    """The file in pieces, of whose rows one block is in memory at a time."""
    pipe = _Pipe()
    with closing(zipfile.ZipFile(cast("IO[bytes]", pipe), "w", zipfile.ZIP_DEFLATED)) as book:
        for name, text in _FIXED.items():
            book.writestr(_entry(name, paper), _FILE + text)
        with book.open(_entry("xl/worksheets/sheet1.xml", paper), "w") as sheet:
            for text in _data(paper, blocks, tally):
                sheet.write(text.encode())
                yield pipe.taken()
        with book.open(_entry("xl/worksheets/sheet2.xml", paper), "w") as sheet:
            sheet.write(_about([("", paper.watermark), *paper.head, *paper.tail(tally)], paper).encode())
    yield pipe.taken()


def _entry(name: str, paper: Paper) -> zipfile.ZipInfo:
    local = paper.asked_at.astimezone(ZoneInfo(settings.TIME_ZONE))
    entry = zipfile.ZipInfo(name, local.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _data(paper: Paper, blocks: Iterable[Block], tally: Tally) -> Iterator[str]:
    """Row 1 says whose copy it is, row 2 holds the headings; both stay in sight."""
    widths = [column.width for column in paper.columns]
    yield _begin(widths, frozen=2) + _row([(harmless(paper.watermark), _FAINT)])
    (heading,) = read(tally.heading(paper.heading))
    yield _row([(label, _HEAD) for label in heading])
    kinds = [_NUMBER if column.number else _PLAIN for column in paper.columns]
    for rows, lines in blocks:
        yield "".join(_row(zip(cells, kinds, strict=True)) for cells in read(tally.take(rows, lines)))
    yield _end(paper, filtered=f"A2:{_letters(len(widths))}{tally.rows + 2}")


def _about(lines: Sequence[Line], paper: Paper) -> str:
    table = "".join(_row([(harmless(name), _HEAD), (harmless(said), _PLAIN)]) for name, said in lines)
    return _begin([14, 100], frozen=0) + table + _end(paper)


def _begin(widths: Sequence[int], *, frozen: int) -> str:
    pane = f'<pane ySplit="{frozen}" topLeftCell="A{frozen + 1}" activePane="bottomLeft" state="frozen"/>'
    wide = "".join(f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>' for n, width in enumerate(widths, 1))
    return (
        f'{_FILE}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">{pane if frozen else ""}'
        f"</sheetView></sheetViews><cols>{wide}</cols><sheetData>"
    )


def _end(paper: Paper, *, filtered: str = "") -> str:
    mark = escape(paper.watermark.replace("&", "&&")[:_MARGIN_MAX])
    return (
        f"</sheetData>{f'<autoFilter ref={chr(34)}{filtered}{chr(34)}/>' if filtered else ''}"
        '<pageMargins left="0.5" right="0.5" top="0.8" bottom="0.8" header="0.3" footer="0.3"/>'
        '<pageSetup paperSize="9" orientation="landscape"/>'
        f"<headerFooter><oddHeader>&amp;C{mark}</oddHeader><oddFooter>&amp;C{mark}</oddFooter></headerFooter></worksheet>"
    )


def _row(cells: Iterable[tuple[str, int]]) -> str:
    return f"<row>{''.join(_cell(text, style) for text, style in cells)}</row>"


def _cell(text: str, style: int) -> str:
    """A number only where the column is of numbers and this is one; all else is text, never a formula."""
    if style == _NUMBER and _NUMERIC.fullmatch(text):
        return f'<c s="{_NUMBER}"><v>{text}</v></c>'
    if not text:
        return "<c/>"
    return f'<c t="inlineStr" s="{style}"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def _letters(n: int) -> str:
    """Name of the n-th column: A, …, Z, AA."""
    name = ""
    while n:
        n, rest = divmod(n - 1, 26)
        name = chr(65 + rest) + name
    return name
