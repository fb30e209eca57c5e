"""The supervision ladder: which steps a promise has, and at which moment each is reached (domain.md §4).

Warnings come before the due time, the ladder after it. Time that a promise was paused, or was credited, is no time
used: a step moves with it like the due time does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from routing.promises.amount import OPENING, Amount, Unit
from routing.promises.backwards import before
from routing.promises.calendars import WorkCalendar
from routing.promises.models import LadderSwitch, Rung
from routing.promises.worktime import add_opening, due, opening_seconds, shift

BREACH = 50
"""Position of the breach itself among the steps."""
Pauses = Sequence[tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a clock. `amount` is None for a share of `value` percent."""

    position: int
    code: str
    measure: str
    value: int
    amount: Amount | None
    at_least: int | None
    effect: str

    def applies(self, promised: Amount) -> bool:
        """Whether a promise of this amount has the step."""
        return self.at_least is None or (promised.unit is Unit.WD and promised.value >= self.at_least)

    def written(self) -> str:
        """As the log keeps it: `70%`, `1wd`."""
        return str(self.amount) if self.amount else f"{self.value}%"

    def words(self) -> str:
        """For people: `已用 70%`, `到期前 1 个工作日`, `超期 3 个工作日`."""
        if self.amount is None:
            return f"已用 {self.value}%"
        return f"{'到期前' if self.measure == Rung.Measure.BEFORE else '超期'} {self.amount.words()}"


@lru_cache(maxsize=1024)
def ladder(policy_set_id: int, clock: str) -> tuple[Step, ...]:
    """The steps of a clock in a published set, in order. Kept: a published set never changes."""
    rows = Rung.objects.filter(set_id=policy_set_id, clock=clock).order_by("position")
    return tuple(map(step_of, rows))


def step_of(row: Rung) -> Step:
    """A row as a step."""
    return Step(
        position=row.position,
        code=row.code,
        measure=row.measure,
        value=row.value,
        amount=Amount(row.value, Unit(row.unit)) if row.unit else None,
        at_least=row.at_least,
        effect=row.effect,
    )


def after(policy_set_id: int | None, clock: str, promised: Amount, *, reached: int) -> Step | None:
    """The next step behind position `reached` on its own side of the breach, or None: then the breach is next,
    or nothing.
    """
    steps = ladder(policy_set_id, clock) if policy_set_id else ()
    ahead = (step for step in steps if step.position > reached and step.applies(promised))
    found = next(ahead, None)
    return found if found and (reached >= BREACH or found.position < BREACH) else None


def moment(
    step: Step, calendar: WorkCalendar, *, start: datetime, due_at: datetime, unit: Unit, pauses: Pauses = ()
) -> datetime:
    """When a promise from `start` to `due_at` (agreed, pauses counted in) reaches the step; UTC, never after the due
    time for a warning, never before it for a step of the ladder.
    """
    if step.amount is None:
        return min(_share(step.value, calendar, start, due_at, unit, pauses), due_at)
    if step.measure == Rung.Measure.BEFORE:
        return max(start, closing_before(calendar, due_at, step.amount.value))
    late = [(max(since, due_at), until) for since, until in pauses if until > due_at]
    return shift(calendar, step.amount.unit, due(calendar, due_at, step.amount).at, late)


def _share(
    percent: int, calendar: WorkCalendar, start: datetime, due_at: datetime, unit: Unit, pauses: Pauses
) -> datetime:
    """`percent` of the time between, without the pauses; opening time for `wh` and `wd`, clock time else."""
    inside = [(max(since, start), min(until, due_at)) for since, until in pauses if since < due_at and until > start]
    if unit in OPENING:
        net = opening_seconds(calendar, start, due_at) - sum(
            opening_seconds(calendar, *span) for span in _apart(inside)
        )
        base = add_opening(calendar, start, max(net, 0) * percent // 100)
    else:
        net = int((due_at - start).total_seconds() - sum((b - a).total_seconds() for a, b in _apart(inside)))
        base = start + timedelta(seconds=max(net, 0) * percent // 100)
    return shift(calendar, unit, base, inside)


def _apart(spans: Pauses) -> list[tuple[datetime, datetime]]:
    """The same time, nothing twice."""
    joined: list[tuple[datetime, datetime]] = []
    for since, until in sorted(spans):
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(until, joined[-1][1]))
        else:
            joined.append((since, until))
    return joined


def closing_before(calendar: WorkCalendar, due_at: datetime, days: int) -> datetime:
    """The last closing of the `days`-th working day before the local date of `due_at`: so many are left then."""
    return before(calendar, due_at, Amount(days, Unit.WD))


def rehearses() -> bool:
    """Whether the switch says that the ladder only rehearses: one query."""
    return LadderSwitch.objects.filter(rehearsal=True).exists()
