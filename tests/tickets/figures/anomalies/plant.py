"""Departments at work by real moves: what is ordinary, and what is planted among it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from tests import make
from tests.make import MINUTE, MONDAY
from tickets.figures import projection
from tickets.figures.anomalies import BY_CODE, Group, Seen, Watched, looked_at, watched_by
from tickets.figures.window import Window, of_dates
from tickets.models import Ticket
from tickets.services import closing, handling, review

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AT = MONDAY + 60 * DAY
MARCH = of_dates(date(2026, 3, 1), date(2026, 4, 1), as_of=AT)
WEEKDAYS = tuple(MONDAY + DAY * n for n in (0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 14, 15, 16, 17, 18, 21, 22, 23, 24, 25))
WORDS = (
    "农商银行已同意授信{n}万元，年利率3.6%，材料清单已发到贵公司邮箱，周五前可以签约。",
    "自然资源局核实后，您厂区东侧的{n}号地块可以办理临时用地，请带红线图到窗口三号。",
    "已协调供电公司为贵厂增容到{n}千伏安，施工队下周二进场，当天停电两小时，请提前安排。",
    "两名技术员的人才认定已经通过，每人补贴{n}元，本月二十日到账，无需再交材料。",
    "税务局复核了贵公司{n}月的申报，多缴部分走退税流程，预计十个工作日退回原账户。",
    "公交集团在园区北门增设{n}路站点，早晚高峰每十五分钟一班，从下月一日起运行。",
    "检测中心接受贵公司{n}批样品免费复检，联系人在质检科，送样时间为工作日上午。",
)


def firm(n: int) -> str:
    return f"衢州第{n}精密制造有限公司"


def answered(n: int, *, at: datetime, took: timedelta = 90 * MINUTE, text: str = "", **more: object) -> Ticket:
    """Of a firm of its own; signed soon, answered after `took` in words of its own, delivered ten minutes later."""
    ticket = make.assigned(at=at, enterprise_name=firm(n), **more)
    handling.sign(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=at + min(took, 5 * MINUTE) / 2)
    words = text or WORDS[n % len(WORDS)].format(n=1000 + 37 * n)
    officer = make.officer_of(ticket)
    handling.reply(ticket_id=ticket.pk, caller=officer, at=at + took, outcome="solved", text=words)
    review.deliver(ticket_id=ticket.pk, caller=make.head_of(ticket), at=at + took + 10 * MINUTE)
    return make.fresh(ticket)


def rated(ticket: Ticket, *, after: timedelta = 3 * HOUR, result: int = 5, **more: object) -> Ticket:
    closing.rate(ticket_id=ticket.pk, at=ticket.answered_at + after, process=5, result=result, **more)
    return make.fresh(ticket)


def ordinary(count: int, *, qr: str = "DEMO-CAPITAL", first: int = 0) -> list[Ticket]:
    """One a working day, at changing hours, rated hours later."""
    return [
        rated(
            answered(first + n, at=WEEKDAYS[n % 20] + 13 * MINUTE * (n % 7), took=(60 + 7 * (n % 11)) * MINUTE, qr=qr),
            after=(2 + n % 9) * HOUR + 11 * MINUTE * (n % 5),
        )
        for n in range(count)
    ]


def seen(kind: str, watched: Watched, window: Window = MARCH) -> Seen:
    """What one kind finds; exclusions read the board's own rate, from the projection."""
    projection.catch_up()
    return looked_at(watched, window, kinds=[BY_CODE[kind]])[0]


def only(kind: str, user: object, window: Window = MARCH) -> Group:
    (group,) = seen(kind, watched_by(user), window).groups  # type: ignore[arg-type]
    return group


def keys(group: Group) -> set[int]:
    return {flag.ticket_id for flag in group.flags}


def pks(tickets: Iterable[Ticket]) -> set[int]:
    return {ticket.pk for ticket in tickets}
