"""The identity shield: who may lift it, for whom, for how long; and every look through it on record."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from qihu.audit.models import Action as Audited
from qihu.audit.record import record
from qihu.errors import Conflict, Forbidden, Invalid, Unknown
from tickets.access import Caller, identity_hidden, parties
from tickets.models import Reveal, Ticket
from tickets.services.remarks import remark
from tickets.terms import Party, Remark

REVEALED_FOR = timedelta(hours=24)
"""How long one reveal lets one person see."""
REASON_MIN, REASON_MAX = 10, 300
_REVEALERS = (Party.HEAD, Party.DIRECTOR)


def may_reveal(caller: Caller, ticket: Ticket) -> Party | None:
    """As whom this caller may lift the shield: the head of the lead department or the director, never an officer."""
    mine = parties(caller, ticket)
    if not identity_hidden(ticket, mine):
        return None
    return next((party for party in _REVEALERS if party in mine), None)


@transaction.atomic
def reveal(*, ticket_id: int, caller: Caller, at: datetime, reason: str) -> Reveal:
    """Let this person, and nobody else, see who the firm is for `REVEALED_FOR`; the firm reads who, when and why.

    Raises `Unknown`, `Forbidden`, `Conflict` where there is nothing to reveal or it is in sight, `Invalid`.
    """
    ticket = Ticket.objects.lock([ticket_id]).first()
    if ticket is None:
        raise Unknown("没有找到这件诉求。")
    mine = parties(caller, ticket)
    if not ticket.shielded or (mine and not identity_hidden(ticket, mine)):
        raise Conflict("您本来就看得到企业是谁。")
    party = may_reveal(caller, ticket)
    if party is None or caller.user is None:
        raise Forbidden("被保密的身份只有主办部门负责人和企服中心主任可以查看，并须写明理由。")
    why = reason.strip()
    if not REASON_MIN <= len(why) <= REASON_MAX:
        said = f"请写明为什么必须知道企业是谁，{REASON_MIN} 至 {REASON_MAX} 个字；企业会看到。"
        raise Invalid(said, fields={"reason": said})
    if now := Reveal.objects.in_sight(ticket, caller.user.pk, at=at):
        raise Conflict(f"您已经可以查看，到 {now.until.astimezone(ZoneInfo(settings.TIME_ZONE)):%m月%d日 %H:%M} 为止。")
    until = at + REVEALED_FOR
    event = remark(
        Remark.REVEAL,
        ticket=ticket,
        party=party,
        at=at,
        caller=caller,
        data={"until": until.isoformat()},
        text=why,
        then=("tickets.notify",),
    )
    record(
        Audited.REVEALED,
        actor=caller.user,
        kind="ticket",
        key=ticket.number,
        after={"until": until.isoformat(), "party": str(party), "seq": event.seq},
        reason=why,
        at=at,
    )
    return Reveal.objects.create(ticket=ticket, seq=event.seq, user=caller.user, until=until)


def look(caller: Caller, ticket: Ticket, *, at: datetime) -> Reveal | None:
    """The sight this caller has through the shield now; having looked goes on record. One query, none without need."""
    if caller.user is None or not identity_hidden(ticket, parties(caller, ticket)):
        return None
    sight = Reveal.objects.in_sight(ticket, caller.user.pk, at=at)
    if sight:
        record(Audited.REVEALED_READ, actor=caller.user, kind="ticket", key=ticket.number, at=at)
    return sight
