"""What the database itself refuses, and what sealing, checking and forgetting make of the whole life."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from tests import make
from tests.people import user
from tests.seals import seal_all, verify
from tests.tickets.test_erasing import everything_stored
from tickets.access import Caller
from tickets.models import Approval, CallBack, Leg, Ticket
from tickets.services import approvals, callback, centre, closing, departure, erasing, handling, legs, review

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
WORDS = "李娜说回单在抽屉里"


def held(change) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        change()


def called_back(**more: object) -> Ticket:
    ticket = make.closed(result=1)
    callback.call_back(
        ticket_id=ticket.pk,
        caller=Caller(user("intake")),
        at=make.MONDAY + 2 * HOUR,
        **({"contacted": True, "solved": True, "satisfied": True, "text": WORDS} | more),
    )
    return make.fresh(ticket)


def test_a_call_stays_as_it_was_told():
    calls = CallBack.objects.filter(ticket=called_back())
    assert calls.get().solved
    held(lambda: calls.update(solved=False))
    held(lambda: calls.update(was_contacted=True))
    held(calls.delete)


def test_an_asked_move_is_decided_once_and_what_was_asked_stays():
    waiting = Approval.objects.filter(pk=make.asked_to_rest().pk)
    held(lambda: waiting.update(action="reject"))
    held(lambda: waiting.update(asked_by=user("director")))
    held(lambda: waiting.update(data={"reason": "force"}))
    done = Approval.objects.filter(pk=make.suspended().approvals.get().pk)
    held(lambda: done.update(state="pending", decided_by=None, decided_at=None, decided_seq=None))
    held(lambda: done.update(state="refused"))
    held(done.delete)


def test_an_ended_leg_is_never_reopened_nor_given_away():
    leg = make.helped()
    mine = Leg.objects.filter(pk=leg.pk)
    held(lambda: mine.update(department=leg.ticket.department))
    held(lambda: mine.update(assigned_at=make.MONDAY))
    caller = Caller(user("officer.rural-bank"))
    legs.leg_sign(ticket_id=leg.ticket_id, caller=caller, at=make.MONDAY + HOUR)
    legs.leg_reply(ticket_id=leg.ticket_id, caller=caller, at=make.MONDAY + HOUR, text="可授信。")
    held(lambda: mine.update(status="assigned", ended_at=None))
    held(mine.delete)


def lived() -> Ticket:
    """Asked, supplemented, asked to rest and refused, helped, answered, rated low, called back."""
    ticket = make.info_needed()
    at, caller = make.MONDAY + HOUR, Caller(user("head.finance"))
    closing.supplement(ticket_id=ticket.pk, at=at, text=f"补充：{WORDS}")
    handling.sign(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=at)
    asked = departure.suspend(ticket_id=ticket.pk, caller=caller, at=at, reason="quota", text=f"等额度：{WORDS}")
    director = Caller(user("director"))
    approvals.refuse(approval_id=asked.approval.pk, caller=director, at=at, text=f"不同意：{WORDS}")
    legs.assign_leg(ticket_id=ticket.pk, caller=caller, at=at, departments=["rural-bank"], text=f"请协办：{WORDS}")
    helper = Caller(user("officer.rural-bank"))
    legs.leg_sign(ticket_id=ticket.pk, caller=helper, at=at)
    legs.leg_reply(ticket_id=ticket.pk, caller=helper, at=at, text=f"已办：{WORDS}")
    centre.supervise(ticket_id=ticket.pk, caller=Caller(user("supervisor")), at=at, text=f"督办：{WORDS}")
    centre.answer_supervision(ticket_id=ticket.pk, caller=caller, at=at, text=f"说明：{WORDS}")
    handling.reply(
        ticket_id=ticket.pk, caller=make.officer_of(ticket), at=at, outcome="solved", text=f"已授信：{WORDS}"
    )
    review.deliver(ticket_id=ticket.pk, caller=caller, at=at)
    closing.rate(ticket_id=ticket.pk, at=at, process=2, result=1, text=f"不满：{WORDS}")
    callback.call_back(
        ticket_id=ticket.pk,
        caller=Caller(user("intake")),
        at=at + HOUR,
        contacted=True,
        solved=True,
        satisfied=False,
        text=f"电话：{WORDS}",
    )
    return make.fresh(ticket)


def test_a_whole_life_is_sealed_checked_and_forgotten():
    ticket = lived()
    make.merged(), make.split(), make.rejected(), make.suspended()
    seal_all()
    count = Ticket.objects.count()
    assert verify(no_file=True).startswith(f"日志完好：{count} 件诉求")
    erasing.erase(ticket_id=ticket.pk, cause="wish", at=make.MONDAY + timedelta(days=1))
    assert WORDS not in everything_stored()
    seal_all()
    assert verify(no_file=True).startswith(f"日志完好：{count} 件诉求")
