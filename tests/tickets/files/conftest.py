"""A disk of their own for the bytes, a scanner that can be told what to say, and files as people send them."""

from __future__ import annotations

import io
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from tests import make
from tests.tickets.files import samples
from tickets.models import Attachment
from tickets.services import inspection, uploads
from tickets.services.sending import Sender


@pytest.fixture(autouse=True)
def disk(tmp_path, settings) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


def bytes_on(disk: Path) -> list[bytes]:
    return [path.read_bytes() for path in disk.rglob("*") if path.is_file()]


def sent(sender: Sender, content: bytes | None = None, name: str = "现场照片.jpg", at=make.MONDAY) -> Attachment:
    """A file that came whole."""
    content = samples.picture() if content is None else content
    return uploads.receive(sender=sender, name=name, content=ContentFile(content), at=at)


def inspected(row: Attachment, at=make.MONDAY) -> Attachment:
    inspection.inspect_due(at=at)
    row.refresh_from_db()
    return row


def stored(path: str) -> bytes:
    with default_storage.open(path) as content:
        return content.read()


class FakeClamd(threading.Thread):
    """Speaks clamd's INSTREAM on a Unix socket; finds EICAR. `broken`: hangs up without a verdict."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.path, self.broken, self.seen = path, False, 0
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen(8)

    def run(self) -> None:
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:
                return
            with caller, caller.makefile("rwb") as stream:
                self._answer(stream)

    def _answer(self, stream: io.BufferedRWPair) -> None:
        assert stream.readline() == b"nINSTREAM\n"
        whole = b""
        while size := int.from_bytes(stream.read(4), "big"):
            whole += stream.read(size)
        self.seen += 1
        if not self.broken:
            stream.write(b"stream: Eicar-Test FOUND\n" if samples.EICAR in whole else b"stream: OK\n")
            stream.flush()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.join(5)


@pytest.fixture
def clamd(tmp_path_factory, settings) -> Iterator[FakeClamd]:
    fake = FakeClamd(tmp_path_factory.mktemp("clamd") / "s")
    fake.start()
    settings.CLAMAV_SOCKET = str(fake.path)
    yield fake
    fake.close()


@pytest.fixture
def real_clamd(tmp_path_factory, settings) -> Iterator[None]:
    """Clamd itself, with a database of one signature."""
    program = shutil.which("clamd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if program is None:
        pytest.skip("clamd is not installed")
    home = tmp_path_factory.mktemp("real-clamd")
    home.chmod(0o755)
    (home / "db").mkdir()
    (home / "db" / "eicar.ndb").write_text(f"Eicar-Test:0:*:{samples.EICAR.hex()}\n")
    (home / "clamd.conf").write_text(
        f"LocalSocket {home}/s\nDatabaseDirectory {home}/db\nForeground yes\nLogFile {home}/log\nUser root\n"
    )
    with (home / "out").open("wb") as out:
        daemon = subprocess.Popen([program, "-c", str(home / "clamd.conf")], stdout=out, stderr=out)
    try:
        for _ in range(300):
            if (home / "s").exists() or daemon.poll() is not None:
                break
            time.sleep(0.1)
        assert (home / "s").exists(), (home / "out").read_text()
        settings.CLAMAV_SOCKET = str(home / "s")
        yield
    finally:
        daemon.kill()
        daemon.wait()
