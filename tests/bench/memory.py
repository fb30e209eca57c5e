"""What the whole stack weighs when idle: proportional set size, so that shared pages count once."""

from __future__ import annotations

import contextlib
from collections import Counter
from pathlib import Path

from qihu.local.process import command_of
from tests.bench.report import Figure
from tests.bench.stack import Stack

TARGET_MB = 900


def measure(stack: Stack) -> Figure:
    """Supervisor, servers, web, worker and beat; the notes tell what each weighs."""
    parts: Counter[str] = Counter()
    for pid in stack.processes():
        parts[_part(command_of(pid))] += _pss_kb(pid)
    servers = parts["postgres"] + parts["valkey"]
    return Figure(
        name="idle memory after the load (PSS)",
        value=sum(parts.values()) / 1024,
        unit="MB",
        target=TARGET_MB,
        floor=servers / 1024,
        floor_is="PostgreSQL and Valkey alone",
        notes={f"{name}_mb": round(kb / 1024, 1) for name, kb in parts.most_common()},
    )


def _part(command: list[str]) -> str:
    words = " ".join(command)
    known = {"granian": "web", " worker": "worker", " beat": "beat", "valkey": "valkey", "postgres": "postgres"}
    return next((part for sign, part in known.items() if sign in words), "supervisor")


def _pss_kb(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
