"""The virus scanner: clamd by its socket. One that fails passes no file; none configured is a fact that is shown."""

from __future__ import annotations

from typing import BinaryIO

from clamav_client.clamd import ClamdError, ClamdNetworkSocket, ClamdUnixSocket
from django.conf import settings

_SECONDS = 60


class ScannerDown(Exception):
    """It gave no verdict: the file has to wait."""


def configured() -> bool:
    """Whether files are scanned at all."""
    return bool(settings.CLAMAV_SOCKET)


def infected(content: BinaryIO) -> bool:
    """Whether clamd finds something in `content`, read from its start. Raises `ScannerDown` without a clear verdict."""
    content.seek(0)
    try:
        answers = _clamd().instream(content)
    except (ClamdError, OSError) as error:
        raise ScannerDown(type(error).__name__) from error
    verdict, _found = next(iter(answers.values()), ("ERROR", None))
    if verdict not in {"OK", "FOUND"}:
        raise ScannerDown(verdict)
    return verdict == "FOUND"


def _clamd() -> ClamdNetworkSocket:
    where = settings.CLAMAV_SOCKET
    host, colon, port = where.rpartition(":")
    if colon and port.isdigit() and "/" not in port:
        return ClamdNetworkSocket(host.strip("[]"), int(port), timeout=_SECONDS)
    return ClamdUnixSocket(where, timeout=_SECONDS)
