"""A request as the guards of the table see it: asked by `perform` before a move, and by pages before they offer one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from qihu.accounts.models import User
from tickets.circumstances import Standing
from tickets.models import Ticket
from tickets.services.circumstances import Looked
from tickets.workflow import Action, Move, Party, Status, approvers, open_moves, parties_of, row_of


def judge(
    action: Action,
    ticket: Ticket,
    parties: Iterable[Party],
    *,
    user: User | None,
    at: datetime,
    payload: Mapping[str, object],
    look: Looked | None = None,
    second: bool = False,
) -> tuple[Move | None, Standing | None, str]:
    """The first row and party that the guards let pass; or None, None and the last refusal, "" where no row fits.

    `second`: the parties are to say the second word on what was asked at `at`.
    """
    said = ""
    looked = look or Looked(ticket, user, at)
    allowed = approvers(action, restricted=ticket.restricted) if second else frozenset[Party]()
    for party in parties:
        standing = _standing(ticket, party, user.pk if user else None, at, payload, looked)
        row = row_of(action, standing, by=allowed)
        if row is None:
            continue
        refusal = next((no for guard in row.guards if (no := guard(standing))), None)
        if refusal is None:
            return row, standing, ""
        said = refusal
    return None, None, said


def may_make(
    ticket: Ticket, parties: Sequence[Party], *, user: User | None, at: datetime, look: Looked | None = None
) -> list[Action]:
    """Moves that the table opens to these parties and that no guard would refuse now, in the table's order."""
    looked = look or Looked(ticket, user, at)
    return [
        action
        for action in open_moves(Status(ticket.status), parties)
        if refusal(action, ticket, parties, user=user, at=at, look=looked) is None
    ]


def refusal(
    action: Action,
    ticket: Ticket,
    parties: Sequence[Party],
    *,
    user: User | None,
    at: datetime,
    look: Looked | None = None,
) -> str | None:
    """What the guards would say to a move with the least that it could ask for, or None."""
    looked = look or Looked(ticket, user, at)
    if action in looked.asked:
        return f"“{action.label}”正在等待审批。"
    claims = [party for party in parties if party in parties_of(action)]
    row, _, said = judge(action, ticket, claims, user=user, at=at, payload=_least(action, ticket, looked), look=looked)
    return None if row else said or "现在不能办理。"


def _least(action: Action, ticket: Ticket, looked: Looked) -> Mapping[str, object]:
    """What the mildest form of a move would say."""
    if action == Action.CLASSIFY:
        harder = [code for code in Ticket.Difficulty.values if code > ticket.difficulty]
        return {"difficulty": harder[0] if harder else ""}
    if action == Action.REPLY:
        return {"answered": [str(n) for n, _ in enumerate(looked.asks, start=1)]}
    return {}


def _standing(
    ticket: Ticket,
    party: Party,
    actor_id: int | None,
    at: datetime,
    payload: Mapping[str, object],
    look: Looked,
) -> Standing:
    zone = ZoneInfo(settings.TIME_ZONE)
    ended_at = ticket.closed_at or look.withdrawn_at if ticket.status in {Status.CLOSED, Status.WITHDRAWN} else None
    return Standing(
        party=party,
        actor_id=actor_id,
        author_id=ticket.reply_author_id,
        status=ticket.status,
        came_from=ticket.came_from,
        tier=ticket.tier,
        round=ticket.round,
        send_backs=ticket.send_backs,
        review_drawn=ticket.review_drawn,
        supervised=ticket.supervised,
        restricted=ticket.restricted,
        difficulty=ticket.difficulty,
        urgent=ticket.urgent,
        outcome=ticket.outcome,
        info_asked=ticket.info_asked,
        suspensions=ticket.suspensions,
        extensions=ticket.extensions,
        excluded=ticket.excluded,
        test=ticket.test,
        urged_on=ticket.urged_at.astimezone(zone).date() if ticket.urged_at else None,
        closed_on=ended_at.astimezone(zone).date() if ended_at else None,
        today=at.astimezone(zone).date(),
        at=at,
        payload=payload,
        look=look,
    )
