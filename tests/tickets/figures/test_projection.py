"""The projection misses nothing, whoever commits when; what it keeps bit by bit is what it would make anew."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction

from tests import make
from tests.tickets.figures.histories import live
from tickets.figures import projection, rebuilding, report
from tickets.figures.fresh import freshen
from tickets.figures.window import Window, live_or, window_from
from tickets.models import Cell, Checkpoint, Event, Fact, Stay, Ticket
from tickets.services import closing

LATER = datetime(2026, 5, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FACT = [field.name for field in Fact._meta.concrete_fields if field.name != "id"]


def facts() -> list[tuple[object, ...]]:
    return sorted(map(repr, Fact.objects.values_list(*FACT)))


def stays() -> list[object]:
    return sorted(map(repr, Stay.objects.values_list("ticket", "nth", "status", "department", "since", "until")))


def cells() -> dict[tuple[object, ...], list[int]]:
    rows = Cell.objects.values_list("definitions", "month", "place", "dimension", "value", "counts")
    return {tuple(row[:5]): row[5] for row in rows if any(row[5])}


def march() -> Window:
    return live_or("2026-03-01", "2026-04-01", at=LATER)


@pytest.fixture
def alone(monkeypatch):
    """As if no test beside this one were writing: its transactions hold the horizon of the whole server back."""
    monkeypatch.setattr(projection.Horizon, "settles", lambda self, event: True)


@pytest.mark.django_db
class TestKept:
    def test_what_is_added_day_by_day_is_what_is_made_anew(self, monkeypatch):
        """Passes at many moments, between moves and between due times, leave what one pass at the end makes."""
        window = window_from("2026-03-02", "2026-03-23", at=LATER)
        live(60, seed=5, since=window.since, until=window.until, monkeypatch=monkeypatch)
        events = list(Event.objects.order_by("pk").values_list("pk", flat=True))
        for at in (window.since + n * 4 * DAY for n in range(1, 16)):
            projection.advance(at=at, most=max(len(events) // 20, 1))
        projection.catch_up(at=LATER)
        kept = facts(), stays(), cells()
        rebuilding.rebuild(at=LATER, workers=1)
        assert (facts(), stays()) == kept[:2]
        assert cells() == kept[2]
        assert len(kept[0]) > 300
        assert len(kept[2]) > 150

    def test_a_due_time_that_passes_is_counted_without_any_event(self):
        ticket = make.answered()
        due = ticket.deadlines.get(clock="RESOLVE").due_at
        for at, n in ((due - HOUR, 0), (due + HOUR, 1)):
            projection.catch_up(at=at)
            assert report(march()).figures["on_time"].denominator == n
        assert report(march()).window.as_of == due + HOUR

    def test_a_clock_set_back_is_followed(self):
        due = make.answered().deadlines.get(clock="RESOLVE").due_at
        projection.catch_up(at=due + DAY)
        projection.catch_up(at=due - HOUR)
        assert report(march()).figures["on_time"].denominator == 0
        assert {state: Fact.objects.filter(state=state).count() for state in ("now", "ahead")}["now"] == 1

    def test_every_request_has_one_current_row_and_no_gap(self, monkeypatch):
        window = window_from("2026-03-02", "2026-03-23", at=LATER)
        live(60, seed=6, since=window.since, until=window.until, monkeypatch=monkeypatch)
        projection.catch_up(at=LATER)
        for ticket in Ticket.objects.all():
            rows = list(Fact.objects.filter(ticket=ticket).order_by("since", "until"))
            assert [row.state for row in rows].count("now") == 1
            true = [row for row in rows if row.since < row.until]
            assert all(row.until == following.since for row, following in pairwise(true))

    def test_who_reads_works_a_short_backlog_off_and_leaves_a_long_one(self, monkeypatch):
        at = datetime.now(UTC)
        make.submitted(at=at - HOUR)
        freshen(at)
        assert Fact.objects.filter(state="now").count() == 1
        monkeypatch.setattr("tickets.figures.fresh._MOST", 0)
        make.submitted(at=at - HOUR)
        freshen(at)
        assert Fact.objects.filter(state="now").count() == 1
        assert report(march()).behind is False

    def test_a_backlog_is_told(self, alone):
        for _ in range(3):
            make.submitted()
        done = projection.advance(at=LATER, most=2)
        assert done is not None
        assert done.more
        assert report(march()).behind
        projection.catch_up(at=LATER)
        assert report(march()).behind is False
        assert report(march()).figures["submitted"].hits == 3

    def test_an_idle_pass_writes_no_row_of_a_request(self, alone, django_assert_max_num_queries):
        make.closed()
        projection.catch_up(at=LATER)
        before = facts()
        with django_assert_max_num_queries(12):
            projection.advance(at=LATER + HOUR)
        assert facts() == before


@pytest.mark.usefixtures("committed")
class TestAtOnce:
    def test_what_commits_late_is_not_passed_over(self):
        """A has written and not committed; B commits after it; the pass in between must come back for A."""
        first, second = make.closed(), make.closed()
        projection.catch_up()
        wrote, go_on = threading.Event(), threading.Event()

        def slow() -> None:
            with transaction.atomic():
                closing.reopen(ticket_id=first.pk, at=make.MONDAY + 3 * DAY, reason="没到账")
                wrote.set()
                go_on.wait(timeout=20)
            connections.close_all()

        thread = threading.Thread(target=slow)
        thread.start()
        assert wrote.wait(timeout=20)
        closing.reopen(ticket_id=second.pk, at=make.MONDAY + 3 * DAY, reason="没到账")
        for _ in range(3):
            projection.advance()
        assert report(march()).figures["closed"].hits == 1
        assert Checkpoint.objects.get().known_at < Event.objects.get(ticket=second, kind="reopen").recorded_at
        go_on.set()
        thread.join(timeout=20)
        projection.advance()
        assert report(march()).figures["closed"].hits == 0

    def test_a_long_transaction_does_not_hold_up_the_rest(self):
        tickets = [make.signed() for _ in range(4)]
        projection.catch_up()
        wrote, go_on = threading.Event(), threading.Event()

        def slow() -> None:
            with transaction.atomic():
                make.submitted()
                wrote.set()
                go_on.wait(timeout=20)
            connections.close_all()

        thread = threading.Thread(target=slow)
        thread.start()
        assert wrote.wait(timeout=20)
        for ticket in tickets:
            closing.withdraw(ticket_id=ticket.pk, at=make.MONDAY + DAY, reason="不办了")
        done = projection.advance(most=2)
        assert done is not None
        assert done.more is False
        assert report(march()).figures["open"].hits == 0
        go_on.set()
        thread.join(timeout=20)
        projection.catch_up()
        assert report(march()).figures["open"].hits == 1

    def test_two_passes_at_once_count_nothing_twice(self):
        for _ in range(12):
            make.closed()
        results: list[object] = []

        def run() -> None:
            results.append(projection.catch_up())
            connections.close_all()

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        projection.catch_up()
        assert len(results) == 4
        kept = cells()
        assert report(march()).figures["closed"].hits == 12
        rebuilding.rebuild(at=Checkpoint.objects.get().as_of, workers=1)
        assert cells() == kept

    def test_a_pass_that_fails_leaves_nothing_half_done(self, monkeypatch):
        make.closed()
        projection.catch_up()
        before = facts(), cells()
        make.closed()
        monkeypatch.setattr(
            "tickets.figures.cells.Changes.write", lambda self: (_ for _ in ()).throw(RuntimeError("killed"))
        )
        with pytest.raises(RuntimeError):
            projection.advance()
        assert (facts(), cells()) == before
        monkeypatch.undo()
        projection.catch_up()
        assert report(march()).figures["closed"].hits == 2

    def test_the_command_rebuilds_with_two_processes_what_was_there(self, capsys):
        for _ in range(3):
            make.closed()
        make.split()
        projection.catch_up()
        kept = facts(), stays(), cells()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM tickets_fact WHERE id % 2 = 0")
            cursor.execute("UPDATE tickets_cell SET counts[1] = 99")
        rebuilding.SLICE, size = 2, rebuilding.SLICE
        try:
            call_command("rebuild_figures", "--workers", "2")
        finally:
            rebuilding.SLICE = size
        assert (facts(), stays(), cells()) == kept
        assert "条日志" in capsys.readouterr().out

    def test_numbers_of_a_moment_ago_open_what_they_counted_then(self):
        """The list behind a number is the number's, though moves were made meanwhile."""
        made = [make.answered() for _ in range(3)]
        projection.catch_up()
        seen = report(march())
        for ticket in made[:2]:
            closing.rate(ticket_id=ticket.pk, at=make.MONDAY + 2 * DAY, process=5, result=5)
        make.closed()
        projection.catch_up()
        again = report(seen.window)
        for code in ("open", "closed", "submitted"):
            assert again.figures[code].hits == seen.figures[code].hits
        assert report(march()).figures["closed"].hits == seen.figures["closed"].hits + 3
