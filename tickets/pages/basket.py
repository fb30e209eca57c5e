"""The file field of a form (`parts/files.html`): what came with the post, what was sent before by script."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from qihu.address import address
from qihu.errors import DomainError, Invalid
from qihu.posted import too_large
from tickets.models import Attachment
from tickets.services import sending, uploads
from tickets.services.attachments import Files
from tickets.services.sending import Sender
from tickets.services.sniffing import ACCEPT

FIELD, KEYS, DROP, KEY = "new_files", "files", "drop_file", "upload_key"


@dataclass
class Basket:
    """Files that are here already and what was wrong with others. `key`, `ticket`: with what a script sends more."""

    rows: list[Attachment] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    key: str = ""
    ticket: str = ""
    owner: bytes = b""
    dropped: bool = False
    missing: int = 0

    @property
    def keys(self) -> tuple[uuid.UUID, ...]:
        """For a move."""
        return tuple(row.key for row in self.rows)

    @property
    def files(self) -> Files:
        """For a submission."""
        return Files(self.owner, self.keys)

    @property
    def stays(self) -> bool:
        """Whether the form has to be shown again: something was wrong, or a file was taken out."""
        return bool(self.errors) or self.dropped

    @property
    def unfinished(self) -> int:
        """How many are still on their way."""
        return sum(row.state == Attachment.State.UPLOADING for row in self.rows)

    @property
    def accept(self) -> str:
        """For the control."""
        return ACCEPT

    @property
    def most(self) -> int:
        """Files."""
        return settings.UPLOAD_MAX_FILES

    @property
    def bytes(self) -> int:
        """Of the largest file."""
        return settings.UPLOAD_MAX_BYTES

    @property
    def megabytes(self) -> int:
        """Of the largest file."""
        return settings.UPLOAD_MAX_BYTES // 1024**2


@contextmanager
def told_at(basket: Basket) -> Iterator[None]:
    """Within: a refusal of the files becomes words beside their field; any other passes."""
    try:
        yield
    except Invalid as error:
        if "files" not in error.fields:
            raise
        basket.errors.append(error.fields["files"])


def before_submission(request: HttpRequest, *, at: datetime) -> Basket:
    """Of a form that makes a request: its key travels in the form."""
    signed = request.POST.get(KEY, "")
    sender = sending.of_key(signed) if signed else None
    if sender is None:
        signed = sending.page_key()
        sender = sending.of_key(signed)
    basket = brought(request, sender, at=at) if sender else Basket()
    basket.key = signed
    return basket


def brought(request: HttpRequest, sender: Sender, *, at: datetime) -> Basket:
    """What the posted form brings. No query without files; a wrong file is told, the others are kept."""
    basket = Basket(owner=sender.owner)
    if n := too_large(request):
        basket.errors.append(f"{n} 个文件超过 {basket.megabytes} MB，没有收下。")
    if known := _known(request):
        mine = Attachment.objects.loose(sender.owner).filter(key__in=known, expires_at__gt=at)
        basket.rows = [row for row in mine if not row.why]
        basket.missing = len(set(known)) - len(basket.rows)
    for one in request.FILES.getlist(FIELD):
        _take(request, basket, sender, one, at=at)
    if unwanted := request.POST.get(DROP):
        gone = [row for row in basket.rows if str(row.key) == unwanted]
        uploads.drop(gone)
        basket.rows = [row for row in basket.rows if row not in gone]
        basket.dropped = True
    return basket


def _take(request: HttpRequest, basket: Basket, sender: Sender, one: UploadedFile[bytes], *, at: datetime) -> None:
    name = one.name or ""
    try:
        row = uploads.receive(sender=sender, name=name, content=one, at=at, address=address(request))
    except DomainError as refusal:
        basket.errors.append(f"“{name}”：{refusal.message}")
        return
    if said := uploads.said(row):
        basket.errors.append(f"“{name}”：{said}")
    else:
        basket.rows.append(row)


def _known(request: HttpRequest) -> list[uuid.UUID]:
    found = []
    for typed in request.POST.getlist(KEYS)[: settings.UPLOAD_MAX_FILES * 2]:
        try:
            found.append(uuid.UUID(typed))
        except ValueError:  # typed by hand: no file of ours
            continue
    return found
