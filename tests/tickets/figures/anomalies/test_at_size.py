"""Many requests with their log: every kind reads its window by the index, in seconds at most."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.bench.crowd import scattered
from tests.make import MONDAY
from tests.people import user
from tests.tickets.figures.anomalies.plant import DAY, answered, rated
from tickets.figures.anomalies import KINDS, looked_at, watched_by
from tickets.figures.window import Window

pytestmark = [pytest.mark.django_db, pytest.mark.full]
MANY = int(os.environ.get("MANY", "20000"))


def test_each_kind_reads_its_window_by_the_index():
    like = rated(answered(1, at=MONDAY))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")  # the copies' references are checked when the test ends
    scattered(like, MANY, over=timedelta(days=300))
    window = Window(MONDAY + 100 * DAY, MONDAY + 130 * DAY, MONDAY + 300 * DAY)
    watched = watched_by(user("supervisor"))
    with CaptureQueriesContext(connection) as asked:
        looked_at(watched, window, kinds=KINDS)
    statements = [q["sql"] for q in asked.captured_queries if "FROM tickets_event e" in q["sql"]]
    assert len(statements) >= 10
    for statement in statements:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN " + statement)
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "event_kind_time" in plan, f"{statement[:300]}\n{plan}"
        assert "Seq Scan on tickets_event" not in plan, plan
