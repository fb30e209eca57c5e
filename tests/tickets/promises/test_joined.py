"""What merging and splitting do to promises that have a past."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests import make
from tests.see import deadline
from tickets.derived import derivation
from tickets.models import Deadline, Shift
from tickets.services import departure, dispatch, handling, joining, review
from tickets.workflow import Clock

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}+08:00")


def taken(ticket) -> Deadline:
    return Deadline.objects.prefetch_related("shifts").get(
        ticket=ticket, clock=Clock.RESOLVE, state__in=["running", "paused"]
    )


def test_a_paused_request_merged_into_a_running_one_keeps_the_pause_so_far(cast):
    old = make.suspended(at=local("03-02T09:00"))  # rests since 09:25
    fresh = make.signed(at=local("03-03T09:00"))
    joining.merge(ticket_id=old.pk, into=fresh.number, caller=cast.as_dispatcher, at=local("03-04T09:25"))
    runs = taken(fresh)
    assert (runs.state, runs.promised_due_at) == ("running", local("03-09T17:30"))
    assert runs.due_at == local("03-11T17:30")  # two working days later
    pause = Shift.objects.get(deadline=runs)
    assert (pause.kind, pause.since, pause.until) == ("pause", local("03-02T09:25"), local("03-04T09:25"))


def test_a_paused_request_merged_into_a_resting_one_rests_since_its_own_pause_began(cast):
    old = make.suspended(at=local("03-02T09:00"))
    fresh = make.suspended(at=local("03-03T09:00"))
    joining.merge(ticket_id=old.pk, into=fresh.number, caller=cast.as_dispatcher, at=local("03-04T09:25"))
    assert (taken(fresh).state, taken(fresh).paused_at) == ("paused", local("03-02T09:25"))
    departure.resume(ticket_id=fresh.pk, caller=make.officer_of(fresh), at=local("03-05T09:25"))
    assert taken(fresh).due_at == local("03-12T17:30")


def test_earlier_pauses_come_along_and_count_when_it_is_priced_anew(cast):
    old = make.signed(at=local("03-02T09:00"))
    handling.reply(
        ticket_id=old.pk, caller=make.officer_of(old), at=local("03-03T09:00"), outcome="solved", text="已办妥。"
    )
    review.send_back(ticket_id=old.pk, caller=make.head_of(old), at=local("03-04T09:00"), text="请补充依据。")
    fresh = make.signed(at=local("03-04T10:00"))
    joining.merge(ticket_id=old.pk, into=fresh.number, caller=cast.as_dispatcher, at=local("03-04T11:00"))
    assert taken(fresh).due_at == local("03-10T17:30")
    assert derivation(taken(fresh))[-1].at == taken(fresh).due_at
    dispatch.classify(ticket_id=fresh.pk, caller=cast.as_dispatcher, at=local("03-04T12:00"), difficulty="L3")
    assert taken(fresh).due_at == local("03-24T17:30")  # fifteen working days from 2 March, and one


def test_a_split_request_priced_anew_still_waits_for_its_last_part(cast):
    whole = make.split(at=local("03-02T09:00"))
    before = deadline(whole, Clock.RESOLVE).due_at
    dispatch.classify(ticket_id=whole.pk, caller=cast.as_dispatcher, at=local("03-02T11:00"), difficulty="L1")
    assert deadline(whole, Clock.RESOLVE).due_at == before
