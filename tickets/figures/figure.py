"""One number and what it rests on, made of the counters of one group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tickets.figures.counters import Counters
from tickets.figures.interval import RANKED_FROM, Interval, wilson
from tickets.figures.lengths import Length
from tickets.figures.measures import Definitions, Kind, Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number and what it rests on.

    `numerator` is the weighted sum (35.6 where 基本满意 counts 0.9) and `hits` the number of requests behind it;
    `denominator` is n. `rate` 0–1, None where n is 0. `interval` rests on the strict count. Of a length of time
    `median` and `p90` are seconds, and numerator and rate None.
    """

    code: str
    label: str
    sentence: str
    kind: Kind
    hits: int
    denominator: int
    numerator: float | None = None
    rate: float | None = None
    interval: Interval | None = None
    median: float | None = None
    p90: float | None = None
    twins: tuple[Figure, ...] = ()

    @property
    def ranked(self) -> bool:
        """Enough requests to be compared with others (n ≥ 20)."""
        return self.denominator >= RANKED_FROM


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted of one group: the counters, the lengths by figure, the closings."""

    counts: Sequence[int]
    lengths: Mapping[str, Length]
    closings: int = 0


_UNMEASURED = Length()

Family = tuple[Measure, tuple[Measure, ...]]
"""A figure's definition and those of its twins."""


def families(measures: Sequence[Measure]) -> list[Family]:
    """Which figures stand in which: worked out once, for however many groups."""
    return [
        (one, tuple(other for other in measures if other.twin_of == one.code))
        for one in measures
        if not (one.twin_of or one.of)
    ]


def nested(found: Sequence[Family], make: Callable[[Measure, tuple[Figure, ...]], Figure]) -> dict[str, Figure]:
    """The figures by code, each with its twins in it."""
    return {one.code: make(one, tuple(make(twin, ()) for twin in twins)) for one, twins in found}


def figures_of(found: Sequence[Family], counted: Counted, counters: Counters) -> dict[str, Figure]:
    """The figures of one group."""
    return nested(found, lambda measure, twins: _figure(measure, counted, counters, twins))


def with_means(figures: dict[str, Figure], measures: Sequence[Measure]) -> dict[str, Figure]:
    """And those that are means of others."""
    return figures | {one.code: _index(one, figures) for one in measures if one.of}


def empty(definitions: Definitions, counters: Counters) -> Counted:
    """A group without requests."""
    return Counted([0] * len(counters.order), {one.code: Length() for one in definitions.measures if one.times})


def _figure(measure: Measure, counted: Counted, counters: Counters, twins: tuple[Figure, ...]) -> Figure:
    length = counted.lengths.get(measure.code, _UNMEASURED)
    if measure.by_closing:
        n = counted.closings
        return figure_from(measure, n=n, hits=n, strict=n, total=float(n), length=length, twins=twins)
    n, hits, strict, total = counters.read(measure, counted.counts)
    return figure_from(measure, n=n, hits=hits, strict=strict, total=total, length=length, twins=twins)


def figure_from(
    measure: Measure, *, n: int, hits: int, strict: int, total: float, length: Length, twins: tuple[Figure, ...] = ()
) -> Figure:
    """The figure that these counts make; `strict`: what the interval rests on, `total`: the numerator."""
    is_rate, is_time = measure.kind is Kind.RATE, measure.kind is Kind.TIME
    return Figure(
        code=measure.code,
        label=measure.label,
        sentence=measure.sentence,
        kind=measure.kind,
        hits=hits,
        denominator=n,
        numerator=None if is_time else round(total, 6),
        rate=total / n if is_rate and n else None,
        interval=wilson(strict, n) if is_rate else None,
        median=length.median,
        p90=length.p90,
        twins=twins,
    )


def _index(measure: Measure, figures: Mapping[str, Figure]) -> Figure:
    """A weighted mean of other figures; none where one of them has none. Its n is the smallest of theirs."""
    parts = [(figures.get(code), weight) for code, weight in measure.of]
    known = [(one, weight) for one, weight in parts if one is not None]
    n = min((one.denominator for one, _ in known), default=0) if len(known) == len(parts) else 0
    rates = [one.rate * weight for one, weight in known if one.rate is not None]
    return Figure(
        code=measure.code,
        label=measure.label,
        sentence=measure.sentence,
        kind=measure.kind,
        hits=n,
        denominator=n,
        rate=sum(rates) if n and len(rates) == len(parts) else None,
    )
