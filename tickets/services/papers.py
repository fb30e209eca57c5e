"""Looking into documents: what unpacks too large, hides something else, or would act by itself is refused. Pure."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from tickets.services.sniffing import Kind, Refused, sniff

MOST_UNPACKED = 256 * 1024 * 1024
"""Bytes that all parts of a document may unpack to, those of documents in it included."""
_MOST_RATIO = 250
_SMALL = 1024 * 1024
"""Up to this size a part may be packed as tightly as it likes."""
_BLOCK = 256 * 1024
_END = b"PK\x05\x06"
_MACROS = re.compile(r"(^|/)vba(Project|Data)|(^|/)(activeX|macrosheets)/", re.IGNORECASE)
_REMOTE = re.compile(rb"(attachedTemplate|oleObject|frame)\"[^>]*TargetMode=\"External\"")
_PROGRAMS = (b"MZ", b"\x7fELF", b"Rar!", b"7z\xbc\xaf", b"#!")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PDF_ACTS = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA)(?![A-Za-z0-9])")
_PDF_OBJECTS = re.compile(rb"/ObjStm\b[^\0]{0,2000}?stream\r?\n")
_PDF_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_TAIL = 1024


def look_into(kind: Kind, content: BinaryIO) -> None:
    """Raises `Refused` for a document that is not what it should be. Pictures go another way: they are encoded anew."""
    if kind.family == "zip":
        _zip(content, _Budget(MOST_UNPACKED))
    elif kind.family == "ole":
        content.seek(0)
        _ole(content.read())
    else:
        content.seek(0)
        _pdf(content.read())


@dataclass
class _Budget:
    """Bytes that may still be unpacked."""

    left: int

    def spend(self, count: int) -> None:
        """Raises `Refused` when it is used up."""
        self.left -= count
        if self.left < 0:
            raise Refused("bomb")


def _zip(content: BinaryIO, budget: _Budget, *, inner: bool = False) -> None:
    try:
        with zipfile.ZipFile(content) as packed:
            entries = packed.infolist()
            _layout(content, packed, entries)
            for entry in entries:
                _entry(content, packed, entry, budget, inner=inner)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, struct.error, zlib.error):
        raise Refused("damaged") from None


def _layout(content: BinaryIO, packed: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    """No part over another (an overlap bomb), nothing before the first or after the end; `sniff` has counted them."""
    end = 0
    for entry in sorted(entries, key=lambda one: one.header_offset):
        if entry.header_offset < end:
            raise Refused("bomb")
        if end == 0 and entry.header_offset:
            raise Refused("tail")
        end = entry.header_offset + 30 + entry.compress_size
    size = content.seek(0, io.SEEK_END)
    content.seek(max(0, size - _BLOCK))
    tail = content.read()
    if end > packed.start_dir or len(tail) - tail.rfind(_END) != 22 + len(packed.comment):
        raise Refused("tail")


def _entry(content: BinaryIO, packed: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: _Budget, *, inner: bool) -> None:
    if entry.flag_bits & 1:
        raise Refused("locked")
    if _MACROS.search(entry.filename):
        raise Refused("macro")
    head, size = b"", 0
    for block in _unpacked(content, entry):
        head = head or block
        size += len(block)
        budget.spend(len(block))
    if size > _SMALL and size > _MOST_RATIO * max(entry.compress_size, 1):
        raise Refused("bomb")
    if size != entry.file_size:
        raise Refused("damaged")
    _part(packed, entry, head, budget, inner=inner)


def _unpacked(content: BinaryIO, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The part in blocks, counted as they come: what the directory says of its size may be a lie."""
    content.seek(entry.header_offset)
    name, extra = struct.unpack("<26xHH", content.read(30))
    content.seek(name + extra, io.SEEK_CUR)
    left = entry.compress_size
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise Refused("damaged")
    unpack = zlib.decompressobj(-15) if entry.compress_type == zipfile.ZIP_DEFLATED else None
    while left > 0 and (packed := content.read(min(left, _BLOCK))):
        left -= len(packed)
        while packed and unpack:
            yield unpack.decompress(packed, _BLOCK)
            packed = unpack.unconsumed_tail
        if packed:
            yield packed
    if unpack:
        yield unpack.flush()


def _part(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, head: bytes, budget: _Budget, *, inner: bool) -> None:
    if head[:4] == b"PK\x03\x04":
        _nested(packed.read(entry), budget, inner=inner)
    elif head.startswith(_PROGRAMS):
        raise Refused("nested")
    elif head[:8] == _OLE:
        _ole(packed.read(entry))
    elif entry.filename == "[Content_Types].xml" and b"macroEnabled" in packed.read(entry):
        raise Refused("macro")
    elif entry.filename.endswith(".rels") and _REMOTE.search(packed.read(entry)):
        raise Refused("remote")


def _nested(content: bytes, budget: _Budget, *, inner: bool) -> None:
    """A chart's table is a document in the document; an archive is not, nor anything two levels deep."""
    if inner:
        raise Refused("nested")
    try:
        sniff(io.BytesIO(content), name="")
    except Refused:
        raise Refused("nested") from None
    _zip(io.BytesIO(content), budget, inner=True)


def _ole(whole: bytes) -> None:
    """The older Office format, by the names in its directory (UTF-16)."""
    if any(name.encode("utf-16-le") in whole for name in ("_VBA_PROJECT", "Macros")):
        raise Refused("macro")
    if any(name.encode("utf-16-le") in whole for name in ("Ole10Native", "Package")):
        raise Refused("nested")


def _pdf(whole: bytes) -> None:
    """No script, launch or embedded file, in plain sight, behind `#4a` escapes or in packed objects."""
    end = whole.rfind(b"%%EOF")
    if end < 0:
        raise Refused("damaged")
    if len(whole) - end > _TAIL or whole.rfind(_END, end) >= 0:
        raise Refused("tail")
    if re.search(rb"/Encrypt\b", whole):
        raise Refused("locked")
    budget = _Budget(MOST_UNPACKED)
    for text in (whole, *_packed_objects(whole, budget)):
        plain = _PDF_ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text)
        if _PDF_ACTS.search(plain):
            raise Refused("active")


def _packed_objects(whole: bytes, budget: _Budget) -> Iterator[bytes]:
    for found in _PDF_OBJECTS.finditer(whole):
        unpack = zlib.decompressobj()
        try:
            text = unpack.decompress(whole[found.end() :], MOST_UNPACKED // 16)
        except zlib.error:  # packed in another way than everybody does: not to be looked into
            raise Refused("active") from None
        budget.spend(len(text))
        if unpack.unconsumed_tail and not unpack.eof:
            raise Refused("bomb")
        yield text
