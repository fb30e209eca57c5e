"""The sweep: each breach once, dated when it broke; silence ends a request."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from tests import make
from tests.see import deadline, kinds
from tickets.models import Alert, Deadline, Event
from tickets.services import handling, sweep
from tickets.workflow import Clock

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class TestSweep:
    def test_each_breach_is_recorded_once_and_dated_when_it_broke(self):
        ticket = make.assigned()
        broke = deadline(ticket, Clock.SIGN).due_at
        much_later = broke + 30 * DAY
        assert sweep.sweep(at=much_later) == 5
        assert sweep.sweep(at=much_later) == 0
        assert sweep.sweep(at=much_later + DAY) == 0
        breaches = Event.objects.filter(ticket=ticket, kind="breach")
        assert {e.data["clock"] for e in breaches} == {"SIGN", "CONTACT", "INTERIM", "NOTE", "RESOLVE"}
        sign = next(e for e in breaches if e.data["clock"] == "SIGN")
        assert sign.happened_at == deadline(ticket, Clock.SIGN).breached_at == broke
        assert Alert.objects.filter(deadline__ticket=ticket).count() == 5

    def test_a_breach_that_begins_and_ends_between_two_sweeps_is_recorded(self):
        ticket = make.assigned()
        late = deadline(ticket, Clock.SIGN).due_at + HOUR
        handling.sign(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=late)
        sign = deadline(ticket, Clock.SIGN)
        assert sign.breached_at == sign.due_at
        assert sign.met_at == late
        assert kinds(ticket) == ["submit", "route", "breach", "breach", "sign"]
        assert sweep.sweep(at=late) == 0

    def test_an_idle_sweep_costs_one_query(self, django_assert_num_queries):
        make.closed()
        make.assigned()
        with django_assert_num_queries(1):
            assert sweep.sweep(at=make.MONDAY) == 0

    def test_silence_closes_unrated_dated_when_the_time_ended(self):
        ticket = make.answered()
        ends = deadline(ticket, Clock.RATE).due_at
        assert sweep.sweep(at=ends - timedelta(seconds=1)) == 0
        sweep.sweep(at=ends + DAY)
        ticket = make.fresh(ticket)
        assert (ticket.status, ticket.closed_at) == ("closed", ends)
        assert kinds(ticket)[-1] == "lapse"
        assert not ticket.ratings.exists()
        assert not Event.objects.filter(ticket=ticket, kind="breach").exists()

    def test_a_breach_and_the_first_promise_can_never_be_taken_back(self):
        ticket = make.assigned()
        sweep.sweep(at=make.MONDAY + DAY)
        broken = deadline(ticket, Clock.SIGN)
        for change in ({"breached_at": None}, {"promised_due_at": make.MONDAY}):
            with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
                Deadline.objects.filter(pk=broken.pk).update(**change)
