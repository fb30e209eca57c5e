"""The table of moves (domain.md §2–3): the one place that says who may do what from where, and which clocks follow.

Pure. Buttons, API refusals, the diagram in the README and the exhaustive test all read this table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from django.db.models import TextChoices


class Status(TextChoices):
    """Where a request stands. "Open" = none of closed, rejected, withdrawn, merged."""

    SUBMITTED = "submitted", "待受理"
    INFO_NEEDED = "info_needed", "待补正"
    TRIAGE = "triage", "待研判"
    ASSIGNED = "assigned", "待签收"
    IN_PROGRESS = "in_progress", "办理中"
    DISPUTED = "disputed", "退回待裁定"
    SUSPENDED = "suspended", "挂起"
    REVIEWING = "reviewing", "答复待审"
    ANSWERED = "answered", "待评价"
    CLOSED = "closed", "已办结"
    REJECTED = "rejected", "不予受理"
    WITHDRAWN = "withdrawn", "已撤回"
    MERGED = "merged", "已并案"


ENDED = frozenset({Status.CLOSED, Status.REJECTED, Status.WITHDRAWN, Status.MERGED})
OPEN = frozenset(Status) - ENDED


class Outcome(TextChoices):
    """Required to reply; only `solved` counts as solved."""

    SOLVED = "solved", "已解决"
    PARTIAL = "partial", "部分解决"
    EXPLAINED = "explained", "解释说明"
    PLANNED = "planned", "列入计划"
    REFERRED = "referred", "转其他程序"
    UNSOLVED = "unsolved", "未解决"


class Party(TextChoices):
    """Who somebody is to this request, which is not a role: an officer of another bureau is a stranger."""

    FIRM = "firm", "企业"
    OFFICER = "officer", "主办经办"
    HEAD = "head", "主办负责人"
    CO_OFFICER = "co_officer", "协办经办"
    CO_HEAD = "co_head", "协办负责人"
    INTAKE = "intake", "受理员"
    DISPATCHER = "dispatcher", "研判交办员"
    DIRECTOR = "director", "企服中心主任"
    SUPERVISOR = "supervisor", "督办员"
    LEADER = "leader", "领导"
    SYSTEM = "system", "系统"


class Clock(TextChoices):
    """Promise clocks of domain.md §4."""

    FULL = "FULL", "全程"
    ACCEPT = "ACCEPT", "受理"
    DISPATCH = "DISPATCH", "研判交办"
    SIGN = "SIGN", "签收"
    CONTACT = "CONTACT", "联系"
    INTERIM = "INTERIM", "阶段答复"
    NOTE = "NOTE", "进展记录"
    RESOLVE = "RESOLVE", "答复"
    REVIEW = "REVIEW", "审核"
    RATE = "RATE", "评价"


class OnDue(StrEnum):
    """What the sweep does when a clock runs out."""

    BREACH = "breach"
    LAPSE = "lapse"


FIRM_CLOCKS = frozenset({Clock.RATE})
"""The firm's own clocks: running out is an end, not a breach."""
RESTRICTED_CLOCKS = frozenset({Clock.SIGN, Clock.RESOLVE})
"""The only clocks of a restricted request (domain.md §1)."""
CENTRE_CLOCKS = frozenset({Clock.ACCEPT, Clock.DISPATCH})
"""Held by the service centre; the others by the lead department."""


class Action(TextChoices):
    """The moves, by the names that the API uses."""

    SUBMIT = "submit", "提交"
    ROUTE = "route", "自动交办"
    DEFER = "defer", "转人工研判"
    ASSIGN = "assign", "交办"
    REASSIGN = "reassign", "改派"
    CLASSIFY = "classify", "归类"
    SIGN = "sign", "签收"
    CONTACT = "contact", "联系企业"
    INTERIM = "interim", "阶段答复"
    NOTE = "note", "记录进展"
    REPLY = "reply", "答复"
    SEND_BACK = "send_back", "退回重办"
    DELIVER = "deliver", "审核送达"
    RATE = "rate", "评价"
    LAPSE = "lapse", "未评价办结"
    REWORK = "rework", "二次交办"
    WITHDRAW = "withdraw", "撤回"
    URGE = "urge", "催办"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a guard may look at: the request as it stands and the move about to be made."""

    party: Party
    actor_id: int | None
    author_id: int | None
    tier: int
    round: int
    send_backs: int
    supervised: bool
    difficulty: str
    urged_on: date | None
    today: date
    payload: Mapping[str, object] = field(default_factory=dict)


Guard = Callable[[Standing], str | None]
"""None, or the refusal in Chinese."""


def not_the_author(s: Standing) -> str | None:
    """Nobody reviews their own reply (domain.md §3, closing gates)."""
    return "不能审核自己的答复，请由其他负责人审核。" if s.actor_id == s.author_id else None


def reviewer_of_the_tier(s: Standing) -> str | None:
    """Tier 1 is reviewed by the head, tier ≥ 2 by the director of the service centre."""
    due_to = Party.HEAD if s.tier == 1 else Party.DIRECTOR
    return None if s.party == due_to else f"本件为 {s.tier} 级，由{due_to.label}审核送达。"


def not_supervised(s: Standing) -> str | None:
    """A request under 督办 cannot be withdrawn."""
    return "本件正在督办，不能撤回。" if s.supervised else None


def once_a_day(s: Standing) -> str | None:
    """One urge a day (local date)."""
    return "今天已经催办过一次，明天可以再催。" if s.urged_on == s.today else None


def head_only_raises_difficulty(s: Standing) -> str | None:
    """A head may classify only to raise the difficulty; everything else is the service centre's."""
    if s.party != Party.HEAD:
        return None
    raised = str(s.payload.get("difficulty", ""))
    return None if set(s.payload) == {"difficulty"} and raised > s.difficulty else "部门负责人只能调高难度。"


def second_send_back(s: Standing) -> bool:
    """After the second send-back in a round the tier rises."""
    return s.send_backs + 1 == 2


def beyond_round_two(s: Standing) -> bool:
    """A rework after round 2 raises the tier."""
    return s.round >= 2


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
    _move(_A.SUBMIT, [], _S.SUBMITTED, [_P.FIRM], starts=(_C.FULL, _C.ACCEPT), then=_ROUTE),
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
