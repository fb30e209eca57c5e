"""The tables of moves (domain.md §2–3): the one place that says who may do what from where, and which clocks follow.

Pure. Buttons, API refusals, the diagram in the README and the exhaustive test all read these tables. A move with
several rows goes different ways by where the request stands and what is said; its first fitting row counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tickets import guards as g
from tickets.circumstances import Circumstances, Standing
from tickets.guards import Guard, Test
from tickets.terms import (
    CENTRE_CLOCKS,
    ENDED,
    ENDING_CLOCKS,
    FIRM_CLOCKS,
    OPEN,
    OPEN_LEGS,
    RESTRICTED_CLOCKS,
    Action,
    Clock,
    LegAction,
    LegStatus,
    Outcome,
    Party,
    Rejection,
    ReturnReason,
    Status,
    Suspension,
)

__all__ = [
    "CENTRE_CLOCKS", "ENDED", "ENDING_CLOCKS", "FIRM_CLOCKS", "LEGS_MOVE_IN", "LEG_MOVES", "MOVES", "OPEN", "OPEN_LEGS",
    "RESTRICTED_CLOCKS", "Action", "Circumstances", "Clock", "LegAction", "LegMove", "LegStatus", "Move", "Outcome",
    "Party", "Rejection", "ReturnReason", "Standing", "Status", "Suspension",
    "approvers", "open_leg_moves", "open_moves", "parties_of", "row_of", "rows_of", "sources_of",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One row of the table. `target` None: the status stays. Clock lists are applied in the order below.

    `approver`: the move is two-step; these may say the second word. `when`: the row holds only then.
    `may_start`: clocks with a condition. `keeps`: the status left is remembered as `came_from`.
    `draws_review`: it is drawn now whether the director reviews this reply.
    """

    action: Action
    sources: frozenset[Status]
    target: Status | None
    by: frozenset[Party]
    when: Test = g.always
    approver: frozenset[Party] = frozenset()
    voids: tuple[Clock, ...] = ()
    stops: tuple[Clock, ...] = ()
    pauses: tuple[Clock, ...] = ()
    resumes: tuple[Clock, ...] = ()
    starts: tuple[Clock, ...] = ()
    may_start: tuple[tuple[Clock, Test], ...] = ()
    restarts: tuple[Clock, ...] = ()
    repeats: tuple[Clock, ...] = ()
    reprices: bool = False
    guards: tuple[Guard, ...] = ()
    raises_tier: Test | None = None
    new_round: bool = False
    counts_send_back: bool = False
    keeps: bool = False
    draws_review: bool = False
    needs_text: bool = False
    then: tuple[str, ...] = ("tickets.notify",)


@dataclass(frozen=True, slots=True, kw_only=True)
class LegMove:
    """One row of a leg's own table."""

    action: LegAction
    sources: frozenset[LegStatus]
    target: LegStatus
    by: frozenset[Party]
    stops: tuple[Clock, ...] = ()
    needs_text: bool = False
    then: tuple[str, ...] = ("tickets.notify",)


_A, _S, _P, _C = Action, Status, Party, Clock
_SILENT: tuple[str, ...] = ()
_ROUTE, _BOTH = ("tickets.route",), ("tickets.notify", "tickets.route")
_EVERY = tuple(_C)
_OF_THE_DEPARTMENT = (_C.SIGN, _C.CONTACT, _C.INTERIM, _C.NOTE)
_ON_ASSIGNMENT = (*_OF_THE_DEPARTMENT, _C.RESOLVE)
_ON_REWORK = (_C.SIGN, _C.CONTACT, _C.NOTE, _C.RESOLVE)
_WHILE_REVIEWED = (_C.RESOLVE, _C.INTERIM, _C.NOTE)
_WHILE_COMPLETED = tuple(c for c in _C if c not in {_C.FULL, _C.COMPLETE})
_WAITING = (_S.SUBMITTED, _S.TRIAGE)
_HANDLING = (_S.ASSIGNED, _S.IN_PROGRESS)
_AT_DEPARTMENT = (*_HANDLING, _S.DISPUTED)
_BEFORE_REVIEW = (*_WAITING, _S.INFO_NEEDED, *_AT_DEPARTMENT, _S.SUSPENDED)
_OFFICERS, _CENTRE = (_P.OFFICER, _P.HEAD), (_P.INTAKE, _P.DISPATCHER)
_SECOND_WORD = frozenset({_P.DIRECTOR})
_CLOSING_GATES = (g.legs_have_ended, g.children_have_closed, g.asks_are_answered)
_AFTER_CLOSING = ((_C.CALL_BACK, g.is_picked), (_C.FOLLOW_UP, g.is_planned))


def _move(
    action: Action, sources: Iterable[Status], target: Status | None, by: Iterable[Party], **more: object
) -> Move:
    return Move(action=action, sources=frozenset(sources), target=target, by=frozenset(by), **more)  # type: ignore[arg-type]


# fmt: off
MOVES: tuple[Move, ...] = (
    _move(_A.SUBMIT, [], _S.SUBMITTED, [_P.FIRM, _P.INTAKE], starts=(_C.FULL, _C.ACCEPT), then=_ROUTE),
    _move(_A.ROUTE, [_S.SUBMITTED], _S.ASSIGNED, [_P.SYSTEM], stops=(_C.ACCEPT,), starts=_ON_ASSIGNMENT),
    _move(_A.DEFER, [_S.SUBMITTED], _S.TRIAGE, [_P.SYSTEM], stops=(_C.ACCEPT,), starts=(_C.DISPATCH,)),
    _move(_A.ASSIGN, _WAITING, _S.ASSIGNED, [_P.DISPATCHER], stops=(_C.ACCEPT, _C.DISPATCH), starts=_ON_ASSIGNMENT),
    _move(_A.REQUEST_INFO, [*_WAITING, _S.ASSIGNED], _S.INFO_NEEDED, _CENTRE, keeps=True, guards=(g.asked_once,),
          pauses=_WHILE_COMPLETED, starts=(_C.COMPLETE,)),
    *(_move(_A.SUPPLEMENT, [_S.INFO_NEEDED], back, [_P.FIRM, _P.INTAKE], when=g.came_from(back), needs_text=True,
            stops=(_C.COMPLETE,), resumes=_WHILE_COMPLETED, then=_BOTH if back == _S.SUBMITTED else ("tickets.notify",))
      for back in (*_WAITING, _S.ASSIGNED)),
    _move(_A.CLASSIFY, OPEN, None, [*_CENTRE, _P.HEAD], reprices=True, guards=(g.head_only_raises_difficulty,),
          then=_SILENT),
    _move(_A.REJECT, [*_WAITING, _S.ASSIGNED, _S.DISPUTED], _S.REJECTED, [_P.INTAKE], needs_text=True, voids=_EVERY,
          approver=frozenset({_P.DISPATCHER, _P.DIRECTOR})),
    _move(_A.MERGE, _BEFORE_REVIEW, _S.MERGED, _CENTRE, voids=_EVERY, guards=(g.no_child,)),
    _move(_A.SPLIT, _BEFORE_REVIEW, _S.IN_PROGRESS, [_P.DISPATCHER], guards=(g.no_child,),
          stops=(_C.ACCEPT, _C.DISPATCH), resumes=(_C.RESOLVE, _C.SUPERVISE),
          voids=(*_OF_THE_DEPARTMENT, _C.ARBITRATE, _C.COMPLETE, _C.REVIEW_HOLD, _C.LEG), starts=(_C.RESOLVE,)),
    _move(_A.REASSIGN, _HANDLING, _S.ASSIGNED, [_P.DISPATCHER, _P.DIRECTOR],
          voids=_OF_THE_DEPARTMENT, starts=_OF_THE_DEPARTMENT),
    _move(_A.ASSIGN_LEG, _HANDLING, None, [_P.DISPATCHER, _P.DIRECTOR, _P.HEAD]),
    _move(_A.SIGN, [_S.ASSIGNED], _S.IN_PROGRESS, _OFFICERS, stops=(_C.SIGN,)),
    _move(_A.CONTACT, _AT_DEPARTMENT, None, _OFFICERS, stops=(_C.CONTACT,), needs_text=True),
    _move(_A.INTERIM, _AT_DEPARTMENT, None, _OFFICERS, stops=(_C.INTERIM,), repeats=(_C.INTERIM,),
          restarts=(_C.NOTE,), needs_text=True),
    _move(_A.NOTE, _AT_DEPARTMENT, None, _OFFICERS, restarts=(_C.NOTE,), needs_text=True, then=_SILENT),
    _move(_A.OBJECT, _HANDLING, _S.DISPUTED, [_P.HEAD], keeps=True, guards=(g.in_return_window,), needs_text=True,
          starts=(_C.ARBITRATE,)),
    _move(_A.RULE_ON_RETURN, [_S.DISPUTED], _S.ASSIGNED, [_P.DISPATCHER], when=g.upheld, stops=(_C.ARBITRATE,),
          voids=_OF_THE_DEPARTMENT, starts=_OF_THE_DEPARTMENT, needs_text=True),
    *(_move(_A.RULE_ON_RETURN, [_S.DISPUTED], back, [_P.DISPATCHER], when=g.refused_to(back), stops=(_C.ARBITRATE,),
            needs_text=True) for back in _HANDLING),
    _move(_A.EXTEND, [_S.IN_PROGRESS], None, [_P.HEAD], approver=_SECOND_WORD, needs_text=True,
          guards=(g.extension_left, g.extension_in_time)),
    _move(_A.SUSPEND, [_S.IN_PROGRESS], _S.SUSPENDED, [_P.HEAD], approver=_SECOND_WORD, needs_text=True,
          guards=(g.may_rest,), pauses=_ON_ASSIGNMENT, starts=(_C.REVIEW_HOLD,)),
    _move(_A.RESUME, [_S.SUSPENDED], _S.IN_PROGRESS, [*_OFFICERS, _P.SYSTEM], stops=(_C.REVIEW_HOLD,),
          resumes=_ON_ASSIGNMENT),
    _move(_A.RAISE_TIER, [*_AT_DEPARTMENT, _S.SUSPENDED, _S.REVIEWING], None,
          [_P.HEAD, _P.DISPATCHER, _P.DIRECTOR, _P.SUPERVISOR, _P.SYSTEM], guards=(g.tier_left,),
          raises_tier=g.always, needs_text=True),
    _move(_A.REPLY, [_S.IN_PROGRESS], _S.REVIEWING, _OFFICERS, guards=_CLOSING_GATES, needs_text=True,
          draws_review=True, pauses=_WHILE_REVIEWED, starts=(_C.REVIEW,)),
    _move(_A.SEND_BACK, [_S.REVIEWING], _S.IN_PROGRESS, [_P.HEAD, _P.DIRECTOR], needs_text=True,
          guards=(g.not_the_author, g.reviewer_of_the_tier), raises_tier=g.second_send_back, counts_send_back=True,
          stops=(_C.REVIEW,), resumes=_WHILE_REVIEWED),
    _move(_A.DELIVER, [_S.REVIEWING], _S.ANSWERED, [_P.HEAD, _P.DIRECTOR],
          guards=(g.not_the_author, g.reviewer_of_the_tier),
          stops=(_C.RESOLVE, _C.REVIEW, _C.CONTACT, _C.INTERIM, _C.NOTE), starts=(_C.RATE,)),
    _move(_A.RATE, [_S.ANSWERED], _S.CLOSED, [_P.FIRM], stops=(_C.FULL, _C.RATE), may_start=_AFTER_CLOSING),
    _move(_A.LAPSE, [_S.ANSWERED], _S.CLOSED, [_P.SYSTEM], stops=(_C.FULL,), voids=(_C.RATE,),
          may_start=_AFTER_CLOSING),
    _move(_A.LAPSE, [_S.INFO_NEEDED], _S.WITHDRAWN, [_P.SYSTEM], voids=_EVERY),
    _move(_A.REWORK, [_S.ANSWERED], _S.ASSIGNED, [_P.FIRM, _P.SYSTEM], raises_tier=g.beyond_round_two,
          new_round=True, needs_text=True, stops=(_C.RATE,), starts=_ON_REWORK),
    _move(_A.CALL_BACK, [_S.ANSWERED, _S.CLOSED], None, [_P.INTAKE, _P.SUPERVISOR], when=g.reached,
          guards=(g.from_outside,), stops=(_C.CALL_BACK,)),
    _move(_A.CALL_BACK, [_S.ANSWERED, _S.CLOSED], None, [_P.INTAKE, _P.SUPERVISOR], guards=(g.from_outside,)),
    _move(_A.REOPEN, [_S.CLOSED], _S.ASSIGNED, [_P.FIRM, _P.SUPERVISOR, _P.SYSTEM], guards=(g.within_thirty_days,),
          raises_tier=g.beyond_round_two, new_round=True, needs_text=True, voids=(_C.CALL_BACK, _C.FOLLOW_UP),
          starts=(_C.FULL, *_ON_REWORK)),
    *(_move(_A.REOPEN, [_S.WITHDRAWN], back, [_P.FIRM], when=g.came_from(back), guards=(g.within_thirty_days,),
            needs_text=True, starts=(_C.FULL, *clocks), then=_BOTH if back == _S.SUBMITTED else ("tickets.notify",))
      for back, clocks in ((_S.SUBMITTED, (_C.ACCEPT,)), (_S.TRIAGE, (_C.DISPATCH,)), (_S.ASSIGNED, _ON_ASSIGNMENT))),
    _move(_A.WITHDRAW, OPEN, _S.WITHDRAWN, [_P.FIRM], voids=_EVERY, guards=(g.not_supervised,)),
    _move(_A.URGE, OPEN, None, [_P.FIRM], guards=(g.once_a_day,)),
    _move(_A.SUPERVISE, OPEN, None, [_P.SUPERVISOR, _P.SYSTEM], starts=(_C.SUPERVISE,), needs_text=True),
    _move(_A.INSTRUCT, OPEN, None, [_P.LEADER], starts=(_C.SUPERVISE,), needs_text=True),
    _move(_A.ANSWER_SUPERVISION, _S, None, [_P.HEAD], guards=(g.answer_owed,), stops=(_C.SUPERVISE,),
          needs_text=True),
    _move(_A.FOLLOW_UP, [_S.CLOSED], None, _OFFICERS, guards=(g.plan_followed,), needs_text=True,
          stops=(_C.FOLLOW_UP,), may_start=((_C.FOLLOW_UP, g.not_done),)),
    _move(_A.EXCLUDE, [_S.CLOSED], None, [_P.SUPERVISOR], approver=_SECOND_WORD, needs_text=True,
          guards=(g.not_excluded,)),
    _move(_A.MARK_TEST, _S, None, [_P.INTAKE, _P.SUPERVISOR], approver=_SECOND_WORD, needs_text=True,
          guards=(g.not_a_test,)),
)

LEG_MOVES: Mapping[LegAction, LegMove] = {
    move.action: move
    for move in (
        LegMove(action=LegAction.LEG_SIGN, sources=frozenset({LegStatus.ASSIGNED}), target=LegStatus.SIGNED,
                by=frozenset({_P.CO_OFFICER, _P.CO_HEAD})),
        LegMove(action=LegAction.LEG_REPLY, sources=frozenset({LegStatus.SIGNED}), target=LegStatus.REPLIED,
                by=frozenset({_P.CO_OFFICER, _P.CO_HEAD}), stops=(_C.LEG,), needs_text=True),
        LegMove(action=LegAction.LEG_RETURN, sources=OPEN_LEGS, target=LegStatus.RETURNED,
                by=frozenset({_P.CO_OFFICER, _P.CO_HEAD}), stops=(_C.LEG,), needs_text=True),
    )
}
# fmt: on
LEGS_MOVE_IN = frozenset({*_AT_DEPARTMENT, _S.SUSPENDED})
"""Statuses of the request in which its legs can move: while its firm or its reviewer has it, nobody helps."""

_ROWS: Mapping[Action, tuple[Move, ...]] = {
    action: tuple(move for move in MOVES if move.action == action) for action in Action
}


def rows_of(action: Action) -> tuple[Move, ...]:
    """The rows of one move, in the order in which they are tried."""
    return _ROWS[action]


def parties_of(action: Action) -> frozenset[Party]:
    """Who may make, or ask for, the move from somewhere."""
    return frozenset(party for move in _ROWS[action] for party in move.by)


def approvers(action: Action, *, restricted: bool = False) -> frozenset[Party]:
    """Who may say the second word; empty for a move made by one. A restricted request is the supervisor's alone."""
    found = frozenset(party for move in _ROWS[action] for party in move.approver)
    return frozenset({Party.SUPERVISOR}) if found and restricted else found


def sources_of(action: Action) -> frozenset[Status]:
    """From where the move can be made at all."""
    return frozenset(status for move in _ROWS[action] for status in move.sources)


def row_of(action: Action, standing: Standing, *, by: frozenset[Party] = frozenset()) -> Move | None:
    """The row that holds for this standing, or None. `by`: the party need only be among these (an approver)."""
    fitting = (
        move
        for move in _ROWS[action]
        if standing.status in move.sources and standing.party in (by or move.by) and move.when(standing)
    )
    return next(fitting, None)


def open_moves(status: Status, parties: Iterable[Party]) -> tuple[Action, ...]:
    """Actions that start from `status` and belong to one of `parties`; conditions and guards are not asked."""
    mine = frozenset(parties)
    found = (m.action for m in MOVES if status in m.sources and m.by & mine and m.by != {Party.SYSTEM})
    return tuple(dict.fromkeys(found))


def open_leg_moves(status: LegStatus, parties: Iterable[Party]) -> tuple[LegAction, ...]:
    """Moves of a leg that start from `status` and belong to one of `parties`."""
    mine = frozenset(parties)
    return tuple(m.action for m in LEG_MOVES.values() if status in m.sources and m.by & mine)
