"""The reviewer's verbs: deliver, or send back. Never one's own reply; that is in the table."""

from __future__ import annotations

from datetime import datetime

from tickets.access import Caller
from tickets.services.intent import Done, Intent
from tickets.services.transition import perform
from tickets.workflow import Action


def deliver(
    *, ticket_id: int, caller: Caller, at: datetime, text: str = "", expected_version: int | None = None
) -> Done:
    """Give the reply to the firm. RESOLVE is met at the time of that reply, not of the review."""
    return perform(
        Intent(
            action=Action.DELIVER,
            ticket_id=ticket_id,
            at=at,
            caller=caller,
            expected_version=expected_version,
            text=text,
            changes={"answered_at": at},
        )
    )


def send_back(*, ticket_id: int, caller: Caller, at: datetime, text: str, expected_version: int | None = None) -> Done:
    """Return the reply to the department with the reason; review time moves the agreed due, never the original."""
    return perform(
        Intent(
            action=Action.SEND_BACK,
            ticket_id=ticket_id,
            at=at,
            caller=caller,
            expected_version=expected_version,
            text=text,
            changes={"outcome": "", "replied_at": None, "planned_on": None, "burden_relieved": None},
        )
    )
