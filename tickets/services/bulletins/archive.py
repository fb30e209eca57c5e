"""Office files made settled (pure): the same content gives the same bytes, whenever and wherever it is written."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_STAMPS = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</)")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def settled(made: bytes, *, at: datetime) -> bytes:
    """The zip with its parts in order, dated alike; the document says it was made at `at`."""
    kept = BytesIO()
    stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with ZipFile(BytesIO(made)) as source, ZipFile(kept, "w", ZIP_DEFLATED) as target:
        for name in _order(source.namelist()):
            body = source.read(name)
            if name == "docProps/core.xml":
                body = _STAMPS.sub(rb"\g<1>" + stamp + rb"\g<2>", body)
            target.writestr(_part(name), body)
    return kept.getvalue()


def _order(names: list[str]) -> list[str]:
    """The list of types first, as readers expect it."""
    return sorted(names, key=lambda name: (name != "[Content_Types].xml", name))


def _part(name: str) -> ZipInfo:
    part = ZipInfo(name, _EPOCH)
    part.compress_type, part.create_system, part.external_attr = ZIP_DEFLATED, 3, 0o600 << 16
    return part
