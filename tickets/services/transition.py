"""The one function that moves requests: lock → check → log → change → clocks → outbox, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from qihu.errors import Conflict, DomainError, Forbidden, Invalid, RefusedByRule, Stale, Unknown
from routing.promises.book import PromiseBook, current_book
from tickets import access
from tickets.access import Caller
from tickets.models import Deadline, Event, Ticket
from tickets.services import alarms, asking, legwork, record
from tickets.services import clocks as promise
from tickets.services.attachments import attach, files_of
from tickets.services.batch import Batch
from tickets.services.intent import Aside, Done, Intent, LegIntent
from tickets.services.ledger import Begin
from tickets.services.standing import judge
from tickets.workflow import (
    Action,
    Move,
    Party,
    Standing,
    Status,
    approvers,
    parties_of,
    rows_of,
    sources_of,
)

Wanted = Intent | LegIntent | Aside
_NOT_MOVES = (alarms.BREACH_CODE, alarms.WARNING, asking.KIND)


def perform(wanted: Wanted) -> Done:
    """Make one move: check it, log it, change the row, set clocks, announce it. A two-step move is only asked for.

    Raises `Unknown` (404), `Forbidden` (403), `Conflict` or `RefusedByRule` (409), `Stale` (412), `Invalid` (422).
    """
    return perform_all([wanted])[0]


def move(
    action: Action, ticket_id: int, caller: Caller, at: datetime, expected_version: int | None, **more: Any
) -> Done:
    """`perform` of one row of the table; `more` as in `Intent`."""
    return perform(
        Intent(action=action, ticket_id=ticket_id, at=at, caller=caller, expected_version=expected_version, **more)
    )


@transaction.atomic
def perform_all(wanted: Sequence[Wanted], *, locked: Mapping[int, Ticket] | None = None) -> list[Done]:
    """As `perform`, for many requests at the price of a few statements; all are made or none.

    `locked` passes requests that this transaction has locked already (through `Ticket.objects.lock`).
    """
    tickets = locked if locked is not None else {t.pk: t for t in Ticket.objects.lock(w.ticket_id for w in wanted)}
    batch = Batch(tickets.values(), live=Deadline.objects.live(tickets))
    book = current_book()
    done = []
    for one in wanted:
        ticket = tickets.get(one.ticket_id)
        if ticket is None:
            raise Unknown("没有找到这件诉求。")
        done.append(_one(one, ticket, batch, book))
    batch.write()
    return done


def _one(wanted: Wanted, ticket: Ticket, batch: Batch, book: PromiseBook) -> Done:
    if isinstance(wanted, LegIntent):
        refuse_stale(wanted.expected_version, ticket)
        settle(ticket, batch, book, at=wanted.at)
        return legwork.make(wanted, ticket, batch)
    if isinstance(wanted, Aside):
        return _remark(wanted, ticket, batch, book)
    return _make(wanted, ticket, batch, book)


def _make(intent: Intent, ticket: Ticket, batch: Batch, book: PromiseBook) -> Done:
    intent = replace(intent, caller=access.as_of_now(intent.caller))
    move, standing = _check(intent, ticket)
    settle(ticket, batch, book, at=intent.at)
    if intent.approval is not None:
        asking.refuse_ended(intent.approval)
    if move.approver and intent.approval is None:
        return asking.ask(intent, ticket, batch, party=standing.party)
    before = ticket.status
    _change(intent, ticket, move, standing)
    event = record.draft(
        ticket=ticket,
        kind=intent.action,
        party=standing.party,
        happened_at=intent.at,
        actor_id=intent.caller.actor_id,
        from_status=before,
        to_status=ticket.status,
        data={**intent.data, **intent.caller.trace},
    )
    if intent.files:
        attach(event, files_of(intent.caller, ticket, intent.files))
    begin = Begin(ticket=ticket, book=book, at=intent.at, seq=event.seq)
    clocks = batch.clocks[ticket.pk]
    log = promise.apply(move, begin, clocks, standing=standing, orders=intent.orders)
    legs, more = legwork.follow(intent, ticket, clocks, begin)
    if log or more:
        event.data["clocks"] = [*log, *more]
    batch.add(event, text=intent.text, parts=intent.parts, then=move.then)
    if ticket.status != before:
        asking.end_without_word(ticket, batch, at=intent.at)
    return Done(ticket, event, legs=legs)


def _remark(wanted: Aside, ticket: Ticket, batch: Batch, book: PromiseBook) -> Done:
    """Log what is no move: the status stays."""
    settle(ticket, batch, book, at=wanted.at)
    for name, value in wanted.changes.items():
        setattr(ticket, name, value)
    ticket.version += wanted.turns_version
    event = record.draft(
        ticket=ticket,
        kind=wanted.kind,
        party=wanted.party,
        happened_at=wanted.at,
        actor_id=wanted.caller.actor_id,
        data=wanted.data,
    )
    begin = Begin(ticket=ticket, book=book, at=wanted.at, seq=event.seq)
    log = [line for order in wanted.orders for line in order.carry_out(batch.clocks[ticket.pk], begin)]
    if log:
        event.data["clocks"] = log
    attach(event, wanted.files)
    batch.add(event, text=wanted.text, parts=wanted.parts, then=wanted.then)
    return Done(ticket, event)


def settle(ticket: Ticket, batch: Batch, book: PromiseBook, *, at: datetime) -> None:
    """Record what the request's promises have come to by `at` and no sweep has seen yet, each dated when it came:
    warnings, breaches, and the moves that the ladder makes.
    """
    while (found := alarms.earliest(batch.clocks[ticket.pk], at)) is not None:
        came_at, deadline = found
        for wanted in alarms.set_off(deadline, ticket, batch, at=came_at):
            _by_ladder(wanted, ticket, batch, book)


def _by_ladder(wanted: Intent | Aside, ticket: Ticket, batch: Batch, book: PromiseBook) -> None:
    """A refusal is fine: the step is logged, and what it asks for is so already (the highest tier, an end)."""
    with suppress(RefusedByRule, Conflict):
        _one(wanted, ticket, batch, book)


def refuse_stale(expected: int | None, ticket: Ticket) -> None:
    """Raises `Stale` where somebody changed the request since it was read."""
    if expected is not None and expected != ticket.version:
        raise Stale("内容已被他人更新，请看过最新情况再办理。")


def _check(intent: Intent, ticket: Ticket) -> tuple[Move, Standing]:
    refuse_stale(intent.expected_version, ticket)
    action, second = intent.action, intent.approval is not None
    allowed = approvers(action, restricted=ticket.restricted) if second else parties_of(action)
    claims = [p for p in access.parties(intent.caller, ticket) if p in allowed]
    if not claims:
        raise Forbidden(f"“{action.label}”不由您{'审批' if second else '办理'}。")
    if ticket.status not in sources_of(action):
        raise Conflict(_where_it_is(ticket, action))
    asked_at = intent.approval.asked_at if intent.approval else intent.at
    move, standing, refusal = judge(
        action, ticket, claims, user=intent.caller.user, at=asked_at, payload=intent.data, second=second
    )
    if move is None or standing is None:
        raise RefusedByRule(refusal) if refusal else _no_row(ticket, action, claims)
    if move.needs_text and not intent.text.strip() and not second:
        raise Invalid("请写明内容。", fields={"text": "请写明内容。"})
    return move, standing


def _no_row(ticket: Ticket, action: Action, claims: Sequence[Party]) -> DomainError:
    """From here the move is somebody else's, or nobody's."""
    mine = any(ticket.status in row.sources and row.by & frozenset(claims) for row in rows_of(action))
    return Conflict(_where_it_is(ticket, action)) if mine else Forbidden(f"“{action.label}”不由您办理。")


def _where_it_is(ticket: Ticket, action: Action) -> str:
    """Who got there first, so that the second of two people knows whom to ask."""
    last = (
        Event.objects.filter(ticket=ticket, to_status=ticket.status)
        .exclude(kind__in=_NOT_MOVES)
        .select_related("actor")
        .order_by("-seq")
        .first()
    )
    now = Status(ticket.status).label
    if last is None:
        return f"现在是“{now}”，不能{action.label}。"
    when = last.happened_at.astimezone(ZoneInfo(settings.TIME_ZONE)).strftime("%m月%d日 %H:%M")
    who = last.actor.name if last.actor else Party(last.party).label
    made = Action(last.kind).label if last.kind in Action.values else last.kind
    return f"已由{who}于 {when} {made}，现在是“{now}”，不能{action.label}。"


def _change(intent: Intent, ticket: Ticket, move: Move, standing: Standing) -> None:
    if move.raises_tier and move.raises_tier(standing):
        ticket.tier = min(ticket.tier + 1, 3)
    ticket.send_backs += move.counts_send_back
    if move.new_round:
        ticket.round += 1
        ticket.send_backs = 0
    if move.draws_review:
        ticket.review_drawn = standing.look.reviewed_by_draw
    if move.keeps:
        ticket.came_from = ticket.status
    for name, value in intent.changes.items():
        setattr(ticket, name, value)
    if move.target is not None:
        ticket.status = move.target
    ticket.version += 1
    if intent.approval is not None:
        ticket.pending -= 1
