"""A bulletin as a Word document that an office can go on writing in: native headings, tables and styles."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from docx import Document
from docx.document import Document as Letter
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.table import _Cell
from docx.text.paragraph import Paragraph as Line

from tickets.figures.bulletin import Bars, Block, Cell, Columns, Content, Paragraph, Table
from tickets.services.bulletins.archive import settled
from tickets.services.bulletins.pdf import picture

_SONG, _HEI, _FANGSONG = "宋体", "黑体", "仿宋"
_SOFT = RGBColor(0x5B, 0x64, 0x72)
_TONES = {"red": "FDECEA", "black": "E4E6EA", "low": "F6F7F9"}
_WIDE = Cm(15.6)


def docx(content: Content) -> bytes:
    """The file; the same bytes for the same content."""
    letter = Document()
    _laid_out(letter, content)
    _said(letter.add_paragraph(), content.number, size=10, colour=_SOFT, align=WD_ALIGN_PARAGRAPH.CENTER)
    _said(letter.add_paragraph(style="Title"), content.title, size=20, face=_HEI, align=WD_ALIGN_PARAGRAPH.CENTER)
    when = f"统计时段：{content.period}　截至：{content.as_of_said}　口径第 {content.definitions} 版"
    _said(letter.add_paragraph(), when, size=10, colour=_SOFT, align=WD_ALIGN_PARAGRAPH.CENTER)
    for section in content.sections:
        _said(letter.add_paragraph(style="Heading 1"), section.heading, size=15, face=_HEI)
        for block in section.blocks:
            _block(letter, block)
    for text in (content.signed, content.dated):
        _said(letter.add_paragraph(), text, size=12, align=WD_ALIGN_PARAGRAPH.RIGHT)
    kept = BytesIO()
    letter.save(kept)
    return settled(kept.getvalue(), at=content.as_of)


def _laid_out(letter: Letter, content: Content) -> None:
    page = letter.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.top_margin, page.bottom_margin, page.left_margin, page.right_margin = Cm(3.2), Cm(2.6), Cm(2.7), Cm(2.7)
    properties = letter.core_properties
    properties.title, properties.author, properties.comments = content.title, content.signed, content.number
    for name, face in (("Normal", _FANGSONG), ("Title", _HEI), ("Heading 1", _HEI)):
        style: Any = letter.styles[name]
        style.font.name, style.font.color.rgb = face, RGBColor(0, 0, 0)
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)
    _said(page.footer.paragraphs[0], content.number, size=8, colour=_SOFT, align=WD_ALIGN_PARAGRAPH.CENTER)


def _said(
    line: Line,
    text: str,
    *,
    size: float,
    face: str = _FANGSONG,
    colour: RGBColor | None = None,
    align: WD_ALIGN_PARAGRAPH | None = None,
) -> None:
    run = line.add_run(text)
    run.font.size, run.font.name = Pt(size), face
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)  # noqa: SLF001 - python-docx has no other way to name a Chinese face
    if colour is not None:
        run.font.color.rgb = colour
    if align is not None:
        line.alignment = align


def _block(letter: Letter, block: Block) -> None:
    if isinstance(block, Paragraph):
        line = letter.add_paragraph()
        line.paragraph_format.first_line_indent = Pt(24)
        line.paragraph_format.line_spacing = 1.5
        _said(line, block.text, size=12)
        return
    if block.title:
        _said(letter.add_paragraph(), block.title, size=10.5, face=_HEI)
    if isinstance(block, Table):
        _table(letter, block)
    else:
        _chart(letter, block)
    if block.note:
        _said(letter.add_paragraph(), block.note, size=8.5, colour=_SOFT)


def _chart(letter: Letter, chart: Bars | Columns) -> None:
    letter.add_picture(BytesIO(picture(chart)), width=_WIDE)


def _table(letter: Letter, table: Table) -> None:
    made = letter.add_table(rows=1, cols=len(table.columns), style="Table Grid")
    made.alignment = WD_TABLE_ALIGNMENT.CENTER
    for cell, name in zip(made.rows[0].cells, table.columns, strict=True):
        _said(cell.paragraphs[0], name, size=9, face=_HEI)
    _repeats(made.rows[0])
    for row in table.rows:
        cells = made.add_row().cells
        for index, (cell, told) in enumerate(zip(cells, row.cells, strict=True)):
            twin = row.tone == "twin" and not index
            _filled(cell, told, words=table.worded[index], twin=twin)
            if row.tone in _TONES:
                _shaded(cell, _TONES[row.tone])


def _filled(cell: _Cell, told: Cell, *, words: bool, twin: bool) -> None:
    line = cell.paragraphs[0]
    align = None if words else WD_ALIGN_PARAGRAPH.RIGHT
    _said(line, f"　{told.text}" if twin else told.text, size=9, face=_SONG, align=align)
    if told.small:
        _said(cell.add_paragraph(), told.small, size=7.5, face=_SONG, colour=_SOFT, align=align)


def _repeats(row: Any) -> None:
    """The head of a table stands again on each page."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # noqa: SLF001 - as above


def _shaded(cell: _Cell, colour: str) -> None:
    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        shade.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shade)  # noqa: SLF001 - as above
