"""诉求热点, 超期与挂起, 口径."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tickets.figures.bulletin.content import Block, Cell, Paragraph, Row, Section, Table
from tickets.figures.bulletin.overall import TOLD
from tickets.figures.bulletin.said import whole_cell
from tickets.figures.count import Group
from tickets.figures.figure import Figure
from tickets.figures.measures import BY_CODE, DIMENSIONS
from tickets.models import Ticket, Topic

MOST = 10
NUMBERS = 50
_HOT = ("submitted", "on_time", "solved", "repeat")


def hot(heading: str, groups: dict[str, tuple[Group, ...]], topics: Sequence[tuple[Topic, int]]) -> Section:
    """What was asked most: categories, chains, and the common problems among them."""
    blocks: list[Block] = [
        found for by in ("category", "chain_tag") if by in groups and (found := _grouped(by, groups[by]))
    ]
    if topics:
        rows = tuple(
            Row((Cell(text=one.title), Cell(text=one.number), Cell(text=f"{asked} 件", value=asked, unit="件")))
            for one, asked in topics
        )
        note = "专题为多家企业反映的同一问题（举一反三）；件数为其中本月收到的，按制作通报时的归并。"
        blocks.append(Table(title="共性问题", columns=("专题", "编号", "本月件数"), rows=rows, note=note))
    return Section(heading, tuple(blocks) or (Paragraph("本月没有可列的类别和专题。"),))


def _grouped(by: str, groups: Sequence[Group]) -> Table | None:
    """The largest, with what has no value last."""
    most = sorted(groups, key=lambda group: (-group.figures["submitted"].hits, group.value))[:MOST]
    codes = tuple(code for code in _HOT if groups and code in groups[0].figures)
    rows = tuple(
        Row((Cell(text=g.label), *(whole_cell(g.figures[code], by=by, value=g.value) for code in codes)))
        for g in most
        if g.figures["submitted"].hits
    )
    if not rows:
        return None
    names = tuple(BY_CODE[code].short or BY_CODE[code].label for code in codes)
    more = f"只列件数最多的 {MOST} 项。" if len(groups) > MOST else ""
    return Table(title=f"按{DIMENSIONS[by]}", columns=(DIMENSIONS[by], *names), rows=rows, note=more)


def late(
    heading: str, figures: dict[str, Figure], groups: Sequence[Group], behind: dict[str, Sequence[Ticket]]
) -> Section:
    """What was overdue and what was suspended: by department, most requests first, then their numbers."""
    blocks: list[Block] = []
    for code, word in (("overdue", "超期"), ("suspension", "挂起")):
        figure = figures[code]
        if not figure.hits:
            blocks.append(Paragraph(f"{word}：没有（已交办 n={figure.denominator:,}）。"))
            continue
        blocks += _by_department(code, word, groups)
        blocks.append(_numbers(word, behind[code], figure.hits))
    return Section(heading, tuple(blocks))


def _by_department(code: str, word: str, groups: Sequence[Group]) -> Iterator[Table]:
    held = [group for group in groups if group.value and group.figures[code].hits]
    if held:
        rows = tuple(
            Row(
                (
                    Cell(text=g.label),
                    _hits(g.figures[code]),
                    whole_cell(g.figures[code], by="department", value=g.value),
                )
            )
            for g in sorted(held, key=lambda g: (-g.figures[code].hits, g.value))
        )
        yield Table(title=f"{word}：按部门，件数多的在前", columns=("部门", f"{word}件数", f"{word}率"), rows=rows)


def _hits(figure: Figure) -> Cell:
    return Cell(text=f"{figure.hits:,} 件", value=figure.hits, unit="件")


def _numbers(word: str, tickets: Sequence[Ticket], total: int) -> Table:
    rows = tuple(
        Row((Cell(text=one.number), Cell(text=one.department.name if one.department else "—"))) for one in tickets
    )
    more = f"共 {total:,} 件，列出最近的 {len(tickets)} 件。" if total > len(tickets) else f"共 {total:,} 件。"
    return Table(title=f"{word}过的诉求", columns=("编号", "主办部门"), rows=rows, note=more)


def definitions(heading: str, figures: dict[str, Figure], basis: str) -> Section:
    """The sentence of every number that the bulletin quotes."""
    told = [figures[code] for code in TOLD]
    every = [one for figure in told for one in (figure, *figure.twins)]
    rows = tuple(Row((Cell(text=one.label), Cell(text=one.sentence))) for one in every)
    return Section(heading, (Paragraph(basis), Table(title="", columns=("指标", "口径"), rows=rows)))
