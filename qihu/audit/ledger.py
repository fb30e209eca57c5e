"""An append-only file of lines, each on the disk before `append` returns. One writer at a time, by a lock on it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_STEP = 65536


@contextmanager
def held(path: Path) -> Iterator[IO[bytes]]:
    """The file, made where it is missing, alone in this process's hands until the block ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def append(file: IO[bytes], lines: Sequence[str]) -> None:
    """Write whole lines at the end and wait for the disk."""
    file.seek(0, os.SEEK_END)
    if file.tell() and last_byte(file) != b"\n":  # a write that a crash cut short: never glue a line to it
        file.write(b"\n")
    file.write("".join(f"{line}\n" for line in lines).encode())
    file.flush()
    os.fsync(file.fileno())


def last_byte(file: IO[bytes]) -> bytes:
    """The last byte, b"" of an empty file."""
    end = file.seek(0, os.SEEK_END)
    if not end:
        return b""
    file.seek(end - 1)
    return file.read(1)


def last_line(file: IO[bytes]) -> str:
    """The last whole line, "" where there is none; read from the end, whatever the size."""
    place = file.seek(0, os.SEEK_END)
    tail = b""
    while place and tail.count(b"\n") < 2:
        step = min(_STEP, place)
        place -= step
        file.seek(place)
        tail = file.read(step) + tail
    whole = tail[: tail.rfind(b"\n") + 1].splitlines()
    return whole[-1].decode(errors="replace") if whole else ""


def lines(path: Path) -> Iterator[str]:
    """Every line, first to last; none where there is no file."""
    if path.exists():
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                yield line.rstrip("\n")
