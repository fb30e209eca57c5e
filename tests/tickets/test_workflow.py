"""Every move × status × party, against the table and through the one function."""

from __future__ import annotations

import itertools

import pytest
from django.db import transaction

from qihu.accounts.models import Department
from qihu.errors import Conflict, DomainError, Forbidden
from qihu.outbox.consume import topics
from tests import make
from tests.people import user
from tickets.access import FIRM, SYSTEM, Caller
from tickets.models import Event, Ticket
from tickets.services.intent import Intent
from tickets.services.transition import perform
from tickets.workflow import BY_ACTION, ENDED, MOVES, OPEN, Action, Clock, Party, Status, open_moves

pytestmark = pytest.mark.django_db

# Every status that the moves of the table can reach, each reached by real moves.
REACHED = {
    Status.SUBMITTED: make.submitted,
    Status.TRIAGE: make.triaged,
    Status.ASSIGNED: make.assigned,
    Status.IN_PROGRESS: make.signed,
    Status.REVIEWING: make.replied,
    Status.ANSWERED: make.answered,
    Status.CLOSED: make.closed,
    Status.WITHDRAWN: make.withdrawn,
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


def _intent(action: Action, ticket: Ticket, caller: Caller) -> Intent:
    changes: dict[str, object] = {}
    if action in {Action.ROUTE, Action.ASSIGN, Action.REASSIGN}:
        changes = {"department": Department.objects.get(code="finance")}
    if action == Action.REPLY:
        changes = {"outcome": "solved", "reply_author": caller.user}
    if action in {Action.RATE, Action.LAPSE}:
        changes = {"closed_at": make.MONDAY + _LATER}
    data = {"difficulty": "L3"} if action == Action.CLASSIFY else {}
    return Intent(
        action=action,
        ticket_id=ticket.pk,
        at=make.MONDAY + _LATER,
        caller=caller,
        text="理由",
        changes=changes | ({"difficulty": "L3"} if action == Action.CLASSIFY else {}),
        data=data,
    )


def _refused_by_guard(action: Action, caller: str) -> bool:
    """At tier 1 the director reviews nothing: the guard's refusal, not the party's."""
    return action in {Action.DELIVER, Action.SEND_BACK} and caller == "director"


@pytest.mark.parametrize("status", REACHED, ids=str)
@pytest.mark.parametrize("caller", CALLERS)
def test_every_move_from_every_status_by_everybody(status, caller):
    ticket = REACHED[status]()
    assert ticket.status == status
    who = CALLERS[caller][0]()
    for action in Action:
        move = BY_ACTION[action]
        before = (ticket.status, ticket.version, ticket.last_seq)
        mine = bool(_parties(caller, ticket) & move.by)
        intent = _intent(action, ticket, who)
        if not mine:
            expected: type[DomainError] | None = Forbidden
        elif status not in move.sources:
            expected = Conflict
        else:
            expected = None
        if expected is None and not _refused_by_guard(action, caller):
            with transaction.atomic():
                _is_made(intent, ticket, status)
                transaction.set_rollback(True)
        else:
            with pytest.raises(expected or DomainError) as refused:
                perform(intent)
            assert refused.value.status == (403 if expected is Forbidden else 409)
        now = Ticket.objects.get(pk=ticket.pk)
        assert (now.status, now.version, now.last_seq) == before


def _is_made(intent: Intent, ticket: Ticket, status: Status) -> None:
    move = BY_ACTION[intent.action]
    done = perform(intent)
    assert done.ticket.status == (move.target or status)
    assert Ticket.objects.get(pk=ticket.pk).status == done.ticket.status
    event = Event.objects.get(ticket=ticket, seq=done.event.seq)
    assert (event.kind, event.from_status, event.to_status) == (intent.action, status, done.ticket.status)
    assert Party(event.party) in move.by


def test_the_reached_statuses_are_all_that_the_table_reaches():
    targets = {move.target for move in MOVES if move.target}
    assert targets == set(REACHED)


def test_each_consequence_names_a_registered_consumer():
    wanted = {topic for move in MOVES for topic in move.then}
    assert wanted <= topics()
    assert wanted == {"tickets.route", "tickets.notify"}


def test_buttons_come_from_the_table():
    for status, party in itertools.product(Status, Party):
        offered = open_moves(status, [party])
        for action in Action:
            move = BY_ACTION[action]
            by_people = move.by != {Party.SYSTEM}
            assert (action in offered) == (status in move.sources and party in move.by and by_people)


def test_one_row_for_each_action_and_no_move_from_an_end():
    assert [move.action for move in MOVES] == list(Action)
    assert set(Status) == OPEN | ENDED
    assert not any(move.sources & ENDED for move in MOVES)


def test_a_closed_request_has_no_clock_running():
    for make_one in (make.closed, make.withdrawn):
        ticket = make_one()
        assert not ticket.deadlines.filter(state__in=["running", "paused"]).exists()


CLOCKS_BY_STATUS = {
    Status.SUBMITTED: {Clock.FULL, Clock.ACCEPT},
    Status.TRIAGE: {Clock.FULL, Clock.DISPATCH},
    Status.ASSIGNED: {Clock.FULL, Clock.SIGN, Clock.CONTACT, Clock.INTERIM, Clock.NOTE, Clock.RESOLVE},
    Status.IN_PROGRESS: {Clock.FULL, Clock.INTERIM, Clock.NOTE, Clock.RESOLVE},
    Status.REVIEWING: {Clock.FULL, Clock.REVIEW},
    Status.ANSWERED: {Clock.FULL, Clock.RATE},
}


@pytest.mark.parametrize("status", CLOCKS_BY_STATUS, ids=str)
def test_the_clocks_running_are_those_of_the_status(status):
    ticket = REACHED[status]()
    running = set(ticket.deadlines.filter(state="running").values_list("clock", flat=True))
    assert running == CLOCKS_BY_STATUS[status]
