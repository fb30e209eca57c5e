"""A bulletin as a workbook: numbers as numbers, one sheet a section, charts that Excel itself draws."""

from __future__ import annotations

from io import BytesIO
from itertools import count

from openpyxl import Workbook
from openpyxl.cell.cell import Cell as Box
from openpyxl.chart import BarChart, Reference
from openpyxl.chart.data_source import NumDataSource, NumRef
from openpyxl.chart.error_bar import ErrorBars
from openpyxl.chart.label import DataLabelList
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.worksheet import Worksheet

from tickets.figures.bulletin import Bars, Cell, Columns, Content, Paragraph, Section, Table
from tickets.services.bulletins.archive import settled
from tickets.services.harmless import harmless

_FORMATS = {"%": "0.0%", "n": "#,##0", "件": "#,##0", "元": "#,##0", "小时": '0.0" 小时"'}
_TONES = {"red": "FDECEA", "black": "E4E6EA", "low": "F6F7F9"}
_HEAD = PatternFill("solid", start_color="E5F1EE")


def xlsx(content: Content) -> bytes:
    """The file; the same bytes for the same content."""
    book = Workbook()
    first = book.active
    if not isinstance(first, Worksheet):
        raise TypeError("openpyxl made no first sheet")
    _cover(first, content)
    for section in content.sections:
        _section(book.create_sheet(section.heading.partition("、")[2]), section)
    book.properties.title, book.properties.creator = content.title, content.signed
    kept = BytesIO()
    book.save(kept)
    return settled(kept.getvalue(), at=content.as_of)


def _cover(sheet: Worksheet, content: Content) -> None:
    sheet.title = "封面"
    sheet["A1"] = harmless(content.title)
    sheet["A1"].font = Font(size=16, bold=True)
    facts = (
        ("编号", content.number),
        ("范围", content.place),
        ("统计时段", content.period),
        ("截至", content.as_of_said),
        ("口径", f"第 {content.definitions} 版"),
        ("制作", f"{content.signed} {content.dated}"),
    )
    for row, (name, value) in enumerate(facts, start=3):
        sheet.cell(row, 1, name)
        sheet.cell(row, 2, harmless(value))
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 14, 60


def _section(sheet: Worksheet, section: Section) -> None:
    row, widths = 1, [30]
    for block in section.blocks:
        if isinstance(block, Paragraph):
            sheet.cell(row, 1, harmless(block.text)).alignment = Alignment(vertical="top")
            row += 2
        elif isinstance(block, Table):
            row = _table(sheet, block, row, widths)
        elif isinstance(block, Bars):
            row = _bars(sheet, block, row)
        else:
            row = _columns(sheet, block, row)
    for index, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = width


def _table(sheet: Worksheet, table: Table, row: int, widths: list[int]) -> int:
    """Each number in a column of its own, what stands under it in the next. Returns the next free row."""
    split = [any(cells.cells[i].small or cells.cells[i].bar for cells in table.rows) for i in range(len(table.columns))]
    if table.title:
        sheet.cell(row, 1, harmless(table.title)).font = Font(bold=True)
        row += 1
    place = count(1)
    for name, two in zip(table.columns, split, strict=True):
        _head(sheet.cell(row, next(place)), name)
        if two:
            _head(sheet.cell(row, next(place)), "区间与 n")
    for told in table.rows:
        row, place = row + 1, count(1)
        for cell, two in zip(told.cells, split, strict=True):
            _filled(sheet.cell(row, next(place)), cell, told.tone)
            if two:
                _filled(sheet.cell(row, next(place)), Cell(text=cell.small or _bounds(cell)), told.tone)
    widths += [18] * (next(place) - 1 - len(widths))
    if table.note:
        row += 1
        sheet.cell(row, 1, harmless(table.note)).font = Font(italic=True, color="5B6472")
    return row + 2


def _bounds(cell: Cell) -> str:
    return f"{cell.bar[0]:.1f} 至 {cell.bar[1]:.1f}" if cell.bar else ""


def _head(box: Box, name: str) -> None:
    box.value, box.font, box.fill = harmless(name), Font(bold=True), _HEAD


def _filled(box: Box, cell: Cell, tone: str) -> None:
    if cell.value is None:
        box.value = harmless(cell.text)
    else:
        box.value, box.number_format = cell.value, _FORMATS.get(cell.unit, "#,##0")
    box.alignment = Alignment(vertical="top", indent=1 if tone == "twin" and box.column == 1 else 0)
    if tone in _TONES:
        box.fill = PatternFill("solid", start_color=_TONES[tone])


def _bars(sheet: Worksheet, chart: Bars, row: int) -> int:
    """The shares, their distances to the bounds, and a bar chart with these as error bars."""
    for column, name in enumerate((chart.title, "值（%）", "下限差", "上限差", "n"), start=1):
        _head(sheet.cell(row, column), name)
    for index, bar in enumerate(chart.bars, start=row + 1):
        down, up = round(bar.value - bar.low, 1), round(bar.high - bar.value, 1)
        for column, value in enumerate((harmless(bar.label), bar.value, down, up, bar.n), start=1):
            sheet.cell(index, column, value)
    first, last = row + 1, row + len(chart.bars)
    drawn = _chart(sheet, chart.title, (row, last), kind="bar")
    drawn.y_axis.scaling.min, drawn.y_axis.scaling.max = 0, 100
    drawn.series[0].errBars = ErrorBars(
        errBarType="both",
        errValType="cust",
        errDir="y",
        minus=_source(sheet, "C", first, last),
        plus=_source(sheet, "D", first, last),
    )
    drawn.height = max(7, 1.1 * len(chart.bars))
    sheet.add_chart(drawn, f"A{last + 2}")
    return last + 4 + int(drawn.height * 2)


def _source(sheet: Worksheet, column: str, first: int, last: int) -> NumDataSource:
    return NumDataSource(numRef=NumRef(f=f"{quote_sheetname(sheet.title)}!${column}${first}:${column}${last}"))


def _columns(sheet: Worksheet, chart: Columns, row: int) -> int:
    for column, name in enumerate((chart.title, f"{chart.unit}数"), start=1):
        _head(sheet.cell(row, column), name)
    for index, (label, value) in enumerate(zip(chart.labels, chart.values, strict=True), start=row + 1):
        sheet.cell(index, 1, harmless(label))
        sheet.cell(index, 2, value)
    last = row + len(chart.values)
    sheet.add_chart(_chart(sheet, chart.title, (row, last), kind="col"), f"A{last + 2}")
    return last + 18


def _chart(sheet: Worksheet, title: str, rows: tuple[int, int], *, kind: str) -> BarChart:
    first, last = rows
    drawn = BarChart()
    drawn.type, drawn.title, drawn.legend, drawn.width = kind, title, None, 20
    drawn.add_data(Reference(sheet, min_col=2, min_row=first, max_row=last), titles_from_data=True)
    drawn.set_categories(Reference(sheet, min_col=1, min_row=first + 1, max_row=last))
    drawn.series[0].graphicalProperties.solidFill = "0B6B5D"
    drawn.dataLabels = DataLabelList(showVal=True)
    drawn.x_axis.delete = drawn.y_axis.delete = False
    if kind == "bar":
        drawn.x_axis.scaling.orientation = "maxMin"
    return drawn
