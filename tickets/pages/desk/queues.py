"""The views of the rail: which lists a person has, by role, each a named query under what they may see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Value

from qihu.accounts.models import Role
from tickets.access import channels_of, helped_by
from tickets.models import Notice
from tickets.models.ticket import TicketQuerySet
from tickets.pages.desk.seat import AT_CENTRE, AT_DEPARTMENT, WATCHING, Seat
from tickets.workflow import OPEN, Party, Status, open_moves

COUNTED_TO = 100
AFTER_NOTICES = frozenset({Role.DIRECTOR, Role.INTAKE})
"""Who looks after what leaves the house."""
_THEIRS = tuple(sorted(s for s in OPEN if s != Status.REVIEWING and open_moves(s, (Party.OFFICER,))))
"""Statuses in which the lead department can move: read from the table of moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One view: `pick` gives its requests for a seat. `late` colours the count, `newest` sorts by age."""

    key: str
    label: str
    group: str
    roles: frozenset[Role]
    pick: Callable[[Seat], TicketQuerySet]
    counted: bool = True
    late: bool = False
    newest: bool = False
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
        label="协办",
        group="我的",
        roles=AT_DEPARTMENT,
        nothing="没有请您部门协办的诉求。",
        pick=lambda seat: helped_by(seat.user).open(),
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
_INBOX, _SENT = "inbox", "sent"


def queues_of(seat: Seat) -> dict[str, Queue]:
    """The views this person has, in the order of the rail; the first is where they start."""
    return {queue.key: queue for queue in QUEUES if queue.roles & seat.roles}


def counts(seat: Seat) -> Counter[str]:
    """How many wait in each counted view and in the inbox, none counted past 100: one query."""
    inbox = Notice.objects.unread(seat.user.pk).among(seat.visible).order_by()
    parts = [inbox.annotate(view=Value(_INBOX)).values_list("view", flat=True)[:COUNTED_TO]]
    if seat.roles & AFTER_NOTICES:
        failed = Notice.objects.failed().among(seat.visible).order_by()
        parts.append(failed.annotate(view=Value(_SENT)).values_list("view", flat=True)[:COUNTED_TO])
    for queue in queues_of(seat).values():
        if queue.counted:
            found = queue.pick(seat).order_by()
            parts.append(found.annotate(view=Value(queue.key)).values_list("view", flat=True)[:COUNTED_TO])  # type: ignore[arg-type]
    first, *others = parts
    return Counter(first.union(*others, all=True))


def shown(count: int) -> str:
    """A count as the rail shows it: 99+ at the most, nothing for none."""
    return "99+" if count >= COUNTED_TO else str(count) if count else ""


def nav(seat: Seat, *, current: str) -> list[dict[str, object]]:
    """The rail's groups with their counts; `current` is a view's key, `inbox`, `sent`, `codes` or nothing."""
    tally = counts(seat)
    groups: dict[str, list[dict[str, object]]] = {}
    for queue in queues_of(seat).values():
        group = "本部门" if queue.key == "all" and seat.roles <= AT_DEPARTMENT else queue.group
        groups.setdefault(group, []).append(
            {
                "label": queue.label,
                "url": f"/desk/?view={queue.key}",
                "count": shown(tally[queue.key]) if queue.counted else None,
                "late": queue.late,
                "current": current == queue.key,
            }
        )
    groups["其他"] = [
        {
            "label": "通知",
            "url": "/desk/notices/",
            "count": shown(tally[_INBOX]),
            "late": False,
            "current": current == _INBOX,
        }
    ]
    if channels_of(seat.user):
        groups["其他"].append({"label": "代录诉求", "url": "/desk/new/", "count": None, "current": current == "entry"})
    if Role.INTAKE in seat.roles:
        groups["其他"].append(
            {"label": "表格导入", "url": "/desk/import/", "count": None, "current": current == "import"}
        )
        groups["其他"].append(
            {"label": "企业认领", "url": "/desk/claims/", "count": None, "current": current == "claims"}
        )
    if seat.roles & AFTER_NOTICES:
        failed = {"count": shown(tally[_SENT]), "late": True, "current": current == _SENT}
        groups["其他"].append({"label": "通知发送", "url": "/desk/notices/sent/"} | failed)
    if seat.roles & AT_CENTRE:
        groups["其他"].append({"label": "二维码", "url": "/desk/codes/", "count": None, "current": current == "codes"})
    return [{"title": title, "items": items} for title, items in groups.items()]
