"""The seals: gapless, chained, under their key, line by line as the file has them; and what they vouch for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from qihu.audit import ledger
from tickets.models import Seal
from tickets.models.seal import CLOSED
from tickets.proof.fault import Fault


@dataclass(slots=True)
class Vouched:
    """What the seals say: of each request the last event sealed, of the audit trail every entry."""

    count: int = 0
    last: Seal | None = None
    requests: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    entries: dict[int, bytes] = field(default_factory=dict)

    def covers(self, kind: str, key: int, xid: int) -> bool:
        """Whether that row (`event` or `entry`) ought to be in a seal already."""
        return self.last is not None and not self.last.leaves_beyond(kind, key, xid)

    def name(self) -> str:
        """The newest seal, to be written down somewhere else: number and keyed hash."""
        return f"第 {self.last.number} 号 {bytes(self.last.mac).hex()[:16]}" if self.last else "尚无"


def read(file: Path | None) -> tuple[Vouched, Fault | None]:
    """Walk every seal beside its line of the file (None: without a file); stop at the first that does not fit."""
    found = Vouched()
    written = _whole(file) if file else iter(())
    for seal, line in zip_longest(Seal.objects.order_by("number").iterator(chunk_size=200), written):
        if what := _wrong(seal, line, found.last, checked=file is not None):
            return found, Fault(f"第 {found.count + 1} 号封存", what)
        _take(found, seal)
    return found, None


def first_broken(number: str, hashes: dict[int, bytes]) -> int:
    """Sequence number from which a request's chain (seq → hash) is not what was sealed; 0 where all seals agree."""
    good = 0
    for seal in Seal.objects.order_by("number").iterator(chunk_size=200):
        for name, seq, digest in seal.request_leaves():
            if name == number:
                if hashes.get(seq) != digest:
                    return good + 1
                good = seq
    return 0


def _take(found: Vouched, seal: Seal) -> None:
    found.count, found.last = seal.number, seal
    found.requests.update({number: (seq, digest) for number, seq, digest in seal.request_leaves()})
    found.entries.update(seal.entry_leaves())


def _wrong(seal: Seal | None, line: str | None, before: Seal | None, *, checked: bool) -> str:
    if seal is None:
        return "封存文件里有，数据库里没有：封存被删"
    if what := _broken(seal, before):
        return what
    if not checked:
        return ""
    if line is None:
        return "数据库里有，封存文件里没有：文件被截断或缺失"
    return "" if line == seal.line() else "封存文件与数据库不一致"


def _broken(seal: Seal, before: Seal | None) -> str:
    number, mac = (before.number, bytes(before.mac)) if before else (0, b"")
    if seal.number != number + 1:
        return "缺失：封存被删"
    if seal.computed() != bytes(seal.mac):
        return "内容与密钥签章不符：封存被改，或 SEAL_KEY 不是当时的密钥"
    if bytes(seal.previous) != mac:
        return "与上一号封存不相接"
    return "" if _follows(seal, before) else "起止与上一号封存不相接"


def _follows(seal: Seal, before: Seal | None) -> bool:
    if before is None or before.until == CLOSED:
        return seal.since == 0
    return seal.since == before.until


def _whole(file: Path) -> Iterator[str]:
    """Lines of the file, without a write that was cut short and then made anew: the next line begins with it."""
    held: str | None = None
    for line in ledger.lines(file):
        if held is not None and not line.startswith(held):
            yield held
        held = line
    if held is not None:
        yield held
