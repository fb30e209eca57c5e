"""Few rows travel in one statement, many by columns: what is written is the same."""

from __future__ import annotations

import pytest

from tests import make
from tickets.models import Deadline, Event, Ticket
from tickets.models.bulk import FEW
from tickets.services import intake

pytestmark = pytest.mark.django_db
_CLOCK = ("clock", "state", "turn", "promised_due_at", "due_at", "met_at", "fires_at")


def clocks_of(ticket: Ticket) -> list[tuple[object, ...]]:
    return list(Deadline.objects.filter(ticket=ticket).order_by("clock", "turn").values_list(*_CLOCK))


def test_a_request_routed_alone_and_one_routed_among_many_leave_the_same_rows():
    alone = make.routed()
    crowd = [make.submitted() for _ in range(FEW + 2)]

    intake.route_all(ticket_ids=[ticket.pk for ticket in crowd], at=make.MONDAY)

    for ticket in crowd:
        assert clocks_of(ticket) == clocks_of(alone)
        event, like = (Event.objects.get(ticket=one, seq=2) for one in (ticket, alone))
        assert (event.kind, event.data, event.to_status) == (like.kind, like.data, like.to_status)
        assert event.hash == event.chained(bytes(Event.objects.get(ticket=ticket, seq=1).hash))


def test_a_submission_is_written_by_one_insert(django_assert_num_queries):
    make.submitted()  # what a process keeps is read
    with django_assert_num_queries(8):  # code, transaction's two ends, stamp, key, promises, the rows, the message
        ticket = make.submitted()

    assert not ticket._state.adding
    assert list(Event.objects.filter(ticket=ticket).values_list("seq", "kind")) == [(1, "submit")]
    assert Ticket.objects.select_related("filing").get(pk=ticket.pk).filing.text == make.TEXT
