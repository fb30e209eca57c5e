"""Files on pages: what a form brought along, and opening one by its address."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.http import FileResponse, HttpRequest
from django.views.decorators.http import require_safe

from qihu.accounts.models import User
from qihu.address import address
from qihu.clock import now
from qihu.errors import DomainError, Unknown
from qihu.posted import too_large
from qihu.served import served
from tickets import access
from tickets.access import Caller
from tickets.models import Attachment, Ticket
from tickets.pages.firm import held
from tickets.services import attachments, links, uploads
from tickets.services.sending import Sender
from tickets.services.sniffing import ACCEPT

FIELD, KEYS, DROP = "new_files", "files", "drop_file"


@dataclass
class Basket:
    """The file field of a form: what is here already, what was wrong, and how it is drawn (`parts/files.html`)."""

    rows: list[Attachment] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    key: str = ""
    ticket: str = ""
    dropped: bool = False

    @property
    def keys(self) -> tuple[uuid.UUID, ...]:
        """For the verb."""
        return tuple(row.key for row in self.rows)

    accept = ACCEPT
    most = property(lambda _: settings.UPLOAD_MAX_FILES)
    megabytes = property(lambda _: settings.UPLOAD_MAX_BYTES // 1024**2)
    bytes = property(lambda _: settings.UPLOAD_MAX_BYTES)


def brought(request: HttpRequest, sender: Callable[[], Sender], *, at: datetime) -> Basket:
    """What the posted form brings: files sent before by script (their keys), and files in the post itself.

    Costs no query where there is neither. A wrong file is told beside the field; the others are kept.
    """
    basket = Basket()
    known, fresh = _keys(request), request.FILES.getlist(FIELD)
    if n := too_large(request):
        basket.errors.append(f"{n} 个文件超过 {basket.megabytes} MB，没有收下。")
    if not known and not fresh:
        return basket
    whose = sender()
    basket.rows = [row for row in Attachment.objects.loose(whose.owner).filter(key__in=known) if not row.why]
    for one in fresh:
        try:
            row = uploads.receive(sender=whose, name=one.name or "", content=one, at=at, address=address(request))
        except DomainError as refusal:
            basket.errors.append(f"“{one.name}”：{refusal.message}")
            continue
        if said := uploads.said(row):
            basket.errors.append(f"“{one.name}”：{said}")
        else:
            basket.rows.append(row)
    _drop(request, basket)
    return basket


def _keys(request: HttpRequest) -> list[uuid.UUID]:
    found = []
    for typed in request.POST.getlist(KEYS)[: settings.UPLOAD_MAX_FILES * 2]:
        try:
            found.append(uuid.UUID(typed))
        except ValueError:
            continue
    return found


def _drop(request: HttpRequest, basket: Basket) -> None:
    """Without script, a button beside each file that is here takes it out again."""
    unwanted = request.POST.get(DROP)
    if unwanted:
        gone = [row for row in basket.rows if str(row.key) == unwanted]
        uploads.drop(gone)
        basket.rows = [row for row in basket.rows if row not in gone]
        basket.dropped = True


@require_safe
def opened(request: HttpRequest, token: str) -> FileResponse:
    """One file, for the one viewer whom its address names, if they may still see it."""
    at = now()
    link = links.read(token, at=at)
    number = attachments.request_of(link)
    viewer, ticket = _viewer(request, link.viewer, number, at=at)
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
