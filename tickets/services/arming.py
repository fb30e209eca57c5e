"""When a running promise next sets something off: a warning, its breach, a step of the ladder after it.

`fires_at` is that moment, and the one thing that the sweep looks at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from routing.promises import ladder
from routing.promises.book import calendar_version
from routing.promises.ladder import BREACH, Step
from tickets.models import Deadline, Shift
from tickets.workflow import ENDING_CLOCKS

_State = Deadline.State
_MOVING = (Shift.Kind.PAUSE, Shift.Kind.CREDIT)
Stretch = tuple[datetime, datetime]


class Spans:
    """Pauses and credits of the requests of one transaction: of all their promises in one query, when first asked."""

    def __init__(self, tickets: Iterable[int] = ()) -> None:
        self._tickets = list(tickets)

    def of(self, deadline: Deadline) -> list[Stretch]:
        """Those written already, oldest first."""
        return self._stored.get(deadline.pk, []) if deadline.pk else []

    @cached_property
    def _stored(self) -> dict[int, list[Stretch]]:
        found: dict[int, list[Stretch]] = {}
        rows = Shift.objects.filter(
            deadline__ticket_id__in=self._tickets, kind__in=_MOVING, since__isnull=False, until__isnull=False
        ).order_by("pk")
        for key, since, until in rows.values_list("deadline_id", "since", "until"):
            found.setdefault(key, []).append((since, until))  # type: ignore[arg-type]
        return found


@dataclass(frozen=True, slots=True)
class Next:
    """What comes next and when; `step` None: the breach."""

    at: datetime
    step: Step | None


def arm(deadline: Deadline, spans: Spans, fresh: Sequence[Stretch] = (), *, since: datetime | None = None) -> None:
    """Set `fires_at`. `fresh`: stretches of this transaction; `since`: nothing is set off earlier than this.

    What a change of the promise has made late happens at the change, never before it.
    """
    found = upcoming(deadline, spans, fresh) if deadline.state == _State.RUNNING else None
    floors = [at for at in (since, deadline.not_before) if at]
    deadline.fires_at = max([found.at, *floors]) if found else None


def upcoming(deadline: Deadline, spans: Spans, fresh: Sequence[Stretch] = ()) -> Next | None:
    """The next step of a promise by its own policy and calendar, or None where nothing is left."""
    due_at, promised = deadline.due_at, deadline.promise
    if due_at is None:
        return None
    step = None
    if promised is not None and deadline.clock not in ENDING_CLOCKS:
        step = ladder.after(deadline.policy_set_id, deadline.clock, promised, reached=deadline.reached)
    if step is None or promised is None:
        return None if deadline.reached >= BREACH else Next(due_at, None)
    calendar = calendar_version(deadline.calendar_version_id)
    pauses = [*spans.of(deadline), *fresh]
    at = ladder.moment(step, calendar, start=deadline.started_at, due_at=due_at, unit=promised.unit, pauses=pauses)
    return Next(at, step)
