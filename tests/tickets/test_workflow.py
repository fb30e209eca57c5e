"""Every move × status × party, against the table and through the one function."""

from __future__ import annotations

import itertools

import pytest
from django.db import transaction

from qihu.accounts.models import Department
from qihu.errors import Conflict, DomainError, Forbidden, RefusedByRule
from qihu.outbox.consume import topics
from tests import make
from tests.people import user
from tickets.access import FIRM, SYSTEM, Caller
from tickets.models import Event, Ticket
from tickets.services.intent import Intent
from tickets.services.transition import perform
from tickets.workflow import (
    ENDED,
    LEG_MOVES,
    MOVES,
    OPEN,
    Action,
    Clock,
    Party,
    Status,
    approvers,
    open_moves,
    parties_of,
    rows_of,
    sources_of,
)

pytestmark = pytest.mark.django_db

# Every status that the moves of the table can reach, each reached by real moves.
REACHED = {
    Status.SUBMITTED: make.submitted,
    Status.INFO_NEEDED: make.info_needed,
    Status.TRIAGE: make.triaged,
    Status.ASSIGNED: make.assigned,
    Status.IN_PROGRESS: make.signed,
    Status.DISPUTED: make.disputed,
    Status.SUSPENDED: make.suspended,
    Status.REVIEWING: make.replied,
    Status.ANSWERED: make.answered,
    Status.CLOSED: make.closed,
    Status.REJECTED: make.rejected,
    Status.WITHDRAWN: make.withdrawn,
    Status.MERGED: make.merged,
}
CALLERS = {
    "firm": (lambda: FIRM, {Party.FIRM}),
    "system": (lambda: SYSTEM, {Party.SYSTEM}),
    "officer": (lambda: Caller(user("officer.finance")), {Party.OFFICER}),
    "head": (lambda: Caller(user("head.finance")), {Party.HEAD}),
    "rival officer": (lambda: Caller(user("officer.land")), set()),
    "rival head": (lambda: Caller(user("head.land")), set()),
    "county officer": (lambda: Caller(user("officer.finance-330802")), set()),
    "dispatcher": (lambda: Caller(user("dispatcher")), {Party.DISPATCHER}),
    "intake": (lambda: Caller(user("intake")), {Party.INTAKE}),
    "director": (lambda: Caller(user("director")), {Party.DIRECTOR}),
    "supervisor": (lambda: Caller(user("supervisor")), {Party.SUPERVISOR}),
    "leader": (lambda: Caller(user("leader")), {Party.LEADER}),
    "auditor": (lambda: Caller(user("auditor")), set()),
    "discipline": (lambda: Caller(user("officer.discipline")), set()),
}
_OF_A_DEPARTMENT = {Party.OFFICER, Party.HEAD}
_LATER = 90 * make.MINUTE


def _parties(caller: str, ticket: Ticket) -> set[Party]:
    """Who the caller is: officers and heads only of the department that holds the request."""
    parties = CALLERS[caller][1]
    return set() if parties & _OF_A_DEPARTMENT and ticket.department is None else set(parties)


SAYS: dict[Action, dict[str, object]] = {
    Action.CLASSIFY: {"difficulty": "L3"},
    Action.CALL_BACK: {"contacted": True, "solved": True},
    Action.RULE_ON_RETURN: {"upheld": True},
    Action.FOLLOW_UP: {"done": True},
}


def _intent(action: Action, ticket: Ticket, caller: Caller) -> Intent:
    changes: dict[str, object] = {}
    if action in {Action.ROUTE, Action.ASSIGN, Action.REASSIGN, Action.RULE_ON_RETURN, Action.SPLIT}:
        changes = {"department": Department.objects.get(code="tax")}
    if action == Action.REPLY:
        changes = {"outcome": "solved", "reply_author": caller.user}
    if action in {Action.RATE, Action.LAPSE}:
        changes = {"closed_at": make.MONDAY + _LATER}
    if action == Action.MERGE:
        changes = {"parent": make.submitted(text="同一件事再说一次，资金缺口1500万元。")}
    return Intent(
        action=action,
        ticket_id=ticket.pk,
        at=make.MONDAY + _LATER,
        caller=caller,
        text="理由",
        changes=changes | ({"difficulty": "L3"} if action == Action.CLASSIFY else {}),
        data=SAYS.get(action, {}),
    )


def _expected(action: Action, ticket: Ticket, caller: str) -> type[DomainError] | None:
    """What the table says, read without the code that reads it: None where the move is made or asked for."""
    mine = _parties(caller, ticket)
    if not mine & parties_of(action):
        return Forbidden
    if ticket.status not in sources_of(action):
        return Conflict
    rows = [row for row in rows_of(action) if ticket.status in row.sources and row.by & mine]
    if not rows:
        return Forbidden
    came = {row.target for row in rows if row.action in {Action.SUPPLEMENT, Action.REOPEN}} - {None}
    if len(rows) == len(came) > 1 and ticket.came_from not in came:
        return Conflict
    return RefusedByRule if _guarded(action, ticket, caller) else None


def _guarded(action: Action, ticket: Ticket, caller: str) -> bool:
    """What guards refuse in these stories, from domain.md §3."""
    return {
        Action.DELIVER: caller == "director",  # tier 1
        Action.SEND_BACK: caller == "director",
        Action.REQUEST_INFO: ticket.info_asked,
        Action.OBJECT: False,
        Action.FOLLOW_UP: True,  # nothing was planned
        Action.ANSWER_SUPERVISION: True,  # nobody supervises
        Action.REOPEN: False,
    }.get(action, False)


@pytest.mark.parametrize("status", REACHED, ids=str)
@pytest.mark.parametrize("caller", CALLERS)
def test_every_move_from_every_status_by_everybody(status, caller):
    ticket = REACHED[status]()
    assert ticket.status == status
    who = CALLERS[caller][0]()
    for action in Action:
        before = (ticket.status, ticket.version, ticket.last_seq)
        expected = _expected(action, ticket, caller)
        with transaction.atomic():
            intent = _intent(action, ticket, who)
            if expected is None:
                _is_made(intent, ticket, status)
            else:
                with pytest.raises(expected) as refused:
                    perform(intent)
                assert refused.value.status == (403 if expected is Forbidden else 409), action
            transaction.set_rollback(True)
        now = Ticket.objects.get(pk=ticket.pk)
        assert (now.status, now.version, now.last_seq) == before


def _is_made(intent: Intent, ticket: Ticket, status: Status) -> None:
    done = perform(intent)
    rows = [row for row in rows_of(intent.action) if status in row.sources]
    event = Event.objects.get(ticket=ticket, seq=done.event.seq)
    assert Ticket.objects.get(pk=ticket.pk).status == done.ticket.status
    if any(row.approver for row in rows):
        assert (event.kind, done.ticket.status, done.ticket.pending) == ("approval", status, ticket.pending + 1)
        return
    assert done.ticket.status in {row.target or status for row in rows}
    assert (event.kind, event.from_status, event.to_status) == (intent.action, status, done.ticket.status)
    assert any(Party(event.party) in row.by for row in rows)


def test_the_reached_statuses_are_all_that_the_table_reaches():
    targets = {move.target for move in MOVES if move.target}
    assert targets == set(REACHED)


def test_each_consequence_names_a_registered_consumer():
    wanted = {topic for move in [*MOVES, *LEG_MOVES.values()] for topic in move.then}
    assert wanted <= topics()
    assert wanted == {"tickets.route", "tickets.notify"}


def test_buttons_come_from_the_table():
    for status, party in itertools.product(Status, Party):
        offered = open_moves(status, [party])
        for action in Action:
            rows = [row for row in rows_of(action) if status in row.sources and party in row.by]
            assert (action in offered) == any(row.by != {Party.SYSTEM} for row in rows)


def test_every_action_has_its_rows_in_the_order_of_the_domain():
    assert list(dict.fromkeys(move.action for move in MOVES)) == list(Action)
    assert set(Status) == OPEN | ENDED


def test_only_these_moves_leave_an_end():
    """domain.md §3: what ended goes on by reopening alone; the rest are records beside it."""
    leaving = {move.action for move in MOVES if move.sources & ENDED and move.target not in {None, *move.sources}}
    assert leaving == {Action.REOPEN}


def test_the_second_word_is_somebody_elses_party():
    two_step = {action: approvers(action) for action in Action if approvers(action)}
    assert set(two_step) == {Action.REJECT, Action.EXTEND, Action.SUSPEND, Action.EXCLUDE, Action.MARK_TEST}
    assert two_step[Action.REJECT] == {Party.DISPATCHER, Party.DIRECTOR}
    assert all(found == {Party.DIRECTOR} for action, found in two_step.items() if action != Action.REJECT)
    assert all(approvers(action, restricted=True) == {Party.SUPERVISOR} for action in two_step)


ENDS = {Status.CLOSED: make.closed, **{status: REACHED[status] for status in sorted(ENDED - {Status.CLOSED})}}


@pytest.mark.parametrize("status", ENDS, ids=str)
def test_an_ended_request_has_no_clock_but_those_that_look_back(status):
    running = ENDS[status]().deadlines.filter(state__in=["running", "paused"])
    assert set(running.values_list("clock", flat=True)) <= {Clock.CALL_BACK, Clock.FOLLOW_UP}


CLOCKS_BY_STATUS = {
    Status.SUBMITTED: {Clock.FULL, Clock.ACCEPT},
    Status.INFO_NEEDED: {Clock.FULL, Clock.COMPLETE},
    Status.TRIAGE: {Clock.FULL, Clock.DISPATCH},
    Status.ASSIGNED: {Clock.FULL, Clock.SIGN, Clock.CONTACT, Clock.INTERIM, Clock.NOTE, Clock.RESOLVE},
    Status.IN_PROGRESS: {Clock.FULL, Clock.INTERIM, Clock.NOTE, Clock.RESOLVE},
    Status.DISPUTED: {Clock.FULL, Clock.INTERIM, Clock.NOTE, Clock.RESOLVE, Clock.ARBITRATE},
    Status.SUSPENDED: {Clock.FULL, Clock.REVIEW_HOLD},
    Status.REVIEWING: {Clock.FULL, Clock.REVIEW},
    Status.ANSWERED: {Clock.FULL, Clock.RATE},
}


@pytest.mark.parametrize("status", CLOCKS_BY_STATUS, ids=str)
def test_the_clocks_running_are_those_of_the_status(status):
    ticket = REACHED[status]()
    running = set(ticket.deadlines.filter(state="running").values_list("clock", flat=True))
    assert running == CLOCKS_BY_STATUS[status]
