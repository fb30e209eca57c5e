"""What doors ask: every kind over a window, one group of it, and a page of the events behind that group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from qihu.errors import Invalid, Unknown
from tickets.figures.anomalies.grouping import Names, departments, groups_of
from tickets.figures.anomalies.kind import Flag, Found, Group, Kind, Seen
from tickets.figures.anomalies.registry import BY_CODE, KINDS
from tickets.figures.anomalies.watched import Watched
from tickets.figures.window import Window, of_dates, window_from, zone
from tickets.models import Ticket

DAYS, MOST_DAYS = 30, 92
"""Looked at unless somebody says otherwise, and at most: a quarter."""
PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the events behind a group, newest first, each with its request; `total` is the group's number."""

    group: Group
    total: int
    page: int
    rows: tuple[tuple[Flag, Ticket], ...]

    @property
    def pages(self) -> int:
        """At least one."""
        return max(1, -(-self.total // PAGE))


def period(since: str, until: str, *, at: datetime) -> Window:
    """The window of what somebody typed; both empty: the last `DAYS` days, today included. Raises `Invalid`."""
    if not since.strip() and not until.strip():
        tomorrow = at.astimezone(zone()).date() + timedelta(days=1)
        return of_dates(tomorrow - timedelta(days=DAYS), tomorrow, as_of=at)
    window = window_from(since, until, at=at)
    if window.until - window.since > timedelta(days=MOST_DAYS):
        said = f"一次最多查看 {MOST_DAYS} 天。"
        raise Invalid(said, fields={"until": said})
    return window


def looked_at(watched: Watched, window: Window, *, kinds: Iterable[Kind] = KINDS) -> tuple[Seen, ...]:
    """What every kind found."""
    names = departments()
    return tuple(_seen(kind, kind.look(watched, window), watched, window, names) for kind in kinds)


def group_of(watched: Watched, window: Window, *, kind: str, value: str) -> Group:
    """One group as it stands. Raises `Invalid` for an unknown kind, `Unknown` for a group that is not there."""
    if kind not in BY_CODE:
        said = f"没有“{kind[:20]}”这一类，可用：{'、'.join(BY_CODE)}。"
        raise Invalid(said, fields={"kind": said})
    wanted = BY_CODE[kind]
    groups = groups_of(wanted, wanted.look(watched, window), watched, departments())
    found = next((group for group in groups if group.value == value), None)
    if found is None:
        raise Unknown("这一组现在没有：可能时段不同，或情况已经变化。")
    return found


def page_of(group: Group, page: int) -> Page:
    """Exactly the events behind a group; one query. Raises `Invalid` for a page that is not there."""
    flags = sorted(group.flags, key=lambda flag: (flag.at, flag.ticket_id, flag.seq), reverse=True)
    chosen = flags[(page - 1) * PAGE : page * PAGE]
    if page < 1 or (page > 1 and not chosen):
        raise Invalid("没有这一页。", fields={"page": "没有这一页。"})
    tickets = {t.pk: t for t in Ticket.objects.filter(pk__in=[flag.ticket_id for flag in chosen]).for_lists()}
    rows = tuple((flag, tickets[flag.ticket_id]) for flag in chosen)
    return Page(group=group, total=len(flags), page=page, rows=rows)


def _seen(kind: Kind, found: Found, watched: Watched, window: Window, names: Names) -> Seen:
    return Seen(
        kind=kind,
        groups=groups_of(kind, found, watched, names),
        noticed=len(found.flags),
        among=sum(found.among.values()) if found.among else None,
        weeks=tuple(_weeks(found.flags, window)),
    )


def _weeks(flags: Iterable[Flag], window: Window) -> Iterator[tuple[str, int]]:
    """How many in each week, by its Monday; also the weeks without any."""
    counted = Counter(_monday(flag.at.astimezone(zone()).date()) for flag in flags)
    monday = _monday(window.since_on)
    while monday < window.until_on:
        yield f"{monday:%m-%d}", counted[monday]
        monday += timedelta(days=7)


def _monday(on: date) -> date:
    return on - timedelta(days=on.weekday())
