"""On-behalf entry: somebody of the centre, or an officer on a visit, writes down what a firm asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from qihu.crypto import sm3
from qihu.errors import Conflict, Forbidden, Invalid
from tickets import access
from tickets.access import Caller
from tickets.models import Source, Ticket
from tickets.models.source import DETAIL_MAX, REFERENCE_MAX, reference_index
from tickets.services import confirming, intake
from tickets.services.attachments import NO_FILES, Files
from tickets.services.intake import Behalf, Filed, Receipt
from tickets.services.intent import Aside, Done
from tickets.services.transition import perform_all
from tickets.terms import Remark
from tickets.workflow import Party


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """How the matter reached us: by which channel, under which number there, when, and which occasion it was."""

    channel: str
    received_at: datetime
    reference: str = ""
    detail: str = ""

    def source(self, *, entered_by: int | None, at: datetime) -> Source:
        """The row, unsaved and of no request yet."""
        return Source(
            channel=self.channel,
            reference=self.reference,
            reference_index=reference_index(self.channel, self.reference),
            detail=self.detail,
            received_at=self.received_at,
            entered_by_id=entered_by,
            entered_at=at,
        )


class KnownSource(Conflict):
    """The number of the other system has been entered already; `number` is its request."""

    code, title = "known-source", "已录入过"

    def __init__(self, number: str) -> None:
        super().__init__(f"这个原编号已经录入过，诉求编号 {number}，不会再立一件。")
        self.number = number


def enter(
    *,
    filed: Filed,
    heard: Heard,
    caller: Caller,
    key: str,
    at: datetime,
    asks_firm: bool = True,
    files: Files = NO_FILES,
) -> Receipt:
    """Take a request down for a firm: the same submission, told in the log as entered on its behalf.

    The firm's phone gets a link to confirm it, unless a whole sheet is imported (`asks_firm`). Raises `Forbidden` for
    a channel or region that is not the caller's, `KnownSource` where the other system's number was entered before,
    `Invalid` for a source that cannot be.
    """
    checked(heard, at=at)
    _permit(caller, heard.channel, filed.region)
    try:
        return _entered(filed, heard, caller, key, at, asks_firm=asks_firm, files=files)
    except IntegrityError:  # two typed the same number at once: the second finds the first
        refuse_known(heard)
        raise


@transaction.atomic
def _entered(
    filed: Filed, heard: Heard, caller: Caller, key: str, at: datetime, *, asks_firm: bool, files: Files
) -> Receipt:
    source = heard.source(entered_by=caller.actor_id, at=at)
    scoped = f"enter|{caller.actor_id}|{key}"
    told = behalf(source, heard, caller)
    receipt = intake.submit(filed=filed, qr=None, key=scoped, at=at, behalf=told, files=files)
    if receipt.repeated:
        return receipt
    refuse_known(heard)
    source.ticket, source.seq = receipt.ticket, receipt.ticket.last_seq
    source.save(force_insert=True)
    given = confirming.issue(source, at=at)
    if asks_firm:
        confirming.announce(receipt.ticket, given, op="issued", party=Party.INTAKE, caller=caller, at=at)
    return receipt


def behalf(source: Source, heard: Heard, caller: Caller) -> Behalf:
    """What the submission keeps of the source: hashes and moments, no words."""
    stated: Mapping[str, object] = {
        "on_behalf": True,
        "received_at": heard.received_at.isoformat(),
        "source": source.digest().hex(),
    }
    typed = f"{heard.channel}\x1f{heard.reference}\x1f{heard.detail}\x1f{heard.received_at.isoformat()}"
    return Behalf(actor_id=source.entered_by_id, caller=caller, stated=stated, fingerprint=sm3(typed.encode()))


def add_source(*, ticket_id: int, heard: Heard, caller: Caller, at: datetime, files: Files = NO_FILES) -> Done:
    """The same matter by a second channel: a further source of the same request, so that it counts once.

    Raises `Forbidden` for who could not have entered it, `Conflict` once the request has ended, `KnownSource` and
    `Invalid` as `enter`.
    """
    checked(heard, at=at)
    try:
        return _added(ticket_id, heard, caller, at, files)
    except IntegrityError:  # as in `enter`
        refuse_known(heard)
        raise


@transaction.atomic
def _added(ticket_id: int, heard: Heard, caller: Caller, at: datetime, files: Files) -> Done:
    ticket = Ticket.objects.lock([ticket_id]).get()
    _permit(caller, heard.channel, ticket.region_id)
    mine = frozenset(access.parties(caller, ticket)) & {Party.INTAKE, Party.OFFICER, Party.HEAD}
    if not mine:
        raise Forbidden("只有受理员和主办部门可以为这件诉求添加来源。")
    if not ticket.is_open:
        raise Conflict("这件诉求已经结束，不能再并入来源。请另立一件。")
    refuse_known(heard)
    source = heard.source(entered_by=caller.actor_id, at=at)
    aside = Aside(
        kind=Remark.SOURCE,
        ticket_id=ticket.pk,
        at=at,
        party=Party.INTAKE if Party.INTAKE in mine else min(mine),
        caller=caller,
        data={
            "channel": heard.channel,
            "received_at": heard.received_at.isoformat(),
            "source": source.digest().hex(),
        },
        files=files,
    )
    (done,) = perform_all([aside], locked={ticket.pk: ticket})
    source.ticket, source.seq = ticket, done.event.seq
    source.save(force_insert=True)
    return done


def checked(heard: Heard, *, at: datetime) -> None:
    """Raises `Invalid` where the source could not be so."""
    wrong = {
        "received_at": heard.received_at > at and "收到时间不能晚于现在。",
        "reference": len(heard.reference) > REFERENCE_MAX and f"原编号最多 {REFERENCE_MAX} 个字符。",
        "detail": len(heard.detail) > DETAIL_MAX and f"来源说明最多 {DETAIL_MAX} 个字。",
    }
    if errors := {name: said for name, said in wrong.items() if said}:
        raise Invalid("来源还不对。", fields=errors)


def refuse_known(heard: Heard) -> None:
    """Raises `KnownSource`."""
    if known := Source.objects.known(heard.channel, heard.reference):
        raise KnownSource(known.ticket.number)


def _permit(caller: Caller, channel: str, region: str | None) -> None:
    if caller.user is None or channel not in {*access.channels_of(caller.user), Ticket.Channel.IMPORT}:
        raise Forbidden("您不能以这个渠道代企业录入。")
    if not access.regions_entered_by(caller.user, channel).filter(pk=region).exists():
        raise Forbidden("您不能为这个区划代企业录入。")
