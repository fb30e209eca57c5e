"""谁办了多久: who held a request and for how long, folded from its log, to the microsecond (domain.md §3).

A life is cut into segments that follow each other without gap or overlap, from the first event to the end (or to now).
At every instant exactly one holder of the lead chain has it:

- the service centre while it is submitted, in triage, or disputed (the arbiter's);
- the firm while it is info_needed or answered;
- the lead department while it is assigned, in_progress, suspended or reviewing;
- nobody between an end and the reopening after it.

While k legs are open, an instant that the lead department holds is divided equally by the lead and the k co-handlers.
Integers of microseconds, what does not divide goes to the lead: so the shares of all add up to the whole life.
What the firm or the centre holds is never divided. A move dated before its predecessor (two doors read their clocks
at once) counts from its predecessor's moment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from qihu.accounts.models import Department
from tickets.models import Event
from tickets.workflow import ENDED, Action, LegAction, Status

_MICROSECOND = timedelta(microseconds=1)


class Holder(StrEnum):
    """Whose hands it is in."""

    CENTRE = "centre"
    FIRM = "firm"
    DEPARTMENT = "department"
    NOBODY = "nobody"


HOLDERS: Mapping[Status, Holder] = {
    **dict.fromkeys((Status.SUBMITTED, Status.TRIAGE, Status.DISPUTED), Holder.CENTRE),
    **dict.fromkeys((Status.INFO_NEEDED, Status.ANSWERED), Holder.FIRM),
    **dict.fromkeys((Status.ASSIGNED, Status.IN_PROGRESS, Status.SUSPENDED, Status.REVIEWING), Holder.DEPARTMENT),
    **dict.fromkeys(ENDED, Holder.NOBODY),
}
_NEW_LEAD = frozenset({Action.ASSIGN, Action.REASSIGN, Action.RULE_ON_RETURN})
_LEG_ENDS = frozenset({LegAction.LEG_REPLY, LegAction.LEG_RETURN})


@dataclass(slots=True)
class Segment:
    """One stretch of the lead chain, `[since, until)`. `department`: the lead's key, where it is the department's."""

    holder: Holder
    department: int | None
    status: Status
    since: datetime
    until: datetime


@dataclass(slots=True)
class Span:
    """How long one leg was open, `[since, until)`; `open`: it still is. `department`: the co-handler's code."""

    department: str
    since: datetime
    until: datetime
    open: bool = True


@dataclass(frozen=True, slots=True)
class Share:
    """What one holder answers for. `department`: its code, "" for centre, firm and nobody; `leg`: as a co-handler."""

    holder: Holder
    department: str
    leg: bool
    microseconds: int


@dataclass(frozen=True, slots=True)
class Holding:
    """The whole account. `names`: department code → name, of every lead in it."""

    segments: Sequence[Segment]
    legs: Sequence[Span]
    shares: Sequence[Share]
    codes: Mapping[int, str]
    names: Mapping[str, str]

    @property
    def whole(self) -> int:
        """The life in microseconds; the shares add up to it."""
        return _length(self.segments[0].since, self.segments[-1].until) if self.segments else 0


def holding(events: Iterable[Event], *, at: datetime) -> Holding:
    """The account of one request up to `at` from its events in order, each with its department: no query."""
    fold = _Fold()
    for event in events:
        fold.take(event)
    segments, legs = fold.ended(at)
    return Holding(segments, legs, _shares(segments, legs, fold.codes), fold.codes, fold.names)


@dataclass(slots=True)
class _Fold:
    """What the log has told so far."""

    segments: list[Segment] = field(default_factory=list)
    legs: list[Span] = field(default_factory=list)
    codes: dict[int, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        at = max(event.happened_at, self.segments[-1].since) if self.segments else event.happened_at
        if event.department and (event.to_status or event.leg_id):
            self.codes[event.department.pk] = event.department.code
            self.names[event.department.code] = event.department.name
        if event.to_status:
            self._moved(event, Status(event.to_status), at)
        elif event.kind in _LEG_ENDS and event.department:
            self._close([event.department.code], at)

    def _moved(self, event: Event, status: Status, at: datetime) -> None:
        holder = HOLDERS[status]
        lead = event.department_id if holder == Holder.DEPARTMENT else None
        last = self.segments[-1] if self.segments else None
        if last is None or (last.holder, last.department, last.status) != (holder, lead, status):
            if last:
                last.until = at
            self.segments.append(Segment(holder, lead, status, at, at))
        self._legs_of(event, status, at)

    def _legs_of(self, event: Event, status: Status, at: datetime) -> None:
        """As `services.legwork.follow` does to the rows: first released, then born."""
        department = event.department
        secret = department is not None and department.kind == Department.Kind.DISCIPLINE
        if status in ENDED or event.kind == Action.SPLIT or secret:
            self._close([leg.department for leg in self.legs], at)
        elif event.kind in _NEW_LEAD and department:
            self._close([department.code], at)
        lead = department.code if department else ""
        helping = {leg.department for leg in self.legs if leg.open} | {lead}
        fresh = [code for code in event.data.get("co_departments", ()) if code not in helping]
        self.legs += [Span(code, at, at) for code in fresh]

    def _close(self, departments: Iterable[str], at: datetime) -> None:
        wanted = frozenset(departments)
        for leg in self.legs:
            if leg.open and leg.department in wanted:
                leg.until, leg.open = max(at, leg.since), False

    def ended(self, at: datetime) -> tuple[list[Segment], list[Span]]:
        """Close what is open at `at`; an end is a moment, not a stretch, unless the request was reopened."""
        if self.segments and self.segments[-1].holder == Holder.NOBODY:
            self.segments.pop()
        elif self.segments:
            self.segments[-1].until = max(at, self.segments[-1].since)
        for leg in self.legs:
            if leg.open:
                leg.until = max(at, leg.since)
        return [one for one in self.segments if one.since < one.until], self.legs


def _length(since: datetime, until: datetime) -> int:
    return (until - since) // _MICROSECOND


def _shares(segments: Sequence[Segment], legs: Sequence[Span], codes: Mapping[int, str]) -> list[Share]:
    """In the order in which each first held it."""
    sums: dict[tuple[Holder, str, bool], int] = defaultdict(int)
    for segment in segments:
        lead = (segment.holder, codes.get(segment.department or 0, ""), False)
        if segment.holder != Holder.DEPARTMENT:
            sums[lead] += _length(segment.since, segment.until)
            continue
        for since, until, helping in _pieces(segment, legs):
            part = _length(since, until) // (len(helping) + 1)
            sums[lead] += _length(since, until) - part * len(helping)
            for code in helping:
                sums[segment.holder, code, True] += part
    return [Share(*key, microseconds=sums[key]) for key in sums]


def _pieces(segment: Segment, legs: Sequence[Span]) -> list[tuple[datetime, datetime, list[str]]]:
    """The segment cut wherever a leg opens or ends, each piece with the co-handlers of its time."""
    inside = [leg for leg in legs if leg.since < segment.until and leg.until > segment.since]
    cuts = {segment.since, segment.until}
    cuts |= {moment for leg in inside for moment in (leg.since, leg.until) if segment.since < moment < segment.until}
    return [
        (since, until, [leg.department for leg in inside if leg.since <= since and until <= leg.until])
        for since, until in pairwise(sorted(cuts))
    ]
