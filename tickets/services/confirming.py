"""The firm's word on what was entered for it: a link that is used once and ends by itself."""

from __future__ import annotations

import base64
import os
from datetime import datetime, timedelta

from django.db import transaction

from qihu.crypto import keyed
from qihu.errors import Forbidden, Gone, Invalid, Unknown
from tickets import access
from tickets.access import Caller
from tickets.models import Confirmation, Event, Source, Ticket
from tickets.services.intent import Aside, Done
from tickets.services.transition import perform_all
from tickets.terms import Remark
from tickets.workflow import Party

LASTS = timedelta(days=7)
_ANSWERS = (Confirmation.State.CONFIRMED, Confirmation.State.CORRECTED, Confirmation.State.DENIED)
_NO_LINK = "没有这个链接。请核对短信里的完整地址。"
_USED = "这个链接已经用过。查进度请用编号和查询码，或用当时打开链接的手机。"
_ENDED = "这个链接已过期。需要时请联系服务中心重新发送。"


def issue(source: Source, *, at: datetime) -> Confirmation:
    """A link for the firm of a source that has none yet."""
    return Confirmation.objects.create(source=source, sent_at=at, expires_at=at + LASTS, **_drawn())


def announce(ticket: Ticket, given: Confirmation, *, op: str, party: Party, caller: Caller, at: datetime) -> None:
    """Log that the firm is asked to check, so that its phone hears of it; the caller holds the request's lock.

    The log knows until when, and nothing of the token: whoever sends the link works it out (`token_to_send`).
    """
    aside = Aside(
        kind=Remark.ASK_CONFIRM,
        ticket_id=ticket.pk,
        at=at,
        party=party,
        caller=caller,
        data={"op": op, "until": given.expires_at.isoformat()},
        turns_version=False,
    )
    perform_all([aside], locked={ticket.pk: ticket})


class NoLink(Exception):
    """The link of a notice is no longer to be sent; what it says is the reason's code."""


def token_to_send(ticket: Ticket, *, seq: int, at: datetime) -> str:
    """The token that event `seq` announced, to be sent now and kept nowhere.

    Raises `NoLink`: answered, expired, replaced by a newer one, or it would open a restricted request, which is told
    to nobody (domain.md §1).
    """
    given = Confirmation.objects.filter(source__ticket=ticket).order_by("-pk").first()
    newer = Event.objects.filter(ticket=ticket, kind=Remark.ASK_CONFIRM, seq__gt=seq)
    if ticket.restricted:
        raise NoLink("restricted")
    if given is None or given.state != Confirmation.State.WAITING:
        raise NoLink("answered")
    if given.expires_at <= at:
        raise NoLink("expired")
    if newer.exists():
        raise NoLink("replaced")
    return token_of(given)


def token_of(confirmation: Confirmation) -> str:
    """26 characters, 128 bits, derived from the row's salt under the secret key; only its hash is searched by."""
    return base64.b32encode(keyed("confirm", bytes(confirmation.salt).hex())[:16]).decode().rstrip("=").lower()


def _drawn() -> dict[str, bytes]:
    salt = os.urandom(16)
    return {"salt": salt, "token_hash": _hash(token_of(Confirmation(salt=salt)))}


def _hash(token: str) -> bytes:
    return keyed("confirm-hash", token)


def opened(token: str, *, at: datetime) -> Confirmation:
    """What the link shows; looking does not use it up, for messengers look first.

    Raises `Unknown` for no such link, `Gone` once it was answered or has expired.
    """
    found = Confirmation.objects.filter(token_hash=_hash(token)).select_related("source__ticket__filing").first()
    if found is None:
        raise Unknown(_NO_LINK)
    if found.state != Confirmation.State.WAITING:
        raise Gone(_USED)
    if found.expires_at <= at:
        raise Gone(_ENDED)
    return found


@transaction.atomic
def answer(*, token: str, state: str, at: datetime, text: str = "") -> Done:
    """The firm's word: `confirmed`, `corrected` with what is wrong, or `denied`. Once.

    Raises as `opened`, and `Invalid` for an answer that is none.
    """
    if state not in _ANSWERS:
        raise Invalid("请选择一项。", fields={"state": "请选择一项。"})
    if state == Confirmation.State.CORRECTED and not text.strip():
        raise Invalid("请写明要更正什么。", fields={"text": "请写明要更正什么。"})
    ticket = Ticket.objects.lock([opened(token, at=at).source.ticket_id]).get()
    opened(token, at=at)  # again, under the lock: of two presses one finds it used
    aside = Aside(
        kind=Remark.CONFIRM,
        ticket_id=ticket.pk,
        at=at,
        party=Party.FIRM,
        data={"op": str(state)},
        text=text.strip(),
    )
    (done,) = perform_all([aside], locked={ticket.pk: ticket})
    Confirmation.objects.filter(token_hash=_hash(token)).update(state=state, answered_at=at)
    return done


@transaction.atomic
def renew(*, ticket: Ticket, source_id: int, caller: Caller, at: datetime) -> Confirmation:
    """A new link for a source of this request, sent to the firm; the old one ends.

    Raises `Forbidden`, `Unknown`, `Gone`.
    """
    mine = [p for p in access.parties(caller, ticket) if p in {Party.INTAKE, Party.OFFICER, Party.HEAD}]
    if not mine:
        raise Forbidden("只有受理员和主办部门可以重新生成链接。")
    locked = Ticket.objects.lock([ticket.pk]).get()
    found = Confirmation.objects.filter(source=source_id, source__ticket=ticket).first()
    if found is None:
        raise Unknown("没有这个来源。")
    if found.state != Confirmation.State.WAITING:
        raise Gone("企业已经答复过，不需要再发。")
    for name, value in _drawn().items():
        setattr(found, name, value)
    found.sent_at, found.expires_at = at, at + LASTS
    found.save(update_fields=["salt", "token_hash", "sent_at", "expires_at"])
    announce(locked, found, op="renewed", party=mine[0], caller=caller, at=at)
    return found
