"""A sheet's way in: uploaded, mapped, tried out, imported. Rows are worked in batches, each exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import PurePath

from django.db import IntegrityError, transaction

from qihu.accounts.models import Region
from qihu.crypto import sm3
from qihu.errors import Conflict, DomainError, Forbidden, Invalid
from qihu.outbox.publish import publish
from routing.triage.alike import WITHIN
from tickets import access
from tickets.access import Caller
from tickets.alike import Firm, Found, of_firm
from tickets.models import SavedMapping, Sheet, SheetRow, Source, Ticket
from tickets.services import entry
from tickets.services.sheets import reading
from tickets.services.sheets.checking import Problem, Read, Words, read_row
from tickets.services.sheets.columns import BY_CODE, NEEDED, guess

TOPIC = "tickets.import"
BATCH = 50
KEPT = timedelta(days=30)
"""How long the cells of rows that did not go in are kept."""
_S, _R = Sheet.State, SheetRow.State
_MISPLACED_SHARE, _MISPLACED_LEAST = 0.5, 3


def may_import(caller: Caller) -> Sequence[Region]:
    """Regions for which this person may import, the highest first. Raises `Forbidden`."""
    regions = list(access.regions_entered_by(caller.user, Ticket.Channel.IMPORT)) if caller.user else []
    if not regions:
        raise Forbidden("表格导入由受理员办理。")
    return regions


@transaction.atomic
def upload(*, content: bytes, name: str, caller: Caller, at: datetime) -> Sheet:
    """Read a file and keep its rows. The same file again is the sheet that it was, wherever that stands.

    Raises `Unreadable` for what is no table, `Conflict` where somebody else has uploaded it, `Forbidden`.
    """
    regions = may_import(caller)
    digest = sm3(content)
    if known := Sheet.objects.filter(digest=digest).select_related("uploaded_by").first():
        if known.uploaded_by_id != caller.actor_id:
            raise Conflict(f"这份文件已由{known.uploaded_by.name}上传过，不会导入两次。")
        return known
    table = reading.read(content)
    sheet = Sheet.objects.create(
        digest=digest,
        name=PurePath(name).name[-120:],
        region=regions[0],
        headings=list(table.headings),
        columns=guess(table.headings, _saved_for(table.headings)),
        notes=list(table.notes),
        total=len(table.rows),
        uploaded_by=caller.person,
        uploaded_at=at,
    )
    SheetRow.objects.bulk_create(
        [SheetRow(sheet=sheet, number=number, cells=cells) for number, cells in table.rows], batch_size=1000
    )
    return sheet


def _saved_for(headings: Sequence[str]) -> dict[str, str]:
    """The newest saved mapping that knows all of its headings here."""
    here = set(headings)
    for saved in SavedMapping.objects.order_by("-saved_at", "-pk")[:50]:
        if saved.columns and set(saved.columns) <= here:
            return dict(saved.columns)
    return {}


@transaction.atomic
def map_columns(
    *,
    sheet_id: int,
    caller: Caller,
    columns: Sequence[str],
    channel: str,
    twins: str,
    region: str,
    at: datetime,
    save_as: str = "",
) -> Sheet:
    """Say which column means what, and try it out: nothing is imported. Raises `Invalid`, `Conflict`, `Forbidden`."""
    regions = may_import(caller)
    sheet = _locked(sheet_id)
    if sheet.state not in {_S.MAPPING, _S.CHECKED}:
        raise Conflict("正在试算或导入，不能改栏目对应。")
    _refuse(sheet, columns, channel, twins, known={one.code for one in regions} & {region})
    sheet.columns, sheet.channel, sheet.twins, sheet.region_id = list(columns), channel, twins, region
    sheet.state = _S.CHECKING
    sheet.save(update_fields=["columns", "channel", "twins", "region", "state"])
    sheet.rows.update(state=_R.READ, problems=[], ticket=None)
    if save_as.strip():
        meant = {heading: code for heading, code in zip(sheet.headings, columns, strict=True) if code}
        SavedMapping.objects.update_or_create(
            name=save_as.strip()[:40], defaults={"columns": meant, "saved_by_id": caller.actor_id, "saved_at": at}
        )
    publish(TOPIC, sheet_id=sheet.pk)
    return sheet


def _refuse(sheet: Sheet, columns: Sequence[str], channel: str, twins: str, *, known: set[str]) -> None:
    used = Counter(code for code in columns if code)
    missing = "、".join(BY_CODE[code].label for code in NEEDED if code not in used)
    twice = "、".join(BY_CODE[code].label for code, times in used.items() if times > 1 and code in BY_CODE)
    said = [
        f"还没有指定：{missing}。" if missing else "",
        f"指定了两次：{twice}。" if twice else "",
        "栏目对应不完整。" if len(columns) != len(sheet.headings) or set(used) - set(BY_CODE) else "",
    ]
    errors = {
        "columns": "".join(said),
        "channel": "" if channel in {*access.ON_BEHALF, Ticket.Channel.IMPORT} else "没有这个渠道。",
        "twins": "" if twins in Sheet.Twin.values else "请选择相近的怎么办。",
        "region": "" if known else "您不能为这个区划导入。",
    }
    if wrong := {name: text for name, text in errors.items() if text}:
        raise Invalid("栏目对应还不对。", fields=wrong)


@transaction.atomic
def start(*, sheet_id: int, caller: Caller) -> Sheet:
    """Import what was tried out. Raises `Conflict` before that and after."""
    may_import(caller)
    sheet = _locked(sheet_id)
    if sheet.state != _S.CHECKED:
        raise Conflict("请先试算，看过结果再导入。" if sheet.state in {_S.MAPPING, _S.CHECKING} else "已经开始导入。")
    sheet.state = _S.IMPORTING
    sheet.save(update_fields=["state"])
    publish(TOPIC, sheet_id=sheet.pk)
    return sheet


def _locked(sheet_id: int) -> Sheet:
    return Sheet.objects.select_for_update(of=("self",)).select_related("uploaded_by", "region").get(pk=sheet_id)


@transaction.atomic
def work(*, sheet_id: int, at: datetime) -> None:
    """The next batch of a sheet; asks for another one until none is left.

    One transaction with its message: a batch that was interrupted has not happened, and is worked again.
    """
    sheet = Sheet.objects.select_for_update(of=("self",)).filter(pk=sheet_id).select_related("uploaded_by").first()
    if sheet is None or sheet.state not in {_S.CHECKING, _S.IMPORTING}:
        return
    states = (_R.READ,) if sheet.state == _S.CHECKING else (_R.GOOD, _R.TWIN)
    rows = list(sheet.rows.all().waiting(states)[:BATCH])
    caller = Caller(sheet.uploaded_by)
    regions = list(access.regions_entered_by(sheet.uploaded_by, Ticket.Channel.IMPORT))
    words = Words.within(regions, [*access.channels_of(sheet.uploaded_by), Ticket.Channel.IMPORT])
    for row in rows:
        read = read_row(
            row.cells,
            headings=sheet.headings,
            columns=sheet.columns,
            words=words,
            channel=sheet.channel,
            region=sheet.region_id,
            at=at,
        )
        (_try if sheet.state == _S.CHECKING else _take)(row, read, sheet, caller, at)
    SheetRow.objects.bulk_update(rows, ["state", "problems", "ticket", "cells"])
    if len(rows) < BATCH:
        _finish(sheet, at)
    else:
        publish(TOPIC, sheet_id=sheet.pk)


def _finish(sheet: Sheet, at: datetime) -> None:
    if sheet.state == _S.CHECKING:
        sheet.state = _S.CHECKED
        told = [note for note in sheet.notes if not note.startswith("“")]
        sheet.notes = [*told, *_shifted(sheet)]
    else:
        sheet.state, sheet.finished_at = _S.DONE, at
    sheet.save(update_fields=["state", "notes", "finished_at"])


def _shifted(sheet: Sheet) -> list[str]:
    """Columns most of whose values belong elsewhere: the mapping is wrong, not the rows."""
    bad = list(sheet.rows.filter(state=_R.BAD).values_list("problems", flat=True))
    counts = Counter(str(p["column"]) for problems in bad for p in problems if "错列" in str(p["says"]))
    least = max(_MISPLACED_LEAST, sheet.total * _MISPLACED_SHARE)
    return [f"“{column}”这一栏大半像是别的内容，请核对栏目对应。" for column, n in counts.items() if n >= least]


def _try(row: SheetRow, read: Read, sheet: Sheet, caller: Caller, at: datetime) -> None:
    """What would become of the row."""
    row.problems = list(read.problems)
    if read.filed is None or read.heard is None:
        row.state = _R.BAD
    elif known := Source.objects.known(read.heard.channel, read.heard.reference):
        row.state = _R.SKIPPED
        row.problems.append(_says("reference", sheet, f"这个原编号已录入过：{known.ticket.number}，不会再立一件。"))
    elif twin := _twin(read, sheet, caller, at):
        row.state = _R.TWIN
        what = Sheet.Twin(sheet.twins).label
        row.problems.append(_says("text", sheet, f"与同一企业的 {twin.ticket.number} 相近，将{what}。"))
    else:
        row.state = _R.GOOD


def _says(code: str, sheet: Sheet, says: str) -> Problem:
    place = sheet.columns.index(code) if code in sheet.columns else -1
    return {"column": sheet.headings[place] if place >= 0 else BY_CODE[code].label, "says": says, "grave": False}


def _twin(read: Read, sheet: Sheet, caller: Caller, at: datetime) -> Found | None:
    """An open request of the same firm in like words that the importer may know of; None where none is wanted."""
    if sheet.twins == Sheet.Twin.NEW or read.filed is None or caller.user is None:
        return None
    filed = read.filed
    firm = Firm(name=filed.enterprise_name, uscc=filed.uscc, phone=filed.contact_phone)
    among = access.visible_to(caller.user).filter(access.named_to(caller.user)).open()
    found = of_firm(firm, filed.text, among=among, since=at - WITHIN, limit=1)
    return found[0] if found and found[0].alike else None


def _take(row: SheetRow, read: Read, sheet: Sheet, caller: Caller, at: datetime) -> None:
    """Make the row a request, or a source of one; a refusal stays with the row and stops no other."""
    row.problems = [p for p in row.problems if p.get("column") and not p.get("grave")]
    try:
        with transaction.atomic():
            _made(row, read, sheet, caller, at)
    except entry.KnownSource as refusal:
        row.state = _R.SKIPPED
        row.problems.append(_says("reference", sheet, refusal.message))
    except (DomainError, IntegrityError) as refusal:
        said = refusal.message if isinstance(refusal, DomainError) else "没有存进去，请单独录入。"
        row.state = _R.BAD
        row.problems.append(_says("text", sheet, said) | {"grave": True})


def _made(row: SheetRow, read: Read, sheet: Sheet, caller: Caller, at: datetime) -> None:
    if read.filed is None or read.heard is None:  # the rules have changed since it was tried out
        row.state, row.problems = _R.BAD, list(read.problems)
        return
    twin = _twin(read, sheet, caller, at)
    if twin and sheet.twins == Sheet.Twin.SKIP:
        row.state = _R.SKIPPED
        return
    if twin:
        entry.add_source(ticket_id=twin.ticket.pk, heard=read.heard, caller=caller, at=at)
        row.state, row.ticket = _R.ADDED, twin.ticket
    else:
        key = f"sheet|{sheet.pk}|{row.number}"
        receipt = entry.enter(filed=read.filed, heard=read.heard, caller=caller, key=key, at=at, asks_firm=False)
        row.state, row.ticket = _R.MADE, receipt.ticket
    row.cells = []


def forget(*, at: datetime) -> int:
    """Empty the cells of rows that did not go in, a month after the upload. How many rows."""
    old = SheetRow.objects.filter(sheet__uploaded_at__lt=at - KEPT).exclude(cells=[])
    return old.exclude(sheet__state=_S.IMPORTING).order_by().update(cells=[])
