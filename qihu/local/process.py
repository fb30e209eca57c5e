"""Starting, watching and ending processes so that none outlives us (PDEATHSIG, ambient capabilities)."""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_PR_SET_SECUREBITS, _NO_SETUID_FIXUP = 28, 1 << 2
_PR_CAP_AMBIENT, _AMBIENT_RAISE = 47, 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_V3 = 0x20080522
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Account:
    """The unprivileged account a server runs under when we are root.

    `passes`: it keeps the one capability to pass directories closed to it, because the project or its data
    stand inside one (a 0700 home, a temporary directory).
    """

    uid: int
    gid: int
    passes: bool


def unprivileged(*paths: Path) -> Account | None:
    """Account for a server that refuses root and must reach `paths`; None unless we are root."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid, passes=not all(map(_open_to_all, paths)))


def _open_to_all(path: Path) -> bool:
    """Whether anybody may pass every directory above `path`, and run it if it is a program."""
    above_open = all(parent.stat().st_mode & 0o001 for parent in path.parents)
    return above_open and (not path.is_file() or bool(path.stat().st_mode & 0o001))


def spawn(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    output: int | IO[bytes],
    cwd: Path,
    account: Account | None = None,
    dies_with_us: signal.Signals | None = None,
    stdin: int = subprocess.DEVNULL,
    niceness: int = 0,
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, so that the terminal's Ctrl-C reaches only us."""
    us = os.getpid()

    def in_child() -> None:
        os.nice(niceness)
        if account and account.passes:
            _become(account)
        if dies_with_us and _LIBC:
            _LIBC.prctl(_PR_SET_PDEATHSIG, dies_with_us, 0, 0, 0)
            if os.getppid() != us:  # we died before the request was made
                os._exit(1)

    plain = account if account and not account.passes else None
    return subprocess.Popen(  # noqa: S603 - the arguments are ours
        argv,
        env=environment,
        cwd=cwd,
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        user=plain.uid if plain else None,
        group=plain.gid if plain else None,
        extra_groups=[] if plain else None,
        preexec_fn=in_child,  # noqa: PLW1509 - we run no threads
    )


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Sets(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


def _become(account: Account) -> None:
    """Drop from root to `account`, keeping across exec only the capability to pass closed directories."""
    if _LIBC is None:
        raise PermissionError
    # Without this bit the kernel forgets capabilities in access(2), by which initdb looks for its programs.
    if _LIBC.prctl(_PR_SET_SECUREBITS, _NO_SETUID_FIXUP, 0, 0, 0):
        raise PermissionError
    os.setgroups([])
    os.setgid(account.gid)
    os.setuid(account.uid)
    sets = (_Sets * 2)()
    sets[0].effective = sets[0].permitted = sets[0].inheritable = 1 << _CAP_DAC_OVERRIDE
    header = _Header(_CAPABILITY_V3, 0)
    if _LIBC.capset(ctypes.byref(header), ctypes.byref(sets)) or _LIBC.prctl(
        _PR_CAP_AMBIENT, _AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0
    ):
        raise PermissionError


def alive(pid: int) -> bool:
    """Whether a process runs under this id (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] not in {"Z", "X"}


def started(pid: int) -> str:
    """When a process started, in clock ticks since boot; with the id it names a process for good."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return state.rpartition(")")[2].split()[19]


def command_of(pid: int) -> list[str]:
    """Arguments a process was started with; empty if it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def working_in(folder: Path) -> bool:
    """Whether any process has this as its current directory."""
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if entry.readlink() == folder:
                return True
    return False


def wait_gone(pid: int, *, seconds: float) -> bool:
    """Wait until no process runs under `pid` (a child of ours may stay as a zombie, to be reaped)."""
    until = time.monotonic() + seconds
    while alive(pid):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def send(pid: int, number: signal.Signals, *, group: bool = False) -> None:
    """Signal a process (or its whole group) that may be gone already."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number) if group else os.kill(pid, number)
