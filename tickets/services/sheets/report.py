"""What became of each row, as a workbook: safe to open, whatever was in the cells."""

from __future__ import annotations

import io
from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from tickets.models import Sheet, SheetRow
from tickets.services.harmless import harmless


def workbook(sheet: Sheet) -> bytes:
    """All rows with their outcome, the request's number, what was said, and the cells that are still kept."""
    book = Workbook(write_only=True)
    page = book.create_sheet("导入结果")
    page.freeze_panes = "A2"
    for column, width in (("A", 8), ("B", 18), ("C", 24), ("D", 60)):
        page.column_dimensions[column].width = width
    heads = []
    for name in ("行号", "结果", "诉求编号", "说明", *map(harmless, sheet.headings)):
        cell = WriteOnlyCell(page, value=name)
        cell.font = Font(bold=True)
        heads.append(cell)
    page.append(heads)
    rows = sheet.rows.select_related("ticket").order_by("number")
    for row in rows.iterator(chunk_size=1000):
        page.append([row.number, *map(_text_of(page), _said(row)), *map(_text_of(page), row.cells)])
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def _said(row: SheetRow) -> Sequence[str]:
    words = "；".join(f"{p['column']}：{p['says']}" for p in row.problems)
    return SheetRow.State(row.state).label, row.ticket.number if row.ticket else "", words


def _text_of(page: object):  # type: ignore[no-untyped-def]
    def cell(value: str) -> WriteOnlyCell:
        made = WriteOnlyCell(page, value=harmless(value))
        made.data_type = "s"
        return made

    return cell
