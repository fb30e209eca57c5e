"""Drafts of promise tables and calendars, put in force and worked off as the worker would."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from routing.promises.amount import parse_amount
from routing.promises.drafts import copy_calendar, copy_policies
from routing.promises.models import CalendarDay, CalendarVersion, Policy, PolicySet
from tests.people import user
from tickets.models import Recalculation
from tickets.services.repricing import publish, work
from tickets.services.repricing.tally import Line, summed


def table_in_force() -> PolicySet:
    return PolicySet.objects.filter(published_at__isnull=False).latest("number")


def calendar_in_force(code: str = "330800") -> CalendarVersion:
    return CalendarVersion.objects.filter(calendar__code=code, published_at__isnull=False).latest("number")


def policy_draft(*cells: tuple[str, str, str], of: PolicySet | None = None, **where: Any) -> PolicySet:
    """A draft of the table in force with some cells changed: (clock, grade, amount or a dash)."""
    draft = copy_policies(set_id=(of or table_in_force()).pk, author=user("sysadmin"))
    for clock, grade, amount in cells:
        promised = None if amount == "–" else parse_amount(amount)
        columns = {"value": promised.value if promised else None, "unit": promised.unit if promised else ""}
        key = {"clock": clock, "grade": grade, "rework": False, "repeat": False, **where}
        if where:
            Policy.objects.create(set=draft, **key, **columns)
        else:
            draft.policies.filter(region="", channel="", category="", **key).update(**columns)
    return draft


def calendar_draft(*closed: date, then: Callable[[CalendarVersion], object] | None = None) -> CalendarVersion:
    """A draft of the city's calendar with these dates off."""
    draft = copy_calendar(version_id=calendar_in_force().pk, author=user("sysadmin"))
    for on in closed:
        CalendarDay.objects.update_or_create(version=draft, on=on, defaults={"working": False, "name": "停办"})
    if then:
        then(draft)
    return draft


def enforce(draft: PolicySet, *, at: datetime, running: bool = True) -> Recalculation | None:
    return publish.put_policies_in_force(
        set_id=draft.pk, author=user("secadmin"), at=at, reason="市政府会议决定", running=running
    )


def enforce_calendar(draft: CalendarVersion, *, at: datetime, **more: Any) -> Recalculation:
    return publish.put_calendar_in_force(version_id=draft.pk, author=user("secadmin"), at=at, reason="放假通知", **more)


def worked_off(recalculation: Recalculation | None, *, at: datetime) -> Recalculation:
    """As the workers do it: turn after turn until nothing is left."""
    assert recalculation is not None
    for _ in range(1000):
        work.work(recalculation_id=recalculation.pk, at=at)
        recalculation.refresh_from_db()
        if recalculation.finished_at:
            return recalculation
    raise AssertionError("never finished")


def done(recalculation: Recalculation) -> list[Line]:
    """What was counted while it was carried out."""
    return summed(line for counts in recalculation.slices.values_list("counts", flat=True) for line in counts)
