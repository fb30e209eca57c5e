"""Which moves the desk offers to whom: the table and its guards decide, this orders and counts the buttons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tickets import access
from tickets.models import Deadline, Leg, Ticket
from tickets.pages.desk.buttons import DESK_MOVES, LEG_DESK_MOVES, DeskMove
from tickets.pages.desk.seat import Seat
from tickets.services.circumstances import Looked
from tickets.services.standing import refusal
from tickets.workflow import LEGS_MOVE_IN, Action, LegStatus, Party, Status, open_leg_moves, open_moves

MOST_BUTTONS = 4
"""Side by side; the rest is under 更多."""
_TOLD = frozenset({Action.REPLY, Action.DELIVER, Action.SEND_BACK})
"""Moves whose refusal the person should read: it says what is still missing or whose turn it is."""
_OTHERS_WOULD_LEARN = frozenset({Action.ASSIGN_LEG, Action.SPLIT, Action.MERGE, Action.RAISE_TIER})
"""Moves that bring in people who may not know of a restricted request."""


@dataclass(frozen=True, slots=True)
class Offered:
    """The moves open to this person: buttons, the rest, and why one that they wait for is not open."""

    moves: Sequence[DeskMove]
    more: Sequence[DeskMove] = ()
    note: str = ""
    leg: int | None = None
    """Whose moves those of a leg are."""
    every: frozenset[str] = field(default=frozenset())


def offered(
    ticket: Ticket,
    seat: Seat,
    parties: Sequence[Party],
    *,
    contacted: bool,
    legs: Sequence[Leg],
    deadlines: Sequence[Deadline],
) -> Offered:
    """Read the table of moves, then ask its guards: a refused button is not shown.

    First comes what is to be done next: once the firm was contacted in this round, that is the reply.
    """
    theirs = set(open_moves(Status(ticket.status), parties))
    theirs -= _OTHERS_WOULD_LEARN if ticket.restricted else frozenset()
    leg, moves = _of_leg(ticket, seat, legs)
    looked = Looked(ticket, seat.user, seat.at, book=lambda: seat.book, deadlines=deadlines)
    notes: list[str] = []
    order = sorted(DESK_MOVES.values(), key=lambda m: (m.rare, contacted and m.action == Action.CONTACT))
    for move in (m for m in order if m.action in theirs):
        said = refusal(Action(move.action), ticket, parties, user=seat.user, at=seat.at, look=looked)
        if said is None:
            moves.append(move)
        elif move.action in _TOLD:
            notes.append(said)
    daily = [move for move in moves if not move.rare] or moves[:1]
    buttons = daily[:MOST_BUTTONS]
    more = [move for move in moves if move not in buttons]
    return Offered(buttons, more, next(iter(notes), ""), leg, frozenset(str(m.action) for m in moves))


def _of_leg(ticket: Ticket, seat: Seat, legs: Iterable[Leg]) -> tuple[int | None, list[DeskMove]]:
    """The first open leg of one's own department, and what may be done with it."""
    if ticket.status not in LEGS_MOVE_IN:
        return None, []
    for leg in legs:
        claims = access.co_parties(seat.user, frozenset({leg.department_id}))
        if moves := [LEG_DESK_MOVES[action] for action in open_leg_moves(LegStatus(leg.status), claims)]:
            return leg.pk, moves
    return None, []


def classifies(parties: Sequence[Party]) -> bool:
    """Whether chain, category and urgency are theirs to set; a head raises the difficulty only."""
    return bool({Party.INTAKE, Party.DISPATCHER} & set(parties))
