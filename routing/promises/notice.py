"""A year's official notice of days off and make-up days as a CSV: read and checked row by row (pure).

Columns: `date` (2027-01-01, 2027/1/1 or 2027年1月1日), `working` (上班/休息, 1/0, yes/no), `name`, and, if wanted,
`openings` of that day (`09:00-12:00 13:30-17:30`; a closing at or before its opening is on the next day).
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from io import StringIO

from routing.promises.amount import PromiseError
from routing.promises.calendars import FIRST_YEAR, LAST_YEAR, Day, Hours

_COLUMNS = {
    "date": "date", "日期": "date",
    "working": "working", "上班": "working", "是否上班": "working", "类型": "working",
    "name": "name", "名称": "name", "节日": "name",
    "openings": "openings", "开放时间": "openings",
}  # fmt: skip
_WORKING = dict.fromkeys(["1", "yes", "true", "on", "working", "上班", "班", "是"], True)
_OFF = dict.fromkeys(["0", "no", "false", "off", "休息", "放假", "休", "否"], False)
_WORDS = _WORKING | _OFF
_DATE = re.compile(r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?", re.ASCII)
_OPENING = re.compile(r"(\d{1,2}):(\d\d)\s*[-–—~至]\s*(\d{1,2}):(\d\d)", re.ASCII)
_APART = re.compile(r"[\s;；,，、]+")
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One line of the file by its number, 1 being the heading."""

    line: int
    on: date
    day: Day


def read_notice(text: str) -> list[NoticeRow]:
    """Rows in the order of their dates. PromiseError lists every line that cannot be read, one a line."""
    rows: list[NoticeRow] = []
    wrong: list[str] = []
    for line, cells in _lines(text):
        try:
            rows.append(_row(line, cells))
        except PromiseError as error:
            wrong.append(f"第 {line} 行：{error}")
    wrong += _twice(rows)
    if wrong:
        raise PromiseError("\n".join(wrong))
    if not rows:
        raise PromiseError("文件里没有任何日期")
    return sorted(rows, key=lambda row: row.on)


def _lines(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Line number and cells by our names, empty lines left out."""
    reader = csv.reader(StringIO(text))
    heading = [_COLUMNS.get(cell.strip().lower(), "") for cell in next(reader, [])]
    missing = [name for name in ("date", "working", "name") if name not in heading]
    if missing:
        raise PromiseError(f"缺少列 {'、'.join(missing)}；表头应为 date,working,name,openings")
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield reader.line_num, {name: cell.strip() for name, cell in zip(heading, cells, strict=False)}


def _row(line: int, cells: Mapping[str, str]) -> NoticeRow:
    on = _on(cells.get("date", ""))
    word = cells.get("working", "").lower()
    if word not in _WORDS:
        raise PromiseError(f"看不懂“{word}”，应写上班或休息")
    name = cells.get("name", "")
    if len(name) > _LONGEST_NAME:
        raise PromiseError(f"名称超过 {_LONGEST_NAME} 个字")
    hours = _hours(cells.get("openings", ""))
    if hours and not _WORDS[word]:
        raise PromiseError("休息日不能有开放时间")
    return NoticeRow(line, on, Day(_WORDS[word], hours, name))


def _on(text: str) -> date:
    found = _DATE.fullmatch(text)
    try:
        year, month, day = map(int, found.groups()) if found else (0, 0, 0)
        on = date(year, month, day)
    except ValueError as error:
        raise PromiseError(f"看不懂的日期“{text}”，应为 2027-01-01") from error
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise PromiseError(f"日期 {on} 超出可计算的范围")
    return on


def _hours(text: str) -> Hours | None:
    if not text:
        return None
    found = [_OPENING.fullmatch(part) for part in _APART.split(text)]
    read = [tuple(map(int, one.groups())) for one in found if one]
    if len(read) < len(found) or any(hour > 24 or minute > 59 for one in read for hour, minute in (one[:2], one[2:])):
        raise PromiseError(f"看不懂的开放时间“{text}”，应为 09:00-12:00 13:30-17:30")
    spans = ((60 * a + b, 60 * c + d) for a, b, c, d in read)
    return tuple((opens, closes if closes > opens else closes + 24 * 60) for opens, closes in spans)


def _twice(rows: list[NoticeRow]) -> list[str]:
    first: dict[date, int] = {}
    return [
        f"第 {row.line} 行：{row.on} 在第 {first[row.on]} 行已经写过"
        for row in rows
        if first.setdefault(row.on, row.line) != row.line
    ]
