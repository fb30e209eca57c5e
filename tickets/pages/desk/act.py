"""The bar of actions at the foot of a request: buttons with their forms, and what is under 更多."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tickets.models import Ticket
from tickets.pages.desk.buttons import DeskMove
from tickets.pages.desk.catalogue import Catalogue
from tickets.pages.desk.forms import MoveForm
from tickets.pages.desk.moves import Offered


@dataclass(frozen=True, slots=True)
class Spoken:
    """A move whose panel is open: asked for by its address, or refused with what was typed."""

    move: DeskMove
    form: MoveForm | None = None


def with_forms(offer: Offered, spoken: Spoken | None) -> list[DeskMove]:
    """The moves that are shown with their form: the buttons, and whatever is open, offered still or not."""
    shown = list(offer.moves)
    if spoken and spoken.move.panel and spoken.move not in shown and (spoken.form or spoken.move in offer.more):
        shown.append(spoken.move)
    return shown


def actions(
    ticket: Ticket,
    offer: Offered,
    options: Catalogue,
    *,
    whole: bool,
    spoken: Spoken | None,
) -> list[dict[str, object]]:
    """Buttons with their forms; a refused one stays open with its words. No key twice on a page."""
    taken: set[str] = set()
    return [
        {
            "move": move,
            "key": _key(move, taken),
            "label": move.action.label,
            "url": f"/desk/t/{ticket.number}/{move.action}/",
            "primary": place == 0 and move in offer.moves and not move.calm and not move.rare,
            "open": bool(spoken and spoken.move is move and move.panel),
            "form": (spoken.form if spoken and spoken.move is move else None)
            or move.form(
                ticket=ticket, options=options, whole=whole, own_leg=offer.leg, auto_id=f"id_{move.action}_%s"
            ),
        }
        for place, move in enumerate(with_forms(offer, spoken))
    ]


def more(ticket: Ticket, offer: Offered, shown: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """What is under 更多: each a link that opens its form."""
    taken = {str(one["key"]) for one in shown}
    here = [one["move"] for one in shown]
    return [
        {"label": move.action.label, "key": _key(move, taken), "url": f"/desk/t/{ticket.number}/{move.action}/"}
        for move in offer.more
        if move not in here
    ]


def _key(move: DeskMove, taken: set[str]) -> str:
    key = "" if move.key in taken else move.key
    taken.add(key)
    return key
