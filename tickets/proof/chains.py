"""One request after another: is each event what its hash says, does the chain end where request and seals say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from qihu.crypto import sm3
from tickets.models import Event, Filing, Source, Text, Ticket
from tickets.models.event import CHAINED, canonical_row
from tickets.proof import seals
from tickets.proof.fault import Fault
from tickets.proof.seals import Vouched
from tickets.terms import Remark

_COLUMNS = ("id", "hash", *CHAINED)
_SEQ, _KIND, _TO, _XID = (CHAINED.index(name) for name in ("seq", "kind", "to_status", "xid"))
_TEXT, _TEXT_HASH, _DATA = (CHAINED.index(name) for name in ("text_id", "text_hash", "data"))


class Row(NamedTuple):
    """One event as read: its key, its hash, and the columns that the chain covers."""

    key: int
    hash: bytes
    chained: Sequence[Any]


class Words(NamedTuple):
    """The erasable rows that the events of some requests vouch for."""

    filings: dict[int, Filing]
    texts: dict[int, Text]
    sources: dict[tuple[int, int], Source]


def look(keys: Sequence[int], vouched: Vouched) -> tuple[int, Fault | None, int | None]:
    """Events read of these requests, and the first fault with its request's key: five queries."""
    tickets = Ticket.objects.filter(pk__in=keys).only("number", "status", "last_seq", "last_hash").order_by("pk")
    words = Words(
        Filing.objects.filter(ticket__in=keys).defer("search").in_bulk(field_name="ticket_id"),
        Text.objects.filter(ticket__in=keys).in_bulk(),
        {(row.ticket_id, row.seq): row for row in Source.objects.filter(ticket__in=keys)},
    )
    events: dict[int, list[Row]] = defaultdict(list)
    read = 0
    rows = Event.objects.filter(ticket__in=keys).order_by("ticket_id", "seq").values_list(*_COLUMNS)
    for key, digest, *chained in rows:
        events[chained[0]].append(Row(key, bytes(digest), chained))
        read += 1
    for ticket in tickets:
        if fault := _walk(ticket, events[ticket.pk], words, vouched):
            return read, fault, ticket.pk
    return read, None, None


def _walk(ticket: Ticket, events: Sequence[Row], words: Words, vouched: Vouched) -> Fault | None:
    previous, status = b"", ""
    for place, row in enumerate(events, start=1):
        if what := _wrong(row, place, previous):
            return Fault(ticket.number, what, place)
        previous, status = row.hash, row.chained[_TO] or status
    if fault := _as_sealed(ticket, events, vouched):
        return fault
    return _ends(ticket, len(events), previous, status) or _words_fit(ticket, events, words)


def _wrong(row: Row, place: int, previous: bytes) -> str:
    if row.chained[_SEQ] != place:
        return f"序号不连续，缺第 {place} 条"
    if sm3(previous, canonical_row(row.chained).encode()) != row.hash:
        return f"内容与哈希不符（{row.chained[_KIND]}）"
    return ""


def _as_sealed(ticket: Ticket, events: Sequence[Row], vouched: Vouched) -> Fault | None:
    """A chain that fits in itself may still have been cut short, computed anew or made longer: the seals remember."""
    seq, digest = vouched.requests.get(ticket.number, (0, b""))
    if seq > len(events):
        return Fault(ticket.number, f"日志被截断：封存时有 {seq} 条，现在只有 {len(events)} 条", len(events) + 1)
    if seq and events[seq - 1].hash != digest:
        broken = seals.first_broken(ticket.number, {row.chained[_SEQ]: row.hash for row in events})
        return Fault(ticket.number, "自此被整段改写并重算了哈希：与封存不符", broken or seq)
    for row in events[seq:]:
        if vouched.covers("event", row.key, row.chained[_XID]):
            return Fault(ticket.number, f"封存之后插入（{row.chained[_KIND]}）", row.chained[_SEQ])
    return None


def _ends(ticket: Ticket, count: int, last: bytes, status: str) -> Fault | None:
    """The request's own record of its log's end."""
    if ticket.last_seq != count:
        return Fault(ticket.number, f"日志止于第 {count} 条，诉求记为第 {ticket.last_seq} 条", count + 1)
    if bytes(ticket.last_hash) != last:
        return Fault(ticket.number, "末条哈希与诉求所记不符", count)
    if ticket.status != status:
        return Fault(ticket.number, f"诉求状态“{ticket.status}”与日志“{status}”不符", count)
    return None


def _words_fit(ticket: Ticket, events: Sequence[Row], words: Words) -> Fault | None:
    """The words that hashes vouch for, unless an event says that they were erased."""
    erased = max((row.chained[_SEQ] for row in events if row.chained[_KIND] == Remark.ERASE), default=0)
    for row in events:
        if what := _wrong_words(ticket, row.chained, words, erased=row.chained[_SEQ] <= erased):
            return Fault(ticket.number, what, row.chained[_SEQ])
    return None


def _wrong_words(ticket: Ticket, chained: Sequence[Any], words: Words, *, erased: bool) -> str:
    kind, digest = chained[_KIND], bytes(chained[_TEXT_HASH] or b"")
    if digest:
        found: _Row = words.texts.get(chained[_TEXT]) if chained[_TEXT] else words.filings.get(ticket.pk)
        if what := _unlike(found, digest, erased=erased):
            return f"{what}（{kind}）"
    if source := chained[_DATA].get("source"):
        found = words.sources.get((ticket.pk, chained[_SEQ]))
        if what := _unlike(found, bytes.fromhex(source), erased=erased):
            return f"来源：{what}（{kind}）"
    return ""


_Row = Filing | Text | Source | None


def _unlike(found: _Row, digest: bytes, *, erased: bool) -> str:
    if found is None:
        return "文字缺失"
    if found.erased_at:
        return "" if erased else "文字被清空，日志里没有删除记录"
    return "" if found.digest() == digest else "文字与摘要不符"
