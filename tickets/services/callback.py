"""回访: one call about an answered or closed request, recorded beside the firm's rating and never instead of it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from qihu.errors import Invalid
from tickets.access import SYSTEM, Caller
from tickets.models import CallBack
from tickets.services import closing
from tickets.services.intent import Aside, Done
from tickets.services.transition import move, perform
from tickets.terms import Remark
from tickets.workflow import Action, Outcome, Party, Status


@transaction.atomic
def call_back(  # noqa: PLR0913 - the body of the API's `call_back`
    *,
    ticket_id: int,
    caller: Caller,
    at: datetime,
    contacted: bool,
    was_contacted: bool | None = None,
    solved: bool | None = None,
    satisfied: bool | None = None,
    text: str = "",
    expected_version: int | None = None,
) -> Done:
    """Record a call. "Not solved" against the outcome `solved` sends the request back or reopens it, by the system.

    `was_contacted`: whether the department has been in touch with the firm; a "no" counts against 响应率. Raises
    `Invalid` where somebody was reached and it is not said whether the matter is solved.
    """
    by = caller.person
    if contacted and solved is None:
        raise Invalid("回访还不完整。", fields={"solved": "接通后请记录企业是否认为已解决。"})
    said = {"was_contacted": was_contacted, "solved": solved, "satisfied": satisfied}
    answers = said if contacted else dict.fromkeys(said)
    data = {"contacted": contacted, **answers}
    done = move(Action.CALL_BACK, ticket_id, caller, at, expected_version, text=text, data=data)
    CallBack.objects.create(
        ticket=done.ticket,
        round=done.ticket.round,
        seq=done.event.seq,
        contacted=contacted,
        by=by,
        at=at,
        **answers,
    )
    if answers["solved"] is False and done.ticket.outcome == Outcome.SOLVED:
        _again(done, at=at)
    return done


def _again(done: Done, *, at: datetime) -> None:
    """False closure: on the published list, and a new round, whoever rated what."""
    perform(
        Aside(
            kind=Remark.LISTED,
            ticket_id=done.ticket.pk,
            at=at,
            party=Party.SYSTEM,
            data={"op": "false_closure"},
            turns_version=False,
        )
    )
    reason = "回访时企业表示问题没有解决。"
    verb = closing.reopen if done.ticket.status == Status.CLOSED else closing.rework
    verb(ticket_id=done.ticket.pk, at=at, reason=reason, caller=SYSTEM)
