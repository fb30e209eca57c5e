"""Opening a file by its address, and where on a page files belong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.http import FileResponse, HttpRequest
from django.views.decorators.http import require_safe

from qihu.accounts.models import User
from qihu.clock import now
from qihu.errors import Unknown
from qihu.served import served
from tickets import access
from tickets.access import Caller
from tickets.models import Attachment, Ticket
from tickets.pages.firm import held
from tickets.services import attachments, links
from tickets.services.attachments import Shown
from tickets.timeline import Entry
from tickets.workflow import Action


@require_safe
def opened(request: HttpRequest, token: str) -> FileResponse:
    """One file, for the one viewer whom its address names, if they may still see it."""
    at = now()
    link = links.read(token, at=at)
    viewer, ticket = _viewer(request, link.viewer, attachments.request_of(link), at=at)
    hidden = access.identity_hidden(ticket, access.parties(viewer, ticket))
    found = attachments.open_file(link, ticket=ticket, viewer=viewer, hide_name=hidden)
    return served(found.content, name=found.name, mime=found.mime, inline=found.inline)


def _viewer(request: HttpRequest, wanted: str, number: str, *, at: datetime) -> tuple[Caller, Ticket]:
    """Whom this browser proves to be now; one browser may be both an official's and a firm's."""
    if not wanted.startswith("u"):
        seen = held.seen_or_404(request, number, at=at)
        return seen.caller, seen.ticket
    if isinstance(request.user, User):
        return Caller(request.user), access.ticket_or_404(request.user, number)
    raise Unknown("没有这个文件，或者它已不能打开。")


def placed(
    ticket: Ticket, story: Sequence[Entry], viewer: Caller, *, at: datetime, hide_names: bool = False
) -> dict[int, list[Shown]]:
    """Files by the line of the story that they go with; under 0 what the firm has sent. No query without files.

    The firm sees no reply before it is delivered: there its files go with the delivery.
    """
    if not any(entry.files for entry in story):
        return {}
    lines = sorted(story, key=lambda entry: entry.seq)
    seqs = {entry.seq for entry in lines}
    found: dict[int, list[Shown]] = {}
    for file in attachments.attachments_of(ticket, viewer, at=at, hide_names=hide_names):
        seq = file.seq or 0
        if file.kind == Attachment.Kind.REQUEST:
            seq = 0
        elif seq not in seqs:
            seq = next((e.seq for e in lines if e.seq > seq and e.kind == Action.DELIVER), seq)
        found.setdefault(seq, []).append(file)
    return found
