"""Firms and their people: confirmed the way that real ones are, by code, claim and invitation."""

from __future__ import annotations

from datetime import datetime

from qihu.accounts import claims, members
from qihu.accounts.models import Contact, Enterprise, FirmRole, Region
from qihu.signin import codes
from tests.make import MONDAY
from tests.people import user

ANJIE, RIVAL = "91330800MA28F00001", "91330800MA28F00002"
PHONES = {"李娜": "13800000000", "王强": "13900000001", "赵敏": "13700000002", "孙涛": "13600000003"}


def person(name: str = "李娜", *, at: datetime = MONDAY) -> Contact:
    """Somebody whose phone has been proved by a one-time code, whatever was asked before."""
    phone = PHONES.get(name, name)
    contact = Contact.objects.by_phone(phone)
    contact.name, contact.confirmed_at = (name if name in PHONES else ""), at
    contact.save()
    return again(contact)


def again(contact: Contact) -> Contact:
    """Read anew: memberships are kept for the life of the object."""
    return Contact.objects.get(pk=contact.pk)


def code_for(phone: str, *, at: datetime, address: str = "10.1.1.1") -> str:
    """Asks for a code and reads it off the demo page."""
    return codes.issue(phone=phone, address=address, at=at).shown


def firm(owner: Contact, *, uscc: str = ANJIE, name: str = "衢州安捷线束有限公司", at: datetime = MONDAY) -> Enterprise:
    """Claimed by `owner`, confirmed by intake."""
    claim = claims.claim(
        contact=owner, name=name, uscc=uscc, region=Region.objects.get(pk="330800"), evidence="法定代表人", at=at
    )
    return claims.confirm(claim_id=claim.pk, by=user("intake"), at=at).enterprise


def joined(enterprise: Enterprise, by: Contact, contact: Contact, role: str = FirmRole.CONTACT, at=MONDAY) -> Contact:
    """Invited by an owner, and come."""
    asked = members.invite(enterprise_id=enterprise.pk, by=by, phone=contact.phone, role=role, at=at)
    members.accept(membership_id=asked.pk, contact=contact, at=at)
    return again(contact)
