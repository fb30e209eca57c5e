"""Handing over, where the table of moves does not say it all."""

from __future__ import annotations

import pytest

from qihu.errors import Invalid
from tests import make
from tests.see import deadline, kinds
from tickets.services import dispatch
from tickets.workflow import Clock

pytestmark = pytest.mark.django_db


def test_a_department_does_not_get_its_own_request_again_with_fresh_clocks(cast):
    ticket = make.assigned()
    due = deadline(ticket, Clock.SIGN).due_at
    with pytest.raises(Invalid) as told:
        dispatch.reassign(
            ticket_id=ticket.pk, caller=cast.as_dispatcher, at=make.MONDAY + 60 * make.MINUTE, department="finance"
        )
    assert "department" in told.value.fields
    assert deadline(ticket, Clock.SIGN).due_at == due
    assert kinds(ticket) == ["submit", "route"]
