"""`manage.py whatif`: read only, in words and as JSON, and in a number of queries that does not grow."""

from __future__ import annotations

import json
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import make
from tests.tickets.promises.changes import calendar_draft, policy_draft
from tickets.models import Deadline, Event
from tickets.services.repricing.change import Change, foresee

pytestmark = pytest.mark.django_db
LATER = make.MONDAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def _tuesday(time_machine):
    time_machine.move_to(LATER, tick=False)


def told(*arguments: str) -> str:
    out = StringIO()
    call_command("whatif", *arguments, stdout=out)
    return out.getvalue()


def test_a_draft_of_the_table_in_words_and_json():
    make.signed()
    draft = policy_draft(("RESOLVE", "L2", "3wd"), ("NOTE", "L2", "3wd"))
    said = told("--policy", str(draft.number))
    assert "答复\t1 项：提前 1（最多 4 天），推迟 0，立即超期 0" in said
    assert said.rstrip().splitlines()[-1].startswith("合计")
    data = json.loads(told("--policy", str(draft.number), "--json"))
    assert (data["total"]["earlier"], data["total"]["later"]) == (1, 1)
    assert {line["clock"] for line in data["lines"]} >= {"RESOLVE", "NOTE"}


def test_a_draft_of_a_calendar():
    make.signed()
    draft = calendar_draft(date(2026, 3, 4))
    version = ("--calendar", "330800", "--version", str(draft.number), "--json")
    assert json.loads(told(*version))["total"]["running"] == 0  # nothing is provisional
    running = json.loads(told(*version, "--scope", "running"))
    assert running["total"]["later"] >= 2


def test_nothing_is_written():
    make.signed()
    before = list(Deadline.objects.order_by("pk").values()), Event.objects.count()
    told("--policy", str(policy_draft(("RESOLVE", "L2", "3wd")).number))
    assert before == (list(Deadline.objects.order_by("pk").values()), Event.objects.count())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--policy", "99"), "没有第 99 版"),
        (("--calendar", "330800"), "--version"),
        (("--calendar", "nowhere", "--version", "1"), "没有工作日历"),
        (("--calendar", "330800", "--version", "1", "--effective", "soon"), "看不懂的日期"),
    ],
)
def test_what_cannot_be_tried(arguments, says):
    with pytest.raises(CommandError, match=says):
        told(*arguments)


def test_queries_do_not_grow_with_the_promises():
    draft = policy_draft(("RESOLVE", "L2", "3wd"))

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            foresee(Change(at=LATER, policy_set=draft))
        return len(seen)

    make.suspended()
    make.split()
    first = queries()
    for _ in range(5):
        make.suspended()
        make.split()
    assert queries() == first
