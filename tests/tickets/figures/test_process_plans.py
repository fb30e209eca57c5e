"""What the process and the load figures read is found by an index that their window, or what is open, bounds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from routing.promises.book import published_calendar
from tests import make
from tickets.figures import ageing, arrivals, flows, load, pace, waiting
from tickets.figures.projection import catch_up
from tickets.figures.seen import counting
from tickets.figures.window import Window
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
AT = make.MONDAY + timedelta(hours=2)
WINDOW = Window(AT - timedelta(days=3), AT + timedelta(days=1), AT)


def every():
    return counting(Ticket.objects.all())


ASKED: dict[str, tuple[Callable[[], object], set[str]]] = {
    "waits": (lambda: waiting.waits(WINDOW, scope=every()), {"stay_since"}),
    "flow": (lambda: flows.flow(WINDOW, scope=every()), {"newest", "stay_nth"}),
    "ages": (lambda: ageing.ageing(every(), at=AT), {"queue"}),
    "pace": (lambda: pace.paces(at=AT), {"event_kind_time", "deadline_once"}),
    "arrivals": (lambda: arrivals.arrivals(WINDOW, scope=every(), calendar=published_calendar()), {"newest"}),
    "held": (lambda: load.held(WINDOW, scope=every()), {"queue", "event_kind_time", "alert_time"}),
}


@pytest.mark.parametrize("name", ASKED)
def test_the_index_serves_it(name):
    ask, indexes = ASKED[name]
    for _ in range(3):
        make.signed()
    catch_up(at=AT)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        with CaptureQueriesContext(connection) as seen:
            ask()
        plans = ""
        for asked in seen.captured_queries:
            cursor.execute(f"EXPLAIN {asked['sql']}")
            plans += "\n".join(line for (line,) in cursor.fetchall())
    assert {index for index in indexes if index not in plans} == set(), plans
