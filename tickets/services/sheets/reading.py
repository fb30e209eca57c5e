"""From the bytes of a file to rows of text. Whatever is wrong with the file is said in Chinese, before any row."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from qihu.errors import Invalid
from tickets.services.sheets.columns import known_headings

FILE_MAX, ROWS_MAX, COLUMNS_MAX, CELL_MAX = 10 * 2**20, 10_000, 60, 4000
_PARTS_MAX, _BLANK_MAX = 400, 2000
_HEADINGS_WITHIN = 10
_BROKEN = (
    *(ValueError, KeyError, TypeError, AttributeError, IndexError, EOFError, SyntaxError, OSError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, InvalidFileException),
)
"""What openpyxl and zipfile raise on a file that is none: a list, since they have no common ancestor."""
_OLD, _ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
_MERGE = re.compile(rb"<mergeCell\s[^>]*ref=\"([A-Z0-9:]{3,20})\"")


class Unreadable(Invalid):
    """The file is not a table that can be read; the message says what to do."""

    code, title = "unreadable", "读不了这份文件"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Headings, rows by their number in the file, and what the reader should know of the whole."""

    headings: Sequence[str]
    rows: Sequence[tuple[int, list[str]]]
    notes: Sequence[str] = ()


Line = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read: rows, and bytes of the file and of what it unpacks to."""

    rows: int
    size: int
    unpacked: int


UPLOADED = Limits(ROWS_MAX, FILE_MAX, 120 * 2**20)
"""What somebody may send."""
ON_DISK = Limits(1_000_000, 2**30, 2**32)
"""What the operator of the machine may name."""


def read(content: bytes, limits: Limits = UPLOADED) -> Table:
    """Rows of the first worksheet, or of a CSV in UTF-8, UTF-16 or GB 18030. Raises `Unreadable`.

    Told by content, never by name. Dates come as ISO 8601, a formula as its text with the “=” in front.
    """
    if len(content) > limits.size:
        raise Unreadable(f"文件超过 {limits.size // 2**20} MB，请拆成几份再导入。")
    if content.startswith(_OLD):
        raise Unreadable("这是旧版 .xls 或加了密码的文件。请在表格软件里另存为不加密的 .xlsx 再导入。")
    lines, notes = _workbook(content, limits) if content.startswith(_ZIP) else (_csv(content), [])
    return _table(_few(lines, limits.rows), notes, limits.rows)


def _few(lines: Iterable[Line], most: int) -> list[Line]:
    """Lines with something in them: not more than allowed, and not after thousands of blank ones."""
    found: list[Line] = []
    last = 0
    for number, cells in lines:
        if any(cells):
            found.append((number, cells))
            last = number
        if len(found) > most + _HEADINGS_WITHIN or number - last > _BLANK_MAX:
            break
    return found


def _table(lines: Sequence[Line], notes: Sequence[str], most: int) -> Table:
    if not lines:
        raise Unreadable("表里没有内容。")
    place = _heading_line(lines)
    number, named = lines[place]
    rows = lines[place + 1 :]
    if not rows:
        raise Unreadable("表里只有表头，没有内容。")
    if len(rows) > most:
        raise Unreadable(f"超过 {most} 行，请拆成几份再导入。")
    width = max(len(cells) for _, cells in rows)
    if max(width, len(named)) > COLUMNS_MAX:
        raise Unreadable(f"超过 {COLUMNS_MAX} 栏，请删去用不着的栏目再导入。")
    headings = _headings(named, max(width, len(named)))
    above = [f"表头在第 {number} 行，它上面的内容没有读。"] if place else []
    padded = [(n, cells + [""] * (len(headings) - len(cells))) for n, cells in rows]
    return Table(headings=headings, rows=padded, notes=[*notes, *above])


def _heading_line(lines: Sequence[Line]) -> int:
    """The line among the first ten that names most columns; the first one where none does."""
    tally = [known_headings(cells) for _, cells in lines[:_HEADINGS_WITHIN]]
    best = max(tally)
    return tally.index(best) if best > 1 else 0


def _headings(cells: Sequence[str], width: int) -> list[str]:
    """Each heading once: an empty one by its place, a repeated one by its turn."""
    found: list[str] = []
    for place in range(width):
        name = (cells[place] if place < len(cells) else "")[:40] or f"第 {place + 1} 栏"
        turn = sum(one == name or one.startswith(f"{name}（") for one in found)
        found.append(f"{name}（{turn + 1}）" if turn else name)
    return found


def _workbook(content: bytes, limits: Limits) -> tuple[Iterator[Line], list[str]]:
    try:
        merged = _inspected(content, limits)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheets = book.worksheets
        rows = list(islice(_cells(sheets[0]), limits.rows + _HEADINGS_WITHIN + _BLANK_MAX + 2)) if sheets else []
    except Unreadable:
        raise
    except _BROKEN as error:
        raise Unreadable("文件已损坏，或不是真正的 .xlsx。请在表格软件里打开后另存为 .xlsx 再导入。") from error
    notes = [f"只读第一张工作表“{sheets[0].title[:30]}”，其余 {len(sheets) - 1} 张没有读。"] if len(sheets) > 1 else []
    if merged:
        shown = "、".join(merged[:5])
        notes.append(f"有合并的单元格（{shown}），只有左上角一格有内容，其余按空白处理。")
    return iter(rows), notes


def _inspected(content: bytes, limits: Limits) -> list[str]:
    """Ranges of merged cells. Refuses macros, passwords, bombs and entity declarations before anything is parsed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        if len(parts) > _PARTS_MAX or sum(part.file_size for part in parts) > limits.unpacked:
            raise Unreadable("文件展开后过大，没有打开。请只留要导入的表，另存后再试。")
        if any(part.flag_bits & 1 for part in parts):
            raise Unreadable("文件加了密码，请去掉密码再导入。")
        names = {part.filename for part in parts}
        if any(name.lower().endswith(("vbaproject.bin", ".bas")) for name in names):
            raise Unreadable("文件里有宏，没有打开。请另存为不带宏的 .xlsx 再导入。")
        if "xl/workbook.xml" not in names:
            raise Unreadable("这不是表格文件。请上传 .xlsx 或 .csv。")
        found: list[str] = []
        for name in sorted(names):
            if name.endswith((".xml", ".rels")):
                found += _looked_at(name, archive)
        return found


def _looked_at(name: str, archive: zipfile.ZipFile) -> list[str]:
    merged: list[str] = []
    tail = b""
    with archive.open(name) as part:
        while piece := part.read(2**20):
            seen = tail + piece
            if b"<!DOCTYPE" in seen or b"<!ENTITY" in seen:
                raise Unreadable("文件里有不安全的内容（实体声明），没有打开。")
            if name.startswith("xl/worksheets/") and len(merged) < 10:
                merged += [ref.decode() for ref in _MERGE.findall(seen)]
            tail = seen[-60:]
    return list(dict.fromkeys(merged))


def _cells(sheet: Any) -> Iterator[Line]:
    for number, row in enumerate(sheet.iter_rows(), start=1):
        yield number, _trimmed([_plain(cell.value) for cell in row])


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    return _clean(str(value))


def _clean(text: str) -> str:
    kept = "".join(ch for ch in text.replace("\r\n", "\n") if ch >= " " or ch in "\n\t")
    return kept.strip()[:CELL_MAX]


def _trimmed(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _csv(content: bytes) -> Iterator[Line]:
    text = _decoded(content)
    first = text.split("\n", 1)[0]
    delimiter = max(",\t;", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, cells in enumerate(reader, start=1):
            yield number, _trimmed([_clean(cell) for cell in cells])
    except csv.Error as error:
        raise Unreadable("CSV 的引号或换行不对，读不下去。请在表格软件里另存为 .xlsx 再导入。") from error


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _as(content, "utf-16")
    if b"\x00" in content[:4096]:
        raise Unreadable("这不是表格文件。请上传 .xlsx 或 .csv。")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _as(content, "gb18030")


def _as(content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable("文字编码认不出来。请另存为 UTF-8 的 CSV，或 .xlsx。") from error
    odd = sum(ch < " " and ch not in "\r\n\t" for ch in text[:4000]) + sum(
        "\ue000" <= ch <= "\uf8ff" for ch in text[:4000]
    )
    if odd > 8:
        raise Unreadable("文字编码认不出来。请另存为 UTF-8 的 CSV，或 .xlsx。")
    return text
