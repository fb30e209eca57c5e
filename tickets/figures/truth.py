"""What is true of a request, as bits: at the moment that its life has been told up to, and as time passes after it.

Each line is a definition of domain.md §5; `definitions/` makes figures of them.
"""

from __future__ import annotations

from datetime import datetime

from tickets.figures.atoms import Atom
from tickets.figures.life import MONTH, Ending, Life
from tickets.figures.promised import Promises
from tickets.workflow import ENDED

# plain integers: the fold asks for them a hundred million times in a rebuild, and flags of an enumeration are slow
_ACCEPTED_IN_TIME = int(Atom.ACCEPTED_IN_TIME)
_ACCEPT_DUE = int(Atom.ACCEPT_DUE)
_CALLED = int(Atom.CALLED)
_CALL_DENIES = int(Atom.CALL_DENIES)
_CALL_SOLVED = int(Atom.CALL_SOLVED)
_CLOSED_MONTH = int(Atom.CLOSED_MONTH)
_CONTACT_DENIED = int(Atom.CONTACT_DENIED)
_CONTACT_DUE = int(Atom.CONTACT_DUE)
_CONTACT_MISSED = int(Atom.CONTACT_MISSED)
_COUNTED = int(Atom.COUNTED)
_DISPATCHED = int(Atom.DISPATCHED)
_DISPATCHED_MONTH = int(Atom.DISPATCHED_MONTH)
_EVER_CLOSED = int(Atom.EVER_CLOSED)
_EXCLUDED = int(Atom.EXCLUDED)
_MET_AGREED = int(Atom.MET_AGREED)
_MET_ORIGINAL = int(Atom.MET_ORIGINAL)
_ONE_LEAD = int(Atom.ONE_LEAD)
_OPEN = int(Atom.OPEN)
_OUTCOME_SOLVED = int(Atom.OUTCOME_SOLVED)
_PROCESS_BASIC = int(Atom.PROCESS_BASIC)
_PROCESS_GOOD = int(Atom.PROCESS_GOOD)
_PROMISE_DUE = int(Atom.PROMISE_DUE)
_RATED = int(Atom.RATED)
_RATED_LOW = int(Atom.RATED_LOW)
_RELIEVED = int(Atom.RELIEVED)
_REPEAT = int(Atom.REPEAT)
_RESOLVE_BROKEN = int(Atom.RESOLVE_BROKEN)
_RESOLVE_DUE = int(Atom.RESOLVE_DUE)
_RESULT_BASIC = int(Atom.RESULT_BASIC)
_RESULT_GOOD = int(Atom.RESULT_GOOD)
_REWORKED = int(Atom.REWORKED)
_SOLVED_FIRST = int(Atom.SOLVED_FIRST)
_SUSPENDED = int(Atom.SUSPENDED)
_TIMED = int(Atom.TIMED)
_UNSOLVED = int(Atom.UNSOLVED)
_CLOSED_BIT = int(Atom.CLOSED)
_ENDED = frozenset(map(str, ENDED))


def flags_of(life: Life) -> int:
    """What is true of it however time passes."""
    found = _COUNTED | life.marks
    found |= _OPEN if life.status not in _ENDED else 0
    found |= _CLOSED_BIT if life.closed else 0
    found |= _SUSPENDED if life.status == "suspended" else 0
    found |= _DISPATCHED if life.dispatched_at is not None else 0
    found |= _ONE_LEAD if len(life.leads) <= 1 else 0
    found |= _REWORKED if life.round >= 2 else 0
    found |= _UNSOLVED if life.delivered == "unsolved" else 0
    found |= _kept(life)
    found |= _called(life) if life.called_in else 0
    return found | _ended(life, life.first_ending, life.ending) if life.first_ending and life.ending else found


def _kept(life: Life) -> int:
    """Which promises were kept."""
    found, taken, accept, answer = 0, life.accepted_at, life.promises.accept, life.promises.answer()
    if accept and taken is not None and taken <= accept[0].due:
        found |= _ACCEPTED_IN_TIME
    if answer is not None and answer.met is not None:
        found |= _MET_AGREED if answer.met <= answer.due else 0
        found |= _MET_ORIGINAL if answer.met <= answer.first else 0
    return found


def _called(life: Life) -> int:
    said = _CALL_SOLVED if life.call_solved else _CALL_DENIES if life.called_in == life.round else 0
    return _CALLED | said | (_CONTACT_DENIED if life.call_denied else 0)


def _ended(life: Life, first: Ending, last: Ending) -> int:
    found = _EVER_CLOSED | (_OUTCOME_SOLVED if last.outcome == "solved" else 0)
    found |= _EXCLUDED if life.excluded_in == life.round else 0
    found |= _RATED_LOW if last.result is not None and last.result < 3 else 0
    calm = life.reopened_at is None or life.reopened_at >= first.at + MONTH
    found |= _SOLVED_FIRST if first.round == 1 and first.good and calm else 0
    return found | (_closed_now(life, last) if life.closed else 0)


def _closed_now(life: Life, last: Ending) -> int:
    found = _RELIEVED if (last.burden or 0) > 0 else 0
    found |= _TIMED if any(one.met for one in life.promises.resolve) else 0
    if last.result is None or last.process is None:
        return found
    found |= _RATED | (_RESULT_GOOD if last.result >= 4 else _RESULT_BASIC if last.result == 3 else 0)
    return found | (_PROCESS_GOOD if last.process >= 4 else _PROCESS_BASIC if last.process == 3 else 0)


def ripening_of(life: Life) -> list[tuple[datetime, int]]:
    """What becomes true though nothing happens, and when: each moment with the bits it sets (less than 0: that it
    clears), in order.
    """
    found = _accept_due(life) if life.promises.accept else []
    for one in life.promises.contact:
        if one.owed:
            found.append((one.due, _CONTACT_DUE | (_CONTACT_MISSED if one.late else 0)))
    found += _answer_due(life.promises) if life.promises.resolve else []
    if life.dispatched_at:
        found.append((life.dispatched_at + MONTH, _DISPATCHED_MONTH))
    if life.first_ending:
        found.append((life.first_ending.at + MONTH, _CLOSED_MONTH))
    if life.repeat:
        since, until = life.repeat
        found += [(since, _REPEAT), *([(until, -_REPEAT)] if until else [])]
    found.sort()
    return found


def _accept_due(life: Life) -> list[tuple[datetime, int]]:
    """The first promise counts: where it was answered, or where one of them was left unanswered."""
    accepts = life.promises.accept
    first = accepts[0].due
    if life.accepted_at is not None:
        return [(first, _ACCEPT_DUE)]
    return [(max(one.due, first), _ACCEPT_DUE) for one in accepts if one.owed]


def _answer_due(promises: Promises) -> list[tuple[datetime, int]]:
    """Each promise of an answer that is broken, and the one that counts by both its due times."""
    found = [(one.due, _RESOLVE_BROKEN) for one in promises.resolve if one.owed and one.late]
    answer = promises.answer()
    if answer is not None and answer.owed:
        found.append((answer.due, _RESOLVE_DUE))
    if answer is not None and answer.owed_first:
        found.append((answer.first, _PROMISE_DUE))
    return found
