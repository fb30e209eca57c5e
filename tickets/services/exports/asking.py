"""Asking for an export: a reason, a limit, and on record before the first byte leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction

from qihu.accounts.models import User
from qihu.errors import Conflict, Invalid
from qihu.outbox.publish import publish
from tickets.access import Caller
from tickets.models import Export, ExportPart
from tickets.models.export import packed
from tickets.services.exports import tracks
from tickets.services.exports.cells import written
from tickets.services.exports.picking import Picked
from tickets.services.exports.pieces import SIZE, sealed, slices, told
from tickets.services.exports.sending import Sending

TOPIC = "tickets.export"
KEPT = timedelta(days=7)
REASON_MIN, REASON_MAX = 4, 200
MOST_IN_WORK = 3
"""Kept exports that one person may have in work."""
_S = Export.State


def export(*, picked: Picked, caller: Caller, at: datetime, form: str, reason: str, key: str = "") -> Sending | Export:
    """A short one as a file on its way, a long one as a row that the workers make a file of.

    Raises `Invalid` for a reason too short, an unknown format or too many rows, `Conflict` for too many in work.
    """
    if not picked.at_once:
        return keep(picked=picked, caller=caller, at=at, form=form, reason=reason, key=key)
    made = _begun(picked, caller.person, at, form, reason)
    return Sending(made, _blocks(picked, made))


@transaction.atomic
def _begun(picked: Picked, person: User, at: datetime, form: str, reason: str) -> Export:
    made = _made(picked, person, at, form, reason, state=_S.SENDING)
    tracks.leave(made, tracks.BEGUN, at=at)
    return made


def _blocks(picked: Picked, made: Export) -> Iterator[tuple[int, bytes]]:
    if picked.lines:
        yield len(picked.lines), written(picked.lines)
    for keys in slices(picked.keys, SIZE):
        block = told(keys, made)
        yield len(block.keys), block.lines


@transaction.atomic
def keep(*, picked: Picked, caller: Caller, at: datetime, form: str, reason: str, key: str = "") -> Export:
    """A row whose file the workers make, slice by slice. The same `key` again is the same one. Raises as `export`."""
    person = User.objects.select_for_update(no_key=True).get(pk=caller.person.pk)
    if key and (known := Export.objects.filter(asked_by=person, key=key).first()):
        return known
    if Export.objects.of_user(person).in_work().count() >= MOST_IN_WORK:
        raise Conflict(f"您有 {MOST_IN_WORK} 份导出还在生成，请等其中一份完成。", code="too-many-exports")
    made = _made(picked, person, at, form, reason, state=_S.WAITING, key=key)
    parts = [ExportPart(export=made, number=n, packed=packed(keys)) for n, keys in enumerate(slices(picked.keys, SIZE))]
    if picked.lines:
        body = sealed(made, 0, written(picked.lines))
        parts.append(ExportPart(export=made, number=0, rows=len(picked.lines), body=body, done_at=at))
    ExportPart.objects.bulk_create(parts)
    tracks.leave(made, tracks.ASKED, at=at)
    publish(TOPIC, export_id=made.pk)
    return made


def _made(picked: Picked, person: User, at: datetime, form: str, reason: str, *, state: str, key: str = "") -> Export:
    why = " ".join(reason.replace("\x00", "").split())
    _refuse(why, form)
    picked.limited()
    return Export.objects.create(
        what=picked.what,
        format=form,
        state=state,
        asked_by=person,
        asked_at=at,
        held=sorted(grant.code for grant in person.held),
        reason=why,
        words=picked.words,
        as_of=picked.as_of,
        known_at=picked.known_at,
        definitions=picked.definitions,
        expected=picked.total,
        key=key,
        expires_at=at + KEPT,
    )


def _refuse(why: str, form: str) -> None:
    errors = {}
    if not REASON_MIN <= len(why) <= REASON_MAX:
        errors["reason"] = f"请写明导出的理由，{REASON_MIN} 至 {REASON_MAX} 个字。"
    if form not in Export.Format.values:
        errors["format"] = f"格式请选 {' 或 '.join(Export.Format.values)}。"
    if errors:
        raise Invalid("".join(errors.values()), fields=errors)
