"""谁办了多久, as the desk shows it: a row for each holder, its share as words and as a bar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from tickets.holding import Holder, Share, holding
from tickets.models import Event, Leg

_NAMES = {Holder.CENTRE: "服务中心", Holder.FIRM: "企业", Holder.NOBODY: "办结后至重开"}


def held(events: Sequence[Event], legs: Iterable[Leg], *, at: datetime) -> list[dict[str, object]]:
    """Rows in the order in which each first held the request: no query. `legs` lend their departments' names."""
    account = holding(events, at=at)
    names = {**{leg.department.code: leg.department.name for leg in legs}, **account.names}
    longest = max((share.microseconds for share in account.shares), default=0)
    return [
        {
            "name": _NAMES.get(share.holder) or names.get(share.department, share.department),
            "leg": share.leg,
            "lasted": lasted(timedelta(microseconds=share.microseconds)),
            "percent": f"{100 * share.microseconds / longest:.1f}",
            "state": _state(share),
        }
        for share in account.shares
    ]


def lasted(span: timedelta) -> str:
    """“3 天 4 小时”, “2 小时 5 分”, “不到 1 分”: the two largest units."""
    minutes = int(span.total_seconds()) // 60
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} 天 {hours} 小时" if hours else f"{days} 天"
    if hours:
        return f"{hours} 小时 {rest} 分" if rest else f"{hours} 小时"
    return f"{rest} 分" if rest else "不到 1 分"


def _state(share: Share) -> str:
    if share.holder != Holder.DEPARTMENT:
        return "other"
    return "leg" if share.leg else "lead"
