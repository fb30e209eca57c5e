"""Reading frozen months: what one place's page says, beside every restatement and what a count of today says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from qihu.errors import Unknown
from tickets.figures.count import Group
from tickets.figures.figure import Figure
from tickets.figures.frozen import (
    Content,
    content_of,
    cut_off,
    figures_of_content,
    groups_of_content,
    month_window,
)
from tickets.figures.measures import Definitions, editions, in_force
from tickets.figures.scope import Scope
from tickets.figures.window import Window, midnight, months_on
from tickets.models import FrozenMonth, FrozenPage, Restated


@dataclass(frozen=True, slots=True)
class Version:
    """The month's figures in one count: frozen, restated (`taken`), or today's (`taken` None). `content` None: the
    place had no page then.
    """

    taken: FrozenMonth | Restated | None
    window: Window
    definitions: Definitions
    content: Content | None

    @property
    def figures(self) -> dict[str, Figure]:
        """By code, the twins as well; none without a page."""
        if self.content is None:
            return {}
        found = figures_of_content(self.content["whole"], self.definitions)
        return {one.code: one for figure in found.values() for one in (figure, *figure.twins)}

    @property
    def nested(self) -> list[Figure]:
        """In the definitions' order, each with its twins in it."""
        return list(figures_of_content(self.content["whole"], self.definitions).values()) if self.content else []

    def groups(self, by: str) -> list[Group]:
        """Of one dimension."""
        return groups_of_content(self.content, by, self.definitions) if self.content else []


@dataclass(frozen=True, slots=True)
class Line:
    """One month in the list, with the figures of the place."""

    frozen: FrozenMonth
    window: Window
    figures: dict[str, Figure]


def place_asked(scope: Scope, asked: str = "") -> str:
    """The place as asked for, by default the first of what the viewer's figures cover. Raises `Unknown`."""
    places = scope.places()
    if asked and asked not in places:
        raise Unknown("没有这个范围，或不在您的看板内。")
    return asked or places[0]


def frozen_or_404(month: date) -> FrozenMonth:
    """Raises `Unknown` where that month is not frozen."""
    found = FrozenMonth.objects.select_related("by").filter(month=month).first()
    if found is None:
        raise Unknown(f"{month.year}年{month.month}月还没有冻结。")
    return found


def months(place: str) -> list[Line]:
    """Every frozen month, the newest first; two queries."""
    told = dict(FrozenPage.objects.filter(place=place).values_list("taken", "content__whole"))
    return [
        Line(one, _window(one), figures_of_content(told[one.pk], editions()[one.definitions]) if one.pk in told else {})
        for one in FrozenMonth.objects.for_lists()
    ]


def versions(frozen: FrozenMonth, place: str, *, at: datetime) -> tuple[Version, list[Version], Version]:
    """As frozen, as restated in order, and as counted today at the same cut-off with the edition now in force."""
    restated = list(frozen.restatements.select_related("by", "frozen").order_by("ordinal"))
    window, definitions = month_window(frozen.month, known=None), in_force(at)
    today = Version(None, window, definitions, content_of(window, place, definitions))
    return _version(frozen, place), _versions(restated, place), today


def _version(taken: FrozenMonth | Restated, place: str) -> Version:
    content = taken.pages.filter(place=place).values_list("content", flat=True).first()
    return Version(taken, _window(taken), editions()[taken.definitions], content)


def _versions(restated: Sequence[Restated], place: str) -> list[Version]:
    return [_version(one, place) for one in restated]


def _window(taken: FrozenMonth | Restated) -> Window:
    return month_window(taken.month, known=taken.known_at)


def frozen_in(window: Window) -> FrozenMonth | None:
    """The frozen month that this period is exactly; None for any other period, without a query."""
    month = window.since_on
    if month.day != 1 or window.since != midnight(month) or window.until != midnight(months_on(month, 1)):
        return None
    if window.as_of <= cut_off(month):
        return None
    return FrozenMonth.objects.filter(month=month).first()
