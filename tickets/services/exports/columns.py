"""Columns of requests: what the list and the request's own page show the person, and nothing about people of firms.

No contact, phone or text of the firm. A shielded firm is its alias, as on the list. Restricted requests never leave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from qihu.accounts.models import User
from tickets import access
from tickets.access import Caller
from tickets.models import Export, Ticket
from tickets.models.lists import TicketQuerySet
from tickets.services.exports.cells import Column, Row
from tickets.workflow import Clock

SHIELDED = "身份保密企业"
_Cell = Callable[[Ticket], str]


def moment(when: datetime | None) -> str:
    """`2026-03-02 10:00:00` by Shanghai's clock, "" for none."""
    return when.astimezone(ZoneInfo(settings.TIME_ZONE)).strftime("%Y-%m-%d %H:%M:%S") if when else ""


def _yes(value: object) -> str:
    return "是" if value else ""


_FIRM = (Column("企业", width=30), Column("统一社会信用代码", width=22))
_BEFORE: tuple[tuple[Column, _Cell], ...] = (
    (Column("编号", width=22), lambda t: t.number),
    (Column("标题", width=40), lambda t: t.filing.title),
)
_AFTER: tuple[tuple[Column, _Cell], ...] = (
    (Column("区划"), lambda t: t.region.name),
    (Column("链"), lambda t: t.chain_tag.name if t.chain_tag else ""),
    (Column("类别", width=20), lambda t: t.category.name if t.category else ""),
    (Column("渠道"), lambda t: Ticket.Channel(t.channel).label),
    (Column("难度"), lambda t: Ticket.Difficulty(t.difficulty).label),
    (Column("紧急", width=8), lambda t: _yes(t.urgent)),
    (Column("主办部门", width=20), lambda t: t.department.name if t.department else ""),
    (Column("状态"), lambda t: t.get_status_display()),
    (Column("结果"), lambda t: t.get_outcome_display() if t.outcome else ""),
    (Column("办理轮次", number=True, width=10), lambda t: str(t.round)),
    (Column("曾超期", width=8), lambda t: _yes(t.late)),
    (Column("最近到期的时限", width=16), lambda t: Clock(t.next_clock).label if t.next_clock else ""),
    (Column("最近到期", width=20), lambda t: moment(t.next_due_at)),
    (Column("提交时间", width=20), lambda t: moment(t.submitted_at)),
    (Column("交办时间", width=20), lambda t: moment(t.assigned_at)),
    (Column("答复时间", width=20), lambda t: moment(t.replied_at)),
    (Column("送达时间", width=20), lambda t: moment(t.answered_at)),
    (Column("办结时间", width=20), lambda t: moment(t.closed_at)),
    (Column("减负（元）", number=True), lambda t: "" if t.burden_relieved is None else str(t.burden_relieved)),
    (Column("测试件", width=8), lambda t: _yes(t.test)),
)
_OFFICER: tuple[tuple[Column, _Cell], ...] = ((Column("经办"), lambda t: t.officer.name if t.officer else ""),)
"""In lists of work only: behind a figure it would make figures of officers, which are their head's (domain.md §5)."""


def _after(what: str) -> tuple[tuple[Column, _Cell], ...]:
    return _AFTER + _OFFICER if what == Export.What.TICKETS else _AFTER


def columns(what: str) -> tuple[Column, ...]:
    """Headings of an export of requests."""
    return (*(column for column, _ in _BEFORE), *_FIRM, *(column for column, _ in _after(what)))


def shown_to(user: User) -> TicketQuerySet:
    """Requests that may leave with this person."""
    return access.visible_to(user).filter(restricted=False)


def found(keys: Sequence[int], user: User) -> list[Ticket]:
    """Those of `keys` that may leave with the person now, in the order given. One statement."""
    light = shown_to(user).filter(pk__in=list(keys)).for_lists()
    rows = {t.pk: t for t in light.defer("filing__text", "filing__contact_name", "filing__contact_phone")}
    return [rows[key] for key in keys if key in rows]


def hidden(ticket: Ticket, user: User) -> bool:
    """Whether the person may not know the firm."""
    return access.identity_hidden(ticket, access.parties(Caller(user), ticket))


def rows(tickets: Iterable[Ticket], user: User, what: str) -> list[Row]:
    """Cells under `columns`; no statement for each row."""
    after = _after(what)
    return [
        [
            *(cell(ticket) for _, cell in _BEFORE),
            *((SHIELDED, "") if hidden(ticket, user) else (ticket.filing.enterprise_name, ticket.filing.uscc)),
            *(cell(ticket) for _, cell in after),
        ]
        for ticket in tickets
    ]
