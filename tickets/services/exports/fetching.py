"""The finished file: for the person who asked, while they still may, for seven days."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from qihu.accounts.models import User
from qihu.errors import Conflict, Forbidden, Gone, Unknown
from tickets import access
from tickets.access import Caller
from tickets.models import Export, ExportPart
from tickets.services.exports import columns, tracks
from tickets.services.exports.picking import may_export
from tickets.services.exports.pieces import blocks
from tickets.services.exports.sending import Sending

DIED_AFTER = timedelta(hours=1)
"""No stream takes as long: its server is gone."""
_AGAIN = "请按现在的权限重新导出。"
_S = Export.State
_NOT_YET = {_S.WAITING: "还在排队。", _S.WORKING: "还在生成，请稍候。"}
_NO_MORE = {
    _S.EXPIRED: "已过期删除，请重新导出。",
    _S.STOPPED: "生成期间您的授权有变，没有生成。请按现在的权限重新导出。",
}


def one_of(caller: Caller, number: str) -> Export:
    """That export, if the caller asked for it. Raises `Unknown`."""
    found = Export.objects.of_user(caller.person).numbered(number)
    if found is None:
        raise Unknown("没有这份导出。")
    return found


def fetch(*, number: str, caller: Caller, at: datetime) -> Sending:
    """The file on its way, once more on record.

    Raises `Unknown`, `Conflict` while it is being made, `Gone` after its time, `Forbidden` for who lost the right.
    """
    export = one_of(caller, number)
    state = _S(export.state)
    if state in _NOT_YET:
        raise Conflict(_NOT_YET[state], code="not-ready")
    if state != _S.READY or export.expires_at <= at:
        raise Gone(_NO_MORE.get(state, "这份文件当时已直接下载，没有保存。请重新导出。"))
    refuse_who_lost(export)
    for key in export.parts.all().in_order().values_list("pk", flat=True):
        _refuse_lost_rows(ExportPart.objects.defer("body").get(pk=key), export.asked_by)
    tracks.leave(export, tracks.FETCHED, at=at, rows=export.rows)
    return Sending(export, blocks(export), kept=True)


def refuse_who_lost(export: Export) -> None:
    """Raises `Forbidden` unless the person still holds every grant of then and may still make such an export."""
    person = User.objects.get(pk=export.asked_by_id)
    may_export(person, export.what)
    if not person.is_active or set(export.held) - {grant.code for grant in person.held}:
        raise Forbidden(f"导出之后您的授权有变，这份文件不能再下载。{_AGAIN}", code="right-lost")


def _refuse_lost_rows(part: ExportPart, person: User) -> None:
    """What has meanwhile gone to others, become restricted or been shielded must not leave with the old file."""
    keys = part.keys
    visible = columns.shown_to(person).filter(pk__in=list(keys))
    if visible.count() < len(keys):
        raise Forbidden(f"其中有诉求现在已不由您查看，这份文件不能再下载。{_AGAIN}", code="rows-lost")
    veiled = set(visible.exclude(access.named_to(person)).values_list("pk", flat=True))
    if veiled - set(part.veiled):
        raise Forbidden(f"其中有企业现在要求保密身份，这份文件不能再下载。{_AGAIN}", code="rows-shielded")


@transaction.atomic
def forget(*, at: datetime, most: int = 200) -> int:
    """Delete files past their time with reason and words, and say of dead streams that they broke off. How many."""
    dead = list(Export.objects.left_open(at - DIED_AFTER).select_related("asked_by")[:most])
    for export in dead:
        export.state, export.finished_at = _S.BROKEN, at
        export.save(update_fields=["state", "finished_at"])
        tracks.leave(export, tracks.BROKEN, at=at, rows=0)
    old = list(Export.objects.ended(at)[:most])
    ExportPart.objects.filter(export__in=old).delete()
    for export in old:
        export.state, export.reason, export.words = _S.EXPIRED, "", ""
        export.save(update_fields=["state", "reason", "words"])
    return len(dead) + len(old)
