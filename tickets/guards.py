"""What a move's row may ask before it is made, beyond status and party. Pure: a standing in, a refusal or None out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from tickets.terms import Party


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a guard may look at: the request as it stands and the move about to be made."""

    party: Party
    actor_id: int | None
    author_id: int | None
    tier: int
    round: int
    send_backs: int
    supervised: bool
    restricted: bool
    difficulty: str
    urged_on: date | None
    today: date
    payload: Mapping[str, object] = field(default_factory=dict)


Guard = Callable[[Standing], str | None]
"""None, or the refusal in Chinese."""


def not_the_author(s: Standing) -> str | None:
    """Nobody reviews their own reply (domain.md §3, closing gates)."""
    return "不能审核自己的答复，请由其他负责人审核。" if s.actor_id == s.author_id else None


def reviewer_of_the_tier(s: Standing) -> str | None:
    """Tier 1 is reviewed by the head, tier ≥ 2 by the director of the service centre, who sees nothing restricted."""
    due_to = Party.HEAD if s.tier == 1 or s.restricted else Party.DIRECTOR
    return None if s.party == due_to else f"本件为 {s.tier} 级，由{due_to.label}审核送达。"


def not_supervised(s: Standing) -> str | None:
    """A request under 督办 cannot be withdrawn."""
    return "本件正在督办，不能撤回。" if s.supervised else None


def once_a_day(s: Standing) -> str | None:
    """One urge a day (local date)."""
    return "今天已经催办过一次，明天可以再催。" if s.urged_on == s.today else None


def head_only_raises_difficulty(s: Standing) -> str | None:
    """A head may classify only to raise the difficulty; everything else is the service centre's."""
    if s.party != Party.HEAD:
        return None
    raised = str(s.payload.get("difficulty", ""))
    return None if set(s.payload) == {"difficulty"} and raised > s.difficulty else "部门负责人只能调高难度。"


def second_send_back(s: Standing) -> bool:
    """After the second send-back in a round the tier rises."""
    return s.send_backs + 1 == 2


def beyond_round_two(s: Standing) -> bool:
    """A rework after round 2 raises the tier."""
    return s.round >= 2
