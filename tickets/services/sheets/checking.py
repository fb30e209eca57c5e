"""One row of a sheet as a filing, or why it is none: every cell is looked at, every fault is told with its column."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError

from qihu.accounts.models import Region
from routing.rules.models import Category, ChainTag
from tickets.models import Ticket
from tickets.models.source import DETAIL_MAX, REFERENCE_MAX
from tickets.services import filing
from tickets.services.entry import Heard
from tickets.services.intake import Filed
from tickets.services.sheets.columns import BY_CODE, NEEDED, stranger

Problem = dict[str, object]
"""What is said of one cell: `column` (its heading), `says`, and whether it is `grave`, so that the row stays out."""
_FORMATS = (
    *("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d"),
    *("%Y年%m月%d日 %H:%M", "%Y年%m月%d日%H时%M分", "%Y年%m月%d日", "%Y.%m.%d", "%Y%m%d"),
)
_YES, _NO = frozenset({"是", "紧急", "特急", "y", "yes", "1", "true"}), frozenset({"", "否", "一般", "n", "no", "0"})
_ERRORS = re.compile(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What names in a sheet stand for: read once for many rows."""

    tags: Mapping[str, str]
    categories: Mapping[str, str]
    regions: Mapping[str, str]
    channels: Mapping[str, str]

    @classmethod
    def within(cls, regions: Sequence[Region], channels: Sequence[str]) -> Words:
        """The organisation's names, regions and channels only as far as allowed."""
        categories = Category.objects.filter(active=True, restricted=False).values_list("code", "name")
        return cls(
            tags={name: code for code, plain in ChainTag.objects.values_list("code", "name") for name in (code, plain)},
            categories={name: c for c, plain in categories for name in (c, plain, f"{c} {plain}")},
            regions={name: region.code for region in reversed(regions) for name in (region.code, region.name)},
            channels={name: code for code in channels for name in (code, Ticket.Channel(code).label)},
        )


@dataclass(slots=True, kw_only=True)
class Reading:
    """A row being read: values by field, and what was found wrong."""

    cells: Mapping[str, str]
    headings: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, code: str, says: str) -> None:
        """A fault that keeps the row out."""
        self.problems.append({"column": self.headings.get(code, BY_CODE[code].label), "says": says, "grave": True})

    def doubt(self, code: str, says: str) -> None:
        """Something to look at; the row goes in."""
        self.problems.append({"column": self.headings.get(code, BY_CODE[code].label), "says": says, "grave": False})

    def checked(self, code: str, check: Callable[[str], str]) -> str:
        """The value if the check accepts it; its words become the fault."""
        try:
            return check(self.cells.get(code, ""))
        except ValidationError as error:
            self.wrong(code, "；".join(error.messages))
            return ""

    def named(self, code: str, known: Mapping[str, str]) -> str:
        """The code that a name stands for; "" for none given."""
        value = self.cells.get(code, "")
        if value and value not in known:
            self.wrong(code, f"没有“{value[:20]}”，请改成系统里的名称或代码。")
        return known.get(value, "")


@dataclass(frozen=True, slots=True)
class Read:
    """A row that could be a request (or could not: both None), and what there is to say about it."""

    filed: Filed | None
    heard: Heard | None
    problems: Sequence[Problem]


def read_row(
    cells: Sequence[str],
    *,
    headings: Sequence[str],
    columns: Sequence[str],
    words: Words,
    channel: str,
    region: str,
    at: datetime,
) -> Read:
    """Check one row. `channel` and `region` stand where the row names none."""
    row = Reading(
        cells={code: cell for code, cell in zip(columns, cells, strict=False) if code},
        headings={code: name for code, name in zip(columns, headings, strict=False) if code},
    )
    _misplaced(row)
    if row.problems:  # in the wrong column: what else it is not would only confuse
        return Read(None, None, row.problems)
    heard = Heard(
        channel=row.named("channel", words.channels) or channel,
        received_at=_moment(row, at),
        reference=_short(row, "reference", REFERENCE_MAX),
        detail=_short(row, "detail", DETAIL_MAX),
    )
    filed = Filed(
        text=row.checked("text", filing.checked_text),
        title=row.checked("title", filing.checked_title),
        enterprise_name=row.checked("enterprise_name", filing.checked_firm),
        contact_name=row.checked("contact_name", filing.checked_person),
        contact_phone=row.checked("contact_phone", filing.normal_phone),
        uscc=_uscc(row),
        chain_tag=row.named("chain_tag", words.tags) or None,
        category=row.named("category", words.categories) or None,
        region=row.named("region", words.regions) or region,
        channel=heard.channel,
        urgent=_urgent(row),
    )
    grave = any(problem["grave"] for problem in row.problems)
    return Read(None if grave else filed, None if grave else heard, row.problems)


def _misplaced(row: Reading) -> None:
    """Formulas, errors of the sheet, and values that belong to another column."""
    for code, value in row.cells.items():
        if value.startswith("="):
            row.wrong(code, "是公式，不是内容。请在表格软件里“粘贴为数值”后再导入。")
        elif _ERRORS.fullmatch(value):
            row.wrong(code, f"是表格里的错误值 {value}。")
        elif seen := stranger(code, value):
            row.wrong(code, f"看起来是{seen}，可能错列了。")
    for code in NEEDED:
        if code not in row.cells:
            row.wrong(code, "没有对应的栏目。")


def _short(row: Reading, code: str, most: int) -> str:
    value = " ".join(row.cells.get(code, "").split())
    if len(value) > most:
        row.wrong(code, f"最多 {most} 个字，现在有 {len(value)} 个字。")
    return value[:most]


def _uscc(row: Reading) -> str:
    value = row.cells.get("uscc", "")
    if re.fullmatch(r"[\d.]+[eE]\+\d+", value):
        row.wrong("uscc", "被表格软件改成了数字，末几位已丢失。请把这一栏设成文本重新填写。")
        return ""
    try:
        return filing.normal_uscc(value, confirmed=False)
    except ValidationError as error:
        if error.code != "uscc_checksum":
            row.wrong("uscc", "；".join(error.messages))
            return ""
        row.doubt("uscc", "校验位对不上，已照录，请核对。")
        return filing.normal_uscc(value, confirmed=True)


def _urgent(row: Reading) -> bool:
    value = row.cells.get("urgent", "").lower()
    if value not in _YES | _NO:
        row.doubt("urgent", f"“{value[:10]}”不知是不是紧急，按不紧急处理。")
    return value in _YES


def _moment(row: Reading, at: datetime) -> datetime:
    value = row.cells.get("received_at", "")
    if not value:
        return at
    found = parsed(value, ZoneInfo(settings.TIME_ZONE))
    if found is None:
        row.wrong("received_at", f"“{value[:20]}”认不出是什么时间，请写成 2026-03-02 09:30。")
        return at
    if found > at:
        row.wrong("received_at", "晚于现在。")
    return found


def parsed(value: str, zone: ZoneInfo) -> datetime | None:
    """A moment as tables write it, in `zone` unless it names its own offset; None for what is none."""
    plain = value.strip()
    found: datetime | None
    try:
        found = datetime.fromisoformat(plain)
    except ValueError:
        found = next((one for form in _FORMATS if (one := _as(plain, form))), None)
    return found.replace(tzinfo=zone) if found and found.tzinfo is None else found


def _as(plain: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(plain, form)  # noqa: DTZ007 - the zone is the caller's to add
    except ValueError:  # another form, perhaps
        return None
