"""The data directory: where the embedded servers, the secrets and the locks of one installation live."""

import contextlib
import fcntl
import os
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


class Refusal(SystemExit):
    """One clear line on standard error, exit code 1, no traceback."""

    def __init__(self, line: str) -> None:
        super().__init__(f"qihu: {line}")


class Hold:
    """A lock on a file, kept until `release()` or the end of the process, however it ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def alone(self) -> bool:
        """Whether nobody else holds this lock; gives a shared lock up if somebody does."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Let others in."""
        os.close(self._descriptor)


@dataclass(frozen=True)
class DataDir:
    """Paths, secrets, kept ports and locks under one directory."""

    root: Path

    @classmethod
    def from_environment(cls) -> "DataDir":
        """`$QIHU_DATA_DIR`, or `.local/` beside manage.py."""
        return cls(Path(os.environ.get("QIHU_DATA_DIR") or PROJECT / ".local").resolve())

    @property
    def demo_password(self) -> Path:
        """Its whole content is the one password of the demo accounts."""
        return self.root / "demo-password"

    @property
    def demo(self) -> bool:
        """Whether `manage.py prepare` found the demo organisation in the database."""
        note = self.root / "run" / "demo"
        return note.exists() and note.read_text(encoding="ascii") == "1"

    def folder(self, name: str, *, mode: int = 0o700) -> Path:
        """A directory below the root, made if missing."""
        with self._one_line():
            self.root.mkdir(parents=True, exist_ok=True, mode=0o711)
            (self.root / name).mkdir(exist_ok=True, mode=mode)
        return self.root / name

    def log(self, name: str) -> Path:
        """Log file of one server; started anew once it has grown past 5 MB."""
        path = self.folder("log") / f"{name}.log"
        with self._one_line():
            if path.exists() and path.stat().st_size > 5_000_000:
                path.replace(path.with_suffix(".old"))
        return path

    def secret(self, name: str) -> str:
        """A random secret, made once and kept in a file only its owner reads."""
        path = self.folder("secrets") / name
        with self._one_line():
            if not path.exists():
                write_private(path, secrets.token_urlsafe(40))
            return path.read_text(encoding="ascii").strip()

    def known_secret(self, name: str) -> str | None:
        """The secret if it was ever made here and may be read; never makes one."""
        try:
            return (self.root / "secrets" / name).read_text(encoding="ascii").strip()
        except OSError:
            return None

    def port(self, name: str, *, afresh: bool = False) -> int:
        """A port of 127.0.0.1 for one server: free when chosen, then kept. `afresh` chooses another."""
        path = self.folder("run") / f"{name}.port"
        with self._one_line():
            if afresh or not path.exists():
                write_private(path, str(_free_port()))
            return int(path.read_text(encoding="ascii"))

    def lock(self, name: str, *, shared: bool = False, wait: bool = True) -> Hold | None:
        """Take a lock; None if somebody else has it and we do not wait."""
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        path = self.folder("run") / f"{name}.lock"
        with self._one_line():
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, kind if wait else kind | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return Hold(descriptor)

    @contextlib.contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Critical section between the processes of this installation; waits its turn."""
        hold = self.lock(name)
        try:
            yield
        finally:
            if hold:
                hold.release()

    @contextlib.contextmanager
    def _one_line(self) -> Iterator[None]:
        """A directory that cannot be written or read is the operator's matter: one line, no traceback."""
        try:
            yield
        except OSError as error:
            raise Refusal(
                f"数据目录不可写 cannot use the data directory {self.root}: "
                f"{error.strerror} ({error.filename}); 请改用 set QIHU_DATA_DIR"
            ) from None


def write_private(path: Path, content: str) -> None:
    """Write a file only its owner reads, whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(content)
    draft.replace(path)


def port_taken(host: str, port: int) -> str | None:
    """Why a server could not listen there, or None."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            return error.strerror or str(error)
    return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
