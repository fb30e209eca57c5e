"""Cases 42–45 of peers.md §2.9: no due time by hand; extensions in time, too late, refused, twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qihu.errors import Conflict, RefusedByRule
from tests import make
from tests.see import deadline
from tests.tickets.promises.test_pauses import local, paused
from tickets.models import Shift
from tickets.services import approvals, departure
from tickets.services.sweep import sweep
from tickets.workflow import Clock

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_case_42_a_due_time_is_never_set_by_hand():
    """There is no move, form or API body that takes a due time; every change of one leaves a ledger row."""
    ticket = make.signed()
    after = paused(ticket, local("03-03T10:00"), local("03-03T11:00"))
    assert Shift.objects.filter(deadline=after).latest("pk").due_after == after.due_at


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [("03-06T17:29:59", True), ("03-06T17:30", True), ("03-06T17:30:01", False), ("03-09T17:30:01", False)],
)
def test_case_43_an_extension_is_asked_for_before_the_last_closing_before_the_due_day(cast, asked, allowed):
    ticket = make.signed()
    want = {
        "ticket_id": ticket.pk,
        "caller": make.head_of(ticket),
        "reason": "等省厅批复。",
        "until": local("03-13T00:00").date(),
    }
    if not allowed:
        with pytest.raises(RefusedByRule, match="太晚"):
            departure.extend(at=local(asked), **want)
        return
    done = departure.extend(at=local(asked), **want)
    approvals.approve(approval_id=done.approval.pk, caller=cast.as_director, at=local("03-09T17:30"))
    after = deadline(ticket, Clock.RESOLVE)
    assert (after.due_at, after.promised_due_at, after.breached_at) == (
        local("03-13T17:30"),
        local("03-09T17:30"),
        None,
    )


def test_case_43_approved_after_the_due_time_it_is_too_late(cast):
    ticket = make.signed()
    done = departure.extend(
        ticket_id=ticket.pk,
        caller=make.head_of(ticket),
        at=local("03-06T10:00"),
        reason="等省厅批复。",
        until=local("03-13T00:00").date(),
    )
    with pytest.raises(Conflict):
        approvals.approve(approval_id=done.approval.pk, caller=cast.as_director, at=local("03-09T17:30:01"))
    sweep(at=local("03-09T17:30:02"))
    after = deadline(ticket, Clock.RESOLVE)
    assert after.breached_at == after.due_at == after.promised_due_at


def test_case_44_a_refused_extension_changes_nothing(cast):
    ticket = make.signed()
    before = deadline(ticket, Clock.RESOLVE)
    done = departure.extend(
        ticket_id=ticket.pk,
        caller=make.head_of(ticket),
        at=local("03-06T10:00"),
        reason="等省厅批复。",
        until=local("03-13T00:00").date(),
    )
    approvals.refuse(approval_id=done.approval.pk, caller=cast.as_director, at=local("03-06T11:00"), text="理由不足。")
    after = deadline(ticket, Clock.RESOLVE)
    assert (after.due_at, after.extended) == (before.due_at, 0)
    assert not Shift.objects.filter(deadline=after).exists()


def test_case_45_two_extensions_count_from_the_start_and_a_third_is_refused(cast):
    ticket = make.signed(difficulty="L4")
    head = make.head_of(ticket)
    for at, until in (("03-05T10:00", "04-30T00:00"), ("03-06T10:00", "05-15T00:00")):
        done = departure.extend(
            ticket_id=ticket.pk, caller=head, at=local(at), reason="等省厅批复。", until=local(until).date()
        )
        approvals.approve(approval_id=done.approval.pk, caller=cast.as_director, at=local(at) + HOUR)
    after = deadline(ticket, Clock.RESOLVE)
    assert after.due_at == local("05-15T17:30")
    assert after.agreed.value == 30 + after.extended
    assert Shift.objects.filter(deadline=after, kind="extension").count() == 2
    with pytest.raises(RefusedByRule, match="最多延期 2 次"):
        departure.extend(
            ticket_id=ticket.pk,
            caller=head,
            at=local("03-07T10:00"),
            reason="再延。",
            until=local("05-20T00:00").date(),
        )
