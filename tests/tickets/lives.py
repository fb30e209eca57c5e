"""What the random lives are made of, and what must hold after each step, written from domain.md §§1–3."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

from qihu.accounts.models import Department, Role, User
from tickets.access import Caller
from tickets.holding import holding
from tickets.models import Deadline, Event, Leg, Ticket
from tickets.services import callback, centre, closing, departure, dispatch, handling, joining, legs, review
from tickets.services.intent import Intent
from tickets.services.transition import perform
from tickets.terms import (
    OPEN_LEGS,
    RESTRICTED_CLOCKS,
    Action,
    Clock,
    Outcome,
    Rejection,
    ReturnReason,
    Status,
    Suspension,
)

Verb = Callable[[Ticket, Caller, datetime, Random], object]
_LEADS = ("finance", "land", "economy", "finance-330802", "discipline")
_HELPERS = ("land", "rural-bank", "economy", "finance")


def _by(verb: Callable[..., object], **more: Callable[[Ticket, datetime, Random], object]) -> Verb:
    """The verb as somebody; `more` draw its arguments."""

    def made(ticket: Ticket, caller: Caller, at: datetime, rng: Random) -> object:
        drawn = {name: draw(ticket, at, rng) for name, draw in more.items()}
        return verb(ticket_id=ticket.pk, caller=caller, at=at, **drawn)

    return made


def _of_firm(action: Action, verb: Callable[..., object], **more: Callable[[Ticket, datetime, Random], object]) -> Verb:
    """A verb that is always the firm's; anybody else tries by the bare move."""

    def made(ticket: Ticket, caller: Caller, at: datetime, rng: Random) -> object:
        if not caller.firm:
            return perform(Intent(action=action, ticket_id=ticket.pk, at=at, caller=caller, text="冒充"))
        drawn = {name: draw(ticket, at, rng) for name, draw in more.items()}
        return verb(ticket_id=ticket.pk, caller=caller, at=at, **drawn)

    return made


def _words(_t: Ticket, _at: datetime, rng: Random) -> str:
    return rng.choice(("理由充分。",) * 9 + ("",))


def _of(*choices: object) -> Callable[[Ticket, datetime, Random], object]:
    return lambda _t, _at, rng: rng.choice(choices)


def _lead(_t: Ticket, _at: datetime, rng: Random) -> str:
    return rng.choice(_LEADS)


def _helpers(_t: Ticket, _at: datetime, rng: Random) -> list[str]:
    return rng.sample(_HELPERS, rng.choice((0, 0, 1, 2)))


def _other(ticket: Ticket, _at: datetime, rng: Random) -> str:
    return rng.choice(list(Ticket.objects.order_by("pk").values_list("number", flat=True)))


def _parts(_t: Ticket, _at: datetime, rng: Random) -> list[dict[str, object]]:
    return [
        {"text": "授信。", "department": "finance", "co_departments": rng.choice(([], ["rural-bank"]))},
        {"text": "用地。", "department": "land"},
    ]


def _day(_t: Ticket, at: datetime, rng: Random) -> object:
    return (at + timedelta(days=rng.choice((-1, 3, 9, 12)))).date()


def _answers(_t: Ticket, _at: datetime, rng: Random) -> list[dict[str, str]]:
    return [{"ask": str(n), "text": "已办。"} for n in range(1, rng.choice((4, 4, 4, 2)))]


def _extend(ticket: Ticket, caller: Caller, at: datetime, rng: Random) -> object:
    resolve = Deadline.objects.live([ticket.pk]).filter(clock=Clock.RESOLVE).first()
    due = resolve.due_at if resolve and resolve.due_at else at
    until = (due + timedelta(days=rng.choice((1, 4, 30)))).date()
    return departure.extend(ticket_id=ticket.pk, caller=caller, at=at, reason="银行尽调需要时间", until=until)


def _call(ticket: Ticket, caller: Caller, at: datetime, rng: Random) -> object:
    reached = rng.random() < 0.7
    solved = rng.choice((True, False)) if reached else None
    return callback.call_back(ticket_id=ticket.pk, caller=caller, at=at, contacted=reached, solved=solved)


def _classify(ticket: Ticket, caller: Caller, at: datetime, rng: Random) -> object:
    wanted = rng.choice(
        ({"difficulty": "L1"}, {"difficulty": "L3"}, {"difficulty": "L4"}, {"urgent": True}, {"urgent": False},
         {"region": "330802"}, {"region": "330800"}, {"chain_tag": "talent"})
    )  # fmt: skip
    return dispatch.classify(ticket_id=ticket.pk, caller=caller, at=at, **wanted)


_A = Action
VERBS: Mapping[str, Verb] = {
    _A.ASSIGN: _by(dispatch.assign, department=_lead, co_departments=_helpers),
    _A.REQUEST_INFO: _by(centre.request_info, items=_of(["纳税证明"], [])),
    _A.SUPPLEMENT: _by(closing.supplement, text=_words),
    _A.CLASSIFY: _classify,
    _A.REJECT: _by(centre.reject, reason=_of(*Rejection.values), text=_words),
    _A.MERGE: _by(joining.merge, into=_other),
    _A.SPLIT: _by(joining.split, parts=_parts),
    _A.REASSIGN: _by(dispatch.reassign, department=_lead, co_departments=_helpers, text=_words),
    _A.ASSIGN_LEG: _by(legs.assign_leg, departments=lambda t, at, rng: rng.sample(_HELPERS, rng.choice((1, 2)))),
    _A.SIGN: _by(handling.sign),
    _A.CONTACT: _by(handling.contact, text=_words),
    _A.INTERIM: _by(handling.interim, text=_words),
    _A.NOTE: _by(handling.note, text=_words),
    _A.OBJECT: _by(
        departure.object_to, reason=_of(*ReturnReason.values), basis=_words, suggested_department=_of("land", "finance")
    ),
    _A.RULE_ON_RETURN: _by(
        dispatch.rule_on_return, upheld=_of(True, False), text=_words, department=_lead, co_departments=_helpers
    ),
    _A.EXTEND: _extend,
    _A.SUSPEND: _by(departure.suspend, reason=_of(*Suspension.values)),
    _A.RESUME: _by(departure.resume),
    _A.RAISE_TIER: _by(centre.raise_tier, reason=_words),
    _A.REPLY: _by(handling.reply, outcome=_of(*Outcome.values), text=_words, planned_on=_day, answers=_answers,
                  referred_to=_of("法院", "")),
    _A.SEND_BACK: _by(review.send_back, text=_words),
    _A.DELIVER: _by(review.deliver),
    _A.RATE: _of_firm(_A.RATE, closing.rate, process=_of(1, 3, 5), result=_of(1, 3, 5)),
    _A.REWORK: _by(closing.rework, reason=_words),
    _A.CALL_BACK: _call,
    _A.REOPEN: _by(closing.reopen, reason=_words),
    _A.WITHDRAW: _of_firm(_A.WITHDRAW, closing.withdraw),
    _A.URGE: _of_firm(_A.URGE, closing.urge),
    _A.SUPERVISE: _by(centre.supervise, text=_words),
    _A.INSTRUCT: _by(centre.instruct, text=_words),
    _A.ANSWER_SUPERVISION: _by(centre.answer_supervision, text=_words),
    _A.FOLLOW_UP: _by(handling.follow_up, text=_words, done=_of(True, False)),
    _A.EXCLUDE: _by(centre.exclude, reason=_words),
    _A.MARK_TEST: _by(centre.mark_test, reason=_words),
}  # fmt: skip

_S, _C = Status, Clock
_HANDLING = {_C.FULL, _C.CONTACT, _C.INTERIM, _C.NOTE, _C.RESOLVE, _C.LEG, _C.SUPERVISE}
RUNNING: Mapping[Status, set[Clock]] = {
    # RESOLVE before any assignment: taken over from a request that was merged into this one
    _S.SUBMITTED: {_C.FULL, _C.ACCEPT, _C.SUPERVISE, _C.RESOLVE},
    _S.TRIAGE: {_C.FULL, _C.DISPATCH, _C.SUPERVISE, _C.RESOLVE},
    _S.INFO_NEEDED: {_C.FULL, _C.COMPLETE, _C.SUPERVISE},
    _S.ASSIGNED: _HANDLING | {_C.SIGN},
    _S.IN_PROGRESS: _HANDLING,
    _S.DISPUTED: _HANDLING | {_C.SIGN, _C.ARBITRATE},
    _S.SUSPENDED: {_C.FULL, _C.REVIEW_HOLD, _C.LEG, _C.SUPERVISE},
    _S.REVIEWING: {_C.FULL, _C.REVIEW, _C.CONTACT, _C.SUPERVISE},
    _S.ANSWERED: {_C.FULL, _C.RATE, _C.SUPERVISE},
    _S.CLOSED: {_C.CALL_BACK, _C.FOLLOW_UP, _C.SUPERVISE},
    _S.REJECTED: set(),
    _S.WITHDRAWN: set(),
    _S.MERGED: set(),
}
"""Clocks that may run in each status (domain.md §3, the column "Clocks")."""
MUST: Mapping[Status, set[Clock]] = {
    _S.SUBMITTED: {_C.FULL, _C.ACCEPT},
    _S.TRIAGE: {_C.FULL, _C.DISPATCH},
    _S.INFO_NEEDED: {_C.FULL, _C.COMPLETE},
    _S.ASSIGNED: {_C.FULL, _C.SIGN, _C.RESOLVE},
    _S.IN_PROGRESS: {_C.FULL, _C.RESOLVE},
    _S.DISPUTED: {_C.FULL, _C.RESOLVE, _C.ARBITRATE},
    _S.SUSPENDED: {_C.FULL, _C.REVIEW_HOLD},
    _S.REVIEWING: {_C.FULL, _C.REVIEW},
    _S.ANSWERED: {_C.FULL, _C.RATE},
}
"""Clocks that must run."""
PAUSED: Mapping[Status, set[Clock]] = {
    _S.INFO_NEEDED: set(Clock) - {_C.FULL, _C.COMPLETE},
    _S.SUSPENDED: {_C.SIGN, _C.CONTACT, _C.INTERIM, _C.NOTE, _C.RESOLVE},
    _S.REVIEWING: {_C.RESOLVE, _C.INTERIM, _C.NOTE},
}
"""Clocks that may rest; elsewhere none does."""


def keeps_clocks(ticket: Ticket, rows: Sequence[Deadline], helping: Sequence[Leg]) -> None:
    """The clocks that live are those of the status; each once; those of legs belong to open legs."""
    status = Status(ticket.status)
    live = [one for one in rows if one.state in {"running", "paused"}]
    assert len({(one.clock, one.leg_id) for one in live}) == len(live)
    running = {Clock(one.clock) for one in live if one.state == "running"}
    paused = {Clock(one.clock) for one in live if one.state == "paused"}
    if ticket.restricted:
        assert running | paused <= RESTRICTED_CLOCKS
        assert running <= RUNNING[status]
        assert paused <= PAUSED.get(status, set())
        return
    assert running <= RUNNING[status], (status, running - RUNNING[status])
    assert running >= MUST.get(status, set()), (status, MUST[status] - running)
    assert paused <= PAUSED.get(status, set()), (status, paused)
    open_legs = {leg.pk for leg in helping if leg.status in OPEN_LEGS}
    assert {one.leg_id for one in live if one.leg_id} <= open_legs
    assert all((one.clock == Clock.LEG) == (one.leg_id is not None) for one in live)
    soonest = min((one.due_at for one in live if one.state == "running" and one.due_at), default=None)
    assert ticket.next_due_at == soonest
    assert ticket.late == any(one.breached_at for one in live)


def keeps_log(ticket: Ticket, events: Sequence[Event], helping: Sequence[Leg], *, at: datetime) -> None:
    """Log and row agree, the chain holds, and what everybody held adds up."""
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert ticket.last_seq == len(events)
    previous, status = b"", ""
    for event in events:
        assert bytes(event.hash) == event.chained(previous)
        previous = bytes(event.hash)
        if event.to_status:
            assert event.from_status == status
            status = event.to_status
    assert (ticket.status, bytes(ticket.last_hash)) == (status, previous)
    account = holding(events, at=at)
    assert sum(share.microseconds for share in account.shares) == account.whole
    assert all(one.until == other.since for one, other in pairwise(account.segments))
    told = sorted((span.department, span.since, span.until if not span.open else None) for span in account.legs)
    assert told == sorted((leg.department.code, leg.assigned_at, leg.ended_at) for leg in helping)


_WATCHERS = {Role.INTAKE, Role.DISPATCHER, Role.DIRECTOR, Role.SUPERVISOR, Role.LEADER}


def allowed_to_see(person: User, ticket: Ticket, helping: Sequence[Leg]) -> bool:
    """domain.md §1: lead and co-handlers, the service centre of its region and above, supervisors and leaders; a
    restricted one only the discipline officers who have it, and supervisors.
    """
    handling = {ticket.department_id} | {leg.department_id for leg in helping}
    for grant in person.grants.select_related("department", "region"):
        if grant.department and grant.role in {Role.OFFICER, Role.HEAD, Role.DISCIPLINE}:
            secret = grant.department.kind == Department.Kind.DISCIPLINE
            if grant.department_id in handling and (secret or not ticket.restricted):
                return True
        watches = grant.region and grant.role in _WATCHERS and ticket.region.path.startswith(grant.region.path)
        if watches and (grant.role == Role.SUPERVISOR or not ticket.restricted):
            return True
    return False
