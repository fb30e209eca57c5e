"""一、总体情况: every figure of the place beside last month and the same month last year."""

from __future__ import annotations

from collections.abc import Iterator

from tickets.figures.bulletin.content import Bars, Block, Cell, Columns, Paragraph, Row, Section, Table
from tickets.figures.bulletin.month import Month, MonthFigures
from tickets.figures.bulletin.said import bar, n_cell, percent, span, span_cell, value_cell, whole_cell
from tickets.figures.count import Report
from tickets.figures.figure import Figure
from tickets.figures.measures import BY_CODE, Kind

TOLD = (
    *("submitted", "acceptance", "first_dispatch", "response", "on_time", "closed", "solved", "truly_solved"),
    *("satisfied_result", "satisfied_process", "participation", "first_time", "rework", "returned", "overdue"),
    *("extension", "suspension", "burden", "handling_net", "handling_full"),
)
"""Figures of the table, in its order; each is followed by its twins."""
CHARTED = ("response", "on_time", "solved", "truly_solved", "satisfied_result", "first_dispatch")
SAID = ("on_time", "solved", "truly_solved", "satisfied_result")


def overall(heading: str, own: MonthFigures, before: dict[Month, MonthFigures]) -> Section:
    """`before`: the months to compare with, by month."""
    figures = own.report.figures
    blocks: list[Block] = [Paragraph(text) for text in _words(own, before)]
    blocks.append(_table(figures, before))
    bars = [found for code in CHARTED if (found := bar(figures[code], BY_CODE[code].label))]
    if bars:
        blocks.append(
            Bars(title="主要指标与 95 % 区间", bars=tuple(bars), note="竖线为值，浅条为 Wilson 95 % 区间；n 为分母。")
        )
    weeks = own.report.groups["week"]
    if len(weeks) > 1:
        blocks.append(
            Columns(
                title="按周收到的诉求",
                unit="件",
                labels=tuple(f"{group.value[5:]} 起" for group in weeks),
                values=tuple(group.figures["submitted"].hits for group in weeks),
                note="按周一日期；首尾两周只计本月的天数。",
            )
        )
    return Section(heading, tuple(blocks))


def _words(own: MonthFigures, before: dict[Month, MonthFigures]) -> Iterator[str]:
    figures = own.report.figures
    got = figures["submitted"]
    if not got.hits:
        yield "本月没有收到计入统计的诉求。"
    else:
        yield f"本月收到诉求 {got.hits:,} 件{_received_before(before)}。" + "".join(_rates(figures, before))
    yield _beside(figures)
    yield from own.remarks


def _received_before(before: dict[Month, MonthFigures]) -> str:
    said = [
        f"{month.label} {there.report.figures['submitted'].hits:,} 件"
        for month, there in before.items()
        if _counted(there.report)
    ]
    return f"（{'，'.join(said)}）" if said else ""


def _counted(report: Report) -> bool:
    return report.figures["submitted"].hits > 0


def _rates(figures: dict[str, Figure], before: dict[Month, MonthFigures]) -> Iterator[str]:
    for code in SAID:
        figure = figures[code]
        if figure.rate is not None:
            yield f"{figure.label} {percent(figure.rate)}（n={figure.denominator:,}，区间 {span(figure)}）"
            yield f"{_moved(figure, before)}。"


def _moved(figure: Figure, before: dict[Month, MonthFigures]) -> str:
    """Against the first month that has such a number; a difference within both intervals is called that."""
    for month, there in before.items():
        other = there.report.figures[figure.code]
        if other.rate is None or figure.rate is None or other.interval is None or figure.interval is None:
            continue
        overlap = other.interval.low <= figure.interval.high and figure.interval.low <= other.interval.high
        points = 100 * (figure.rate - other.rate)
        verdict = (
            "两月区间重叠，不能说有变化" if overlap else f"{'升' if points > 0 else '降'} {abs(points):.1f} 个百分点"
        )
        return f"，{month.label}为 {percent(other.rate)}（n={other.denominator:,}），{verdict}"
    return ""


def _beside(figures: dict[str, Figure]) -> str:
    every = _flat(figures)
    tests, excluded, suspended = every["tests"].hits, every["excluded"].hits, every["suspension"].hits
    return f"不计入的：测试件 {tests:,} 件，经两人批准剔除评价 {excluded:,} 件；挂起过的 {suspended:,} 件。"


def _flat(figures: dict[str, Figure]) -> dict[str, Figure]:
    return figures | {twin.code: twin for figure in figures.values() for twin in figure.twins}


def _table(figures: dict[str, Figure], before: dict[Month, MonthFigures]) -> Table:
    months = {month: _flat(there.report.figures) for month, there in before.items()}
    rows = []
    for code in TOLD:
        rows.append(_row(figures[code], months, ""))
        rows += [_row(twin, months, "twin") for twin in figures[code].twins]
    columns = ("指标", "本月", "n", "95 % 区间", *(month.label for month in months))
    return Table(title="主要指标", columns=columns, rows=tuple(rows), note="没有数据的月份以“—”表示；n 为分母。")


def _row(figure: Figure, months: dict[Month, dict[str, Figure]], tone: str) -> Row:
    short = BY_CODE[figure.code].short
    name = Cell(text=short or figure.label if tone else figure.label)
    other = tuple(
        whole_cell(there[figure.code] if there["submitted"].hits else None, month=str(month))
        for month, there in months.items()
    )
    span_or_p90 = Cell(text=value_cell(figure).small or "—") if figure.kind is Kind.TIME else span_cell(figure)
    value = value_cell(figure)
    shown = Cell(text=value.text, value=value.value, unit=value.unit, rows=value.rows)
    return Row((name, shown, n_cell(figure), span_or_p90, *other), tone)
