"""What a list costs: as many queries for thirty rows as for three, and an index that gives its order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import make
from tests.people import user
from tests.tickets.pages.desk import crowds
from tests.tickets.pages.desk.conftest import NOON
from tickets.models import Ticket
from tickets.pages.desk import asked
from tickets.pages.desk.queue_list import QUEUES, Queue

DISCIPLINE = "officer.discipline"
NAMES = [f"{queue.key}-{name}" for queue, name in crowds.SEATS]
OWN = {"owed": "ticket_supervised_queue", "supervised": "ticket_supervised_queue", "plans": "ticket_plan_queue"}
OWN |= {"calls": "ticket_call_back_queue"}
"""Lists of a few among very many: each has an index that holds only those."""


def first_seat(queue: Queue) -> str:
    """Somebody who has the view; what `crowds` makes is never the discipline inspectors'."""
    return next(name for one, name in crowds.SEATS if one is queue and name != DISCIPLINE)


@pytest.mark.parametrize("queue", QUEUES, ids=lambda queue: queue.key)
def test_thirty_rows_cost_as_many_queries_as_three(at, queue):
    desk, ticket = at(user(first_seat(queue))), crowds.one_in(queue)
    crowds.many_like(ticket, 2)
    desk.get("/desk/")  # fills what the process keeps: calendar versions and promises
    with CaptureQueriesContext(connection) as few:
        assert len(desk.titles(f"view={queue.key}")) == 3
    crowds.many_like(make.fresh(Ticket.objects.latest("pk")), 27)
    with CaptureQueriesContext(connection) as many:
        assert len(desk.titles(f"view={queue.key}")) == 30
    assert len(many) == len(few), [one["sql"] for one in many]


@pytest.fixture
def plan_of(db):
    """How PostgreSQL would read a page of rows where reading the whole table and sorting cost too much."""

    def explained(address: str, browser) -> list[dict[str, object]]:
        with CaptureQueriesContext(connection) as asked_for:
            assert browser.get(address).status_code == 200
        [rows] = [
            one["sql"] for one in asked_for if one["sql"].startswith("SELECT") and one["sql"].endswith("LIMIT 51")
        ]
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off; SET LOCAL enable_incremental_sort = off")
            cursor.execute(f"EXPLAIN (FORMAT JSON) {rows}")
            told = cursor.fetchone()[0]
        return list(nodes((json.loads(told) if isinstance(told, str) else told)[0]["Plan"]))

    return explained


def nodes(plan: dict[str, object]) -> Iterator[dict[str, object]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def in_order(plan: list[dict[str, object]]) -> str:
    """The index that the requests are read by; fails where they are sorted or read from end to end."""
    kinds = {one["Node Type"] for one in plan}
    assert not kinds & {"Sort", "Incremental Sort"}, plan
    [read] = [one for one in plan if one.get("Relation Name") == "tickets_ticket"]
    assert read["Node Type"].startswith("Index"), read
    return read["Index Name"]


@pytest.mark.parametrize(("queue", "name"), crowds.SEATS, ids=NAMES)
def test_an_index_gives_each_list_its_order(at, plan_of, queue, name):
    crowds.many_like(crowds.one_in(queue), 20)
    index = in_order(plan_of(f"/desk/?view={queue.key}", at(user(name))))
    assert index.startswith("ticket_")


@pytest.mark.parametrize(("queue", "name"), [one for one in crowds.SEATS if one[0].key in OWN and one[1] != DISCIPLINE])
def test_a_list_of_a_few_among_many_reads_the_index_that_holds_only_those(at, plan_of, queue, name):
    crowds.many_like(make.closed(), 300)
    crowds.many_like(make.assigned(), 300)
    crowds.many_like(crowds.one_in(queue), 5)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tickets_ticket")
    assert in_order(plan_of(f"/desk/?view={queue.key}", at(user(name)))) == OWN[queue.key]


@pytest.mark.parametrize("name", ["officer.finance", "head.finance", "dispatcher", "director"])
@pytest.mark.parametrize(
    "query", ["", "due_before=2026-04-01T00:00:00Z", "status=triage&due_before=2026-04-01T00:00:00Z"]
)
def test_an_index_gives_the_order_of_the_api(at, plan_of, name, query):
    crowds.many_like(make.assigned(), 20)
    assert in_order(plan_of(f"/api/v1/tickets/?{query}", at(user(name)))).startswith("ticket_")


def test_calls_come_by_the_day_they_are_owed_and_page_by_it(at, cast, monkeypatch):
    """A plan's next look may come before the call: the list of calls does not go by it."""
    monkeypatch.setattr(asked, "PAGE", 2)
    later, sooner = (make.closed(result=2, title=title, at=make.MONDAY - ago) for title, ago in CALLS)
    Ticket.objects.filter(pk=later.pk).update(next_due_at=make.MONDAY)
    crowds.many_like(sooner, 4)  # ties
    desk, url, seen = at(cast.intake), "/desk/?view=calls", []
    while url:
        page = desk.get(url)
        seen += [row["url"].split("/")[3] for row in page.context["rows"]]
        url = page.context["older"]
    assert seen == [sooner.number, *(f"{sooner.number}-{n}" for n in range(4)), later.number]


CALLS = (("后打", timedelta(0)), ("先打", timedelta(days=3)))


def test_a_cursor_of_the_calls_does_not_serve_another_list(at, cast, monkeypatch):
    monkeypatch.setattr(asked, "PAGE", 1)
    crowds.many_like(make.closed(result=2, at=NOON - timedelta(days=2)), 1)
    make.triaged(title="先研判")
    make.triaged(title="后研判", at=NOON)
    older = at(cast.intake).get("/desk/?view=calls").context["older"].replace("view=calls", "view=triage")
    assert at(cast.intake).titles(older.partition("?")[2]) == ["先研判"]
