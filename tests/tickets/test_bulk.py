"""Few rows travel in one statement, many by columns: what is written is the same."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import make
from tickets.models import Deadline, Event, Ticket
from tickets.models.bulk import FEW, update_rows
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


class TestOnlyWhatDiffers:
    """`update_rows` writes the columns that a row's own reading says have changed, and no others."""

    def statement(self, rows, fields):
        with CaptureQueriesContext(connection) as captured:
            update_rows(rows, fields)
        return "".join(query["sql"] for query in captured)

    def test_a_column_that_is_as_read_is_not_written(self):
        ticket = Ticket.objects.get(pk=make.submitted().pk)
        ticket.tier = 2
        assert '"tier"' in (said := self.statement([ticket], ["tier", "round", "last_hash"]))
        assert '"round"' not in said
        assert '"last_hash"' not in said
        assert Ticket.objects.get(pk=ticket.pk).tier == 2

    def test_nothing_to_write_asks_nothing(self):
        ticket = Ticket.objects.get(pk=make.submitted().pk)
        assert self.statement([ticket], ["tier", "round"]) == ""

    def test_what_was_written_or_read_anew_is_compared_with_nothing(self):
        """There and back again: the row's reading is stale after a write, so that every column is written."""
        ticket = Ticket.objects.get(pk=make.submitted().pk)
        for write in (
            lambda: update_rows([ticket], ["tier"]),
            lambda: ticket.save(update_fields=["tier"]),
            lambda: (Ticket.objects.update(tier=3), ticket.refresh_from_db()),
        ):
            ticket.tier = 2
            write()
            ticket.tier = 1
            update_rows([ticket], ["tier"])
            assert Ticket.objects.get(pk=ticket.pk).tier == 1

    def test_one_row_that_differs_is_enough(self):
        one, other = (Ticket.objects.get(pk=make.submitted().pk) for _ in range(2))
        one.tier = 2
        update_rows([one, other], ["tier"])
        assert [t.tier for t in Ticket.objects.filter(pk__in=[one.pk, other.pk]).order_by("pk")] == [2, 1]
