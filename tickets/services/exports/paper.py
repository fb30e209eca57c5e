"""What a file says about itself, and the CSV that says it: lines that begin with `# ` around heading and rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tickets.models import Export
from tickets.services.exports import columns, figures_table
from tickets.services.exports.cells import Column, Tally, written

BOM = b"\xef\xbb\xbf"
"""Without it a spreadsheet takes the Chinese for another encoding."""
Block = tuple[int, bytes]
"""So many rows, and their lines."""
Line = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A file to be: `head` is known before its rows, what `tail` says only after them."""

    title: str
    name: str
    watermark: str
    asked_at: datetime
    expected: int
    head: Sequence[Line]
    columns: Sequence[Column]

    @property
    def heading(self) -> bytes:
        """The line of headings."""
        return written([[column.label for column in self.columns]])

    def tail(self, tally: Tally) -> list[Line]:
        """How many rows there were, and their hash."""
        missing = self.expected - tally.rows
        left = [("未列出", f"{missing} 件在导出时已不再可见，未列出")] if missing > 0 else []
        return [("行数", str(tally.rows)), *left, ("SM3", in_eights(tally.digest()))]


def in_eights(digest: bytes) -> str:
    """As `Export.fingerprint`."""
    return Export(digest=digest).fingerprint


def paper_of(export: Export) -> Paper:
    """The file of an export. Reads who asked for it."""
    person = export.asked_by
    who = f"{person.name}（{person.username}）"
    when = columns.moment(export.asked_at)
    what = Export.What(export.what)
    head = [
        ("导出编号", export.number),
        ("内容", what.label),
        ("导出人", who),
        ("导出时间", when),
        ("理由", export.reason),
        ("筛选条件", export.words),
        ("数据截止", columns.moment(export.as_of)),
        ("知悉截止", columns.moment(export.known_at or export.as_of)),
        ("口径版本", f"第 {export.definitions} 版"),
        ("应有行数", str(export.expected)),
        ("校验", "SM3 按 UTF-8、逗号分隔、CRLF 换行的表头和各行计算，不含以“# ”开头的行和文件头标记"),
    ]
    if what != Export.What.FIGURES:
        head.append(("说明", "行的范围按上面的条件；状态、部门等各列为导出时的现状；限制知悉的诉求不导出"))
    return Paper(
        title=what.label,
        name=f"{export.number}.{export.format}",
        watermark=f"水印：{who} {when} {export.number} 仅供所填事由使用，不得外传",
        asked_at=export.asked_at,
        expected=export.expected,
        head=head,
        columns=columns_of(export.what),
    )


def columns_of(what: str) -> Sequence[Column]:
    """Headings of an export's table."""
    return figures_table.COLUMNS if what == Export.What.FIGURES else columns.columns(what)


def csv_file(paper: Paper, blocks: Iterable[Block], tally: Tally) -> Iterator[bytes]:
    """The file in pieces, of whose rows one block is in memory at a time."""
    yield BOM + _remarks([("", paper.watermark), *paper.head])
    yield tally.heading(paper.heading)
    for rows, lines in blocks:
        yield tally.take(rows, lines)
    yield _remarks([*paper.tail(tally), ("", paper.watermark)])


def _remarks(lines: Iterable[Line]) -> bytes:
    """Each one cell to a spreadsheet: no comma, quote or line's end of the kind that would make it two."""
    return "".join(f"# {_one_cell(f'{name}：{said}' if name else said)}\r\n" for name, said in lines).encode()


def _one_cell(text: str) -> str:
    return " ".join(text.replace(",", "，").replace('"', "”").split())
