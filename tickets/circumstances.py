"""A request as the guards of the table see it. Pure: filled in by `services.standing`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from tickets.terms import Party


class Circumstances(Protocol):
    """What has to be looked up, and only is when a guard asks."""

    @property
    def open_legs(self) -> Sequence[str]:
        """Names of co-handling departments that owe an answer."""

    @property
    def open_children(self) -> int:
        """Parts of a split request, not closed yet."""

    @property
    def asks(self) -> Sequence[str]:
        """What the firm asks, point by point; empty where it wrote no points."""

    @property
    def objected(self) -> bool:
        """Whether this department has objected in this round."""

    @property
    def return_until(self) -> datetime | None:
        """End of the return window, or None where the table has none."""

    @property
    def extend_until(self) -> datetime | None:
        """Last moment at which an extension may be asked for."""

    @property
    def extension_times(self) -> int:
        """How many extensions the table allows."""

    @property
    def asked(self) -> frozenset[str]:
        """Actions that wait for a second person's word."""

    @property
    def outside(self) -> bool:
        """Whether the actor belongs to none of the handling departments."""

    @property
    def missed_calls(self) -> int:
        """Call-backs of this round in which nobody was reached."""

    @property
    def called_back_by_draw(self) -> bool:
        """Whether the draw for call-backs takes this request and round."""

    @property
    def reviewed_by_draw(self) -> bool:
        """Whether the draw for the director's review takes this request and round."""

    @property
    def supervision_runs(self) -> bool:
        """Whether a written answer to 督办 or 批示 is owed."""

    @property
    def follow_up_runs(self) -> bool:
        """Whether a plan is being followed up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a guard may look at: the request as it stands and the move about to be made."""

    party: Party
    actor_id: int | None
    author_id: int | None
    status: str
    came_from: str
    tier: int
    round: int
    send_backs: int
    review_drawn: bool
    supervised: bool
    restricted: bool
    difficulty: str
    urgent: bool
    outcome: str
    info_asked: bool
    suspensions: int
    extensions: int
    excluded: bool
    test: bool
    urged_on: date | None
    closed_on: date | None
    today: date
    at: datetime
    look: Circumstances
    payload: Mapping[str, object] = field(default_factory=dict)
