"""Finds the servers of this installation for a command, before Django is set up.

`DATABASE_URL` and `REDIS_URL` (or `CELERY_BROKER_URL`) of the environment win. Otherwise a command uses the
embedded PostgreSQL that `manage.py up` runs in `$QIHU_DATA_DIR`; if none runs, it starts PostgreSQL for its
own duration (commands at the same time share it, the last one out stops it). The broker is not started: what
a command publishes waits in the outbox.
"""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from types import FrameType

from qihu.local.datadir import DataDir
from qihu.local.postgres import Postgres
from qihu.local.valkey import Valkey

_NEEDS_NO_DATABASE = {
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "moves_diagram",
    "spectacular",
    "startapp",
    "version",
}
_NOWHERE = "postgresql://nobody@127.0.0.1:9/nothing"


@contextlib.contextmanager
def servers_for(argv: Sequence[str]) -> Iterator[None]:
    """Give the command of `argv` its servers through the environment, for as long as the block lasts.

    `up` never reaches the block: it runs its servers itself and ends the process with its exit code.
    """
    if _wants(argv, "up"):
        from qihu.local.up import main  # noqa: PLC0415 - only `up` pays for the supervisor

        raise SystemExit(main())
    home = DataDir.from_environment()
    if given("DATABASE_URL"):
        _known_secrets(home)
        yield
    elif not _needs_database(argv):
        os.environ["DATABASE_URL"] = _NOWHERE
        _known_secrets(home)
        os.environ.setdefault("SECRET_KEY", "no-secret-is-needed-by-this-command")
        yield
    else:
        with _postgres(home):
            yield


def given(*names: str) -> bool:
    """Whether the environment (or a mounted file) sets one of these variables."""
    return any(os.environ.get(name) or os.environ.get(f"{name}_FILE") for name in names)


def export(home: DataDir, *, postgres: Postgres | None, valkey: Valkey | None) -> None:
    """Put what an embedded installation knows into the environment; what is set already stays."""
    os.environ["QIHU_DATA_DIR"] = str(home.root)
    if postgres:
        os.environ["DATABASE_URL"] = postgres.url
        os.environ["QIHU_EMBEDDED"] = "1"
    if valkey:
        os.environ["REDIS_URL"] = valkey.url
    if not given("SECRET_KEY"):
        os.environ["SECRET_KEY"] = home.secret("secret-key")
    if not given("FIELD_KEY"):
        os.environ["FIELD_KEY"] = home.secret("field-key")
    if postgres and home.demo:
        os.environ.setdefault("DEMO", "1")


@contextlib.contextmanager
def _postgres(home: DataDir) -> Iterator[None]:
    """The embedded server, adopted or started; the last user stops it unless `up` runs it."""
    _end_cleanly_on_sigterm()
    postgres = Postgres(home)
    with home.alone("start"):
        postgres.start(dies_with_us=False)
        use = home.lock("use", shared=True)
    try:
        broker = None if given("REDIS_URL", "CELERY_BROKER_URL") else Valkey(home)
        export(home, postgres=postgres, valkey=broker)
        yield
    finally:
        with home.alone("start"):
            if use and use.alone():
                postgres.stop()


def _known_secrets(home: DataDir) -> None:
    """Secrets an earlier `make up` made here, for commands that name their own database."""
    for variable, name in (("SECRET_KEY", "secret-key"), ("FIELD_KEY", "field-key")):
        if not given(variable) and (secret := home.known_secret(name)):
            os.environ[variable] = secret


def _end_cleanly_on_sigterm() -> None:
    """SIGTERM must run our `finally`, or the server would stay behind."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, leave)


def _asks_for_help(argv: Sequence[str]) -> bool:
    return len(argv) < 2 or any(word in {"-h", "--help", "--version"} for word in argv)


def _wants(argv: Sequence[str], command: str) -> bool:
    return len(argv) > 1 and argv[1] == command and not _asks_for_help(argv)


def _needs_database(argv: Sequence[str]) -> bool:
    return not _asks_for_help(argv) and argv[1] not in _NEEDS_NO_DATABASE
