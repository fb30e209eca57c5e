"""Files as part of a request: bound to the event of their move, shown to who may see them, erased on demand."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from qihu.errors import Invalid, Unknown
from tickets.access import Caller
from tickets.models import Attachment, Event, Ticket
from tickets.services import links, sending, uploads
from tickets.services.links import Link
from tickets.services.sniffing import JPEG, KINDS, WHY
from tickets.terms import Remark
from tickets.workflow import Action, Party

_State, _Kind = Attachment.State, Attachment.Kind
_NO_FILE = "没有这个文件，或者它已不能打开。"
_READ_BY_FIRM = frozenset({Action.CONTACT, Action.INTERIM, Action.NOTE})


@dataclass(frozen=True, slots=True)
class Files:
    """Uploads that a move takes along: whose they are, and which."""

    owner: bytes = b""
    keys: tuple[uuid.UUID, ...] = ()


NO_FILES = Files()


def sender_of(caller: Caller, ticket: Ticket) -> sending.Sender:
    """Whose uploads a caller's move may take along."""
    return sending.of_staff(caller.user, ticket.pk) if caller.user else sending.of_firm(ticket.pk)


def files_of(caller: Caller, ticket: Ticket, keys: Iterable[uuid.UUID]) -> Files:
    """These of the caller's uploads to the request."""
    return Files(sender_of(caller, ticket).owner, tuple(dict.fromkeys(keys)))


def attach(event: Event, files: Files, *, lenient: bool = False) -> None:
    """Bind complete uploads to `event`, before it is chained: it then holds id, type, size and digest of each.

    Costs nothing without files; refused ones stay out. Raises `Invalid` for what is not the owner's, too many or not
    complete. `lenient` passes over those instead, since no file is worth a lost request: what is not complete yet
    goes with the request unbound, so that it can be carried on.
    """
    if not files.keys:
        return
    rows = list(Attachment.objects.chosen(files.owner, files.keys))
    earlier = 0 if event.seq == 1 else counted(event.ticket_id, event.party)
    if lenient:
        rows = rows[: max(0, settings.UPLOAD_MAX_FILES - earlier)]
    else:
        _strictly(rows, files, earlier)
    bound = [row for row in rows if row.state not in {_State.UPLOADING, _State.REFUSED}]
    for row in rows:
        row.ticket_id = event.ticket_id
        row.owner = sending.of_firm(event.ticket_id).owner if event.party == Party.FIRM else row.owner
        if row in bound:
            row.seq, row.kind = event.seq, _kind(event)
    Attachment.objects.bulk_update(rows, ["ticket", "owner", "seq", "kind"])
    if bound:
        event.data["files"] = [_facts(row) for row in bound]


def _strictly(rows: Sequence[Attachment], files: Files, earlier: int) -> None:
    most = settings.UPLOAD_MAX_FILES
    refusals = {
        "unknown-file": len(rows) != len(files.keys) and "有的文件已过期或已用过，请重新选择。",
        "too-many-files": earlier + len(rows) > most and f"最多 {most} 个文件，已有 {earlier} 个。",
        "unfinished": any(row.state == _State.UPLOADING for row in rows) and "文件还没有传完，请传完再提交。",
    }
    for code, said in refusals.items():
        if said:
            raise Invalid(said, code=code, fields={"files": said})


def counted(ticket_id: int, party: str) -> int:
    """What counts already: the firm's limit is of the whole request, that of staff of each move."""
    if party != Party.FIRM:
        return 0
    return Attachment.objects.filter(ticket_id=ticket_id, seq__isnull=False, uploader=None).count()


def _kind(event: Event) -> str:
    """What the firm may see of it depends on this; what nobody has thought of is internal."""
    if event.kind in {Remark.MATERIAL, Remark.SOURCE, Action.SUBMIT} or event.party == Party.FIRM:
        return _Kind.REQUEST
    if event.kind == Action.REPLY:
        return _Kind.REPLY
    return _Kind.NOTE if event.kind in _READ_BY_FIRM else _Kind.INTERNAL


def _facts(row: Attachment) -> dict[str, object]:
    return {
        "id": str(row.key),
        "type": row.mime,
        "size": row.size,
        "sm3": bytes(row.digest or b"").hex(),
        "state": row.state,
        "kept": bytes(row.kept_digest or b"").hex(),
    }


@dataclass(frozen=True, slots=True)
class Shown:
    """One file as a reader may see it; addresses are "" for what cannot be opened."""

    key: uuid.UUID
    seq: int | None
    kind: str
    name: str
    mime: str
    label: str
    size: int
    state: str
    state_label: str
    light: str
    why: str
    url: str
    preview: str


_LIGHT = {_State.CLEAN: "ok", _State.UNSCANNED: "warn", _State.INFECTED: "late", _State.REFUSED: "late"}


def attachments_of(ticket: Ticket, viewer: Caller, *, at: datetime, hide_names: bool = False) -> list[Shown]:
    """Files that this viewer may see, in the order of the log, with addresses that are theirs alone and expire.

    One query. The caller has found the request through `access`; opening a file asks again. `hide_names`: of a
    shielded firm, whose files may be named after it.
    """
    rows = Attachment.objects.of_ticket(ticket)
    if viewer.firm:
        rows = rows.for_firm()
    return [_shown(row, n, links.viewer_of(viewer, ticket), at, hide_names) for n, row in enumerate(rows, start=1)]


def unfinished_of(ticket: Ticket, *, at: datetime) -> list[Attachment]:
    """The firm's uploads that broke off: the receipt offers to carry them on."""
    rows = Attachment.objects.loose(sending.of_firm(ticket.pk).owner).filter(state=_State.UPLOADING, expires_at__gt=at)
    return list(rows)


def _shown(row: Attachment, number: int, viewer: str, at: datetime, hide_name: bool) -> Shown:  # noqa: FBT001
    open_to = row.open_to_view
    return Shown(
        key=row.key,
        seq=row.seq,
        kind=row.kind,
        name=name_of(row, number, hide_name=hide_name),
        mime=row.kept_mime or row.mime,
        label=KINDS[row.mime].label if row.mime in KINDS else "文件",
        size=row.kept_size or row.size,
        state="erased" if row.erased_at else row.state,
        state_label="已删除" if row.erased_at else _State(row.state).label,
        light="" if row.erased_at else _LIGHT.get(_State(row.state), ""),
        why=WHY.get(row.why, ""),
        url=links.sign(row, viewer, at=at) if open_to else "",
        preview=links.sign(row, viewer, at=at, preview=True) if open_to and row.preview else "",
    )


def name_of(row: Attachment, number: int = 1, *, hide_name: bool = False) -> str:
    """The sender's name for it with the suffix of what it is; a plain one where that is erased or hidden."""
    kind = KINDS.get(row.kept_mime or row.mime)
    suffix = f".{kind.suffixes[0]}" if kind else ""
    if hide_name and row.uploader_id is None:
        return f"附件{number}{suffix}"
    stem = str(row.name).rpartition(".")[0] or str(row.name)
    return f"{stem or f'附件{number}'}{suffix}"


@dataclass(frozen=True, slots=True)
class Opened:
    """A file about to leave the house. `inline`: a picture that we have encoded ourselves."""

    content: File[bytes]
    name: str
    mime: str
    inline: bool


def request_of(link: Link) -> str:
    """Number of the request that the link's file belongs to. Raises `Unknown`."""
    number = Attachment.objects.filter(key=link.key, seq__isnull=False).values_list("ticket__number", flat=True).first()
    if number is None:
        raise Unknown(_NO_FILE)
    return number


def open_file(link: Link, *, ticket: Ticket, viewer: Caller, hide_name: bool = False) -> Opened:
    """The file behind a link, for the viewer whom the door has just let see the request again.

    Raises `Unknown` for another viewer's link, for what the viewer may not see (yet), and for what may not be opened.
    """
    if link.viewer != links.viewer_of(viewer, ticket):
        raise Unknown(_NO_FILE)
    seen = Attachment.objects.of_ticket(ticket)
    row = (seen.for_firm() if viewer.firm else seen).filter(key=link.key).first()
    if row is None or not row.open_to_view or (link.preview and not row.preview):
        raise Unknown(_NO_FILE)
    return Opened(
        content=default_storage.open(row.preview if link.preview else row.path),
        name=name_of(row, hide_name=hide_name),
        mime=JPEG.mime if link.preview else row.kept_mime,
        inline=bool(row.preview),
    )


@transaction.atomic
def erase(rows: Iterable[Attachment], *, at: datetime) -> int:
    """Remove the bytes and the names; what the log says of type, size and digest stays valid. How many."""
    gone = [row for row in rows if row.erased_at is None]
    paths = [path for row in gone for path in row.stored]
    for row in gone:
        row.name, row.path, row.preview, row.parts, row.erased_at = "", "", "", [], at
        row.check_at = None
    Attachment.objects.bulk_update(gone, ["name", "path", "preview", "parts", "erased_at", "check_at"])
    transaction.on_commit(lambda: uploads.remove(paths))
    return len(gone)
