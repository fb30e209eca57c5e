"""What a check says when something does not fit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing wrong: where (a request's number, a seal, an audit entry), at which event, and what."""

    where: str
    what: str
    seq: int = 0

    def __str__(self) -> str:
        return f"{self.where} 第 {self.seq} 条，{self.what}" if self.seq else f"{self.where}，{self.what}"
