"""Forgetting: personal data and every word of an ended request go, the log and all figures stay (docs/adr/0005)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from qihu.accounts.models import Role, User
from qihu.audit.models import Action as Audited
from qihu.audit.models import Reason
from qihu.audit.record import record
from qihu.errors import Conflict, Forbidden, Invalid, Unknown
from tickets.access import SYSTEM, Caller, parties
from tickets.figures.repeats import settled_by
from tickets.models import Attachment, Confirmation, Erasure, Event, Filing, RatedFrom, SheetRow, Source, Text, Ticket
from tickets.services import attachments
from tickets.services.remarks import remark
from tickets.terms import ENDED, OPEN, Party, Remark

GONE = "（内容已删除）"
ASKERS = frozenset({Party.INTAKE, Party.DIRECTOR})
"""Who hears the firm's wish: the service centre. The security administrator decides, and never sees the request."""
Blank = Mapping[str, Any]
_GOES: Sequence[tuple[type[Model], Blank]] = (
    (
        Filing,
        {
            "title": GONE,
            "text": "",
            "enterprise_name": GONE,
            "uscc": "",
            "contact_name": b"",
            "contact_phone": b"",
            "phone_index": b"",
            "salt": b"",  # without it not even a guess at the words can be tried against the hash in the log
            "search": [],
        },
    ),
    (Text, {"body": "", "parts": [], "salt": b""}),
    (Source, {"reference": "", "detail": "", "salt": b""}),
    (SheetRow, {"cells": [], "problems": []}),
)
"""What is blanked, in rows that refer to the request by `ticket`; every column with free text is named here."""


@transaction.atomic
def erase(*, ticket_id: int, cause: str, at: datetime, actor: User | None = None, reason: str = "") -> Event:
    """Blank the words and personal data of one ended request. The rows, their hashes in the log and the codes stay.

    Raises `Unknown`, or `Conflict` while it is open and where it has been done.
    """
    ticket = Ticket.objects.lock([ticket_id]).first()
    if ticket is None:
        raise Unknown("没有找到这件诉求。")
    _refuse(ticket)
    event = remark(
        Remark.ERASE,
        ticket=ticket,
        party=Party.SYSTEM,
        at=at,
        caller=Caller(actor) if actor else SYSTEM,
        data={"cause": cause},
    )
    _settle_repeats(ticket)
    _blank([ticket.pk], at)
    record(Audited.ERASED, actor=actor, kind="ticket", key=ticket.number, after={"cause": cause}, reason=reason, at=at)
    return event


def _refuse(ticket: Ticket) -> None:
    if ticket.status not in ENDED:
        raise Conflict("还在办理，不能删除：办结、撤回或不予受理之后才可以。")
    if Filing.objects.filter(ticket=ticket, erased_at__isnull=False).exists():
        raise Conflict("这件诉求的个人信息和文字已经删除。")


def _settle_repeats(ticket: Ticket) -> None:
    """Whether it, and what came after it, said something again cannot be told any more once the words are gone."""
    said_before, later = settled_by(ticket.pk)
    Filing.objects.filter(ticket=ticket).update(said_before=said_before)
    Filing.objects.filter(ticket__in=later).update(said_before=True)


def _blank(keys: Sequence[int], at: datetime) -> None:
    for model, blank in _GOES:
        marked = {"erased_at": at} if any(field.name == "erased_at" for field in model._meta.fields) else {}
        QuerySet(model).filter(ticket__in=keys).update(**blank, **marked)
    Ticket.objects.filter(pk__in=keys).update(contact=None, visibility="")  # the firm stays: figures count by it
    Confirmation.objects.filter(source__ticket__in=keys).update(salt=b"")
    numbers = Ticket.objects.filter(pk__in=keys).values("number")
    RatedFrom.objects.filter(rating__ticket__in=keys).delete()
    told = Reason.objects.filter(entry__kind="ticket", entry__key__in=numbers, erased_at__isnull=True)
    told.update(body="", salt=b"", erased_at=at)
    attachments.erase(Attachment.objects.filter(ticket__in=keys), at=at)


@transaction.atomic
def ask(*, ticket_id: int, caller: Caller, cause: str, reason: str, at: datetime) -> Erasure:
    """The first person's word. Raises `Forbidden`, `Conflict` as `erase` or where it was asked, `Invalid`."""
    ticket = Ticket.objects.lock([ticket_id]).first()
    if ticket is None:
        raise Unknown("没有找到这件诉求。")
    if not ASKERS & set(parties(caller, ticket)):
        raise Forbidden("删除由受理员或企服中心主任提出。")
    _refuse(ticket)
    wrong = {
        "cause": cause not in Erasure.Cause.values and "请选择事由。",
        "reason": len(reason.strip()) < 5 and "请写明理由，至少 5 个字。",
    }
    if errors := {name: said for name, said in wrong.items() if said}:
        raise Invalid("申请还不完整。", fields=errors)
    if Erasure.objects.pending().filter(ticket=ticket).exists():
        raise Conflict("已经有人提出，等安全管理员决定。")
    asked = Erasure.objects.create(ticket=ticket, cause=cause, asked_by=caller.user, asked_at=at)
    record(
        Audited.ERASURE_ASKED,
        actor=caller.user,
        kind="ticket",
        key=ticket.number,
        after={"cause": cause},
        reason=reason.strip(),
        at=at,
    )
    return asked


@transaction.atomic
def decide(*, erasure_id: int, user: User, approve: bool, at: datetime) -> Erasure:
    """The second person's word. Raises `Forbidden`, `Unknown`, or `Conflict` where it has been decided."""
    if Role.SECADMIN not in user.roles():
        raise Forbidden("删除由安全管理员决定。")
    asked = Erasure.objects.select_related("ticket").filter(pk=erasure_id).first()
    if asked is None:
        raise Unknown("没有这项申请。")
    Ticket.objects.lock([asked.ticket_id]).first()  # law: the ticket first
    asked = Erasure.objects.select_for_update().select_related("ticket").get(pk=erasure_id)
    if asked.state != Erasure.State.PENDING:
        raise Conflict(f"这项申请{asked.get_state_display()}。")
    if asked.asked_by_id == user.pk:
        raise Forbidden("申请和决定须是两个人。")
    asked.state = Erasure.State.DONE if approve else Erasure.State.REFUSED
    asked.decided_by, asked.decided_at = user, at
    asked.save(update_fields=["state", "decided_by", "decided_at"])
    if approve:
        erase(ticket_id=asked.ticket_id, cause=asked.cause, at=at, actor=user)
    else:
        record(Audited.ERASURE_REFUSED, actor=user, kind="ticket", key=asked.ticket.number, at=at)
    return asked


def expired(before: datetime) -> QuerySet[Ticket]:
    """Ended requests on which nothing has happened since `before`, oldest first; not one that an open one follows."""
    since = Event.objects.filter(ticket=OuterRef("pk"), happened_at__gte=before)
    quiet = Ticket.objects.filter(~Exists(since), status__in=sorted(ENDED), submitted_at__lt=before)
    followed = Q(parent__status__in=sorted(OPEN))
    return quiet.filter(filing__erased_at__isnull=True).exclude(followed).order_by("pk")


def erase_expired(*, before: datetime, at: datetime) -> Iterator[str]:
    """Erase them, each in a transaction of its own; their numbers."""
    for key, number in list(expired(before).values_list("pk", "number")):
        erase(ticket_id=key, cause=Erasure.Cause.EXPIRED, at=at)
        yield number
