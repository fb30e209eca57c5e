"""Whose a request is: filed by somebody signed in for a firm, taken up by a phone just confirmed, shown to others."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import F, Func, Value
from django.db.models.fields import BooleanField

from qihu.accounts.models import Contact, Membership
from qihu.errors import Forbidden, Invalid, Stale, Unknown
from tickets.access import Caller, parties
from tickets.models import Filing, Ticket
from tickets.models.search import quoted
from tickets.models.text import phone_lexeme
from tickets.services.codes import opening_hash
from tickets.services.intake import Filed
from tickets.services.intent import Done
from tickets.services.remarks import remark
from tickets.terms import Party, Remark

_V = Ticket.Visibility


def belonging(filed: Filed, *, contact: Contact, visibility: str, enterprise_id: int | None) -> Filed:
    """The filing as this person's: for the firm that they act for under its confirmed name, or for themselves.

    Raises `Invalid` (fields `visibility`, `enterprise`) for a firm that they do not file for.
    """
    member = _acting(contact, visibility, enterprise_id)
    firm = member.enterprise if member else None
    return replace(
        filed,
        contact=contact.pk,
        visibility=visibility,
        enterprise=firm.pk if firm else None,
        enterprise_name=firm.name if firm else filed.enterprise_name,
        uscc=firm.uscc if firm else filed.uscc,
        shielded=visibility == _V.SHIELDED,
    )


def _acting(contact: Contact, visibility: str, enterprise_id: int | None) -> Membership | None:
    if visibility not in _V.values:
        raise _invalid("visibility", "请选择谁看得到这件诉求。")
    if enterprise_id is None:
        if visibility == _V.FIRM:
            raise _invalid("enterprise", "请选择是哪家企业。")
        return None
    member = contact.membership(enterprise_id)
    if member is None or not member.writes:
        raise _invalid("enterprise", "您不能以这家企业的名义提交。")
    return member


def _invalid(field: str, said: str) -> Invalid:
    return Invalid(said, fields={field: said})


def adopt(*, contact: Contact) -> int:
    """What this phone submitted before it was confirmed becomes the person's; how many there were.

    By the blind index of the contact phone, so no request is read. The typed firm's name plays no part.
    """
    hit = Func(
        F("search"),
        Value(quoted(phone_lexeme(contact.phone))),
        template="(%(expressions)s::tsquery)",  # as it is: no parser, no dictionary
        arg_joiner=" @@ ",
        output_field=BooleanField(),
    )
    theirs = Filing.objects.filter(hit, phone_index=bytes(contact.phone_index), ticket__contact=None)
    keys = list(theirs.values_list("ticket_id", flat=True))
    return Ticket.objects.filter(pk__in=keys, contact=None).update(contact=contact) if keys else 0


@transaction.atomic
def show_to(
    *,
    ticket_id: int,
    caller: Caller,
    at: datetime,
    visibility: str,
    enterprise_id: int | None = None,
    expected_version: int | None = None,
) -> Done:
    """Who submitted it chooses anew who sees it. Its parts follow.

    Raises `Unknown` for what is not theirs to see, `Forbidden` for a colleague, `Invalid` as `belonging`, `Stale`.
    """
    ticket = Ticket.objects.lock([ticket_id]).first()
    contact = caller.contact
    if ticket is None or contact is None or not parties(caller, ticket):
        raise Unknown("没有找到这件诉求。")
    if ticket.contact_id != contact.pk:
        raise Forbidden("谁看得到，由提交人本人决定。")
    if expected_version is not None and expected_version != ticket.version:
        raise Stale("内容已被他人更新，请看过最新情况再办理。")
    member = _acting(contact, visibility, enterprise_id)
    ticket.visibility, ticket.enterprise = visibility, member.enterprise if member else None
    ticket.shielded = visibility == _V.SHIELDED
    ticket.access_hash = opening_hash(ticket)
    ticket.version += 1
    data = {"visibility": visibility, "enterprise": ticket.enterprise_id, "contact": contact.pk}
    event = remark(Remark.VISIBILITY, ticket=ticket, party=Party.FIRM, at=at, data=data)
    ticket.save(update_fields=["visibility", "enterprise", "shielded", "access_hash"])
    for part in Ticket.objects.parts_of(ticket).filter(contact=contact).order_by("pk"):
        show_to(ticket_id=part.pk, caller=caller, at=at, visibility=visibility, enterprise_id=enterprise_id)
    return Done(ticket, event)


def phone_for(ticket: Ticket) -> str:
    """Whom messages to the firm reach: the contact of the request, or an owner once that person has left the firm.

    `ticket.filing` loaded; "" where nobody is left.
    """
    if not ticket.kept_by_firm or ticket.restricted:
        return str(ticket.filing.contact_phone)
    there = Membership.objects.in_force().filter(enterprise=ticket.enterprise_id)
    if there.filter(contact=ticket.contact_id).exists():
        return str(ticket.filing.contact_phone)
    owner = there.owners().select_related("contact").order_by("accepted_at", "pk").first()
    return owner.contact.phone if owner else ""
