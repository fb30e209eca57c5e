"""Cases 63–69 of peers.md §2.9: the sweep after an outage, among others, in a crowd, and by the database's clock."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connection, connections, transaction

from tests import make
from tests.see import deadline
from tests.tickets.test_at_once import at_once
from tickets import tasks
from tickets.models import Alert, Deadline, Event, Notice
from tickets.services import handling, sweep
from tickets.services.notify import notify_all
from tickets.workflow import Clock

DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
LATE = make.MONDAY + 40 * DAY


def swept(*, at: datetime, limit: int = sweep.BATCH) -> int:
    """Until nothing more fires."""
    fired = total = sweep.sweep(at=at, limit=limit)
    while fired:
        fired = sweep.sweep(at=at, limit=limit)
        total += fired
    return total


@pytest.mark.django_db
def test_case_63_a_breach_that_begins_and_ends_between_two_sweeps():
    ticket = make.assigned()
    sign = deadline(ticket, Clock.SIGN)
    at = sign.due_at + SECOND
    handling.sign(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=at)
    assert swept(at=at + SECOND) == 0
    sign = deadline(ticket, Clock.SIGN)
    assert (sign.state, sign.met_at, sign.breached_at) == ("met", at, sign.due_at)
    assert Alert.objects.filter(deadline=sign).count() == 1


@pytest.mark.django_db
def test_case_64_after_an_outage_everything_is_caught_up_in_order_and_dated_when_it_was_due():
    tickets = [make.assigned(at=make.MONDAY + n * HOUR) for n in range(6)]
    assert swept(at=LATE, limit=2) == 11 * len(tickets)
    for ticket in tickets:
        log = list(Event.objects.filter(ticket=ticket, party="system", kind__in=["breach", "warning"]).order_by("seq"))
        assert all(one.happened_at <= other.happened_at for one, other in pairwise(log))
        fired = Alert.objects.filter(deadline__ticket=ticket)
        assert {alert.at for alert in fired} == {event.happened_at for event in log}
    assert set(Counter(Alert.objects.values_list("deadline", "threshold")).values()) == {1}


@pytest.mark.django_db
def test_case_64_the_longest_due_are_fired_first():
    late, later = make.assigned(), make.assigned(at=make.MONDAY + 20 * DAY)
    sweep.sweep(at=LATE, limit=1)
    assert Alert.objects.filter(deadline__ticket=late).exists()
    assert not Alert.objects.filter(deadline__ticket=later).exists()


@pytest.mark.usefixtures("committed")
def test_case_65_two_workers_at_once_set_off_each_step_once():
    tickets = [make.assigned() for _ in range(12)]
    fired = at_once(*(lambda: swept(at=LATE, limit=3) for _ in range(4)))
    left = swept(at=LATE)
    assert sum(fired) + left == 11 * len(tickets) == Alert.objects.count()
    steps = Counter(Event.objects.filter(kind="warning").values_list("ticket_id", "data__op"))
    assert set(steps.values()) == {1}
    assert len(steps) == 5 * len(tickets)


@pytest.mark.usefixtures("committed")
def test_case_65_several_workers_share_the_work():
    """A sweeper that finds the first batch locked takes the next one instead of going home."""
    tickets = [make.assigned() for _ in range(6)]
    with transaction.atomic():
        held = sorted(ticket.pk for ticket in tickets)[:2]
        list(type(tickets[0]).objects.lock(held))
        others = at_once(lambda: sweep.sweep(at=LATE, limit=2))
    assert others == [22]


@pytest.mark.django_db
def test_case_66_more_than_a_thousand_in_one_tick_and_nobody_starves():
    tickets = [make.assigned() for _ in range(100)]
    due = Deadline.objects.filter(fires_at__lt=LATE).count()
    assert due == 5 * len(tickets)
    calls = 0
    while sweep.sweep(at=LATE, limit=30):
        calls += 1
    assert calls <= 5  # four batches of 30 requests, each fired to its end
    assert Alert.objects.count() == 11 * len(tickets) > 1000
    assert not Deadline.objects.filter(fires_at__lt=LATE).exists()


@pytest.mark.django_db
def test_case_66_a_tick_costs_what_is_due_and_not_what_is_open(django_assert_num_queries):
    for _ in range(20):
        make.assigned()
    with django_assert_num_queries(1):
        assert sweep.sweep(at=make.MONDAY + 10 * make.MINUTE) == 0
    plan = Deadline.objects.due(LATE, limit=10).explain()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = Deadline.objects.due(LATE, limit=10).explain()
    assert "deadline_fires" in plan
    assert "Sort" not in plan


@pytest.mark.django_db
def test_case_67_a_notice_that_could_not_be_sent_is_not_written_again():
    ticket = make.assigned()
    sweep.sweep(at=LATE)
    breach = Event.objects.filter(ticket=ticket, kind="breach").first()
    for _ in range(3):
        notify_all([{"ticket_id": ticket.pk, "seq": breach.seq}], at=LATE)
    told = Counter(Notice.objects.filter(ticket=ticket, seq=breach.seq).values_list("recipient", "channel"))
    assert told
    assert set(told.values()) == {1}


@pytest.mark.django_db
def test_case_68_a_worker_with_a_wrong_clock_breaks_nothing_early(monkeypatch):
    at = datetime.now(UTC)
    ticket = make.assigned(at=at)
    due = deadline(ticket, Clock.SIGN).due_at
    monkeypatch.setattr(tasks, "now", lambda: due + 300 * DAY)
    tasks.sweep()
    assert not Alert.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        assert abs(sweep.database_now() - cursor.fetchone()[0]) < timedelta(minutes=1)


@pytest.mark.usefixtures("committed")
def test_case_69_a_sweep_during_a_migration_waits_and_loses_nothing():
    tickets = [make.assigned() for _ in range(3)]
    locked, done = threading.Event(), threading.Event()

    def migrate() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("LOCK TABLE tickets_deadline IN ACCESS EXCLUSIVE MODE")
                cursor.execute("ALTER TABLE tickets_deadline ADD COLUMN passing integer")
                locked.set()
                time.sleep(0.5)
                cursor.execute("ALTER TABLE tickets_deadline DROP COLUMN passing")
            done.set()
        finally:
            connections.close_all()

    migration = threading.Thread(target=migrate)
    migration.start()
    assert locked.wait(10)
    assert swept(at=LATE) == 11 * len(tickets)
    assert done.is_set()
    migration.join(10)
    assert Alert.objects.count() == 11 * len(tickets)
