"""What can be said of a request at one moment, as one bit each: the words in which figures are defined.

A row of `Fact` holds them in `flags`. Bits are never renumbered: frozen months are counted from rows that hold them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

NAMES = (
    # 0: it counts at all: neither merged nor restricted
    "counted",
    "test",
    "part",  # of a split request: counts for its department, not for the whole
    "divided",  # was split: counts for the whole, not for a department
    "open",
    "closed",
    "suspended",
    # 7: acceptance
    "accept_due",
    "accepted_in_time",
    # 9: who leads
    "dispatched",
    "dispatched_month",  # 30 days ago
    "one_lead",
    # 12: response
    "contact_due",
    "contact_missed",
    "contact_denied",
    # 15: the first answer's promise
    "resolve_due",  # the agreed one
    "promise_due",  # the original one
    "met_agreed",
    "met_original",
    "unsolved",  # what was delivered says so
    "resolve_broken",
    # 21: how it ended
    "ever_closed",
    "excluded",
    "outcome_solved",
    "rated_low",
    "call_denies",
    "called",
    "call_solved",
    "closed_month",  # first closed 30 days ago
    "solved_first",
    # 30: the firm's word
    "rated",
    "result_good",
    "result_basic",
    "process_good",
    "process_basic",
    # 35: what happened on the way
    "reworked",
    "extended",
    "rested",
    "returned",
    "upheld",
    "relieved",
    "timed",  # a net handling time is known
    "repeat",
)
BIT: Mapping[str, int] = {name: 1 << i for i, name in enumerate(NAMES)}
if not len(BIT) == len(NAMES) <= 63:
    raise ValueError("an atom is one bit of a signed 64-bit column")


def flags_of(names: Iterable[str]) -> int:
    """The bits of these atoms."""
    return sum(BIT[name] for name in frozenset(names))
