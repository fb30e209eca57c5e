"""The change that a version would make, asked for by its number."""

from __future__ import annotations

from datetime import date, datetime

from qihu.errors import Unknown
from routing.promises.models import CalendarVersion, PolicySet
from tickets.models import Recalculation
from tickets.services.repricing.change import Change


def policy_change(*, number: int, at: datetime) -> Change:
    """For a promise table. Raises `Unknown`."""
    found = PolicySet.objects.filter(number=number).first()
    if found is None:
        raise Unknown(f"没有第 {number} 版时限政策")
    return Change(at=at, policy_set=found)


def calendar_change(
    *,
    code: str,
    number: int,
    at: datetime,
    scope: Recalculation.Scope = Recalculation.Scope.PROVISIONAL,
    effective_on: date | None = None,
    correction: bool = False,
) -> Change:
    """For a calendar. Raises `Unknown`."""
    chosen = CalendarVersion.objects.filter(calendar__code=code, number=number)
    version = chosen.select_related("calendar").first()
    if version is None:
        raise Unknown(f"没有工作日历“{code}”的第 {number} 版")
    return Change(at=at, version=version, scope=scope, effective_on=effective_on, correction=correction)
