"""The firm's verbs, and the ends that silence brings: rate, rework, reopen, supplement, withdraw, urge, lapse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from qihu.errors import Invalid
from tickets.access import FIRM, SYSTEM, Caller
from tickets.models import Rating, Ticket
from tickets.services import origins
from tickets.services.intent import Done, Intent
from tickets.services.origins import Origin
from tickets.services.transition import move, perform
from tickets.workflow import Action, Status


@transaction.atomic
def rate(
    *,
    ticket_id: int,
    at: datetime,
    process: int,
    result: int,
    text: str = "",
    expected_version: int | None = None,
    caller: Caller = FIRM,
    origin: Origin | None = None,
) -> Done:
    """The firm confirms and rates process and result, 1–5; the request closes with the outcome of its reply.

    `origin`: the browser and network it came from, where a door saw one.
    """
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
            caller=caller,
            expected_version=expected_version,
            data={"process": process, "result": result},
            changes={"closed_at": at},
            text=text,
        )
    )
    rating = Rating.objects.create(
        ticket=done.ticket, round=done.ticket.round, process=process, result=result, rated_at=at
    )
    if origin:
        origins.keep(rating, origin, seq=done.event.seq)
    return done


AGAIN = {
    "outcome": "",
    "replied_at": None,
    "answered_at": None,
    "closed_at": None,
    "officer": None,
    "reply_author": None,
    "planned_on": None,
    "burden_relieved": None,
    "excluded": False,
}
"""What a new round begins without."""


def rework(
    *,
    ticket_id: int,
    at: datetime,
    reason: str,
    files: Sequence[UUID] = (),
    expected_version: int | None = None,
    caller: Caller = FIRM,
) -> Done:
    """二次交办: the firm sends the answer back with a reason, or the system after a call-back; a new round at the
    same department.
    """
    again = AGAIN | {"assigned_at": at}
    return move(Action.REWORK, ticket_id, caller, at, expected_version, text=reason, files=files, changes=again)


@transaction.atomic
def reopen(
    *,
    ticket_id: int,
    at: datetime,
    reason: str,
    files: Sequence[UUID] = (),
    expected_version: int | None = None,
    caller: Caller = FIRM,
) -> Done:
    """A closed request goes on: the firm within 30 days, the supervisor any time, the system after a call-back.

    What lapsed while the firm was asked for facts goes on from where it was. The first close stays on record.
    """
    ticket = Ticket.objects.lock([ticket_id]).filter(pk=ticket_id).first()
    lapsed = ticket is not None and ticket.status == Status.WITHDRAWN
    handed = ticket is not None and (not lapsed or ticket.came_from == Status.ASSIGNED)
    changes = AGAIN | ({"assigned_at": at} if handed else {})
    return move(Action.REOPEN, ticket_id, caller, at, expected_version, text=reason, files=files, changes=changes)


def supplement(
    *,
    ticket_id: int,
    at: datetime,
    text: str,
    files: Sequence[UUID] = (),
    expected_version: int | None = None,
    caller: Caller = FIRM,
) -> Done:
    """The facts that were asked for; the request goes on from where it was."""
    return move(Action.SUPPLEMENT, ticket_id, caller, at, expected_version, text=text, files=files)


def withdraw(
    *, ticket_id: int, at: datetime, reason: str = "", expected_version: int | None = None, caller: Caller = FIRM
) -> Done:
    """The firm takes the request back."""
    return move(Action.WITHDRAW, ticket_id, caller, at, expected_version, text=reason, changes={"came_from": ""})


def urge(
    *, ticket_id: int, at: datetime, text: str = "", expected_version: int | None = None, caller: Caller = FIRM
) -> Done:
    """催办, once a day: officer and head are told."""
    return move(Action.URGE, ticket_id, caller, at, expected_version, text=text, changes={"urged_at": at})


@transaction.atomic
def lapse(*, ticket_id: int, at: datetime) -> Done:
    """The firm said nothing: closed, unrated, when RATE ended; withdrawn when COMPLETE did."""
    ticket = Ticket.objects.lock([ticket_id]).filter(pk=ticket_id).first()
    closes = ticket is not None and ticket.status == Status.ANSWERED
    return move(Action.LAPSE, ticket_id, SYSTEM, at, None, changes={"closed_at": at} if closes else {})
