"""Making the file of a long export: one slice a transaction, as many transactions as it takes; whoever dies, another
goes on. A slice is done with its rows or not at all, so no row is missing and none is there twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from qihu.errors import DomainError
from qihu.outbox.publish import publish
from tickets.models import Export, ExportPart
from tickets.models.export import packed
from tickets.services.exports import tracks
from tickets.services.exports.asking import TOPIC
from tickets.services.exports.cells import Tally
from tickets.services.exports.fetching import refuse_who_lost
from tickets.services.exports.paper import paper_of
from tickets.services.exports.pieces import blocks, sealed, told

_S = Export.State


@transaction.atomic
def work(*, export_id: int, at: datetime) -> None:
    """The next slice, or the end; asks for the next turn until it is ready. One transaction with its message."""
    export = Export.objects.free(export_id).select_related("asked_by").first()
    if export is None:
        return
    try:
        refuse_who_lost(export)
    except DomainError:  # not theirs any more: nothing further is read, and what was made goes
        _stop(export, at)
        return
    part = ExportPart.objects.next_free(export_id)
    if part is None:
        _finish(export, at)
        return
    _fill(part, export, at)
    publish(TOPIC, export_id=export_id)


def work_off(*, export_id: int, at: datetime) -> None:
    """All of a short one at once."""
    while Export.objects.in_work().filter(pk=export_id).exists():
        work(export_id=export_id, at=at)


def _fill(part: ExportPart, export: Export, at: datetime) -> None:
    block = told(part.keys, export)
    part.rows, part.packed = len(block.keys), packed(block.keys)
    part.veiled, part.done_at = block.veiled, at
    part.body = sealed(export, part.number, block.lines)
    part.save(update_fields=["rows", "packed", "veiled", "done_at", "body"])
    if export.state == _S.WAITING:
        export.state = _S.WORKING
        export.save(update_fields=["state"])


def _finish(export: Export, at: datetime) -> None:
    tally = Tally()
    tally.heading(paper_of(export).heading)
    for rows, lines in blocks(export):
        tally.take(rows, lines)
    export.state, export.rows, export.digest, export.finished_at = _S.READY, tally.rows, tally.digest(), at
    export.save(update_fields=["state", "rows", "digest", "finished_at"])
    tracks.leave(export, tracks.READY, at=at, rows=tally.rows)


def _stop(export: Export, at: datetime) -> None:
    export.parts.all().delete()
    export.state, export.finished_at = _S.STOPPED, at
    export.save(update_fields=["state", "finished_at"])
    tracks.leave(export, tracks.STOPPED, at=at, rows=0)


def done_rows(exports: Iterable[Export]) -> dict[int, int]:
    """How far those in work are, in rows, by their keys: one statement."""
    busy = [one.pk for one in exports if one.state in {_S.WAITING, _S.WORKING}]
    done = ExportPart.objects.filter(export__in=busy, done_at__isnull=False).order_by()
    return dict(done.values_list("export").annotate(n=Sum("rows")))
