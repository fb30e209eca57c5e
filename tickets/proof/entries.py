"""The audit trail: is each entry what its hash says, are those and only those there that the seals know."""

from __future__ import annotations

from qihu.audit.models import Entry
from tickets.proof.fault import Fault
from tickets.proof.seals import Vouched


def walk(vouched: Vouched) -> tuple[int, Fault | None]:
    """How many entries were read, and the first fault. Takes the entries out of `vouched`."""
    read, known = 0, vouched.entries
    for entry in Entry.objects.select_related("reason").order_by("pk").iterator(chunk_size=2000):
        read += 1
        if what := _wrong(entry, known.pop(entry.pk, None), vouched):
            return read, Fault(f"审计记录第 {entry.pk} 条", what)
    if known:
        return read, Fault(f"审计记录第 {min(known)} 条", "已封存，现在没有了：记录被删")
    return read, None


def _wrong(entry: Entry, sealed: bytes | None, vouched: Vouched) -> str:
    digest = bytes(entry.hash)
    if entry.digest() != digest:
        return f"内容与哈希不符（{entry.action}）"
    if sealed is not None and sealed != digest:
        return f"被改写并重算了哈希：与封存不符（{entry.action}）"
    if sealed is None and vouched.covers("entry", entry.pk, entry.xid):
        return f"封存之后插入（{entry.action}）"
    reason = entry.reason
    if reason and not reason.erased_at and reason.digest() != bytes(entry.reason_hash or b""):
        return f"理由与摘要不符（{entry.action}）"
    return ""
