"""Counting: every figure of a window, for the whole and for each value of the dimensions asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from qihu.accounts.models import Department, Region, User
from qihu.errors import Invalid
from routing.rules.models import Category, ChainTag, IndustryChain
from tickets.figures.counters import Counters, counters_of
from tickets.figures.figure import Counted, Family, Figure, empty, families, figures_of, with_means
from tickets.figures.lengths import Length, Lengths, Moved, lengths
from tickets.figures.measures import DIMENSIONS, PERIODS, Definitions, Measure, editions, in_force
from tickets.figures.scope import Scope, everything
from tickets.figures.tally import Sums, closings, parted, split_value, tally
from tickets.figures.window import Window
from tickets.models import Checkpoint
from tickets.models.ticket import Ticket

_NAMED: dict[str, tuple[Any, str, str]] = {
    "department": (Department, "code", "name"),
    "chain_tag": (ChainTag, "code", "name"),
    "industry_chain": (IndustryChain, "code", "name"),
    "region": (Region, "code", "name"),
    "category": (Category, "code", "name"),
    "officer": (User, "pk", "name"),
}
_CHOICES: dict[str, dict[str, str]] = {
    "channel": {str(key): str(label) for key, label in Ticket.Channel.choices},
    "difficulty": {str(key): f"{key} {label}" for key, label in Ticket.Difficulty.choices},
}
NOBODY = {
    "department": "尚未交办",
    "chain_tag": "未选链",
    "industry_chain": "未归入产业链",
    "category": "未归类",
    "officer": "尚未签收",
}
_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The figures of one value of a dimension; `value` "" is for requests that have none."""

    value: str
    label: str
    figures: dict[str, Figure]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Figures by code for the whole, and by dimension the groups, most requests first (periods: in order).

    `window` says what it was counted at, so that it can be counted again; `edition`: the number of the definitions;
    `behind`: events are still waiting to be counted.
    """

    window: Window
    figures: dict[str, Figure]
    groups: dict[str, tuple[Group, ...]]
    edition: int
    behind: bool = False


def report(
    window: Window,
    *,
    by: Sequence[str] = (),
    scope: Scope | None = None,
    only: Sequence[str] | None = None,
    definitions: Definitions | None = None,
    lengths_by: bool = True,
    with_closings: bool = False,
    told_by: Sequence[str] | None = None,
) -> Report:
    """Count `only` these figures (default: all of the submission window) for the whole and for each of `by`.

    `by`: names of `DIMENSIONS` or `PERIODS`. Raises `Invalid` for an unknown one. `scope`: what a viewer's figures
    cover (`counted_for`); without it everything is counted. Restricted requests never are. `lengths_by`: lengths of
    time for each group, too, not only for the whole. `with_closings`: what was closed in the window beside them.
    `told_by`: the figures that groups need (default: all), where there are many groups.
    """
    for name in by:
        checked(name)
    scope = scope or everything()
    for left in reversed(range(_TRIES)):
        state = Checkpoint.objects.filter(pk=1).first()
        settled = _settled(window, state)
        edition = definitions or _edition(settled, state)
        counter = _Counter(settled, scope, edition, _wanted(edition, only, with_closings=with_closings))
        with suppress(*([Moved] if left else [])):
            behind = state is None or state.behind
            found = counter.report(by, lengths_by=lengths_by, told_by=told_by, behind=behind)
            if not (window.live and left) or _same(state):
                return found
    raise Moved


def _same(state: Checkpoint | None) -> bool:
    now = Checkpoint.objects.filter(pk=1).values_list("as_of", "known_at", "xid", "event").first()
    return now == ((state.as_of, state.known_at, state.xid, state.event) if state else None)


def _settled(window: Window, state: Checkpoint | None) -> Window:
    """What a live window stands at: the projection's cut-off, and what was known at it."""
    if not window.live or state is None or state.as_of is None:
        return replace(window, live=False)
    return replace(window, as_of=state.as_of, known=state.known_at)


def _edition(window: Window, state: Checkpoint | None) -> Definitions:
    """Of a live window that for which there are sums."""
    return editions()[state.definitions] if window.live and state else in_force(window.as_of)


def checked(name: str) -> str:
    """A dimension or period by its name. Raises `Invalid` for an unknown one."""
    if not _known(name):
        known = "、".join([*DIMENSIONS, *PERIODS])
        raise Invalid(f"不能按“{name}”分组。", fields={"by": f"不能按“{name}”分组，可用：{known}。"})
    return name


def _known(name: str) -> bool:
    dimension, period = parted(name)
    return bool(name) and dimension in {"", *DIMENSIONS} and period in {"", *PERIODS}


def _wanted(definitions: Definitions, only: Sequence[str] | None, *, with_closings: bool) -> list[Measure]:
    if only is None:
        return [one for one in definitions.measures if one.shown and (with_closings or not one.by_closing)]
    parts = {code for measure in definitions.measures if measure.code in only for code, _ in measure.of}
    return [one for one in definitions.measures if {one.code, one.twin_of} & {*only, *parts}]


@dataclass(frozen=True, slots=True)
class _Counter:
    """One count: the window as it stands, whose, by which definitions, which figures."""

    window: Window
    scope: Scope
    definitions: Definitions
    measures: Sequence[Measure]

    def report(self, by: Sequence[str], *, lengths_by: bool, told_by: Sequence[str] | None, behind: bool) -> Report:
        counters = counters_of(self.definitions.number)
        names = ["", *by]
        plain = any(not measure.by_closing for measure in self.measures)
        sums = tally(self.window, names, self.scope, self.definitions) if plain else {name: Sums() for name in names}
        closed = self._closings(names)
        timed = [measure for measure in self.measures if measure.times]
        long = lengths(self.window, timed, names if lengths_by else [""], self.scope, self.definitions)
        counted = {name: self._counted(name, sums[name], closed[name], long, counters) for name in names}
        whole = counted[""].get("") or empty(self.definitions, counters)
        return Report(
            window=replace(self.window, live=False),
            figures=self._figures(families(self.measures), whole, counters),
            groups={name: self._groups(name, counted[name], counters, told_by) for name in by},
            edition=self.definitions.number,
            behind=behind,
        )

    def _closings(self, names: Sequence[str]) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {name: {} for name in names}
        if any(measure.by_closing for measure in self.measures):
            wanted = [name for name in names if self._told_by(name)]
            found |= closings(self.window, wanted, self.scope, self.definitions)
        return found

    def _told_by(self, name: str) -> bool:
        """Whether closings are counted by this: beside other figures only for the whole and by period, as a chart of
        the flow needs it; elsewhere they are not told, rather than told as none.
        """
        return name in {"", *PERIODS} or all(measure.by_closing for measure in self.measures)

    def _counted(
        self,
        name: str,
        sums: Sums,
        closed: Mapping[str, int],
        long: Lengths,
        counters: Counters,
    ) -> dict[str, Counted]:
        nothing = [0] * len(counters.order)
        return {
            value: Counted(
                sums.get(value, nothing),
                {one.code: long.get((one.code, name, value), Length()) for one in self.measures if one.times},
                closed.get(value, 0),
            )
            for value in {**sums, **closed}
            if any(sums.get(value, ())) or closed.get(value)
        }

    def _figures(self, found: Sequence[Family], counted: Counted, counters: Counters) -> dict[str, Figure]:
        return with_means(figures_of(found, counted, counters), self.measures)

    def _groups(
        self, name: str, counted: Mapping[str, Counted], counters: Counters, told_by: Sequence[str] | None
    ) -> tuple[Group, ...]:
        labels = labels_of(name, list(counted))
        measures = [one for one in self.measures if not one.by_closing or self._told_by(name)]
        if told_by is not None:
            measures = [one for one in measures if {one.code, one.twin_of} & {"submitted", *told_by}]
        found = families(measures)
        groups = [
            Group(value=value, label=labels[value], figures=self._figures(found, one, counters))
            for value, one in counted.items()
        ]
        if name in PERIODS:
            return tuple(sorted(groups, key=lambda group: group.value))
        return tuple(sorted(groups, key=lambda group: (not group.value, -_size(group), group.value)))


def _size(group: Group) -> int:
    return next(iter(group.figures.values())).denominator


def label_of(by: str, value: str) -> str:
    """Name of one value of a dimension: 金融办 for department "finance"; the value itself where it is unknown."""
    return labels_of(by, [value])[value]


def labels_of(by: str, values: Sequence[str]) -> dict[str, str]:
    """As `label_of`, for many: one query at most."""
    dimension, period = parted(by)
    if period and dimension:
        labels = labels_of(dimension, list({split_value(value)[1] for value in values}))
        return {value: labels[split_value(value)[1]] for value in values}
    if by in PERIODS:
        return {value: value for value in values}
    if by in _CHOICES:
        return {value: _CHOICES[by].get(value, value) or "未填" for value in values}
    model, key, name = _NAMED[by]
    wanted = [value for value in values if value and (key != "pk" or value.isdecimal())]
    found = {str(one): str(said) for one, said in model.objects.filter(**{f"{key}__in": wanted}).values_list(key, name)}
    return {value: found.get(value, value) if value else NOBODY.get(by, "未填") for value in values}
