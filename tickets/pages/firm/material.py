"""Adding files to a request that is open: what the receipt offers, and what comes of it."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest

from qihu.errors import Conflict, Invalid
from tickets.access import parties
from tickets.pages.basket import Basket, brought
from tickets.pages.firm.held import Seen
from tickets.services import attachments, sending
from tickets.services.material import add_material
from tickets.workflow import Party


def offered(seen: Seen, *, at: datetime) -> Basket | None:
    """The field, with what broke off before; None where nothing can be added. One query."""
    ticket = seen.ticket
    if not ticket.is_open or Party.FIRM not in parties(seen.caller, ticket):
        return None
    return Basket(attachments.unfinished_of(ticket, at=at), key=sending.page_key(ticket.pk))


def blank(seen: Seen) -> Basket:
    """The field of a move, with nothing in it."""
    return Basket(key=sending.page_key(seen.ticket.pk))


def along(request: HttpRequest, seen: Seen, *, at: datetime) -> Basket:
    """What was posted with a move."""
    basket = brought(request, attachments.sender_of(seen.caller, seen.ticket), at=at)
    basket.key = sending.page_key(seen.ticket.pk)
    return basket


def added(request: HttpRequest, seen: Seen, *, at: datetime) -> Basket:
    """What was posted, made part of the request; with `errors` where it was not. Raises `Forbidden`."""
    ticket, basket = seen.ticket, along(request, seen, at=at)
    if not basket.stays:
        try:
            add_material(ticket_id=ticket.pk, caller=seen.caller, at=at, files=basket.keys)
        except (Invalid, Conflict) as refusal:
            basket.errors.append(refusal.message)
    return basket
