"""The firm's verbs take the person who acts, ask again under the lock, and name them in the log by id."""

from __future__ import annotations

import uuid

import pytest

from qihu.accounts import members
from qihu.errors import Forbidden
from tests import make
from tests.firms import firm, joined, person
from tests.make import MONDAY
from tickets.access import FIRM, signed_in
from tickets.models import Event
from tickets.services import closing, intake, relay
from tickets.services.belonging import belonging

pytestmark = pytest.mark.django_db
VERBS = {
    "rate": (closing.rate, {"process": 5, "result": 5}),
    "withdraw": (closing.withdraw, {}),
    "urge": (closing.urge, {}),
    "rework": (closing.rework, {"reason": "没有到账"}),
    "reopen": (closing.reopen, {"reason": "没有到账"}),
    "supplement": (closing.supplement, {"text": "补上了"}),
    "message": (relay.answer, {"text": "您好"}),
}


@pytest.fixture
def shared(db):
    """A firm's request, its owner, a colleague and somebody who only looks."""
    owner = person()
    there = firm(owner)
    colleague = joined(there, owner, person("王强"), "contact")
    viewer = joined(there, owner, person("赵敏"), "viewer")
    said = belonging(make.filed(), contact=colleague, visibility="firm", enterprise_id=there.pk)
    ticket = intake.submit(filed=said, qr=None, key=str(uuid.uuid4()), at=MONDAY).ticket
    return ticket, there, colleague, viewer


@pytest.mark.parametrize("name", VERBS)
def test_who_only_looks_makes_no_move(shared, name):
    ticket, _, _, viewer = shared
    verb, body = VERBS[name]
    with pytest.raises(Forbidden):
        verb(ticket_id=ticket.pk, at=MONDAY, caller=signed_in(viewer), **body)
    assert Event.objects.filter(ticket=ticket).count() == 1


@pytest.mark.parametrize("name", VERBS)
def test_who_has_left_meanwhile_is_refused_under_the_lock(shared, name):
    """The page was drawn while they still belonged to the firm."""
    ticket, there, colleague, _ = shared
    assert colleague.membership(there.pk), "read before, and kept on the object"
    members.leave(enterprise_id=there.pk, contact=colleague, at=MONDAY)
    verb, body = VERBS[name]
    with pytest.raises(Forbidden):
        verb(ticket_id=ticket.pk, at=MONDAY, caller=signed_in(colleague), **body)


@pytest.mark.parametrize("name", ["urge", "withdraw", "message"])
def test_the_log_names_the_person_by_id(shared, name):
    ticket, _, colleague, _ = shared
    verb, body = VERBS[name]
    verb(ticket_id=ticket.pk, at=MONDAY, caller=signed_in(colleague), **body)
    last = Event.objects.filter(ticket=ticket).latest("seq")
    assert (last.party, last.actor_id, last.data["contact"]) == ("firm", None, colleague.pk)


@pytest.mark.parametrize("name", ["urge", "withdraw", "message"])
def test_who_holds_the_code_is_nobody_by_name(name):
    ticket = make.assigned()
    verb, body = VERBS[name]
    verb(ticket_id=ticket.pk, at=MONDAY, caller=FIRM, **body)
    assert "contact" not in Event.objects.filter(ticket=ticket).latest("seq").data
