"""Rows of the list: what is read at a glance, computed without a query per row."""

from __future__ import annotations

from collections.abc import Iterable

from routing.promises.amount import Unit
from routing.promises.words import left
from tickets import access
from tickets.models import Ticket
from tickets.pages.desk.asked import Asked
from tickets.pages.desk.seat import Seat
from tickets.pages.desk.telling import STATUS_STATE, enterprise, moment, short_number
from tickets.workflow import FIRM_CLOCKS, Clock, Outcome, Status


def rows(tickets: Iterable[Ticket], seat: Seat, wanted: Asked, *, current: str) -> list[dict[str, object]]:
    """`row.html`'s contexts, in the order given."""
    query = wanted.query()
    return [row(ticket, seat, url=f"/desk/t/{ticket.number}/?{query}", current=current) for ticket in tickets]


def row(ticket: Ticket, seat: Seat, *, url: str, current: str) -> dict[str, object]:
    """One request: colour, title, whose, status, and what runs out when."""
    hidden = access.identity_hidden(ticket, access.parties(seat.caller, ticket))
    state, due, clock = urgency(ticket, seat)
    return {
        "url": url,
        "state": state,
        "title": ticket.filing.title,
        "due": due,
        "clock": clock,
        "chain": ticket.chain_tag_id or "",
        "enterprise": enterprise(ticket, hidden=hidden),
        "short": short_number(ticket.number),
        "pill": pill(ticket),
        "pill_state": "late" if ticket.round > 1 and ticket.is_open else STATUS_STATE.get(Status(ticket.status), ""),
        "current": ticket.number == current,
    }


def pill(ticket: Ticket) -> str:
    """The status, or what matters more than it."""
    label = Status(ticket.status).label
    return f"二次 · {label}" if ticket.round > 1 and ticket.is_open else label


def urgency(ticket: Ticket, seat: Seat) -> tuple[str, str, str]:
    """Light, words and name of the promise that ends first; of an ended request its outcome and day."""
    if ticket.next_due_at is None:
        ended = ticket.closed_at or ticket.submitted_at
        outcome = Outcome(ticket.outcome).label if ticket.outcome else ""
        return ("late" if ticket.late else ""), outcome or "—", moment(ended, seat.at)
    clock = Clock(ticket.next_clock)
    calendar = seat.book.calendar(ticket.region.path)
    told = left(calendar, seat.at, ticket.next_due_at, unit=_unit(ticket, seat, clock))
    if clock in FIRM_CLOCKS:
        return "", told.text, "待企业评价"
    return told.state, told.text, f"{clock.label} · 曾超期" if ticket.late and told.state != "late" else clock.label


def _unit(ticket: Ticket, seat: Seat, clock: Clock) -> Unit:
    """Kind of time the promise counts in, by the book in force: clock hours and opening hours differ."""
    amount = seat.book.amount(
        clock,
        grade=ticket.grade,
        rework=ticket.round > 1,
        region=ticket.region.path,
        channel=ticket.channel,
        category=ticket.category_id or "",
    )
    return amount.unit if amount else Unit.WD
