"""What can be said of a request at one moment, as one bit each: the words in which figures are defined.

A row of `Fact` holds them in `flags`. Bits are never renumbered: frozen months are counted from rows that hold them.
A definition writes them in small letters.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntFlag, auto


class Atom(IntFlag):
    """At most 63: they stand in a signed 64-bit column."""

    # it counts at all: neither merged nor restricted
    COUNTED = auto()
    TEST = auto()
    PART = auto()  # of a split request: counts for its department, not for the whole
    DIVIDED = auto()  # was split: counts for the whole, not for a department
    OPEN = auto()
    CLOSED = auto()
    SUSPENDED = auto()
    # acceptance
    ACCEPT_DUE = auto()
    ACCEPTED_IN_TIME = auto()
    # who leads
    DISPATCHED = auto()
    DISPATCHED_MONTH = auto()  # 30 days ago
    ONE_LEAD = auto()
    # response
    CONTACT_DUE = auto()
    CONTACT_MISSED = auto()
    CONTACT_DENIED = auto()
    # the first answer's promise
    RESOLVE_DUE = auto()  # the agreed one
    PROMISE_DUE = auto()  # the original one
    MET_AGREED = auto()
    MET_ORIGINAL = auto()
    UNSOLVED = auto()  # what was delivered says so
    RESOLVE_BROKEN = auto()
    # how it ended
    EVER_CLOSED = auto()
    EXCLUDED = auto()
    OUTCOME_SOLVED = auto()
    RATED_LOW = auto()
    CALL_DENIES = auto()
    CALLED = auto()
    CALL_SOLVED = auto()
    CLOSED_MONTH = auto()  # first closed 30 days ago
    SOLVED_FIRST = auto()
    # the firm's word
    RATED = auto()
    RESULT_GOOD = auto()
    RESULT_BASIC = auto()
    PROCESS_GOOD = auto()
    PROCESS_BASIC = auto()
    # what happened on the way
    REWORKED = auto()
    EXTENDED = auto()
    RESTED = auto()
    RETURNED = auto()
    UPHELD = auto()
    RELIEVED = auto()
    TIMED = auto()  # a net handling time is known
    REPEAT = auto()


BIT: Mapping[str, int] = {str(atom.name).lower(): int(atom) for atom in Atom}
"""The bit of each, by the name that definitions use."""
