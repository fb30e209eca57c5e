"""The views of the rail: which lists there are, for which roles, each a named query under what one may see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from qihu.accounts.models import Role
from tickets.access import helping_now
from tickets.models.lists import DUE, TicketQuerySet
from tickets.pages.desk.seat import AT_CENTRE, AT_DEPARTMENT, WATCHING, Seat
from tickets.workflow import OPEN, Party, Status, open_moves

_THEIRS = tuple(sorted(s for s in OPEN if s != Status.REVIEWING and open_moves(s, (Party.OFFICER,))))
"""Statuses in which the lead department can move: read from the table of moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One view: `pick` gives its requests for a seat. `late` colours the count, `newest` sorts by age, `due` is the
    moment that "soonest first" goes by.
    """

    key: str
    label: str
    group: str
    roles: frozenset[Role]
    pick: Callable[[Seat], TicketQuerySet]
    counted: bool = True
    late: bool = False
    newest: bool = False
    due: str = DUE
    nothing: str = "这里没有诉求。"


def _led(seat: Seat) -> TicketQuerySet:
    return seat.visible.led_by(seat.user.departments())


def _mine(seat: Seat) -> TicketQuerySet:
    return _led(seat).standing_at(*_THEIRS)


def _day(at: datetime) -> tuple[datetime, datetime]:
    """The local day: its first moment and the next one's."""
    start = at.astimezone(ZoneInfo(settings.TIME_ZONE)).replace(hour=0, minute=0, second=0, microsecond=0)
    return start, start + timedelta(days=1)


def _due_today(seat: Seat) -> TicketQuerySet:
    start, end = _day(seat.at)
    return _mine(seat).due_within(start, end)


def _for_head(seat: Seat) -> TicketQuerySet:
    mine = seat.visible.led_by(seat.user.departments((Role.HEAD,)))
    return mine.waiting_for_review(seat.user.pk, tier_one=True)


def _for_director(seat: Seat) -> TicketQuerySet:
    return seat.visible.waiting_for_review(seat.user.pk, tier_one=False)


_HEAD = frozenset({Role.HEAD})
_REGION = AT_CENTRE | WATCHING
_DONE = "没有要办的了，歇一会儿。新的诉求会自动出现在这里。"
QUEUES: tuple[Queue, ...] = (
    Queue(key="mine", label="待我办", group="我的", roles=AT_DEPARTMENT, pick=_mine, nothing=_DONE),
    Queue(
        key="review",
        label="待我审核",
        group="我的",
        roles=_HEAD,
        pick=_for_head,
        nothing="没有等您审核的答复。",
    ),
    Queue(
        key="today",
        label="今天到期",
        group="我的",
        roles=AT_DEPARTMENT,
        pick=_due_today,
        late=True,
        nothing="今天没有到期的诉求。",
    ),
    Queue(
        key="sign",
        label="待签收",
        group="我的",
        roles=AT_DEPARTMENT,
        nothing="都已签收。",
        pick=lambda seat: _led(seat).standing_at(Status.ASSIGNED),
    ),
    Queue(
        key="helping",
        label="协办待办",
        group="我的",
        roles=AT_DEPARTMENT,
        nothing="没有等您部门协办的诉求。",
        pick=lambda seat: helping_now(seat.user),
    ),
    Queue(
        key="owed",
        label="督办待答复",
        group="我的",
        roles=_HEAD,
        late=True,
        pick=lambda seat: seat.visible.led_by(seat.user.departments((Role.HEAD,))).supervised(),
        nothing="没有等您答复的督办。",
    ),
    Queue(
        key="open",
        label="全部在办",
        group="本部门",
        roles=AT_DEPARTMENT,
        nothing=_DONE,
        pick=lambda seat: _led(seat).open(),
    ),
    Queue(
        key="late",
        label="超期",
        group="本部门",
        roles=AT_DEPARTMENT,
        late=True,
        nothing="没有超期的诉求。",
        pick=lambda seat: _led(seat).running_late(),
    ),
    Queue(
        key="rework",
        label="二次交办",
        group="本部门",
        roles=AT_DEPARTMENT,
        nothing="没有被企业退回重办的诉求。",
        pick=lambda seat: _led(seat).in_rework(),
    ),
    Queue(
        key="plans",
        label="计划跟踪",
        group="本部门",
        roles=AT_DEPARTMENT,
        counted=False,
        nothing="没有在跟踪的计划。",
        pick=lambda seat: _led(seat).with_plan(),
    ),
    Queue(
        key="closed",
        label="已办结",
        group="本部门",
        roles=AT_DEPARTMENT,
        counted=False,
        newest=True,
        pick=lambda seat: _led(seat).standing_at(Status.CLOSED),
        nothing="还没有办结的诉求。",
    ),
    Queue(
        key="triage",
        label="待研判",
        group="服务中心",
        roles=AT_CENTRE,
        nothing="没有等待研判的诉求。",
        pick=lambda seat: seat.visible.standing_at(Status.TRIAGE),
    ),
    Queue(
        key="waiting",
        label="待受理",
        group="服务中心",
        roles=AT_CENTRE,
        nothing="新提交的诉求都已按规则交办。",
        pick=lambda seat: seat.visible.standing_at(Status.SUBMITTED),
    ),
    Queue(
        key="disputed",
        label="待裁定",
        group="服务中心",
        roles=AT_CENTRE,
        late=True,
        nothing="没有等待裁定的退单。",
        pick=lambda seat: seat.visible.standing_at(Status.DISPUTED),
    ),
    Queue(
        key="completing",
        label="待补正",
        group="服务中心",
        roles=AT_CENTRE,
        nothing="没有等企业补正的诉求。",
        pick=lambda seat: seat.visible.standing_at(Status.INFO_NEEDED),
    ),
    Queue(
        key="resting",
        label="挂起",
        group="服务中心",
        roles=AT_CENTRE,
        counted=False,
        nothing="没有挂起的诉求。",
        pick=lambda seat: seat.visible.standing_at(Status.SUSPENDED),
    ),
    Queue(
        key="review2",
        label="待我审核",
        group="服务中心",
        roles=frozenset({Role.DIRECTOR}),
        pick=_for_director,
        nothing="没有等您审核的答复。",
    ),
    Queue(
        key="all-open",
        label="全部在办",
        group="全域",
        roles=_REGION,
        pick=lambda seat: seat.visible.open(),
        nothing="没有在办的诉求。",
    ),
    Queue(
        key="all-late",
        label="超期",
        group="全域",
        roles=_REGION,
        late=True,
        nothing="没有超期的诉求。",
        pick=lambda seat: seat.visible.running_late(),
    ),
    Queue(
        key="calls",
        label="回访",
        group="服务中心",
        roles=frozenset({Role.INTAKE, Role.SUPERVISOR}),
        due="call_back_due_at",
        pick=lambda seat: seat.visible.to_call_back(),
        nothing="没有要回访的诉求。",
    ),
    Queue(
        key="supervised",
        label="督办中",
        group="全域",
        roles=WATCHING,
        nothing="没有在督办的诉求。",
        pick=lambda seat: seat.visible.supervised(),
    ),
    Queue(
        key="all",
        label="全部诉求",
        group="全域",
        roles=_REGION | AT_DEPARTMENT,
        counted=False,
        newest=True,
        pick=lambda seat: seat.visible,
        nothing="还没有诉求。",
    ),
)
