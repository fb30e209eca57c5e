"""From the log of one request to its rows of the projection: stretches in which no figure changes, and its steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from heapq import merge
from typing import NamedTuple

from routing.promises.worktime import opening_seconds
from tickets.figures.atoms import Atom
from tickets.figures.life import Life, Told
from tickets.figures.places import Places
from tickets.figures.repeats import Span
from tickets.figures.truth import flags_of, ripening_of
from tickets.figures.window import zone
from tickets.holding import HOLDERS, Holder

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)


class Row(NamedTuple):
    """A row of `Fact`, but for its state; columns in this order."""

    ticket_id: int
    submitted_at: datetime
    submitted_on: date
    month: date
    since: datetime
    until: datetime
    lasts_until: datetime
    known_at: datetime
    replaced_at: datetime
    flags: int
    department: str
    officer: int | None
    region: str
    chain_tag: str
    industry_chain: str
    category: str
    channel: str
    difficulty: str
    closed_at: datetime | None
    net_seconds: int | None
    full_seconds: int | None
    burden: int | None


_HOLDERS = {str(status): holder for status, holder in HOLDERS.items()}
SAME = slice(Row._fields.index("flags"), len(Row._fields))
"""What a figure can see of a row beside its times."""


class Step(NamedTuple):
    """A row of `Stay`."""

    ticket_id: int
    nth: int
    status: str
    department: str
    came_from: str
    region: str
    since: datetime
    until: datetime | None
    work_seconds: int | None


@dataclass(frozen=True, slots=True)
class Origin:
    """What a part takes from the matter it was cut out of: its parent's log, as far as it counts."""

    submitted_at: datetime
    marks: Sequence[Told]


def fold(
    log: Sequence[Told], places: Places, *, origin: Origin | None = None, repeat: Span | None = None
) -> tuple[list[Row], list[Step]]:
    """Rows and steps of one request, oldest first. `log`: its events in order, the first is its submission."""
    key = log[0].ticket_id
    life = Life(origin.submitted_at if origin else log[0].happened_at, repeat=repeat)
    life.marks |= int(Atom.PART) if origin else 0
    steps = _Steps(key, places)
    rows = list[Row]()
    story = _merged(log, origin.marks) if origin else log
    head = _head(life, key)
    for told, since, until, replaced_at in _times(story):
        life.take(told)
        steps.take(told, life, since)
        if life.submitted_at is not head[1]:
            head = _head(life, key)
        hidden = until if replaced_at <= told.recorded_at else max(until, replaced_at)
        if hidden <= since:
            continue
        known, tail = (told.recorded_at, replaced_at), _tail(life, places)
        for cut, lasts, flags in _stretches(life, since, hidden):
            _add(rows, Row._make((*head, cut, max(cut, min(lasts, until)), lasts, *known, flags, *tail)))
    return rows, steps.made()


def _merged(log: Sequence[Told], marks: Sequence[Told]) -> list[Told]:
    """A part's own log with what happened to its matter since it was cut out of it; what had happened before, first."""
    born = log[0]
    before = [one for one in marks if _order(one) <= _order(born)]
    known = [one._replace(happened_at=born.happened_at, recorded_at=born.recorded_at) for one in before]
    return [born, *known, *merge(log[1:], marks[len(before) :], key=_order)]


def _order(told: Told) -> tuple[datetime, datetime]:
    return told.recorded_at, told.happened_at


def _times(story: Sequence[Told]) -> Iterator[tuple[Told, datetime, datetime, datetime]]:
    """Each event, from when until when it is the last one, and when the next one was known.

    An event dated before its predecessor (two doors read their clocks at once) counts from its predecessor's moment.
    """
    since = story[0].happened_at
    for i, told in enumerate(story):
        since = max(since, told.happened_at)
        following = story[i + 1] if i + 1 < len(story) else None
        if following is None:
            yield told, since, FOREVER, FOREVER
        else:
            yield told, since, max(since, following.happened_at), max(following.recorded_at, told.recorded_at)


def _stretches(life: Life, since: datetime, hidden: datetime) -> list[tuple[datetime, datetime, int]]:
    """From an event on: a stretch up to each moment at which something comes due, with all that is true in it; the
    last one has no end. Nothing is told of what comes due at `hidden` or later: the next event stands before it.
    """
    if life.gone:
        return [(since, FOREVER, 0)]
    found = list[tuple[datetime, datetime, int]]()
    cut, flags = since, flags_of(life)
    for moment, bits in ripening_of(life):
        following = flags | bits if bits > 0 else flags & ~-bits
        if moment > cut and following != flags:
            if moment >= hidden:
                break
            found.append((cut, moment, flags))
            cut = moment
        flags = following
    found.append((cut, FOREVER, flags))
    return found


def _head(life: Life, ticket_id: int) -> tuple[int, datetime, date, date]:
    on = life.submitted_at.astimezone(zone()).date()
    return ticket_id, life.submitted_at, on, on.replace(day=1)


def _tail(life: Life, places: Places) -> tuple[object, ...]:
    tags = life.tags
    ending = life.ending if life.closed else None
    return (
        places.department(life.department_id),
        life.officer_id,
        tags.get("region", ""),
        tags.get("chain_tag", ""),
        tags.get("industry_chain", ""),
        tags.get("category", ""),
        life.channel,
        tags.get("difficulty", ""),
        ending.at if ending else None,
        _net(life, places) if ending else None,
        round((ending.at - life.submitted_at).total_seconds()) if ending else None,
        ending.burden if ending else None,
    )


def _net(life: Life, places: Places) -> int | None:
    """Opening seconds in which the answers' promises ran, all rounds together."""
    met = [one for one in life.promises.resolve if one.met]
    if not met:
        return None
    calendar = places.calendar(life.tags.get("region", ""), known=life.ending.at if life.ending else life.submitted_at)
    ran = ((since, max(since, until)) for one in met for since, until in one.ran)
    return sum(opening_seconds(calendar, since, until) for since, until in ran)


def _add(rows: list[Row], row: Row) -> None:
    """Append, or let the last row go on where nothing that counts is different."""
    last = rows[-1] if rows else None
    if last is not None and _goes_on(last, row):
        rows[-1] = last._replace(until=row.until, lasts_until=row.lasts_until, replaced_at=row.replaced_at)
        return
    if row.since < row.until or row.known_at < row.replaced_at:
        rows.append(row)


def _goes_on(last: Row, row: Row) -> bool:
    joins = last.since < last.until == row.since and last.submitted_at == row.submitted_at
    return joins and last[SAME] == row[SAME] and (last.known_at == row.known_at or last.lasts_until == row.lasts_until)


class _Steps:
    """The steps of a request: a new one wherever the status or the lead department changes."""

    def __init__(self, ticket_id: int, places: Places) -> None:
        self._ticket_id, self._places = ticket_id, places
        self._steps = list[Step]()
        self._lead = ""
        self._region = ""

    def take(self, told: Told, life: Life, at: datetime) -> None:
        if not told.to_status or told.ticket_id != self._ticket_id:
            return
        holder = _HOLDERS[told.to_status]
        lead = self._places.department(life.department_id) if holder == Holder.DEPARTMENT else ""
        self._region = life.tags.get("region", "")
        last = self._steps[-1] if self._steps else None
        if last and last.until is None and (last.status, last.department) == (told.to_status, lead):
            return
        if last and last.until is None:
            self._steps[-1] = self._ended(last, at)
        came_from = self._lead if lead and lead != self._lead else ""
        self._lead = lead or self._lead
        if holder != Holder.NOBODY:
            nth = len(self._steps)
            step = Step(self._ticket_id, nth, told.to_status, lead, came_from, self._region, at, None, None)
            self._steps.append(step)

    def _ended(self, step: Step, at: datetime) -> Step:
        calendar = self._places.calendar(step.region, known=at)
        return step._replace(until=at, work_seconds=opening_seconds(calendar, step.since, at))

    def made(self) -> list[Step]:
        return self._steps
