"""The table of moves (domain.md §2–3): the one place that says who may do what from where, and which clocks follow.

Pure. Buttons, API refusals, the diagram in the README and the exhaustive test all read this table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tickets.guards import (
    Guard,
    Standing,
    beyond_round_two,
    head_only_raises_difficulty,
    not_supervised,
    not_the_author,
    once_a_day,
    reviewer_of_the_tier,
    second_send_back,
)
from tickets.terms import (
    CENTRE_CLOCKS,
    ENDED,
    FIRM_CLOCKS,
    OPEN,
    RESTRICTED_CLOCKS,
    Action,
    Clock,
    Outcome,
    Party,
    Status,
)

__all__ = [
    "BY_ACTION",
    "CENTRE_CLOCKS",
    "ENDED",
    "FIRM_CLOCKS",
    "MOVES",
    "OPEN",
    "RESTRICTED_CLOCKS",
    "Action",
    "Clock",
    "Move",
    "Outcome",
    "Party",
    "Standing",
    "Status",
    "open_moves",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One row of the table. `target` None: the status stays. Clock lists are applied in the order below."""

    action: Action
    sources: frozenset[Status]
    target: Status | None
    by: frozenset[Party]
    voids: tuple[Clock, ...] = ()
    stops: tuple[Clock, ...] = ()
    pauses: tuple[Clock, ...] = ()
    resumes: tuple[Clock, ...] = ()
    starts: tuple[Clock, ...] = ()
    restarts: tuple[Clock, ...] = ()
    repeats: tuple[Clock, ...] = ()
    reprices: bool = False
    guards: tuple[Guard, ...] = ()
    raises_tier: Callable[[Standing], bool] | None = None
    new_round: bool = False
    counts_send_back: bool = False
    needs_text: bool = False
    then: tuple[str, ...] = ()


_A, _S, _P, _C = Action, Status, Party, Clock
_NOTIFY = ("tickets.notify",)
_ROUTE = ("tickets.route",)
_ON_ASSIGNMENT = (_C.SIGN, _C.CONTACT, _C.INTERIM, _C.NOTE, _C.RESOLVE)
_OF_THE_DEPARTMENT = (_C.SIGN, _C.CONTACT, _C.INTERIM, _C.NOTE)
_HANDLING = (_S.ASSIGNED, _S.IN_PROGRESS)


def _move(
    action: Action, sources: Iterable[Status], target: Status | None, by: Iterable[Party], **more: object
) -> Move:
    return Move(action=action, sources=frozenset(sources), target=target, by=frozenset(by), **more)  # type: ignore[arg-type]


MOVES: tuple[Move, ...] = (
    _move(_A.SUBMIT, [], _S.SUBMITTED, [_P.FIRM, _P.INTAKE], starts=(_C.FULL, _C.ACCEPT), then=_ROUTE),
    _move(
        _A.ROUTE,
        [_S.SUBMITTED],
        _S.ASSIGNED,
        [_P.SYSTEM],
        stops=(_C.ACCEPT,),
        starts=_ON_ASSIGNMENT,
        then=_NOTIFY,
    ),
    _move(
        _A.DEFER,
        [_S.SUBMITTED],
        _S.TRIAGE,
        [_P.SYSTEM],
        stops=(_C.ACCEPT,),
        starts=(_C.DISPATCH,),
        then=_NOTIFY,
    ),
    _move(
        _A.ASSIGN,
        [_S.SUBMITTED, _S.TRIAGE],
        _S.ASSIGNED,
        [_P.DISPATCHER],
        stops=(_C.ACCEPT, _C.DISPATCH),
        starts=_ON_ASSIGNMENT,
        then=_NOTIFY,
    ),
    _move(
        _A.REASSIGN,
        _HANDLING,
        _S.ASSIGNED,
        [_P.DISPATCHER, _P.DIRECTOR],
        voids=_OF_THE_DEPARTMENT,
        starts=_OF_THE_DEPARTMENT,
        then=_NOTIFY,
    ),
    _move(
        _A.CLASSIFY,
        OPEN,
        None,
        [_P.INTAKE, _P.DISPATCHER, _P.HEAD],
        reprices=True,
        guards=(head_only_raises_difficulty,),
    ),
    _move(_A.SIGN, [_S.ASSIGNED], _S.IN_PROGRESS, [_P.OFFICER, _P.HEAD], stops=(_C.SIGN,), then=_NOTIFY),
    _move(
        _A.CONTACT,
        [*_HANDLING, _S.DISPUTED],
        None,
        [_P.OFFICER, _P.HEAD],
        stops=(_C.CONTACT,),
        needs_text=True,
        then=_NOTIFY,
    ),
    _move(
        _A.INTERIM,
        [*_HANDLING, _S.DISPUTED],
        None,
        [_P.OFFICER, _P.HEAD],
        stops=(_C.INTERIM,),
        repeats=(_C.INTERIM,),
        restarts=(_C.NOTE,),
        needs_text=True,
        then=_NOTIFY,
    ),
    _move(_A.NOTE, [*_HANDLING, _S.DISPUTED], None, [_P.OFFICER, _P.HEAD], restarts=(_C.NOTE,), needs_text=True),
    _move(
        _A.REPLY,
        [_S.IN_PROGRESS],
        _S.REVIEWING,
        [_P.OFFICER, _P.HEAD],
        pauses=(_C.RESOLVE, _C.INTERIM, _C.NOTE),
        starts=(_C.REVIEW,),
        needs_text=True,
        then=_NOTIFY,
    ),
    _move(
        _A.SEND_BACK,
        [_S.REVIEWING],
        _S.IN_PROGRESS,
        [_P.HEAD, _P.DIRECTOR],
        stops=(_C.REVIEW,),
        resumes=(_C.RESOLVE, _C.INTERIM, _C.NOTE),
        guards=(not_the_author, reviewer_of_the_tier),
        raises_tier=second_send_back,
        counts_send_back=True,
        needs_text=True,
        then=_NOTIFY,
    ),
    _move(
        _A.DELIVER,
        [_S.REVIEWING],
        _S.ANSWERED,
        [_P.HEAD, _P.DIRECTOR],
        stops=(_C.RESOLVE, _C.REVIEW, _C.CONTACT, _C.INTERIM, _C.NOTE),
        starts=(_C.RATE,),
        guards=(not_the_author, reviewer_of_the_tier),
        then=_NOTIFY,
    ),
    _move(_A.RATE, [_S.ANSWERED], _S.CLOSED, [_P.FIRM], stops=(_C.FULL, _C.RATE), then=_NOTIFY),
    _move(_A.LAPSE, [_S.ANSWERED], _S.CLOSED, [_P.SYSTEM], stops=(_C.FULL,), voids=(_C.RATE,), then=_NOTIFY),
    _move(
        _A.REWORK,
        [_S.ANSWERED],
        _S.ASSIGNED,
        [_P.FIRM, _P.SYSTEM],
        stops=(_C.RATE,),
        starts=(_C.SIGN, _C.CONTACT, _C.NOTE, _C.RESOLVE),
        raises_tier=beyond_round_two,
        new_round=True,
        needs_text=True,
        then=_NOTIFY,
    ),
    _move(_A.WITHDRAW, OPEN, _S.WITHDRAWN, [_P.FIRM], voids=tuple(_C), guards=(not_supervised,), then=_NOTIFY),
    _move(_A.URGE, OPEN, None, [_P.FIRM], guards=(once_a_day,), then=_NOTIFY),
)

BY_ACTION: Mapping[Action, Move] = {move.action: move for move in MOVES}


def open_moves(status: Status, parties: Iterable[Party]) -> tuple[Action, ...]:
    """Actions of the table that start from `status` and belong to one of `parties`; guards are not asked."""
    mine = frozenset(parties)
    return tuple(m.action for m in MOVES if status in m.sources and m.by & mine and m.by != {Party.SYSTEM})
