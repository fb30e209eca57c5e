"""The numbers of the load page, by the names that addresses give them: which rows each one opens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from qihu.accounts.models import User
from qihu.errors import Forbidden, Invalid
from routing.promises.book import current_book
from tickets.figures import arrivals, load
from tickets.figures.listing import Found, Line, of_tickets
from tickets.figures.process_lists import PROCESS, Asked, Opens, department_asked, window_asked
from tickets.figures.seen import own_officers, requests_of, told_of
from tickets.models import Alert, Event
from tickets.models.lists import TicketQuerySet
from tickets.workflow import Clock


def _arrived(asked: Asked, scope: TicketQuerySet, at: datetime) -> Found:
    kind, hour = asked.get("kind", ""), asked.get("hour", "")
    if hour and hour not in set(map(str, range(24))):
        raise Invalid("没有这个钟点。", fields={"hour": "应为 0 至 23。"})
    rows = arrivals.behind(
        window_asked(asked, at),
        scope=scope,
        calendar=current_book().calendar(),
        kind=kind,
        hour=int(hour) if hour else None,
    )
    when = f"{arrivals.KINDS.get(kind, '')}{f'{hour} 时' if hour else ''}"
    return Found(f"{when}收到的诉求", arrivals.SENTENCE, rows, of_tickets)


def _came(asked: Asked, scope: TicketQuerySet, at: datetime) -> Found:
    department, name = department_asked(asked)
    rows = load.came(window_asked(asked, at), scope).filter(load.whose("", department, None))
    return Found(f"收到的诉求{name}", load.CAPACITY_SENTENCE, rows.for_lists().newest_first(), of_tickets)


def _open(asked: Asked, scope: TicketQuerySet, _at: datetime) -> Found:
    department, name = department_asked(asked)
    late = asked.get("part", "") == "late"
    rows = load.open_now(scope, late=late, department=department, officer=_officer(asked))
    return Found(f"在办{'且有时限已破' if late else ''}{name}", load.SENTENCE, rows, of_tickets)


def _closed(asked: Asked, scope: TicketQuerySet, at: datetime) -> Found:
    department, name = department_asked(asked)
    rows = load.closings(window_asked(asked, at), scope).filter(load.whose("ticket__", department, _officer(asked)))
    rows = rows.select_related(*told_of("ticket__")).order_by("-happened_at", "-pk")
    return Found(f"时段内办结{name}", load.SENTENCE, rows, _of_closings)


def _broken(asked: Asked, scope: TicketQuerySet, at: datetime) -> Found:
    department, name = department_asked(asked)
    found = load.breaches(window_asked(asked, at), scope)
    rows = found.filter(load.whose("deadline__ticket__", department, _officer(asked)))
    rows = rows.select_related(*told_of("deadline__ticket__")).order_by("-at", "-pk")
    return Found(f"时段内超期{name}", load.SENTENCE, rows, _of_breaches)


def _of_closings(events: Iterable[Event]) -> list[Line]:
    return [
        Line(ticket=one.ticket, what="办结", since=one.ticket.submitted_at, until=one.happened_at) for one in events
    ]


def _of_breaches(alerts: Iterable[Alert]) -> list[Line]:
    return [
        Line(
            ticket=one.deadline.ticket,
            what=f"{Clock(one.deadline.clock).label}超期",
            since=one.deadline.started_at,
            until=one.at,
        )
        for one in alerts
    ]


def _officer(asked: Asked) -> str | None:
    officer = asked.get("officer")
    if officer and not (officer.isascii() and officer.isdecimal() and len(officer) < 10):
        raise Invalid("没有这位经办人。", fields={"officer": "没有这位经办人。"})
    return officer


LOAD: Mapping[str, Opens] = {"arrived": _arrived, "came": _came, "open": _open, "closed": _closed, "broken": _broken}
LISTS: Mapping[str, Opens] = {**PROCESS, **LOAD}


def behind(user: User, asked: Asked, *, at: datetime) -> Found:
    """Everything behind the number that `asked` names (`list`, and what that list takes).

    Raises `Forbidden` for who has no board and for an officer of a department that this person does not head,
    `Invalid` for what makes no sense.
    """
    scope = requests_of(user)
    opens = LISTS.get(asked.get("list", ""))
    if opens is None:
        raise Invalid("没有这个清单。", fields={"list": f"没有这个清单，可用：{'、'.join(LISTS)}。"})
    if "officer" in asked and asked.get("department") not in own_officers(user):
        raise Forbidden("经办人的工作量只给本部门负责人看。", code="not-your-officers")
    return opens(asked, scope, at)
