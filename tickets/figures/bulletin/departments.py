"""二、部门情况 and 三、红黑榜 of a region's bulletin."""

from __future__ import annotations

from collections.abc import Sequence

from tickets.figures.bulletin.bands import List, Standing, listed
from tickets.figures.bulletin.content import Bars, Block, Cell, Paragraph, Row, Section, Table
from tickets.figures.bulletin.said import bar, behind, percent, whole_cell
from tickets.figures.count import Group
from tickets.figures.interval import RANKED_FROM
from tickets.figures.measures import BY_CODE, Part

COLUMNS = ("submitted", "first_dispatch", "on_time", "solved", "satisfied_result")
RANKED = ("solved", "on_time")
"""Figures that have a red and black list."""
MOST_BARS = 20
_NOBODY = "本区划（含下级）没有设置承办部门，没有可列的部门。"
_NO_REQUESTS = "本月没有部门主办的诉求。"


def departments(heading: str, groups: Sequence[Group], *, any_department: bool) -> Section:
    """Every department with requests, the larger first."""
    held = [group for group in groups if group.value]
    if not held:
        return Section(heading, (Paragraph(_NO_REQUESTS if any_department else _NOBODY),))
    names = tuple(BY_CODE[code].short or BY_CODE[code].label for code in COLUMNS)
    rows = tuple(_row(group) for group in groups)
    note = "按部门看时计拆分出的各件。每格下面是 95 % 区间和 n；剔除、测试的件数列在旁边，不计入。"
    blocks: list[Block] = [Table(title="各部门", columns=("部门", *names, "剔除", "测试"), rows=rows, note=note)]
    bars = [found for group in held if (found := bar(group.figures["solved"], group.label))]
    if bars:
        more = len(bars) - MOST_BARS
        said = f"另有 {more} 个部门见表。" if more > 0 else ""
        blocks.append(
            Bars(title="各部门解决率与 95 % 区间", bars=tuple(bars[:MOST_BARS]), note=f"按收到件数排列。{said}")
        )
    return Section(heading, tuple(blocks))


def _row(group: Group) -> Row:
    cells = [whole_cell(group.figures[code], by="department", value=group.value) for code in COLUMNS]
    excluded = next(twin for twin in group.figures["solved"].twins if twin.code == "excluded")
    tests = next(twin for twin in group.figures["submitted"].twins if twin.code == "tests")
    beside = [whole_cell(twin, by="department", value=group.value) for twin in (excluded, tests)]
    return Row((Cell(text=group.label), *cells, *beside))


def red_and_black(heading: str, groups: Sequence[Group]) -> Section:
    """One list for each ranked figure."""
    blocks: list[Block] = [
        Paragraph(
            f"只比较 n 不少于 {RANKED_FROM} 的部门；95 % 区间重叠的同在一档，档内不分先后（按部门代码排列）。"
            f"最好的一档列红榜，最后一档列黑榜；n 不足 {RANKED_FROM} 的另列，不参与比较。"
        )
    ]
    for code in RANKED:
        blocks += _listed(code, [group for group in groups if group.value])
    return Section(heading, tuple(blocks))


def _listed(code: str, groups: Sequence[Group]) -> list[Block]:
    found = listed(standing for group in groups if (standing := _standing(code, group)))
    label = BY_CODE[code].label
    rows = [*_bands(code, found), *(Row((_few(), *_cells(code, one)), "low") for one in found.few)]
    if not rows:
        return [Paragraph(f"{label}：本月没有可列的部门。")]
    columns = ("档次", "部门", label, "n", "95 % 区间")
    return [Table(title=f"{label}红黑榜", columns=columns, rows=tuple(rows), note=_verdict(found))]


def _standing(code: str, group: Group) -> Standing | None:
    figure = group.figures[code]
    if figure.rate is None or figure.interval is None:
        return None
    return Standing(
        value=group.value,
        label=group.label,
        hits=figure.hits,
        n=figure.denominator,
        rate=figure.rate,
        interval=figure.interval,
    )


def _bands(code: str, found: List) -> list[Row]:
    last = len(found.bands) - 1
    rows = []
    for index, band in enumerate(found.bands):
        tone = "" if not last else "red" if index == 0 else "black" if index == last else ""
        name = {"red": "红榜", "black": "黑榜"}.get(tone, f"第 {index + 1} 档" if last else "同档")
        rows += [Row((Cell(text=name), *_cells(code, one)), tone) for one in band]
    return rows


def _few() -> Cell:
    return Cell(text=f"n < {RANKED_FROM}")


def _cells(code: str, one: Standing) -> tuple[Cell, ...]:
    low, high = 100 * one.interval.low, 100 * one.interval.high
    bar_of = (round(low, 1), round(high, 1), round(100 * one.rate, 1))
    opens = behind(code, Part.NUMERATOR, "department", one.value)
    return (
        Cell(text=one.label),
        Cell(text=percent(one.rate), value=one.rate, unit="%", rows=opens),
        Cell(text=f"{one.n:,}", value=one.n, unit="n", rows=behind(code, Part.DENOMINATOR, "department", one.value)),
        Cell(text=f"{low:.1f}–{high:.1f} %", bar=bar_of),
    )


def _verdict(found: List) -> str:
    if not found.bands:
        return f"没有 n 不少于 {RANKED_FROM} 的部门，不列红黑榜。"
    if len(found.bands) == 1 and len(found.bands[0]) == 1:
        return f"n 不少于 {RANKED_FROM} 的部门只有一个，无从比较，不列红黑榜。"
    if len(found.bands) == 1:
        return "各部门的区间相互重叠，差别在误差范围内，不列红黑榜。"
    return f"红榜 {len(found.red)} 个部门，黑榜 {len(found.black)} 个部门，共 {len(found.bands)} 档。"
