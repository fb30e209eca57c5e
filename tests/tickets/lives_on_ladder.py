"""What must hold of the promises of a random life after each step: the ladder of domain.md §4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from routing.promises.ladder import BREACH
from tickets.models import Alert, Deadline, Event
from tickets.services.arming import Spans, upcoming

_KINDS = ("warning", "breach")


class Climbs:
    """How far each promise has come; it never comes down again."""

    def __init__(self) -> None:
        self._reached: dict[int, int] = {}

    def keep(self, deadline: Deadline) -> None:
        """Compare with the last time."""
        assert deadline.reached >= self._reached.get(deadline.pk, 0), deadline
        self._reached[deadline.pk] = deadline.reached


def keeps_ladder(
    rows: Sequence[Deadline], alerts: Mapping[int, Sequence[Alert]], events: Sequence[Event], *, at: datetime
) -> None:
    """Of one request: each step once, told in the log where it is lit; and the next moment is the reckoned one."""
    spans = Spans([one.ticket_id for one in rows])
    by_seq = {event.seq: event for event in events if event.kind in _KINDS}
    told = []
    for deadline in rows:
        mine = alerts.get(deadline.pk, ())
        assert len({alert.threshold for alert in mine}) == len(mine), deadline
        assert all(alert.at <= at for alert in mine)
        broken = [alert.at for alert in mine if alert.threshold == "breach"]
        assert broken == ([deadline.breached_at] if deadline.breached_at else []), deadline
        assert (deadline.reached >= BREACH) == bool(broken), deadline
        for alert in mine:
            if alert.lit:
                _told(alert, deadline, by_seq[alert.seq or 0])
                told.append(alert.seq)
        _armed(deadline, spans, mine)
    assert sorted(told) == sorted(by_seq)


def _told(alert: Alert, deadline: Deadline, event: Event) -> None:
    kind = "breach" if alert.threshold == "breach" else "warning"
    said = {"clock": deadline.clock, "turn": deadline.turn, "round": deadline.round}
    assert (event.kind, event.happened_at) == (kind, alert.at)
    assert {name: event.data[name] for name in said} == said
    assert kind == "breach" or event.data["op"] == alert.threshold


def _armed(deadline: Deadline, spans: Spans, alerts: Sequence[Alert]) -> None:
    """The moment that `upcoming` says, and never before what has last changed the promise or been set off by it."""
    found = upcoming(deadline, spans) if deadline.state == "running" else None
    floors = [moment for moment in (deadline.not_before, *(alert.at for alert in alerts)) if moment]
    wanted = max([found.at, *floors]) if found else None
    assert deadline.fires_at == wanted, (deadline, deadline.reached, deadline.fires_at, wanted)
