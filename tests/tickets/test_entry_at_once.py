"""Two people, one matter, the same moment: real threads, real commits."""

from __future__ import annotations

import pytest

from qihu.errors import Gone
from tests import make, see
from tests.people import user
from tests.tickets.test_at_once import at_once
from tests.tickets.test_entry import AT, HOUR, entered, heard, link
from tickets.access import Caller
from tickets.models import Source, Ticket
from tickets.services import confirming, entry
from tickets.services.entry import KnownSource

pytestmark = pytest.mark.usefixtures("committed")


def test_two_enter_one_hotline_number(cast):
    callers = [cast.as_intake, Caller(user("intake"))]
    results = at_once(
        *(lambda c=c, n=n: entered(c, key=f"at-once-{n}") for n, c in enumerate(callers)),
    )
    assert sorted(isinstance(r, KnownSource) for r in results) == [False, True]
    assert Ticket.objects.count() == Source.objects.count() == 1


def test_two_add_the_same_source(cast):
    ticket = make.signed()
    callers = [cast.as_intake, Caller(user("intake"))]
    results = at_once(
        *(lambda c=c: entry.add_source(ticket_id=ticket.pk, heard=heard(), caller=c, at=AT) for c in callers)
    )
    assert sorted(isinstance(r, KnownSource) for r in results) == [False, True]
    assert see.kinds(ticket).count("source") == 1


def test_two_answer_one_link(cast):
    ticket = entered(cast.as_intake).ticket
    token = link(ticket)
    results = at_once(
        *(lambda s=s: confirming.answer(token=token, state=s, at=AT + HOUR, text="") for s in ("confirmed", "denied"))
    )
    assert sorted(isinstance(r, Gone) for r in results) == [False, True]
    assert see.kinds(ticket).count("confirm") == 1
