"""What the address of a list asks for, checked: view, sort, tag, words and the place to go on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.http import HttpRequest

from tickets import access
from tickets.models import Ticket
from tickets.models.lists import TicketQuerySet
from tickets.pages.desk.queues import Queue, queues_of
from tickets.pages.desk.seat import Seat

PAGE = 50
SOONEST, NEWEST = "soonest", "newest"
SORTS = {SOONEST: "最紧在前", NEWEST: "最新在前"}
_SALT = "tickets.desk.cursor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A list as wanted. Unknown views, sorts and cursors fall back to what is known."""

    queue: Queue
    sort: str
    tag: str = ""
    q: str = ""
    cursor: str = ""

    def query(self, **changes: Any) -> str:
        """The same list with changes, as a query string; any change starts at the first page."""
        wanted = replace(self, **({"cursor": ""} | changes)) if changes else self
        parts = {
            "view": wanted.queue.key,
            "tag": wanted.tag,
            "q": wanted.q,
            "sort": wanted.sort if wanted.sort != usual(wanted.queue) else "",
            "cursor": wanted.cursor,
        }
        return urlencode({name: value for name, value in parts.items() if value})

    @property
    def sort_label(self) -> str:
        """The order in force, in words."""
        return SORTS[self.sort]

    @property
    def words(self) -> str:
        """The whole of it in words."""
        tag, q = (f"；链：{self.tag}" if self.tag else ""), (f"；搜索：{self.q}" if self.q else "")
        return f"工作台“{self.queue.label}”{tag}{q}；{self.sort_label}"

    @property
    def narrowed(self) -> bool:
        """Whether words or a tag leave something out."""
        return bool(self.q or self.tag)


def usual(queue: Queue) -> str:
    """The order a view comes in unless told otherwise."""
    return NEWEST if queue.newest else SOONEST


def asked(request: HttpRequest, seat: Seat) -> Asked:
    """Read the address."""
    get: Mapping[str, str] = request.GET
    mine = queues_of(seat)
    queue = mine.get(get.get("view", ""), next(iter(mine.values())))
    sort = get.get("sort", "")
    return Asked(
        queue=queue,
        sort=sort if sort in SORTS else usual(queue),
        tag=tag if (tag := get.get("tag", "")[:20]).replace("-", "").isalnum() else "",
        q=" ".join(get.get("q", "").replace("\x00", "").split())[:60],
        cursor=get.get("cursor", "")[:200],
    )


def page(seat: Seat, wanted: Asked) -> tuple[list[Ticket], str]:
    """One page of the list and the cursor of the next one, or ""."""
    rows = list(_sorted(_narrowed(seat, wanted), wanted).for_lists()[: PAGE + 1])
    if len(rows) <= PAGE:
        return rows, ""
    return rows[:PAGE], _cursor(wanted, rows[PAGE - 1])


def whole(seat: Seat, wanted: Asked) -> TicketQuerySet:
    """Every page of the list, in its order."""
    return _sorted(_narrowed(seat, wanted), replace(wanted, cursor=""))


def _narrowed(seat: Seat, wanted: Asked) -> TicketQuerySet:
    from_queue = wanted.queue.pick(seat)
    if wanted.tag:
        from_queue = from_queue.tagged(wanted.tag)
    return from_queue.matching(wanted.q, named=access.named_to(seat.user))


def _sorted(found: TicketQuerySet, wanted: Asked) -> TicketQuerySet:
    place = _place(wanted)
    if wanted.sort == SOONEST:
        by = wanted.queue.due
        return (found.after_soonest(*place, by) if place else found).soonest_first(by)
    return (found.after_newest(place[0], place[1]) if place and place[0] else found).newest_first()


def _column(wanted: Asked) -> str:
    """What the list is sorted by; a cursor of another order does not serve."""
    return wanted.queue.due if wanted.sort == SOONEST else "submitted_at"


def _cursor(wanted: Asked, last: Ticket) -> str:
    column = _column(wanted)
    moment: datetime | None = getattr(last, column)
    return signing.dumps([column, moment.isoformat() if moment else "", last.pk], salt=_SALT)


def _place(wanted: Asked) -> tuple[datetime | None, int] | None:
    """Moment and key of the last row seen; None starts at the first page, as a forged cursor does."""
    try:
        column, moment, key = signing.loads(wanted.cursor, salt=_SALT)
    except signing.BadSignature:
        return None
    if column != _column(wanted):
        return None
    return (datetime.fromisoformat(moment) if moment else None), int(key)
