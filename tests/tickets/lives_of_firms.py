"""Who of a firm plays in the random lives, and which requests each may see, written from domain.md §1."""

from __future__ import annotations

import uuid
from datetime import datetime
from random import Random

from qihu.accounts.models import Contact
from tests import make
from tests.firms import firm, joined, person
from tickets.access import Caller, signed_in
from tickets.models import QRCode, Ticket
from tickets.services import intake
from tickets.services.belonging import belonging


class People:
    """李娜 owns the firm and files; 王强 files for it too, 赵敏 only looks on; 孙涛 is of no firm."""

    def __init__(self) -> None:
        owner = person()
        self.firm = firm(owner)
        self.there = {
            "firm.colleague": joined(self.firm, owner, person("王强"), "contact"),
            "firm.viewer": joined(self.firm, owner, person("赵敏"), "viewer"),
            "firm.owner": Contact.objects.get(pk=owner.pk),
        }
        self.stranger = person("孙涛")

    @property
    def everybody(self) -> dict[str, Contact]:
        """By name, the stranger included."""
        return self.there | {"firm.stranger": self.stranger}

    def callers(self) -> dict[str, Caller]:
        """Each as signed in."""
        return {name: signed_in(one) for name, one in self.everybody.items()}

    def file(self, *, qr: str, at: datetime, rng: Random, **more: object) -> Ticket:
        """By somebody signed in who writes for the firm: shared with it, shielded, or theirs alone."""
        filer = self.there[rng.choice(("firm.owner", "firm.colleague"))]
        visibility = rng.choice(Ticket.Visibility.values)
        said = belonging(make.filed(**more), contact=filer, visibility=visibility, enterprise_id=self.firm.pk)
        code = QRCode.objects.select_related("chain_tag", "category", "region").get(code=qr)
        return intake.submit(filed=said, qr=code, key=str(uuid.uuid4()), at=at).ticket

    def may_see(self, contact: Contact, ticket: Ticket) -> bool:
        """Who filed it, where it is theirs alone, restricted or of no firm; everything else: whoever is of the firm."""
        if ticket.restricted or ticket.enterprise_id is None or ticket.visibility == Ticket.Visibility.ME:
            return ticket.contact_id == contact.pk
        return contact != self.stranger
