"""`manage.py up`: everything of the service on one machine, in the foreground, until Ctrl-C or SIGTERM."""

import contextlib
import http.client
import os
import sys
import time
from collections.abc import Iterator

from qihu import env
from qihu.local import welcome
from qihu.local.attach import export, given
from qihu.local.datadir import PROJECT, DataDir, Refusal, port_taken, write_private
from qihu.local.postgres import Postgres
from qihu.local.supervisor import Child, GaveUpError, Part, Supervisor, end_leftovers
from qihu.local.valkey import Valkey

_NAMES = ("prepare", "web", "worker", "beat", "postgres", "valkey", "up")


class Up:
    """One run of the service over one data directory, which nobody else may run meanwhile."""

    def __init__(self, home: DataDir, host: str, port: int) -> None:
        self._home = home
        self._host, self._port = host, port
        self._supervisor = Supervisor(_NAMES, notes=home.folder("run") / "children.json")
        self._log = self._supervisor.log
        self._first = not home.demo_password.exists()
        self._ready = False
        self._began = self._complained = self._next_look = time.monotonic()

    def run(self) -> int:
        """Start, keep and stop everything; the exit code."""
        with self._servers() as servers:
            if self._supervisor.asked:
                return 0
            children = self._children()
            try:
                if code := self._prepare():
                    return 0 if self._supervisor.asked else code
                self._supervisor.run([*servers, *children], each_tick=self._announce)
            except GaveUpError as part:
                self._log.say(
                    "up",
                    f"{part} 一分钟内五次退出，全部停止 died five times within a minute, all is stopped",
                )
                return 1
            finally:
                self._log.say("up", "正在停止 stopping")
                self._supervisor.stop(children)
        return 0

    @contextlib.contextmanager
    def _servers(self) -> Iterator[list[Part]]:
        """The embedded servers the environment does not replace: first to start, last to stop."""
        postgres = None if given("DATABASE_URL") else Postgres(self._home)
        valkey = None if given("REDIS_URL", "CELERY_BROKER_URL") else Valkey(self._home)
        servers = [server for server in (postgres, valkey) if server]
        use = self._home.lock("use", shared=True)
        try:
            with self._home.alone("start"):
                for server in servers:
                    server.start(dies_with_us=True)
            export(self._home, postgres=postgres, valkey=valkey)
            self._plain_http()
            self._share_metrics()
            yield [_Kept(server) for server in servers]
        finally:
            for server in reversed(servers):
                server.stop()
            if use:
                use.release()

    def _plain_http(self) -> None:
        """We serve plain HTTP: a browser would not send secure cookies back, unless TLS ends at a proxy."""
        if not env.flag("BEHIND_TLS_PROXY", default=False):
            os.environ.setdefault("SECURE_COOKIES", "0")
            os.environ.setdefault("HSTS_SECONDS", "0")

    def _share_metrics(self) -> None:
        """Web, worker and beat count into one directory, emptied at each start: `/metrics` adds them up."""
        folder = self._home.folder("metrics")
        for left in folder.glob("*.db"):
            left.unlink()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)

    def _prepare(self) -> int:
        """Migrations, demo organisation, static files, in a process of their own, which then is gone."""
        chosen = os.environ.get("DEMO")
        os.environ["DEMO"] = chosen or "1"
        code = self._supervisor.once(self._child("prepare", "manage.py", "prepare"))
        os.environ["DEMO"] = chosen or ("1" if self._home.demo else "0")
        if code:
            self._log.say("up", f"准备失败 preparation failed (code {code})")
        return code

    def _children(self) -> list[Child]:
        level = env.text("LOG_LEVEL", "WARNING")
        return [
            self._child(
                *("web", "-m", "granian", "--interface", "wsgi", "qihu.wsgi:application"),
                *("--host", self._host, "--port", str(self._port), "--no-ws", "--log-level", "warning"),
                *("--workers", env.text("WEB_WORKERS", "1"), "--blocking-threads", str(_threads())),
                # A thread that ends takes its database connection with it.
                *("--blocking-threads-idle-timeout", "600"),
                *("--respawn-failed-workers", "--workers-kill-timeout", "10"),
            ),
            self._child(
                # As root (in a container) Celery would warn at every start.
                *("worker", "-W", "ignore:You're running the worker with superuser"),
                *("-m", "celery", "--quiet", "-A", "qihu", "worker", "--loglevel", level),
                *("--pool", "prefork", "--concurrency", env.text("WORKER_PROCESSES", "2")),
                *("--without-mingle", "--without-gossip", "--without-heartbeat"),
                niceness=5,  # on a full machine routing waits for the pages, not the pages for routing
            ),
            self._child(
                *("beat", "-m", "celery", "--quiet", "-A", "qihu", "beat", "--loglevel", level, "--pidfile="),
                *("--schedule", str(self._home.folder("beat") / "schedule")),
            ),
        ]

    def _child(self, name: str, *arguments: str, niceness: int = 0) -> Child:
        return Child(name, [sys.executable, *arguments], cwd=PROJECT, log=self._log, niceness=niceness)

    def _announce(self) -> None:
        """Once the service answers, say where and for whom; every half minute say why it does not."""
        now = time.monotonic()
        if self._ready or now < self._next_look:
            return
        self._next_look = now + min(5.0, (now - self._began) / 20)  # a service that is ill logs each look
        answer = _readyz(self._host, self._port)
        if answer == "200":
            self._ready = True
            address = f"http://{_reachable(self._host)}:{self._port}"
            password = self._home.demo_password if self._home.demo else None
            text = welcome.text(address, password, first=self._first)
            self._log.say("up", f"{text}\n用时 {now - self._began:.1f} 秒；按 Ctrl-C 停止 ready, Ctrl-C stops")
        elif now - self._complained > 30:
            self._complained = now
            self._log.say("up", f"尚未就绪 not ready yet: /readyz {answer}")


class _Kept:
    """An embedded server as a part of the supervisor."""

    def __init__(self, server: Postgres | Valkey) -> None:
        self._server = server
        self.name = server.name

    def start(self) -> None:
        """Start it again on the data it left."""
        self._server.start(dies_with_us=True)

    def poll(self) -> str | None:
        """None while it runs."""
        return None if self._server.pid() else "gone"


def main() -> int:
    """Run the service; every foreseen obstacle is one line on standard error and exit code 1."""
    home = DataDir.from_environment()
    host, port = env.text("QIHU_HOST", "127.0.0.1"), env.number("QIHU_PORT", 8000, low=1, high=65535)
    address = home.folder("run") / "address"
    if home.lock("up", wait=False) is None:
        where = address.read_text(encoding="ascii") if address.exists() else ""
        raise Refusal(f"已在运行 already running with the data directory {home.root}: {where}")
    end_leftovers(home.root / "run" / "children.json")
    if why := port_taken(host, port):
        raise Refusal(f"端口不可用 cannot listen on {host}:{port}: {why}; 请改用 set QIHU_PORT or QIHU_HOST")
    write_private(address, f"http://{_reachable(host)}:{port}/")
    return Up(home, host, port).run()


def _threads() -> int:
    """Threads of one web process: they wait for the database more than they compute."""
    return min(8, 2 * (os.cpu_count() or 1) + 1)


def _readyz(host: str, port: int) -> str:
    """Status of /readyz with the beginning of its answer unless it is 200; why there is none."""
    named = [name for name in env.words("ALLOWED_HOSTS") if name[0] not in "*."]
    connection = http.client.HTTPConnection(_reachable(host).strip("[]"), port, timeout=2)
    try:
        connection.request("GET", "/readyz", headers={"Host": named[0] if named else "127.0.0.1"})
        answer = connection.getresponse()
        body = answer.read(300).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return str(error)
    finally:
        connection.close()
    return "200" if answer.status == 200 else f"{answer.status} {body}"


def _reachable(host: str) -> str:
    """Where a browser on this machine finds a server bound to `host`."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"[{host}]" if ":" in host else host
