"""What the bench's figures rest on: a floor that writes what the product writes, and a client that counts truly."""

from __future__ import annotations

import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.db import connection, models
from django.test import Client

from tests import make
from tests.bench import floor, floor_drain, worktime
from tests.bench.load import Outcome, closed_loop, open_loop, percentile
from tests.bench.report import Figure, table
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
_Written = dict[str, tuple[int, frozenset[str]]]


def written_by(step: Callable[[], object]) -> _Written:
    """Table → how many rows more, and which of their columns are filled."""
    before = {model: frozenset(_keys(model)) for model in _tables()}
    step()
    found: _Written = {}
    for model in _tables():
        fresh = [row for row in model._default_manager.all() if row.pk not in before[model]]
        if fresh:
            filled = {f.attname for f in model._meta.concrete_fields for row in fresh if getattr(row, f.attname)}
            found[model._meta.db_table] = (len(fresh), frozenset(filled - {"search"}))
    return found


def _tables() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.managed]


def _keys(model: type[models.Model]) -> list[object]:
    return list(model._default_manager.values_list("pk", flat=True))


def file_through_the_form() -> None:
    answer = Client().post(
        "/q/DEMO-CAPITAL/",
        {
            "key": str(uuid.uuid4()),
            "chain_tag": "capital",
            "text": make.TEXT,
            "enterprise_name": "衢州安捷线束有限公司",
            "contact_name": "李娜",
            "contact_phone": "13800000000",
        },
    )
    assert answer.status_code == 303


def searchable() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT search::text FROM tickets_filing ORDER BY ticket_id")
        return [text for (text,) in cursor.fetchall()]


def test_the_floor_of_a_submission_writes_the_rows_of_a_submission():
    real = written_by(file_through_the_form)
    pattern = floor.pattern_of(Ticket.objects.select_related("filing").latest("pk"))

    bare = written_by(lambda: floor.commit_copy(pattern))

    assert bare == real
    assert {"tickets_ticket", "tickets_filing", "tickets_event", "tickets_answer"} < real.keys()
    assert real["tickets_deadline"][0] >= 2
    one, copy = searchable()
    assert one == copy


def test_the_floor_of_routing_writes_the_rows_of_routing():
    ticket = make.submitted()
    pattern = floor.pattern_of(Ticket.objects.select_related("filing").get(pk=ticket.pk))
    real = written_by(lambda: make.intake.route_all(ticket_ids=[ticket.pk], at=make.MONDAY))
    routed = make.fresh(ticket)
    twins = [floor.commit_copy(pattern) for _ in range(3)]

    bare = written_by(lambda: floor_drain.batch(floor_drain.pattern_of(routed)))

    assert {name: count for name, (count, _) in bare.items()} == {name: 3 * count for name, (count, _) in real.items()}
    assert bare["tickets_event"][1] == real["tickets_event"][1]
    for twin in twins:
        again = make.fresh(twin)
        assert (again.status, again.department) == (routed.status, routed.department)
        assert clocks_of(again) == clocks_of(routed)
    assert floor_drain.batch(floor_drain.pattern_of(routed)) == 0


def clocks_of(ticket: Ticket) -> list[tuple[str, str, object]]:
    return list(ticket.deadlines.order_by("pk").values_list("clock", "state", "due_at"))


@contextmanager
def server(answers: bytes) -> Iterator[tuple[str, int]]:
    """Answers every request on every connection with the same bytes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(peer: socket.socket) -> None:
        with peer:
            while peer.recv(4096):
                peer.sendall(answers)

    def accept() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(peer,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield listener.getsockname()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


SEEN = b"HTTP/1.1 303 See Other\r\nlocation: /t/QH-1/\r\ncontent-length: 0\r\n\r\n"
REFUSED = b"HTTP/1.1 422 Unprocessable\r\ncontent-length: 2\r\n\r\nno"


def test_a_closed_loop_sends_what_it_was_asked_to():
    heads: list[bytes] = []
    with server(SEEN) as address:
        outcome = closed_loop(
            address, lambda: b"x", connections=4, count=50, heard=lambda head, _due: heads.append(head)
        )

    assert outcome.accepted == len(outcome.latencies) == 50
    assert heads == [SEEN] * 50


def test_an_open_loop_keeps_its_rate_and_counts_refusals_apart():
    with server(REFUSED) as address:
        outcome = open_loop(address, lambda: b"x", rate=100, seconds=0.5)

    assert (outcome.accepted, dict(outcome.refused)) == (0, {"422": 50})
    assert outcome.seconds > 0.45


def test_a_percentile_is_a_value_that_was_seen():
    values = [float(n) for n in range(100, 0, -1)]

    assert [percentile(values, share) for share in (0.5, 0.99, 1.0)] == [50.0, 99.0, 100.0]
    assert percentile([], 0.99) == 0.0


def test_outcomes_of_turns_add_up():
    both = Outcome(2.0, 30) + Outcome(3.0, 20)

    assert both.rate == 10.0


def test_due_times_are_measured_unit_by_unit_and_over_spans():
    *rates, grown = worktime.measure(count=50)

    assert [figure.unit for figure in rates] == ["/s"] * len(worktime.MIXES)
    assert all(figure.value > 0 and figure.floor for figure in rates)
    assert list(grown.notes) == [f"{name}, ns" for name in worktime.SPANS]


def test_a_figure_tells_whether_it_meets_its_target_and_stands_beside_its_floor():
    rate = Figure(name="routed", value=300, unit="/s", target=400, at_most=False, floor=600, floor_is="plain ORM")
    memory = Figure(name="memory", value=300, unit="MB", target=900)

    assert (rate.verdict, rate.ratio, memory.verdict, memory.ratio) == ("missed", 0.5, "met", None)
    first, _, second, third = table([rate, memory]).splitlines()
    assert first.split()[:2] == ["figure", "value"]
    assert second.split() == ["routed", "300", "/s", "≥", "400", "missed", "600", "0.50", "plain", "ORM"]
    assert third.split() == ["memory", "300", "MB", "≤", "900", "met"]
