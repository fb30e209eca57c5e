"""A bulletin's files, and whether they are still those that were first made."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from tickets.figures.bulletin import Content
from tickets.models.bulletin import Format
from tickets.services.bulletins.docx import docx
from tickets.services.bulletins.pdf import pdf
from tickets.services.bulletins.xlsx import xlsx

_RENDERERS: dict[Format, Callable[[Content], bytes]] = {Format.PDF: pdf, Format.DOCX: docx, Format.XLSX: xlsx}
MIMES = {
    Format.PDF: "application/pdf",
    Format.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def rendered(content: Content, kind: Format) -> bytes:
    """One file; the same content gives the same bytes."""
    return _RENDERERS[kind](content)


def hashes(content: Content) -> dict[str, str]:
    """SHA-256 of each file, by format."""
    return {str(kind): digest(rendered(content, kind)) for kind in Format}


def digest(made: bytes) -> str:
    """SHA-256, hex."""
    return sha256(made).hexdigest()
