"""The sweep: each breach once, dated when it broke; silence ends a request."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from tests import make
from tests.see import deadline, kinds
from tickets.models import Alert, Deadline, Event, Ticket
from tickets.services import closing, handling, review, sweep
from tickets.workflow import Clock

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class TestSweep:
    def test_each_breach_is_recorded_once_and_dated_when_it_broke(self):
        ticket = make.assigned()
        broke = deadline(ticket, Clock.SIGN).due_at
        much_later = broke + 30 * DAY
        assert sweep.sweep(at=much_later) == 11
        assert sweep.sweep(at=much_later) == 0
        assert sweep.sweep(at=much_later + DAY) == 0
        breaches = Event.objects.filter(ticket=ticket, kind="breach")
        broken = ["SIGN", "CONTACT", "INTERIM", "NOTE", "RESOLVE", "SUPERVISE"]
        assert sorted(e.data["clock"] for e in breaches) == sorted(broken)
        sign = next(e for e in breaches if e.data["clock"] == "SIGN")
        assert sign.happened_at == deadline(ticket, Clock.SIGN).breached_at == broke
        thresholds = Alert.objects.filter(deadline__ticket=ticket).exclude(threshold="breach").order_by("at")
        ladder = ["used-70", "left-1wd", "late-1wd", "late-3wd", "late-5wd"]
        assert list(thresholds.values_list("threshold", flat=True)) == ladder

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

    @pytest.mark.parametrize("story", [make.assigned, make.answered])
    def test_a_request_that_cannot_be_fired_holds_up_nobody_else(self, story):
        bad, good = story(), story()
        Ticket.objects.filter(pk=bad.pk).update(last_seq=1)  # its next event collides with one that exists
        much_later = make.MONDAY + 30 * DAY
        assert sweep.sweep(at=much_later) > 0
        assert kinds(good)[-1] in {"breach", "lapse", "listed"}
        sweep.sweep(at=much_later)  # the call-back that the silence set off is overdue too
        assert sweep.sweep(at=much_later) == 0
        assert make.fresh(bad).status == bad.status

    def test_silence_that_was_broken_before_the_lock_is_no_end(self, monkeypatch):
        ticket = make.answered()
        ends = deadline(ticket, Clock.RATE).due_at
        read_without_lock = sweep._end

        def answered_anew(key, *, at):
            """Between the reading and the lock the firm sends it back, and is answered again."""
            officer, head = make.officer_of(ticket), make.head_of(ticket)
            closing.rework(ticket_id=key, at=at, reason="款项还没有到账。")
            handling.sign(ticket_id=key, caller=officer, at=at)
            handling.reply(ticket_id=key, caller=officer, at=at, outcome="solved", text="今天到账。")
            review.deliver(ticket_id=key, caller=head, at=at)
            return read_without_lock(key, at=at)

        monkeypatch.setattr(sweep, "_end", answered_anew)
        assert sweep.sweep(at=ends + make.MINUTE) == 0
        assert make.fresh(ticket).status == "answered"
