"""The lists behind the numbers of the process and the load pages: one page of rows, and how many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet

from qihu.errors import Invalid
from tickets.figures.forecast import Stake
from tickets.models import Stay, Ticket
from tickets.models.lists import TicketQuerySet
from tickets.workflow import Clock, Status

PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row: a request and what of it was counted. `seconds`: opening time; `chance`: of breaking, 0–1."""

    ticket: Ticket
    what: str = ""
    since: datetime | None = None
    until: datetime | None = None
    seconds: int | None = None
    chance: float | None = None
    told_by: str = ""
    n: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Everything behind one number; `lines` makes rows of a slice of it."""

    heading: str
    sentence: str
    rows: QuerySet[Any] | Sequence[Any]
    lines: Callable[[Iterable[Any]], list[Line]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page of the rows behind a number; `total` is that number."""

    heading: str
    sentence: str
    total: int
    page: int
    pages: int
    lines: tuple[Line, ...]


def paged(found: Found, page: int) -> Listing:
    """That page. Raises `Invalid` where there is none."""
    pages = Paginator(found.rows, PAGE)
    if not 1 <= page <= pages.num_pages:
        raise Invalid("没有这一页。", fields={"page": "没有这一页。"})
    return Listing(
        heading=found.heading,
        sentence=found.sentence,
        total=pages.count,
        page=page,
        pages=pages.num_pages,
        lines=tuple(found.lines(pages.page(page).object_list)),
    )


def of_tickets(tickets: Iterable[Ticket]) -> list[Line]:
    """Requests as they stand."""
    return [
        Line(
            ticket=ticket,
            what=ticket.get_status_display(),
            since=ticket.submitted_at,
            until=ticket.closed_at if ticket.status == Status.CLOSED else None,
        )
        for ticket in tickets
    ]


def of_keys(scope: TicketQuerySet) -> Callable[[Iterable[int]], list[Line]]:
    """Requests by their keys, in the order of these."""

    def lines(keys: Iterable[int]) -> list[Line]:
        wanted = list(keys)
        found = _by_key(scope, wanted)
        return of_tickets(found[key] for key in wanted if key in found)

    return lines


def of_stays(stays: Iterable[Stay]) -> list[Line]:
    """Steps: which one, from when until when, how much opening time."""
    return [
        Line(
            ticket=stay.ticket,
            what=Status(stay.status).label,
            since=stay.since,
            until=stay.until,
            seconds=stay.work_seconds,
        )
        for stay in stays
    ]


def of_stakes(scope: TicketQuerySet) -> Callable[[Iterable[Stake]], list[Line]]:
    """Running promises: which clock, due when, how likely to break and whose pace told."""

    def lines(stakes: Iterable[Stake]) -> list[Line]:
        wanted = list(stakes)
        found = _by_key(scope, [stake.ticket for stake in wanted])
        return [_at_stake(stake, found[stake.ticket]) for stake in wanted if stake.ticket in found]

    return lines


def _at_stake(stake: Stake, ticket: Ticket) -> Line:
    return Line(
        ticket=ticket,
        what=Clock(stake.clock).label,
        until=stake.due_at,
        chance=stake.chance.p,
        told_by=stake.told_by,
        n=stake.chance.n,
    )


def _by_key(scope: TicketQuerySet, keys: Iterable[int]) -> dict[int, Ticket]:
    return {ticket.pk: ticket for ticket in scope.filter(pk__in=list(keys)).for_lists()}
