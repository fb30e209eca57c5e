"""The firm's verbs after the answer, and the end that silence brings: rate, rework, withdraw, urge, lapse."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from qihu.errors import Invalid
from tickets.access import FIRM, SYSTEM
from tickets.models import Rating
from tickets.services.intent import Done, Intent
from tickets.services.transition import perform
from tickets.workflow import Action


@transaction.atomic
def rate(
    *,
    ticket_id: int,
    at: datetime,
    process: int,
    result: int,
    text: str = "",
    expected_version: int | None = None,
) -> Done:
    """The firm confirms and rates process and result, 1–5; the request closes with the outcome of its reply."""
    errors = {
        name: "请选择 1 到 5 分。"
        for name, score in (("process", process), ("result", result))
        if score not in Rating.Score.values
    }
    if errors:
        raise Invalid("评价还不完整。", fields=errors)
    done = perform(
        Intent(
            action=Action.RATE,
            ticket_id=ticket_id,
            at=at,
            caller=FIRM,
            expected_version=expected_version,
            data={"process": process, "result": result},
            changes={"closed_at": at},
            text=text,
        )
    )
    Rating.objects.create(ticket=done.ticket, round=done.ticket.round, process=process, result=result, rated_at=at)
    return done


def rework(*, ticket_id: int, at: datetime, reason: str, expected_version: int | None = None) -> Done:
    """二次交办: the firm sends the answer back with a reason; a new round at the same department."""
    return perform(
        Intent(
            action=Action.REWORK,
            ticket_id=ticket_id,
            at=at,
            caller=FIRM,
            expected_version=expected_version,
            text=reason,
            changes={
                "outcome": "",
                "replied_at": None,
                "answered_at": None,
                "assigned_at": at,
                "officer": None,
                "reply_author": None,
            },
        )
    )


def withdraw(*, ticket_id: int, at: datetime, reason: str = "", expected_version: int | None = None) -> Done:
    """The firm takes the request back."""
    return perform(
        Intent(
            action=Action.WITHDRAW,
            ticket_id=ticket_id,
            at=at,
            caller=FIRM,
            expected_version=expected_version,
            text=reason,
        )
    )


def urge(*, ticket_id: int, at: datetime, text: str = "", expected_version: int | None = None) -> Done:
    """催办, once a day: officer and head are told."""
    return perform(
        Intent(
            action=Action.URGE,
            ticket_id=ticket_id,
            at=at,
            caller=FIRM,
            expected_version=expected_version,
            text=text,
            changes={"urged_at": at},
        )
    )


def lapse(*, ticket_id: int, at: datetime) -> Done:
    """The firm said nothing until RATE ended: closed, unrated."""
    return perform(Intent(action=Action.LAPSE, ticket_id=ticket_id, at=at, caller=SYSTEM, changes={"closed_at": at}))
