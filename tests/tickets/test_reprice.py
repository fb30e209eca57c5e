"""Classifying a request whose clocks have a past: a further turn, a pause."""

from __future__ import annotations

from datetime import timedelta

import pytest

from routing.promises.ladder import BREACH
from tests import make
from tests.see import deadline, kinds
from tickets.models import Deadline, Shift
from tickets.services import dispatch, handling, review
from tickets.workflow import Clock

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_a_further_interim_keeps_its_own_amount(cast):
    ticket = make.signed(difficulty="L4")
    officer = make.officer_of(ticket)
    handling.interim(ticket_id=ticket.pk, caller=officer, at=make.MONDAY + DAY, text="已报省厅，下周回复。")
    again = deadline(ticket, Clock.INTERIM)
    assert (again.amount, again.unit) == (10, "wd")
    dispatch.classify(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=make.MONDAY + 2 * DAY, chain_tag="talent")
    assert deadline(ticket, Clock.INTERIM).due_at == again.due_at
    assert not Shift.objects.filter(deadline=again).exists()


@pytest.mark.parametrize("then", ["deliver", "send_back"])
def test_a_promise_repriced_under_review_to_before_the_reply_breaks_when_it_is_repriced(cast, then):
    ticket = make.signed()
    replied = make.MONDAY + 3 * DAY
    handling.reply(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=replied, outcome="solved", text="已办妥。")
    changed = replied + DAY / 24
    dispatch.classify(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=changed, difficulty="L1")
    resolve = deadline(ticket, Clock.RESOLVE)
    assert resolve.due_at < replied == resolve.paused_at
    verb = getattr(review, then)
    verb(ticket_id=ticket.pk, caller=make.head_of(ticket), at=replied + DAY / 12, text="请核对。")
    after = Deadline.objects.get(pk=resolve.pk)
    assert after.breached_at == changed > resolve.due_at
    assert after.reached == BREACH
    assert "breach" in kinds(ticket)[-3:]
