"""Figures as the board says them: texts, links and bars. No counting here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tickets.figures import BY_CODE, Figure, Group, Part, Window
from tickets.figures.measures import Kind, Measure

HEROES = (
    ("submitted", ("open", "tests")),
    ("on_time", ("on_time_original", "on_time_suspended")),
    ("solved", ("truly_solved", "excluded", "rework")),
    ("first_time", ("first_dispatch", "returned", "returns_upheld")),
    ("handling_net", ("handling_full",)),
    ("satisfied_result", ("satisfied_result_strict", "satisfied_process")),
    ("response", ("acceptance", "overdue", "extension", "suspension")),
    ("closed", ("participation", "repeat", "burden")),
)
"""The cards, each with the figures that must stand beside it."""
COLUMNS = ("submitted", "first_dispatch", "on_time", "solved")
TOLD_BY = (*COLUMNS, "closings")
"""Figures that the board tells of each group."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number with the address of exactly the requests behind it; `count` is how many they are."""

    text: str
    unit: str
    url: str
    count: int

    @property
    def link(self) -> SafeString:
        """As it stands in a table."""
        return format_html('<a href="{}" data-count="{}">{}</a>', self.url, self.count, self.text)


@dataclass(frozen=True, slots=True)
class Bar:
    """An interval in percent, for the SVG: with one decimal."""

    low: str
    high: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One figure of one row or card."""

    code: str
    label: str
    short: str
    sentence: str
    value: Number | None
    n: Number
    band: str
    bar: Bar | None
    ranked: bool
    p90: str = ""

    @property
    def link(self) -> SafeString | str:
        """As it stands in a table, written here: a template would take half the page's time over the thousands of
        them. What rests on too few is told by how few.
        """
        if not self.n.count:
            return "—"
        if not (self.ranked and self.value):
            return format_html(
                '<a class="few" href="{}" data-count="{}">n = {}</a>', self.n.url, self.n.count, self.n.text
            )
        said, value = f"{self.short} {self.value.text}{self.value.unit}", self.value
        told = '<a href="{}" data-count="{}" aria-label="{}">{}</a>'
        return format_html(told, value.url, value.count, said, value.text)


@dataclass(frozen=True, slots=True)
class Card:
    """A headline figure and those that belong beside it."""

    main: Cell
    beside: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table: a group and its cells by column."""

    value: str
    label: str
    cells: tuple[Cell, ...]
    low: bool

    @property
    def last(self) -> Cell:
        """The column that the bar is about."""
        return self.cells[-1]


@dataclass(frozen=True)  # no slots: two texts are kept
class Links:
    """Where the requests behind a number are listed."""

    window: Window
    by: str = ""
    edition: int = 0
    """Of the definitions that the number was counted by; 0: the newest."""

    def rows(self, code: str, part: Part, value: str | None = None) -> str:
        """`/board/rows/?figure=…`; `as_of` goes along, so the list is the number's even an hour later."""
        group = f"&by={self.by}&value={quote(value)}" if value is not None else ""
        return f"{self._place}?figure={code}&part={part}&{self._cut}{group}"

    @cached_property
    def _place(self) -> str:
        return reverse("board-rows")

    @cached_property
    def _cut(self) -> str:
        """The same for every number of a page."""
        asked = {
            "since": self.window.since_on.isoformat(),
            "until": self.window.until_on.isoformat(),
            "as_of": self.window.as_of.isoformat(),
        }
        if self.window.known:
            asked["known"] = self.window.known.isoformat()
        if self.edition:
            asked["definitions"] = str(self.edition)
        return urlencode(asked)


def cell(
    figure: Figure, links: Links, *, day: int, value: str | None = None, measures: Mapping[str, Measure] = BY_CODE
) -> Cell:
    """A figure in words. `day`: seconds of a working day, in which net times are told; `measures`: of its edition."""
    measure = measures[figure.code]
    n = Number(f"{figure.denominator:,}", "", links.rows(figure.code, Part.DENOMINATOR, value), figure.denominator)
    bar = None
    if figure.interval and figure.rate is not None:
        strict = next((twin.rate for twin in figure.twins if measure.strict), None)
        middle = figure.rate if strict is None else strict  # the interval is about the strict count
        bar = Bar(*(f"{100 * x:.1f}" for x in (figure.interval.low, figure.interval.high, middle)))
    length = day if figure.code == "handling_net" else 86_400
    return Cell(
        code=figure.code,
        label=measure.label,
        short=measure.short or measure.label,
        sentence=figure.sentence,
        value=_number(figure, links, length, value, unit=measure.unit),
        n=n,
        band=f"{'从严 ' if measure.strict else ''}{bar.low}–{bar.high} %" if bar else "",
        bar=bar,
        ranked=figure.ranked,
        p90="" if figure.p90 is None else "".join(_length(figure.p90, length)),
    )


def _number(figure: Figure, links: Links, day: int, value: str | None, *, unit: str) -> Number | None:
    url = links.rows(figure.code, Part.NUMERATOR, value)
    if figure.kind is Kind.COUNT:
        return Number(f"{figure.numerator or 0:,.0f}", f" {unit}", url, figure.hits)
    if figure.kind is Kind.TIME:
        return None if figure.median is None else Number(*_length(figure.median, day), url, figure.hits)
    return None if figure.rate is None else Number(f"{100 * figure.rate:.1f}", " %", url, figure.hits)


def _length(seconds: float, day: int) -> tuple[str, str]:
    """Days from one day on, else hours, else minutes."""
    if seconds >= day:
        return f"{seconds / day:.1f}", " 天"
    if seconds >= 3600:
        return f"{seconds / 3600:.1f}", " 小时"
    return f"{seconds / 60:.0f}", " 分"


def cards(figures: dict[str, Figure], links: Links, *, day: int) -> list[Card]:
    """The headline figures in order."""
    every = figures | {twin.code: twin for figure in figures.values() for twin in figure.twins}
    return [
        Card(cell(every[code], links, day=day), tuple(cell(every[one], links, day=day) for one in beside))
        for code, beside in HEROES
    ]


def lines(groups: Iterable[Group], links: Links, *, day: int) -> list[Line]:
    """Rows of the table: those with enough requests to be compared, then those without; the larger first."""
    made = [
        Line(
            group.value,
            group.label,
            tuple(cell(group.figures[code], links, day=day, value=group.value) for code in COLUMNS),
            low=not group.figures["solved"].ranked,
        )
        for group in groups
    ]
    return sorted(made, key=lambda line: line.low)
