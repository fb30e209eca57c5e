"""Who the firm is, as far as this reader may know (domain.md §1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tickets.access import identity_hidden
from tickets.models import Ticket
from tickets.workflow import Party

ALIAS = "身份保密企业"
_REACH_THE_FIRM = frozenset({Party.FIRM, Party.FIRM_VIEWER, Party.OFFICER, Party.HEAD, Party.INTAKE})
"""Who calls the firm: the lead department and intake. Everybody else sees the contact masked."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Enterprise and contact as shown; masked or an alias where the reader has no need of them."""

    name: str
    uscc: str
    contact_name: str
    contact_phone: str


def identity(ticket: Ticket, who: Iterable[Party], *, revealed: bool = False) -> Identity:
    """The identity for the parties that the reader is; `ticket.filing` loaded. `revealed`: the shield is lifted."""
    parties, filing = tuple(who), ticket.filing
    if revealed:
        return Identity(filing.enterprise_name, filing.uscc, filing.contact_name, filing.contact_phone)
    if identity_hidden(ticket, parties):
        return Identity(ALIAS, "", "", "")
    name, phone = filing.contact_name, filing.contact_phone
    if not _REACH_THE_FIRM & set(parties):
        name, phone = f"{name[:1]}**", f"{phone[:3]}****{phone[-4:]}"
    return Identity(filing.enterprise_name, filing.uscc, name, phone)


def firm_name(ticket: Ticket, who: Iterable[Party]) -> str:
    """As in `identity`, for lists: nothing is decrypted."""
    return ALIAS if identity_hidden(ticket, tuple(who)) else ticket.filing.enterprise_name
