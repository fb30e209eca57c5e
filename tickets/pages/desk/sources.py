"""Where a request came from, for its side column."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse

from tickets import access
from tickets.models import Confirmation, Source, Ticket
from tickets.pages.desk import telling
from tickets.pages.desk.seat import Seat
from tickets.terms import Remark
from tickets.timeline import Entry
from tickets.workflow import Party

_BY_THE_FIRM = frozenset({Ticket.Channel.QR, Ticket.Channel.APP})
_MAY_SEND = frozenset({Party.INTAKE, Party.OFFICER, Party.HEAD})


def sources(ticket: Ticket, seat: Seat, mine: tuple[Party, ...], story: Iterable[Entry]) -> list[dict[str, object]]:
    """Every other hand it came through, oldest first: one query, none for what only its firm submitted.

    The words of a shielded firm's sources stay hidden.
    """
    if ticket.channel in _BY_THE_FIRM and not any(entry.kind == Remark.SOURCE for entry in story):
        return []
    return [_shown(source, ticket, seat, mine) for source in Source.objects.of_ticket(ticket)]


def _shown(source: Source, ticket: Ticket, seat: Seat, mine: tuple[Party, ...]) -> dict[str, object]:
    hidden = access.identity_hidden(ticket, mine)
    given: Confirmation | None = getattr(source, "confirmation", None)
    waits = bool(given and given.state == Confirmation.State.WAITING)
    expired = bool(given and waits and given.expires_at <= seat.at)
    state = Confirmation.State(given.state).label if given else ""
    return {
        "channel": Ticket.Channel(source.channel).label,
        "reference": "" if hidden else source.reference,
        "detail": "" if hidden else source.detail,
        "received": telling.moment(source.received_at, seat.at),
        "by": source.entered_by.name if source.entered_by else "",
        "entered": telling.moment(source.entered_at, seat.at),
        "confirmation": "确认链接已过期" if expired else state,
        "renew_url": reverse("desk-source-link", args=[ticket.number, source.pk])
        if waits and _MAY_SEND & frozenset(mine)
        else "",
    }
