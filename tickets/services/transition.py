"""The one function that moves requests: lock → check → log → change → clocks → outbox, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from qihu.errors import Conflict, DomainError, Forbidden, Invalid, Stale, Unknown
from routing.promises.book import PromiseBook, current_book
from tickets import access
from tickets.models import Deadline, Event, Ticket
from tickets.services import clocks as promise
from tickets.services import record
from tickets.services.attachments import attach, files_of
from tickets.services.batch import Batch
from tickets.services.intent import Done, Intent
from tickets.services.standing import ask_guards
from tickets.workflow import BY_ACTION, Move, Party, Standing, Status


class RefusedByRule(DomainError):
    """A guard of the table said no."""

    status, code, title = 409, "refused-by-rule", "暂不能办理"


def perform(intent: Intent) -> Done:
    """Make one move: check it, log it, change the row, set clocks, announce it.

    Raises `Unknown` (404), `Forbidden` (403), `Conflict` or `RefusedByRule` (409), `Stale` (412), `Invalid` (422).
    """
    return perform_all([intent])[0]


@transaction.atomic
def perform_all(intents: Sequence[Intent], *, locked: Mapping[int, Ticket] | None = None) -> list[Done]:
    """As `perform`, for many requests at the price of a few statements; all are made or none.

    `locked` passes requests that this transaction has locked already (through `Ticket.objects.lock`).
    """
    tickets = locked if locked is not None else {t.pk: t for t in Ticket.objects.lock(i.ticket_id for i in intents)}
    batch = Batch(tickets.values(), live=Deadline.objects.live(tickets))
    book = current_book()
    done = []
    for intent in intents:
        ticket = tickets.get(intent.ticket_id)
        if ticket is None:
            raise Unknown("没有找到这件诉求。")
        done.append(_make(intent, ticket, batch, book))
    batch.write()
    return done


def _make(intent: Intent, ticket: Ticket, batch: Batch, book: PromiseBook) -> Done:
    move = BY_ACTION[intent.action]
    standing = _check(intent, ticket, move)
    settle(ticket, batch, at=intent.at)
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
        data=intent.data,
    )
    if intent.files:
        attach(event, files_of(intent.caller, ticket, intent.files))
    log = promise.apply(move, ticket=ticket, clocks=batch.clocks[ticket.pk], book=book, at=intent.at, seq=event.seq)
    if log:
        event.data["clocks"] = log
    batch.add(event, text=intent.text, parts=intent.parts, then=move.then)
    return Done(ticket, event)


def settle(ticket: Ticket, batch: Batch, *, at: datetime) -> None:
    """Record every promise that has broken by `at` and that no sweep has seen yet, dated when it broke."""
    clocks = batch.clocks[ticket.pk]
    for deadline in promise.overdue(clocks, at):
        event = record.draft(
            ticket=ticket,
            kind="breach",
            party=Party.SYSTEM,
            happened_at=deadline.due_at or at,
            data={"clock": str(deadline.clock), "turn": deadline.turn, "round": deadline.round},
        )
        promise.breach(deadline, clocks, seq=event.seq)
        ticket.late = True
        batch.add(event, then=("tickets.notify",))


def _check(intent: Intent, ticket: Ticket, move: Move) -> Standing:
    if intent.expected_version is not None and intent.expected_version != ticket.version:
        raise Stale("内容已被他人更新，请看过最新情况再办理。")
    claims = [p for p in access.parties(intent.caller, ticket) if p in move.by]
    if not claims:
        raise Forbidden(f"“{move.action.label}”不由您办理。")
    if ticket.status not in move.sources:
        raise Conflict(_where_it_is(ticket, move))
    if move.needs_text and not intent.text.strip():
        raise Invalid("请写明内容。", fields={"text": "请写明内容。"})
    standing, refusal = ask_guards(
        move, ticket, claims, actor_id=intent.caller.actor_id, at=intent.at, payload=intent.data
    )
    if standing is None:
        raise RefusedByRule(refusal)
    return standing


def _where_it_is(ticket: Ticket, move: Move) -> str:
    """Who got there first, so that the second of two people knows whom to ask."""
    last = (
        Event.objects.filter(ticket=ticket, to_status=ticket.status)
        .exclude(kind="breach")
        .select_related("actor")
        .order_by("-seq")
        .first()
    )
    now = Status(ticket.status).label
    if last is None:
        return f"现在是“{now}”，不能{move.action.label}。"
    when = last.happened_at.astimezone(ZoneInfo(settings.TIME_ZONE)).strftime("%m月%d日 %H:%M")
    who = last.actor.name if last.actor else Party(last.party).label
    made = BY_ACTION.get(last.kind)  # type: ignore[call-overload]
    return f"已由{who}于 {when} {made.action.label if made else last.kind}，现在是“{now}”，不能{move.action.label}。"


def _change(intent: Intent, ticket: Ticket, move: Move, standing: Standing) -> None:
    if move.raises_tier and move.raises_tier(standing):
        ticket.tier = min(ticket.tier + 1, 3)
    ticket.send_backs += move.counts_send_back
    if move.new_round:
        ticket.round += 1
        ticket.send_backs = 0
    for name, value in intent.changes.items():
        setattr(ticket, name, value)
    if move.target is not None:
        ticket.status = move.target
    ticket.version += 1
