"""The firm beside its request: by name, masked, or behind the shield; and the ways to it that this person has."""

from __future__ import annotations

from collections.abc import Sequence

from tickets import access
from tickets.models import Filing, Reveal, Ticket
from tickets.pages.desk import telling
from tickets.pages.desk.seat import Seat
from tickets.services import erasing, relay, shield
from tickets.terms import ENDED, Party, Remark
from tickets.timeline import Entry

_CALLERS = frozenset({Party.OFFICER, Party.HEAD, Party.INTAKE})
"""Who has to ring the firm and so sees the number in full (domain.md §1)."""


def firm_side(
    seat: Seat, ticket: Ticket, mine: Sequence[Party], helping: Sequence[Party], story: Sequence[Entry]
) -> dict[str, object]:
    """Context of `_firm.html`. One query where the shield is up, none else."""
    sight = shield.look(seat.caller, ticket, at=seat.at)
    hidden = access.identity_hidden(ticket, tuple(mine)) and sight is None
    return _shown(ticket, mine, hidden=hidden, sight=sight, seat=seat) | {
        "shielded": ticket.shielded,
        "messages": _messages(ticket, mine, helping, story),
        "reveal": f"/desk/t/{ticket.number}/reveal/" if hidden and shield.may_reveal(seat.caller, ticket) else "",
        "forget": f"/desk/t/{ticket.number}/forget/" if _may_forget(ticket, mine) else "",
    }


def _shown(
    ticket: Ticket, mine: Sequence[Party], *, hidden: bool, sight: Reveal | None, seat: Seat
) -> dict[str, object]:
    filing: Filing = ticket.filing
    if hidden:
        return {"name": telling.SHIELDED, "hidden": True}
    if filing.erased_at:
        return {"name": filing.enterprise_name, "erased": telling.moment(filing.erased_at, seat.at)}
    calls = sight is not None or bool(_CALLERS & set(mine))
    return {
        "name": filing.enterprise_name,
        "uscc": filing.uscc,
        "contact": filing.contact_name if calls else telling.masked_name(filing.contact_name),
        "phone": filing.contact_phone if calls else telling.masked_phone(filing.contact_phone),
        "calls": calls,
        "until": telling.moment(sight.until, seat.at) if sight else "",
    }


def _messages(
    ticket: Ticket, mine: Sequence[Party], helping: Sequence[Party], story: Sequence[Entry]
) -> dict[str, object] | None:
    """The link to the conversation: for who may write, and for others once there is one."""
    count = sum(entry.kind == Remark.MESSAGE for entry in story)
    writes = bool({*mine, *helping} & set(relay.WRITERS)) and ticket.is_open
    if not count and not writes:
        return None
    return {"url": f"/desk/t/{ticket.number}/messages/", "count": count or "", "writes": writes}


def _may_forget(ticket: Ticket, mine: Sequence[Party]) -> bool:
    return ticket.status in ENDED and not ticket.filing.erased_at and bool(erasing.ASKERS & set(mine))
