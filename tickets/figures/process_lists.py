"""The numbers of the process page, by the names that addresses give them: which rows each one opens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

from qihu.errors import Invalid
from tickets.figures import ageing, flows, forecast, waiting
from tickets.figures.listing import Found, of_keys, of_stakes, of_stays, of_tickets
from tickets.figures.seen import department_names
from tickets.figures.window import Window, window_from
from tickets.models.lists import TicketQuerySet
from tickets.workflow import Clock, Status

Asked = Mapping[str, str]
Opens = Callable[[Asked, TicketQuerySet, datetime], Found]


def _steps(asked: Asked, scope: TicketQuerySet, at: datetime) -> Found:
    status, part = asked.get("status", ""), asked.get("part", "ended")
    if status and status not in set(map(str, waiting.STEPS)):
        raise Invalid("没有这一步。", fields={"status": "没有这一步。"})
    if part not in {"ended", "waiting"}:
        raise Invalid("part 请用 ended 或 waiting。", fields={"part": "请用 ended 或 waiting。"})
    department, name = department_asked(asked)
    rows = waiting.stays(window_asked(asked, at), scope=scope, part=part, status=status, department=department)
    step = Status(status).label if status else "全部步骤"
    heading = f"{step}{name} · {'已结束' if part == 'ended' else '仍停在这一步'}"
    return Found(heading, waiting.SENTENCE, rows, of_stays)


def _flow(asked: Asked, scope: TicketQuerySet, at: datetime) -> Found:
    source, target, place = asked.get("source", ""), asked.get("target", ""), asked.get("place", "")
    names = node_names()
    for name, value, known in (("place", place, "0123"), ("source", source, names), ("target", target, names)):
        if value and value not in known:
            raise Invalid("没有这条流向。", fields={name: "没有这条流向。"})
    nth = int(place) if place else None
    keys = flows.behind(window_asked(asked, at), scope=scope, place=nth, source=source, target=target)
    heading = " → ".join(names[node] for node in (source, target) if node) or "全部流向"
    return Found(heading, flows.SENTENCE, keys, of_keys(scope))


def _age(asked: Asked, scope: TicketQuerySet, at: datetime) -> Found:
    department, name = department_asked(asked)
    band, late = asked.get("band", ""), asked.get("part", "") == "late"
    rows = ageing.behind(scope, at=cut_off(asked, at), band=band, department=department, late=late)
    label = next((one.label for one in ageing.BANDS if one.code == band), "")
    heading = "、".join(filter(None, ("在办", label, "有时限已破" if late else ""))) + name
    return Found(heading, ageing.SENTENCE, rows, of_tickets)


def _risk(asked: Asked, scope: TicketQuerySet, at: datetime) -> Found:
    department, name = department_asked(asked)
    day, clock = _day(asked), asked.get("clock", "")
    if clock and clock not in set(map(str, Clock)):
        raise Invalid("没有这个时限。", fields={"clock": "没有这个时限。"})
    found = forecast.forecast(scope, at=cut_off(asked, at))
    stakes = found.behind(department=department, day=day, clock=clock)
    when = f"{day:%m-%d} 前到期" if day else "今后 5 个工作日内到期"
    return Found(f"{when}的时限{name}", forecast.SENTENCE, stakes, of_stakes(scope))


PROCESS: Mapping[str, Opens] = {"step": _steps, "flow": _flow, "age": _age, "risk": _risk}


_LONGEST = timedelta(days=366)


def node_names() -> Mapping[str, str]:
    """What stands at the ends of a band of the flow, by its name there: one query."""
    return {**department_names()} | flows.ENDINGS | {flows.SOURCE: "受理研判", flows.OTHERS: "其他部门"}


def window_asked(asked: Asked, at: datetime) -> Window:
    """`since`, `until`, `as_of`. Raises `Invalid` naming what is wrong."""
    since, until, as_of = (asked.get(name, "").replace(" ", "+") for name in ("since", "until", "as_of"))
    return window_from(since, until, at=at, as_of=as_of)


def cut_off(asked: Asked, at: datetime) -> datetime:
    """`as_of`, or now; never later than now. Raises `Invalid` for what is no moment."""
    typed = asked.get("as_of", "").replace(" ", "+")
    if not typed:
        return at
    try:
        found = datetime.fromisoformat(typed)
    except ValueError as error:
        raise Invalid("截止时点写法有误。", fields={"as_of": "截止时点写法有误。"}) from error
    if found.tzinfo is None or not at - _LONGEST < found:
        raise Invalid("截止时点要带时区，且在一年之内。", fields={"as_of": "要带时区，且在一年之内。"})
    return min(found, at)


def department_asked(asked: Asked) -> tuple[str | None, str]:
    """The code, None where none was asked for, "" for the service centre; and its name for a heading."""
    if "department" not in asked:
        return None, ""
    names, code = department_names(), asked["department"]
    if code not in names:
        raise Invalid("没有这个部门。", fields={"department": "没有这个部门。"})
    return code, f" · {names[code]}"


def _day(asked: Asked) -> date | None:
    if not asked.get("day"):
        return None
    try:
        return date.fromisoformat(asked["day"])
    except ValueError as error:
        raise Invalid("日期写法有误。", fields={"day": "日期写法有误。"}) from error
