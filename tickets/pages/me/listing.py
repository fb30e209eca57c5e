"""The requests of a signed-in contact: theirs and their firms', newest first, forty a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from qihu.accounts.models import Contact
from tickets.access import visible_to_contact
from tickets.models import Ticket
from tickets.models.lists import TicketQuerySet
from tickets.models.ticket import OPEN_TO_FIRM
from tickets.pages.firm.promises import day_words
from tickets.pages.me.visitor import Visitor, signed_in
from tickets.workflow import ENDED, FIRM_CLOCKS, OPEN, Clock, Outcome, Status

PAGE = 40
_SALT = "tickets.me.cursor"
_EVERYTHING = Q(pk__isnull=False)
_WAITING = Q(status=Status.ANSWERED)
_RUNNING = Q(status__in=sorted(OPEN - {Status.ANSWERED}))
_STATE = {Status.ANSWERED: "warn", Status.CLOSED: "ok"}


@dataclass(frozen=True, slots=True)
class Show:
    """One filter of the list."""

    label: str
    pick: Callable[[TicketQuerySet], TicketQuerySet]


SHOWS = {
    "all": Show("全部", lambda found: found),
    "open": Show("办理中", lambda found: found.filter(_RUNNING)),
    "rate": Show("待您评价", lambda found: found.filter(_WAITING)),
    "done": Show("已结束", lambda found: found.standing_at(*sorted(ENDED))),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The address, checked: unknown filters, firms and cursors fall back to what is known."""

    show: str
    firm: int | None
    q: str
    cursor: str

    def query(self, **changes: Any) -> str:
        """The same list with changes; any change but the cursor's starts at the first page."""
        parts = {"show": self.show if self.show != "all" else "", "firm": self.firm or "", "q": self.q} | changes
        return "?" + urlencode({name: value for name, value in parts.items() if value})


def _asked(request: HttpRequest, contact: Contact) -> Asked:
    get = request.GET
    show, firm = get.get("show", ""), get.get("firm", "")
    mine = {str(key): key for key in contact.firms()}
    return Asked(
        show=show if show in SHOWS else "all",
        firm=mine.get(firm),
        q=" ".join(get.get("q", "").replace("\x00", "").split())[:60],
        cursor=get.get("cursor", "")[:200],
    )


@signed_in
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """One page of it: two queries beside session and memberships."""
    contact = visitor.contact
    asked = _asked(request, contact)
    visible = visible_to_contact(contact)
    found = _narrowed(SHOWS[asked.show].pick(visible), asked)
    if place := _place(asked.cursor):
        found = found.after_newest(*place)
    rows = list(found.newest_first().for_lists()[: PAGE + 1])
    context = {
        "contact": contact,
        "asked": asked,
        "rows": [_row(one, contact, visitor.at) for one in rows[:PAGE]],
        "shows": _shows(visible, asked),
        "firms": [
            {
                "label": m.enterprise.name,
                "url": asked.query(firm=m.enterprise_id),
                "current": m.enterprise_id == asked.firm,
            }
            for m in contact.held
        ],
        "everywhere": asked.query(firm=""),
        "older": asked.query(cursor=_cursor(rows[PAGE - 1])) if len(rows) > PAGE else "",
        "first": asked.query() if asked.cursor else "",
    }
    return render(request, "me/list.html", context)


def _narrowed(found: TicketQuerySet, asked: Asked) -> TicketQuerySet:
    if asked.firm:
        found = found.filter(enterprise=asked.firm)
    return found.matching(asked.q, named=_EVERYTHING)


def _shows(visible: TicketQuerySet, asked: Asked) -> list[dict[str, object]]:
    """The filters with how many there are: what the person may not see is not counted either."""
    counted = visible.order_by().aggregate(open=Count("pk", filter=_RUNNING), rate=Count("pk", filter=_WAITING))
    return [
        {
            "label": show.label,
            "url": asked.query(show="" if key == "all" else key),
            "count": counted.get(key),
            "current": key == asked.show,
        }
        for key, show in SHOWS.items()
    ]


def _row(ticket: Ticket, contact: Contact, at: datetime) -> dict[str, object]:
    mine = ticket.contact_id == contact.pk
    return {
        "number": ticket.number,
        "title": ticket.filing.title,
        "department": ticket.department.name if ticket.department else "",
        "label": Status(ticket.status).label,
        "state": _STATE.get(Status(ticket.status), "info" if ticket.is_open else ""),
        "due": _due(ticket, at),
        "late": ticket.late and ticket.is_open,
        "mine": mine,
        "seen": _seen(ticket),
    }


def _seen(ticket: Ticket) -> str:
    if ticket.restricted or ticket.visibility not in OPEN_TO_FIRM or ticket.enterprise_id is None:
        return Ticket.Visibility.ME.label
    return Ticket.Visibility(ticket.visibility).label


def _due(ticket: Ticket, at: datetime) -> str:
    """What happens next and by when, in words; of an ended request how and when it ended."""
    if not ticket.is_open:
        outcome = f"{Outcome(ticket.outcome).label}，" if ticket.outcome else ""
        return f"{outcome}{day_words(ticket.closed_at or ticket.submitted_at, at)}"
    if ticket.next_due_at is None:
        return "处理中"
    clock = Clock(ticket.next_clock)
    if clock in FIRM_CLOCKS:
        return f"请在 {day_words(ticket.next_due_at, at)} 前评价"
    if ticket.next_due_at < at:
        return f"{clock.label}已超时（应在 {day_words(ticket.next_due_at, at)} 前）"
    return f"{day_words(ticket.next_due_at, at)} 前{clock.label}"


def _cursor(last: Ticket) -> str:
    return signing.dumps([last.submitted_at.isoformat(), last.pk], salt=_SALT)


def _place(cursor: str) -> tuple[datetime, int] | None:
    """Moment and key of the last row seen; None starts at the first page, as a forged cursor does."""
    try:
        moment, key = signing.loads(cursor, salt=_SALT)
    except signing.BadSignature:
        return None
    return datetime.fromisoformat(moment), int(key)
