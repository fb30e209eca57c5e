"""Requests by what a browser keeps of them: number and proof, the other way to one beside `access`."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from qihu.crypto import keyed
from tickets.models import Ticket
from tickets.workflow import Status


def proof_of(ticket: Ticket) -> str:
    """What a browser keeps to show later that it knew the access code: worthless once the code has changed."""
    return keyed("held", f"{ticket.number}:{bytes(ticket.access_hash).hex()}").hex()[:24]


def held_by(proofs: Mapping[str, str]) -> list[Ticket]:
    """Requests whose number is kept with the right proof, newest first, with all a page shows: one query."""
    if not proofs:
        return []
    found = Ticket.objects.for_lists().select_related("qr_code", "reply_author").filter(number__in=list(proofs))
    kept = [ticket for ticket in found if hmac.compare_digest(proof_of(ticket), proofs[ticket.number])]
    return sorted(kept, key=lambda ticket: (ticket.submitted_at, ticket.pk), reverse=True)


def part_held_by(proofs: Mapping[str, str], number: str) -> Ticket | None:
    """A part of a split request, for whoever keeps the right proof of the whole. What was merged is another firm's."""
    parts = Ticket.objects.for_lists().select_related("qr_code", "reply_author", "parent")
    part = parts.filter(number=number, parent__number__in=list(proofs)).exclude(status=Status.MERGED).first()
    if part is None or part.parent is None or part.kept_by_firm:
        return None
    return part if hmac.compare_digest(proof_of(part.parent), proofs[part.parent.number]) else None
