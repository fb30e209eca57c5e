"""Merge and split where the clocks of two requests meet."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import make
from tests.see import deadline
from tickets.models import Deadline
from tickets.services import centre, closing, joining
from tickets.workflow import Clock

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def _live(ticket):
    return Deadline.objects.live([ticket.pk]).filter(clock=Clock.RESOLVE)


def test_an_earlier_promise_goes_on_at_the_parent_with_the_first_due_it_had(cast):
    earlier, parent = make.assigned(), make.assigned(at=make.MONDAY + 24 * HOUR)
    promised = deadline(earlier, Clock.RESOLVE).promised_due_at
    joining.merge(ticket_id=earlier.pk, caller=cast.as_intake, at=make.MONDAY + 25 * HOUR, into=parent.number)
    (kept,) = _live(parent)
    assert kept.promised_due_at == promised < deadline(parent, Clock.RESOLVE, state="void").promised_due_at


def test_nothing_runs_on_where_the_answer_is_already_with_the_firm(cast):
    other, parent = make.assigned(), make.answered()
    joining.merge(ticket_id=other.pk, caller=cast.as_intake, at=make.MONDAY + HOUR, into=parent.number)
    assert not _live(parent).exists()
    closing.rate(ticket_id=parent.pk, at=make.MONDAY + 2 * HOUR, process=5, result=5)
    assert not _live(parent).exists()


def test_what_a_request_that_waits_for_facts_takes_over_rests_with_the_others(cast):
    other, parent = make.assigned(), make.triaged()
    centre.request_info(ticket_id=parent.pk, caller=cast.as_intake, at=make.MONDAY + HOUR, items=["纳税证明"])
    joining.merge(ticket_id=other.pk, caller=cast.as_intake, at=make.MONDAY + 2 * HOUR, into=parent.number)
    assert _live(parent).get().state == "paused"
    closing.supplement(ticket_id=parent.pk, at=make.MONDAY + 3 * HOUR, text="附上证明。")
    assert _live(parent).get().state == "running"
