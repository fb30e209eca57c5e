"""The promises of one request as its log tells them: first due, agreed due, when it was met or stopped, when it ran."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

Line = Mapping[str, str]
"""One line of an event's `clocks` (`services.ledger.entry`)."""


@dataclass(slots=True)
class Promised:
    """One promise. `stop`: since when it does not run; `ran`: the stretches in which it did, `[since, stop)`."""

    since: datetime
    due: datetime
    first: datetime
    met: datetime | None = None
    stop: datetime | None = None
    void: bool = False
    rests: bool = False
    ran: list[tuple[datetime, datetime]] = field(default_factory=list)

    def take(self, line: Line, at: datetime) -> None:
        """What one line of the log does to it. Inheriting goes on with it, under the other's due times."""
        if "due_at" in line:
            self.due, self.first = _moment(line["due_at"]), _moment(line["promised_due_at"])
        op = line["op"]
        if op == "resumed":
            self.since, self.stop, self.rests = at, None, False
        elif op == "inherited":
            self.void, self.stop, self.since = False, at if self.rests else None, at
        elif op in {"paused", "met", "void"}:
            self._stopped(line, op, at)

    def _stopped(self, line: Line, op: str, at: datetime) -> None:
        met = _moment(line["met_at"]) if "met_at" in line else None
        if self.stop is None:
            self.stop = met if op == "met" and met else at
            self.ran.append((self.since, self.stop))
        self.met = met or self.met
        self.void |= op == "void"
        self.rests |= op == "paused"

    @property
    def owed(self) -> bool:
        """It is, or was, still owed when its agreed due passes."""
        return self.met is not None or self.stop is None or self.stop > self.due

    @property
    def late(self) -> bool:
        """Not met by its agreed due."""
        return self.met is None or self.met > self.due

    @property
    def dropped(self) -> bool:
        """Taken back before it was due: the next one counts as the first."""
        return self.void and self.met is None and self.stop is not None and self.stop <= self.due

    @property
    def owed_first(self) -> bool:
        """As `owed`, by the due that was promised first; a pause does not stop it."""
        return self.met is not None or not self.void or (self.stop is not None and self.stop > self.first)


_NAMES = {"ACCEPT": "accept", "CONTACT": "contact", "RESOLVE": "resolve"}
"""The clocks that any figure asks for."""


@dataclass(slots=True)
class Promises:
    """Of one request, by clock, in order."""

    accept: list[Promised] = field(default_factory=list)
    contact: list[Promised] = field(default_factory=list)
    resolve: list[Promised] = field(default_factory=list)

    def take(self, lines: Sequence[Line], at: datetime) -> None:
        """The `clocks` of one event. A leg's promises are its co-handler's: no figure counts them."""
        for line in lines:
            name = _NAMES.get(line["clock"])
            if name is None or "leg" in line:
                continue
            mine: list[Promised] = getattr(self, name)
            if line["op"] == "started" or not mine:
                mine.append(Promised(at, _moment(line["due_at"]), _moment(line["promised_due_at"])))
            if line["op"] != "started":
                mine[-1].take(line, at)

    def answer(self) -> Promised | None:
        """The first RESOLVE that was not taken back."""
        for one in self.resolve:
            if not one.dropped:
                return one
        return self.resolve[0] if self.resolve else None


def _moment(written: str) -> datetime:
    return datetime.fromisoformat(written)
