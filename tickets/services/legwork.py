"""Legs of co-handling departments inside the one function: born with a move, moved by their own table, released."""

from __future__ import annotations

from collections.abc import Sequence

from qihu.errors import Conflict, Forbidden, Invalid, Unknown
from tickets import access
from tickets.models import Leg, Ticket
from tickets.services import clocks as promise
from tickets.services import record
from tickets.services.batch import Batch
from tickets.services.intent import Done, Intent, LegIntent
from tickets.services.ledger import Begin, Clocks, Entry
from tickets.workflow import ENDED, LEG_MOVES, LEGS_MOVE_IN, Action, Clock, LegAction, LegStatus, Status

_NEW_LEAD = frozenset({Action.REASSIGN, Action.RULE_ON_RETURN, Action.ASSIGN})
_ENDS_LEGS = ENDED - {Status.CLOSED}


def follow(intent: Intent, ticket: Ticket, clocks: Clocks, begin: Begin) -> tuple[Sequence[Leg], list[Entry]]:
    """What a move of the request does to its legs: those no longer owed are released, new helpers get one each."""
    released = _released(intent, ticket, clocks, begin)
    legs = _born(intent, ticket, begin)
    started = [line for leg in legs for line in promise.start([Clock.LEG], clocks, begin, leg=leg)]
    return legs, [*released, *started]


def _released(intent: Intent, ticket: Ticket, clocks: Clocks, begin: Begin) -> list[Entry]:
    """All, where the request ends, is split or becomes restricted, so that helpers no longer see it; the new lead's
    own, where a helper comes to lead.
    """
    mine = Leg.objects.open().filter(ticket=ticket)
    restricts = ticket.restricted and intent.action in _NEW_LEAD
    if ticket.status in _ENDS_LEGS or intent.action == Action.SPLIT or restricts:
        mine.update(status=LegStatus.RELEASED, ended_at=begin.at)
        return []  # their clocks are void with all the others
    if intent.action not in _NEW_LEAD or "department" not in intent.changes:
        return []
    log: list[Entry] = []
    for leg in mine.held_by([ticket.department_id or 0]):
        log += promise.release(leg.pk, clocks, at=begin.at)
        Leg.objects.filter(pk=leg.pk).update(status=LegStatus.RELEASED, ended_at=begin.at)
    return log


def _born(intent: Intent, ticket: Ticket, begin: Begin) -> list[Leg]:
    """A leg for each helper that has none open."""
    wanted = [one for one in intent.helpers if one.pk != ticket.department_id]
    if not wanted:
        return []
    have: set[int] = set()
    if begin.seq > 2:  # nobody helps before the first assignment
        have = set(Leg.objects.open().filter(ticket=ticket).values_list("department_id", flat=True))
    fresh = [one for one in wanted if one.pk not in have]
    return Leg.objects.bulk_create(
        [Leg(ticket=ticket, department=one, round=ticket.round, assigned_at=begin.at) for one in fresh]
    )


def make(intent: LegIntent, ticket: Ticket, batch: Batch) -> Done:
    """Move one leg. Raises `Unknown` for another request's, `Forbidden`, `Conflict`, `Invalid`."""
    leg = Leg.objects.select_related("department").filter(pk=intent.leg_id, ticket=ticket).first()
    if leg is None:
        raise Unknown("没有找到这项协办。")
    move = LEG_MOVES[intent.action]
    user = intent.caller.user
    claims = access.co_parties(user, frozenset({leg.department_id})) if user else ()
    party = next((one for one in claims if one in move.by), None)
    if party is None:
        raise Forbidden(f"“{move.action.label}”不由您办理。")
    if leg.status not in move.sources:
        raise Conflict(f"这项协办现在是“{LegStatus(leg.status).label}”，不能{move.action.label}。")
    if ticket.status not in LEGS_MOVE_IN:
        raise Conflict(f"诉求现在是“{Status(ticket.status).label}”，不能{move.action.label}。")
    if move.needs_text and not intent.text.strip():
        raise Invalid("请写明内容。", fields={"text": "请写明内容。"})
    event = record.draft(
        ticket=ticket,
        kind=move.action,
        party=party,
        happened_at=intent.at,
        actor_id=intent.caller.actor_id,
        data={"leg": leg.pk, **intent.data},
        leg=leg,
    )
    ticket.version += 1
    log = promise.apply_leg(move, leg, batch.clocks[ticket.pk], at=intent.at)
    if log:
        event.data["clocks"] = log
    _write(leg, intent, move.target)
    batch.add(event, text=intent.text, then=move.then)
    return Done(ticket, event, legs=[leg])


def _write(leg: Leg, intent: LegIntent, target: LegStatus) -> None:
    leg.status = target
    if intent.action == LegAction.LEG_SIGN:
        leg.signed_at, leg.officer = intent.at, intent.caller.user
    else:
        leg.ended_at = intent.at
    leg.save(update_fields=["status", "signed_at", "ended_at", "officer"])
