"""Files as answers: nothing that a browser could run, nothing that a cache would keep for others."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.files import File
from django.http import FileResponse, StreamingHttpResponse

_POLICY = "sandbox; default-src 'none'; style-src 'none'; frame-ancestors 'none'"


def served(content: File[bytes], *, name: str, mime: str, inline: bool) -> FileResponse:
    """`content` under `name`; saved, never shown, unless `inline` (a picture that we encoded ourselves)."""
    response = FileResponse(content, as_attachment=not inline, filename=name, content_type=mime)
    response["Content-Security-Policy"] = _POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "private, max-age=1800"
    return response


def streamed(pieces: Iterator[bytes], *, name: str, mime: str) -> StreamingHttpResponse:
    """`pieces` as they come, saved under `name`, kept by no cache. What can be closed is closed with the answer."""
    response = StreamingHttpResponse(pieces, content_type=mime)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Security-Policy"] = _POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response
