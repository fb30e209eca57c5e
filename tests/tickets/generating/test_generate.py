"""A made-up history is whole: chained, its rows what its log says, and the same for a seed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from qihu.errors import Conflict, Invalid
from tests import make
from tests.conftest import _remove_requests
from tests.counting import report
from tests.make import MONDAY
from tests.people import user
from tickets.access import Caller
from tickets.figures.window import of_dates, zone
from tickets.models import Deadline, Event, Filing, Notice, Ticket
from tickets.models.event import CHAINED
from tickets.services import approvals, departure
from tickets.services.generating import copies, generate
from tickets.services.generating.generate import _placed, _serials
from tickets.services.generating.moving import Mover, chained
from tickets.workflow import Status

pytestmark = pytest.mark.usefixtures("committed")
SINCE, UNTIL = date(2025, 1, 6), date(2025, 12, 29)
SIZE, COPIES = 24, 3


@pytest.fixture
def made(settings):
    settings.DEMO = True
    return generate(tickets=SIZE * (1 + COPIES), seed=7, since=SINCE, until=UNTIL, lot=SIZE, workers=1)


def story() -> list[tuple[object, ...]]:
    """What happened when, request by request, without keys."""
    rows = Event.objects.order_by("ticket__submitted_at", "ticket_id", "seq")
    return list(rows.values_list("kind", "from_status", "to_status", "happened_at", "round"))


def test_the_log_holds_and_says_what_the_rows_say(made, capsys):
    assert made.tickets == Ticket.objects.count() == SIZE * (1 + COPIES)
    call_command("verify_log")
    assert "日志完好" in capsys.readouterr().out
    for ticket in Ticket.objects.select_related("filing"):
        events = list(ticket.events.order_by("seq"))
        assert ticket.last_seq == len(events)
        assert bytes(ticket.last_hash) == bytes(events[-1].hash)
        assert ticket.status == [event.to_status for event in events if event.to_status][-1]
        assert ticket.submitted_at == events[0].happened_at
        assert bytes(events[0].text_hash) == ticket.filing.digest()
        assert all(a.happened_at <= b.happened_at for a, b in pairwise(events))


def test_copies_are_new_firms_weeks_away_with_texts_and_clocks_of_their_own(made):
    kinds = Counter(Event.objects.values_list("kind", flat=True))
    assert kinds["submit"] == made.tickets
    assert all(n % (1 + COPIES) == 0 for n in kinds.values())
    assert Filing.objects.values("enterprise_name").distinct().count() > SIZE
    assert Ticket.objects.values("number").distinct().count() == made.tickets
    for ticket in Ticket.objects.all():
        assert ticket.number[3:11] == f"{ticket.submitted_at.astimezone(zone()):%Y%m%d}"
    first = Ticket.objects.earliest("pk")
    for ticket in Ticket.objects.filter(pk__gte=first.pk + SIZE):
        like = Ticket.objects.get(pk=first.pk + (ticket.pk - first.pk) % SIZE)
        moved = ticket.submitted_at - like.submitted_at
        assert moved % timedelta(weeks=1) == timedelta(0)
        own = list(ticket.deadlines.order_by("pk").values_list("clock", "due_at"))
        assert own == [
            (clock, due and due + moved) for clock, due in like.deadlines.order_by("pk").values_list("clock", "due_at")
        ]
        assert {event.text_id for event in ticket.events.all() if event.text_id} == set(
            ticket.texts.values_list("pk", flat=True)
        )


def test_nobody_is_told_and_nothing_waits_to_fire(made):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outbox_message")
        assert cursor.fetchone() == (0,)
    assert not Notice.objects.exists()
    assert not Deadline.objects.filter(fires_at__lte=datetime.now(UTC)).exists()
    assert set(Ticket.objects.values_list("status", flat=True)) <= {
        Status.CLOSED,
        Status.WITHDRAWN,
        Status.REJECTED,
    }


def test_figures_and_pages_read_it_like_any_other(made):
    figures = report(of_dates(SINCE, UNTIL + timedelta(days=90), as_of=datetime.now(UTC))).figures
    assert figures["submitted"].hits == made.tickets
    assert figures["solved"].denominator > made.tickets * 0.8
    assert figures["repeat"].hits < made.tickets * 0.2
    client = Client()
    client.force_login(user("leader"), backend="django.contrib.auth.backends.ModelBackend")
    copy = Ticket.objects.latest("pk")
    assert copy.filing.enterprise_name in client.get(f"/desk/t/{copy.number}/").content.decode()


def test_a_seed_is_a_history(settings):
    """On a fresh database, that is: who is called back is drawn by the number of the request."""
    settings.DEMO = True
    stories = []
    for seed in (7, 7, 8):
        _remove_requests()
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval('ticket_number', 500000)")
        generate(tickets=SIZE * 2, seed=seed, since=SINCE, until=UNTIL, lot=SIZE, workers=1)
        stories.append(story())
    assert stories[0] == stories[1] != stories[2]


def test_moving_a_log_is_the_log_moved():
    """The fast chain is `Event.chained`; times inside data move with the columns."""
    ticket = make.closed()
    events = list(ticket.events.order_by("seq"))
    rows = [tuple(getattr(event, name) for name in CHAINED) for event in events]
    assert chained(rows) == [bytes(event.hash) for event in events]
    mover = Mover(2)
    due = ticket.deadlines.get(clock="RESOLVE").due_at
    assert mover.text(f'{{"due_at": "{due.isoformat()}"}}') == f'{{"due_at": "{mover.moment(due).isoformat()}"}}'


def extended() -> Ticket:
    """With three more days, which two people agreed on."""
    ticket = make.signed()
    at = MONDAY + timedelta(hours=3)
    until = (ticket.deadlines.get(clock="RESOLVE").due_at + timedelta(days=3)).date()
    asked = departure.extend(
        ticket_id=ticket.pk, caller=make.head_of(ticket), at=at, reason="等待批复", until=until
    ).approval
    approvals.approve(approval_id=asked.pk, caller=Caller(user("director")), at=at + timedelta(hours=1))
    return ticket


def copied(ticket: Ticket, *, weeks: int) -> Ticket:
    lot = copies.read_lot(ticket.pk, 1)
    copies.write(lot, _placed(lot, [copies.Copy(0, weeks, 1, 0, 0, {})])[0])
    return Ticket.objects.latest("pk")


def test_a_copys_approvals_are_its_own_and_their_days_move():
    ticket = extended()
    copy = copied(ticket, weeks=2)
    said, own = ticket.approvals.get(), copy.approvals.get()
    until = date.fromisoformat(said.data["until"]) + timedelta(weeks=2)
    assert own.data == said.data | {"until": until.isoformat()}
    told = [event.data for event in copy.events.order_by("seq") if "approval" in event.data]
    assert {data["approval"] for data in told} == {own.pk} != {said.pk}
    assert {data["until"] for data in told if "until" in data} == {until.isoformat()}
    call_command("verify_log")


def test_numbers_go_round_with_their_sequence():
    ticket = make.closed()
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('ticket_number', 999998)")
    assert copied(ticket, weeks=1).number.endswith("-999999")
    assert make.submitted().number.endswith("-000002")
    assert _serials(3) == 3
    assert _serials(2_000_000) == 7


def test_refused_where_there_are_requests_or_no_demonstration(settings):
    settings.DEMO = True
    make.submitted()
    with pytest.raises(Conflict, match="已有诉求"):
        generate(tickets=5, seed=1, since=SINCE, until=UNTIL)
    settings.DEMO = False
    with pytest.raises(Conflict, match="演示"):
        generate(tickets=5, seed=1, since=SINCE, until=UNTIL, force=True)
    settings.DEMO = True
    for wrong in ({"tickets": 0}, {"until": SINCE}):
        with pytest.raises(Invalid):
            generate(**({"tickets": 5, "seed": 1, "since": SINCE, "until": UNTIL} | wrong))
    with pytest.raises(CommandError, match="已有诉求"):
        call_command("generate", "--tickets", "5")
