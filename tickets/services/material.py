"""Files that come to a request later than its submission, and what was found in them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from qihu.errors import Conflict, Forbidden, Invalid, Unknown
from tickets import access
from tickets.access import Caller
from tickets.models import Attachment, Ticket
from tickets.services.attachments import Files, counted, files_of
from tickets.services.intent import Aside, Done
from tickets.services.transition import perform_all
from tickets.terms import Remark
from tickets.workflow import Party

_NONE_CHOSEN = "请先选择文件。"


@transaction.atomic
def add_material(*, ticket_id: int, caller: Caller, at: datetime, files: Sequence[uuid.UUID]) -> Done:
    """The firm, or intake for it, adds files to an open request. Raises `Forbidden`, `Conflict`, `Invalid`."""
    ticket = _locked(ticket_id)
    party = next((p for p in access.parties(caller, ticket) if p in {Party.FIRM, Party.INTAKE}), None)
    if party is None:
        raise Forbidden("补充材料由企业或受理员办理。")
    if not ticket.is_open:
        raise Conflict("这件诉求已经结束，不能再补充材料。")
    done = _added(ticket, files_of(caller, ticket, files), party=party, caller=caller, at=at) if files else None
    if done is None or "files" not in done.event.data:
        raise Invalid(_NONE_CHOSEN, fields={"files": _NONE_CHOSEN})
    return done


@transaction.atomic
def add_late(ticket_id: int, files: Files, *, at: datetime, party: Party, caller: Caller) -> None:
    """A form sent again may bring files that the first time did not: those become material, each once.

    What does not fit or was refused stays behind: the form has had its answer.
    """
    if not files.keys:
        return
    ticket = _locked(ticket_id)
    bound = Attachment.objects.filter(ticket_id=ticket_id, seq__isnull=False)
    had = {bytes(digest) for digest in bound.values_list("digest", flat=True) if digest}
    complete = Attachment.objects.chosen(files.owner, files.keys).exclude(state=Attachment.State.REFUSED)
    new = [row.key for row in complete if row.digest and bytes(row.digest) not in had]
    room = settings.UPLOAD_MAX_FILES - counted(ticket_id, Party.FIRM)
    if fitting := tuple(new[: max(0, room)]):
        _added(ticket, Files(files.owner, fitting), party=party, caller=caller, at=at)


def _added(ticket: Ticket, files: Files, *, party: Party, caller: Caller, at: datetime) -> Done:
    aside = Aside(
        kind=Remark.MATERIAL,
        ticket_id=ticket.pk,
        at=at,
        party=party,
        caller=caller,
        files=files,
        turns_version=False,
    )
    (done,) = perform_all([aside], locked={ticket.pk: ticket})
    return done


def record_checks(ticket_id: int, rows: Sequence[Attachment], *, at: datetime) -> None:
    """Log what was found in bound files; the caller holds the request's lock and the transaction."""
    found = [{"id": str(row.key), "state": row.state, "kept": bytes(row.kept_digest or b"").hex()} for row in rows]
    aside = Aside(
        kind=Remark.CHECKED,
        ticket_id=ticket_id,
        at=at,
        party=Party.SYSTEM,
        data={"files": found},
        then=(),
        turns_version=False,
    )
    perform_all([aside])


def _locked(ticket_id: int) -> Ticket:
    ticket = Ticket.objects.lock([ticket_id]).first()
    if ticket is None:
        raise Unknown("没有找到这件诉求。")
    return ticket
