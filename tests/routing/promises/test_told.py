"""Elapsed time told day by day adds up to what the engine says."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.promises.amount import PromiseError
from routing.promises.defaults import load_defaults
from routing.promises.told import elapsed_by_day
from routing.promises.worktime import opening_seconds
from tests.routing.promises.test_laws import calendars, starts


@settings(max_examples=100, deadline=None)
@given(calendars(), starts, st.timedeltas(timedelta(0), timedelta(days=20)))
def test_the_days_add_up(calendar, start, length):
    # whole seconds a day: each may round down by less than one
    told = list(elapsed_by_day(calendar, start, start + length))
    whole = opening_seconds(calendar, start, start + length)
    assert whole - len(told) <= sum(day.seconds for day in told) <= whole
    assert [day.date for day in told] == sorted({day.date for day in told})


def test_the_wrong_order_is_refused():
    now = datetime.fromisoformat("2026-03-02T10:00+08:00")
    with pytest.raises(PromiseError, match="早于"):
        list(elapsed_by_day(None, now, now - timedelta(seconds=1)))


@pytest.mark.django_db
def test_the_command_lists_a_make_up_day():
    load_defaults()
    out = StringIO()
    between = {"start": "2026-02-27T16:30+08:00", "end": "2026-03-02T09:30+08:00"}
    call_command("elapsed", explain=True, stdout=out, **between)
    assert out.getvalue().splitlines() == [
        "2026-02-27  上班  3600 秒",
        "2026-02-28  调休上班  25200 秒",
        "2026-03-01  休息  0 秒",
        "2026-03-02  上班  1800 秒",
        "30600",
    ]
