"""Who hears of what, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qihu.accounts.models import Department
from qihu.outbox.consume import drain
from tests import make
from tickets.models import Notice, Ticket
from tickets.services import closing, handling, sweep
from tickets.services.notify import notify_all

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def told(ticket: Ticket, kind: str, clock: str = "") -> set[str]:
    drain()
    rows = Notice.objects.filter(ticket=ticket, kind=kind, channel="inbox")
    return {n.recipient.username for n in (rows.filter(clock=clock) if clock else rows)}


def test_an_assignment_is_told_to_the_officers_of_the_department():
    assert told(make.assigned(), "route") == {"officer.finance"}


def test_what_the_rules_could_not_decide_is_told_to_the_centre():
    assert told(make.triaged(), "defer") == {"dispatcher", "director"}


def test_a_reply_is_told_to_its_reviewer_only():
    assert told(make.replied(), "reply") == {"head.finance"}


def test_at_tier_two_a_reply_is_told_to_the_director():
    ticket = make.signed()
    Ticket.objects.filter(pk=ticket.pk).update(tier=2)
    handling.reply(
        ticket_id=ticket.pk, caller=make.officer_of(ticket), at=make.MONDAY + HOUR, outcome="solved", text="已办妥。"
    )
    assert told(ticket, "reply") == {"director"}


def test_a_breach_is_told_to_officer_head_and_director():
    ticket = make.signed()
    sweep.sweep(at=make.MONDAY + timedelta(days=30))
    assert told(ticket, "breach", "RESOLVE") == {"officer.finance", "head.finance", "director"}


def test_a_missed_dispatch_is_told_to_the_centre():
    ticket = make.triaged()
    sweep.sweep(at=make.MONDAY + timedelta(days=30))
    assert told(ticket, "breach", "DISPATCH") == {"dispatcher", "director"}


def test_an_urge_is_told_to_officer_and_head():
    ticket = make.signed()
    closing.urge(ticket_id=ticket.pk, at=make.MONDAY + HOUR)
    assert told(ticket, "urge") == {"officer.finance", "head.finance"}


def test_an_urge_before_assignment_is_told_to_the_dispatcher():
    ticket = make.triaged()
    closing.urge(ticket_id=ticket.pk, at=make.MONDAY + HOUR)
    assert told(ticket, "urge") == {"dispatcher"}


def test_a_restricted_request_with_nowhere_to_go_is_told_to_the_supervisor():
    Department.objects.filter(kind=Department.Kind.DISCIPLINE).update(active=False)
    ticket = make.routed(qr="DEMO-SERVICE", category="SRV-04")
    assert ticket.status == "triage"
    assert told(ticket, "defer") == {"supervisor"}


def test_a_restricted_request_is_told_to_its_own_department_only():
    ticket = make.routed(qr="DEMO-SERVICE", category="SRV-04")
    sweep.sweep(at=make.MONDAY + timedelta(days=60))
    drain()
    heard = set(Notice.objects.filter(ticket=ticket, firm=False).values_list("recipient__username", flat=True))
    assert heard == {"officer.discipline", "head.discipline"}


def test_nobody_is_told_of_what_they_did_and_nobody_twice():
    ticket = make.replied()
    drain()
    before = Notice.objects.count()
    everything = [{"ticket_id": ticket.pk, "seq": seq} for seq in range(1, make.fresh(ticket).last_seq + 1)]
    notify_all(everything, at=make.MONDAY)
    assert Notice.objects.count() == before
    assert not Notice.objects.filter(kind="sign", recipient__username="officer.finance").exists()


def test_many_events_cost_six_statements(django_assert_num_queries):
    events = [{"ticket_id": make.assigned().pk, "seq": 2} for _ in range(10)]
    with django_assert_num_queries(6):
        notify_all(events, at=make.MONDAY)
