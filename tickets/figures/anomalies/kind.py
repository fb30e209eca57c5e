"""What a kind of anomaly is, and what it hands back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tickets.figures.anomalies.watched import Watched
from tickets.figures.window import Window

Whose = tuple[int | None, int | None]
"""Keys of the department and of the officer that something is counted for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One event that was noticed. `note`: what about it, in a few words; `cluster`: with which others it belongs."""

    ticket_id: int
    seq: int
    department_id: int | None
    officer_id: int | None
    at: datetime
    note: str
    cluster: str = ""

    @property
    def mark(self) -> str:
        """Its name in a review."""
        return f"{self.ticket_id}:{self.seq}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Flags that are one matter by themselves, with what makes them so. `expected`: how many would be ordinary."""

    label: str
    why: str
    expected: float | None = None
    among: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a kind noticed. Either `among` (how many were looked at, of whom: groups are departments and officers
    with clearly more than the others) or `clusters` (each is a group).
    """

    flags: tuple[Flag, ...] = ()
    among: Mapping[Whose, int] = field(default_factory=dict)
    clusters: Mapping[str, Cluster] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind: its definition in a sentence, what it counts over, and the function that looks."""

    code: str
    label: str
    sentence: str
    over: str
    look: Callable[[Watched, Window], Found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Flags that are worth checking together. `value` names the group within its kind, whatever the window."""

    kind: Kind
    value: str
    label: str
    why: str
    flags: tuple[Flag, ...]
    among: int | None = None
    expected: float | None = None
    base: float | None = None

    @property
    def observed(self) -> int:
        """How many events."""
        return len(self.flags)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One kind over a window: its groups, the weightiest first, and all that it noticed, also what is ordinary."""

    kind: Kind
    groups: tuple[Group, ...]
    noticed: int
    among: int | None
    weeks: tuple[tuple[str, int], ...]

    @property
    def flagged(self) -> int:
        """Events in the groups."""
        return len({flag.mark for group in self.groups for flag in group.flags})
