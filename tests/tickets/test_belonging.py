"""Whose a request is and who in the firm sees it: generated over person × visibility, and the stories behind it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import pytest
from django.db import connection
from django.db.models import Q

from qihu.accounts import members
from qihu.accounts.models import Contact, Enterprise
from qihu.errors import Forbidden, Invalid, Unknown
from tests import make
from tests.firms import RIVAL, again, firm, joined, person
from tests.make import MINUTE, MONDAY
from tests.see import kinds
from tickets import access
from tickets.access import signed_in, visible_to_contact
from tickets.models import Event, Ticket
from tickets.services import intake
from tickets.services.answered import permit
from tickets.services.belonging import adopt, belonging, phone_for, show_to
from tickets.services.codes import access_code, open_with_code
from tickets.workflow import Action, Party

pytestmark = pytest.mark.django_db
MOVES = (Action.RATE, Action.REWORK, Action.WITHDRAW, Action.URGE)


@dataclass
class Office:
    """One firm: 李娜 owns it, 王强 is a contact, 赵敏 only looks; 孙涛 owns another."""

    firm: Enterprise
    people: dict[str, Contact]


@pytest.fixture
def office(db) -> Office:
    owner, rival = person(), person("孙涛")
    there = firm(owner)
    colleague = joined(there, owner, person("王强"), "contact")
    viewer = joined(there, owner, person("赵敏"), "viewer")
    departed = joined(there, owner, person("13500000004"), "contact")
    members.leave(enterprise_id=there.pk, contact=departed, at=MONDAY)
    firm(rival, uscc=RIVAL, name="衢州对手有限公司")
    people = {"owner": owner, "colleague": colleague, "viewer": viewer, "departed": departed, "rival": rival}
    return Office(there, {name: again(one) for name, one in people.items()})


def filed(office: Office, by: str = "colleague", visibility: str = "firm", **more: object) -> Ticket:
    contact = office.people[by]
    typed = make.filed(contact_phone=contact.phone, **more)
    said = belonging(typed, contact=contact, visibility=visibility, enterprise_id=office.firm.pk)
    ticket = intake.submit(filed=said, qr=None, key=str(uuid.uuid4()), at=MONDAY).ticket
    return make.fresh(ticket)


SEES = {
    "firm": {"owner": Party.FIRM, "colleague": Party.FIRM, "viewer": Party.FIRM_VIEWER},
    "shielded": {"owner": Party.FIRM, "colleague": Party.FIRM, "viewer": Party.FIRM_VIEWER},
    "me": {"colleague": Party.FIRM},
}


@pytest.mark.parametrize("visibility", SEES)
@pytest.mark.parametrize("who", ["owner", "colleague", "viewer", "departed", "rival"])
def test_who_sees_and_who_acts(office, visibility, who):
    ticket = filed(office, visibility=visibility)
    contact = office.people[who]
    party = SEES[visibility].get(who)
    visible = visible_to_contact(contact)
    assert visible.filter(pk=ticket.pk).exists() == (party is not None)
    assert (access.ticket_of_contact(contact, ticket.number) is not None) == (party is not None)
    assert visible.matching("授信", named=Q(pk__isnull=False)).count() == (party is not None)
    assert access.parties(signed_in(contact), ticket) == ((party,) if party else ())
    for move in MOVES:
        if party == Party.FIRM:
            permit(move, caller=signed_in(contact), ticket=ticket)
        else:
            with pytest.raises(Forbidden):
                permit(move, caller=signed_in(contact), ticket=ticket)


@pytest.mark.parametrize("visibility", SEES)
@pytest.mark.parametrize("who", ["owner", "viewer", "departed", "rival"])
def test_only_who_submitted_it_chooses_who_sees_it(office, visibility, who):
    ticket = filed(office, visibility=visibility)
    with pytest.raises((Forbidden, Unknown)):
        show_to(ticket_id=ticket.pk, caller=signed_in(office.people[who]), at=MONDAY, visibility="me")
    assert make.fresh(ticket).visibility == visibility


@pytest.mark.parametrize("visibility", ["firm", "me", "shielded"])
@pytest.mark.parametrize("who", ["viewer", "departed", "rival"])
def test_nobody_files_for_a_firm_that_is_not_theirs_to_file_for(office, who, visibility):
    with pytest.raises(Invalid) as refused:
        filed(office, by=who, visibility=visibility)
    assert "enterprise" in refused.value.fields


def test_a_firms_request_bears_the_confirmed_name_whatever_was_typed(office):
    ticket = filed(office, enterprise_name="衢州对手有限公司", uscc=RIVAL)
    assert (ticket.filing.enterprise_name, ticket.filing.uscc) == (office.firm.name, office.firm.uscc)


@pytest.mark.parametrize("typed", [{"enterprise_name": "衢州安捷线束有限公司"}, {"uscc": "91330800MA28F00001"}])
def test_a_typed_name_or_code_of_a_firm_grants_nothing_either_way(office, typed):
    """The stranger sees nothing of the firm's, and the firm nothing of the stranger's."""
    filed(office)
    theirs = make.submitted(contact_phone=office.people["rival"].phone, **typed)
    assert set(visible_to_contact(office.people["rival"])) == {theirs}
    for name in ("owner", "colleague", "viewer"):
        assert not visible_to_contact(office.people[name]).filter(pk=theirs.pk).exists()


class TestPhone:
    def test_once_confirmed_it_sees_what_it_submitted_before_and_after(self):
        before, other = make.submitted(), make.submitted(contact_phone="13900000001")
        contact = person()
        assert adopt(contact=contact) == 1
        after = make.submitted()
        assert set(visible_to_contact(contact)) == {before, after}
        assert not visible_to_contact(contact).filter(pk=other.pk).exists()
        assert adopt(contact=contact) == 0

    def test_number_and_access_code_still_open_one_request(self):
        contact, ticket = person(), make.submitted()
        assert ticket.contact_id == contact.pk
        opened = open_with_code(number=ticket.number, code=access_code(ticket.number), address="10.1.1.1", at=MONDAY)
        assert opened.pk == ticket.pk

    def test_a_colleagues_phone_as_contact_does_not_show_them_what_is_only_mine(self, office):
        ticket = filed(office, visibility="me")
        ticket.filing.contact_phone = office.people["owner"].phone
        ticket.filing.fill_indexes(number=ticket.number)
        ticket.filing.save(update_fields=["contact_phone", "phone_index", "search"])
        assert adopt(contact=office.people["owner"]) == 0
        assert not visible_to_contact(office.people["owner"]).exists()


class TestDeparture:
    def test_the_firms_stay_and_only_mine_go_along(self, office):
        leaver = office.people["colleague"]
        shared, mine, shielded = (filed(office, visibility=v) for v in ("firm", "me", "shielded"))
        members.remove(
            membership_id=leaver.membership(office.firm.pk).pk,
            enterprise_id=office.firm.pk,
            by=office.people["owner"],
            at=MONDAY,
        )
        assert set(visible_to_contact(again(leaver))) == {mine}
        assert set(visible_to_contact(again(office.people["owner"]))) == {shared, shielded}
        assert access.parties(signed_in(again(leaver)), shared) == ()

    def test_no_code_brings_a_departed_contact_back(self, office):
        ticket = filed(office)
        with pytest.raises(Unknown):
            open_with_code(number=ticket.number, code=access_code(ticket.number), address="10.1.1.1", at=MONDAY)
        assert filed(office, visibility="me").kept_by_firm is False

    def test_after_a_hand_over_the_heir_owns_and_the_giver_is_out(self, office):
        owner, heir = office.people["owner"], office.people["colleague"]
        ticket = filed(office, by="owner")
        to = heir.membership(office.firm.pk).pk
        members.hand_over(enterprise_id=office.firm.pk, by=owner, to=to, stays=False, at=MONDAY)
        assert visible_to_contact(again(heir)).filter(pk=ticket.pk).exists()
        assert not visible_to_contact(again(owner)).exists()


class TestChoosingAnew:
    def test_mine_given_to_the_firm_and_taken_back(self, office):
        ticket = filed(office, visibility="me")
        mine = signed_in(office.people["colleague"])
        show_to(ticket_id=ticket.pk, caller=mine, at=MONDAY + MINUTE, visibility="firm", enterprise_id=office.firm.pk)
        assert visible_to_contact(office.people["owner"]).filter(pk=ticket.pk).exists()
        with pytest.raises(Unknown):
            open_with_code(number=ticket.number, code=access_code(ticket.number), address="10.1.1.1", at=MONDAY)
        show_to(ticket_id=ticket.pk, caller=mine, at=MONDAY + 2 * MINUTE, visibility="me")
        assert not visible_to_contact(office.people["owner"]).exists()
        open_with_code(number=ticket.number, code=access_code(ticket.number), address="10.1.1.1", at=MONDAY)
        assert kinds(ticket) == ["submit", "visibility", "visibility"]
        assert make.fresh(ticket).next_due_at == ticket.next_due_at

    def test_a_request_of_the_phone_goes_to_a_firm_of_theirs_only(self, office):
        ticket = make.submitted(contact_phone=office.people["rival"].phone)
        mine = signed_in(office.people["rival"])
        with pytest.raises(Invalid):
            show_to(ticket_id=ticket.pk, caller=mine, at=MONDAY, visibility="firm", enterprise_id=office.firm.pk)
        with pytest.raises(Invalid):
            show_to(ticket_id=ticket.pk, caller=mine, at=MONDAY, visibility="firm")
        with pytest.raises(Invalid):
            show_to(ticket_id=ticket.pk, caller=mine, at=MONDAY, visibility="everybody")

    def test_shielded_keeps_the_old_column_in_step(self, office):
        ticket = filed(office, visibility="shielded")
        assert ticket.shielded
        mine = signed_in(office.people["colleague"])
        show_to(ticket_id=ticket.pk, caller=mine, at=MONDAY, visibility="firm", enterprise_id=office.firm.pk)
        assert not make.fresh(ticket).shielded

    def test_the_log_has_ids_and_no_person(self, office):
        ticket = filed(office)
        show_to(ticket_id=ticket.pk, caller=signed_in(office.people["colleague"]), at=MONDAY, visibility="me")
        said = str([event.data for event in Event.objects.filter(ticket=ticket)])
        assert not any(word in said for word in (office.people["colleague"].phone, "王强", office.firm.name))


def test_shielded_hides_the_firm_from_departments_and_not_from_its_own(office):
    ticket = filed(office, visibility="shielded")
    assert access.identity_hidden(ticket, (Party.OFFICER,))
    assert access.identity_hidden(ticket, (Party.HEAD,))
    for who in ("owner", "viewer"):
        assert not access.identity_hidden(ticket, access.parties(signed_in(office.people[who]), ticket))


def test_a_restricted_request_stays_with_who_submitted_it(office):
    ticket = filed(office, category="SRV-04", chain_tag="service")
    assert ticket.restricted
    assert visible_to_contact(office.people["colleague"]).filter(pk=ticket.pk).exists()
    for who in ("owner", "viewer", "rival", "departed"):
        assert not visible_to_contact(office.people[who]).exists()
        assert access.parties(signed_in(office.people[who]), ticket) == ()


def test_the_list_and_the_single_question_agree(office):
    """`visible_to_contact` is SQL, `parties` is Python: they say the same of everybody and everything."""
    every = [filed(office, by=by, visibility=v) for by in ("owner", "colleague") for v in SEES]
    every += [make.submitted(contact_phone=one.phone) for one in office.people.values()]
    every.append(filed(office, category="SRV-04", chain_tag="service"))
    for contact in office.people.values():
        seen = set(visible_to_contact(contact).values_list("pk", flat=True))
        assert seen == {t.pk for t in every if access.parties(signed_in(contact), make.fresh(t))}


def test_messages_to_the_firm_follow_who_is_still_there(office):
    leaver, owner = office.people["colleague"], office.people["owner"]
    shared, mine = filed(office), filed(office, visibility="me")
    assert phone_for(shared) == phone_for(mine) == leaver.phone
    members.leave(enterprise_id=office.firm.pk, contact=leaver, at=MONDAY)
    assert (phone_for(shared), phone_for(mine)) == (owner.phone, leaver.phone)
    assert phone_for(make.submitted(contact_phone="05703021234")) == "05703021234"


def test_the_list_stands_on_two_indexes_whatever_else_there_is(office):
    filed(office)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
    plan = visible_to_contact(office.people["owner"]).newest_first().explain()
    assert "ticket_contact_newest" in plan
    assert "ticket_enterprise_newest" in plan
