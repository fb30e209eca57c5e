"""Files as answers: nothing that a browser could run, nothing that a cache would keep for others."""

from __future__ import annotations

from django.core.files import File
from django.http import FileResponse

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
