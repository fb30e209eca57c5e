"""What the audit trail holds of an export: who, why, which filter, how many rows, which hash, and how it ended."""

from __future__ import annotations

from datetime import datetime

from qihu.audit.models import Action, Entry
from qihu.audit.record import record
from tickets.models import Export

BEGUN, ASKED, READY, SENT, BROKEN, FETCHED, STOPPED = (
    *("begun", "asked", "ready", "sent"),
    *("broken_off", "fetched", "stopped"),
)
"""Stations. Begun or fetched without sent or broken off after it: the server died on the way."""


def leave(export: Export, station: str, *, at: datetime | None = None, rows: int | None = None) -> Entry:
    """One entry. The reason and the filter, both free text, go with the first and can be erased there."""
    first = station in {BEGUN, ASKED}
    what: dict[str, object] = {
        "state": station,
        "what": export.what,
        "format": export.format,
        "rows": export.expected if rows is None else rows,
        "definitions": export.definitions,
        "as_of": export.as_of.isoformat(),
    }
    if export.digest:
        what["sm3"] = export.fingerprint
    return record(
        Action.EXPORTED,
        actor=export.asked_by,
        kind="tickets.export",
        key=export.number,
        after=what,
        reason=f"{export.reason}（筛选：{export.words}）" if first else "",
        at=at,
    )
