"""A firm sees the parts of its split request as it sees the whole; nobody else does."""

from __future__ import annotations

import uuid

import pytest

from tests import make
from tests.firms import firm, joined, person
from tests.make import MONDAY
from tickets.access import signed_in, ticket_of_contact
from tickets.models import Event, Ticket
from tickets.services import intake, joining
from tickets.services.belonging import belonging, show_to
from tickets.services.codes import access_code, code_hash

pytestmark = pytest.mark.django_db
PARTS = [
    {"text": "协调银行授信1500万元。", "department": "finance"},
    {"text": "协调扩建用地20亩。", "department": "land"},
]


def parts_of(whole: Ticket) -> list[Ticket]:
    return list(Ticket.objects.parts_of(whole).order_by("pk"))


def of_the_firm(cast, visibility: str = "firm"):
    owner = person()
    there = firm(owner)
    colleague = joined(there, owner, person("王强"), "contact")
    viewer = joined(there, owner, person("赵敏"), "viewer")
    owner = person()
    said = belonging(make.filed(), contact=owner, visibility=visibility, enterprise_id=there.pk)
    whole = intake.submit(filed=said, qr=None, key=str(uuid.uuid4()), at=MONDAY).ticket
    joining.split(ticket_id=whole.pk, caller=cast.as_dispatcher, at=MONDAY + make.MINUTE, parts=PARTS)
    return make.fresh(whole), {"owner": owner, "colleague": colleague, "viewer": viewer}


def test_the_parts_belong_to_whom_the_whole_belongs(cast):
    whole, people = of_the_firm(cast)
    for part in parts_of(whole):
        kept = (part.contact_id, part.enterprise_id, part.visibility)
        assert kept == (whole.contact_id, whole.enterprise_id, "firm")
        assert bytes(part.access_hash) != code_hash(part.number, access_code(part.number)), "no code opens a firm's"
        for contact in people.values():
            assert ticket_of_contact(contact, part.number)
        assert ticket_of_contact(person("孙涛"), part.number) is None


def test_what_is_only_mine_is_so_in_its_parts(cast):
    whole, people = of_the_firm(cast, "me")
    for part in parts_of(whole):
        assert ticket_of_contact(people["owner"], part.number)
        assert ticket_of_contact(people["colleague"], part.number) is None


def test_who_sees_the_whole_anew_sees_the_parts_anew(cast):
    whole, people = of_the_firm(cast)
    show_to(ticket_id=whole.pk, caller=signed_in(people["owner"]), at=MONDAY, visibility="me")
    for part in parts_of(whole):
        assert ticket_of_contact(people["colleague"], part.number) is None
        assert bytes(part.access_hash) == code_hash(part.number, access_code(part.number))
    assert Event.objects.filter(kind="visibility").count() == 3


def test_who_holds_the_whole_opens_its_parts_and_acts_there(phone, stranger, monday):
    whole = make.split()
    phone.open(whole)
    for part in parts_of(whole):
        assert part.number in phone.page(whole)
        assert "撤回" in phone.page(part)
        assert stranger.get(f"/t/{part.number}/").status_code == 404
        assert phone.post(f"/t/{part.number}/urge/").status_code == 303


def test_who_holds_a_part_does_not_hold_the_whole(phone, monday):
    whole = make.split()
    first, second = parts_of(whole)
    phone.open(first)
    assert phone.get(f"/t/{whole.number}/").status_code == 404
    assert phone.get(f"/t/{second.number}/").status_code == 404


def test_who_holds_the_main_request_does_not_open_another_firms_merged_one(phone, monday):
    merged = make.merged()
    parent = Ticket.objects.get(pk=merged.parent_id)
    phone.open(parent)
    assert merged.number not in phone.page(parent)
    assert phone.get(f"/t/{merged.number}/").status_code == 404
