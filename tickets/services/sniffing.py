"""What a file is, told from its content; what it may be; and why it may not. A name only has to agree."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO

import puremagic

HEAD = 64 * 1024
"""Bytes read from the start."""
MANY_ENTRIES = 5000


class Refused(Exception):
    """The file is not taken; `why` is a key of `WHY`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


WHY = {
    "type": "只收照片（JPG、PNG、HEIC、WebP、GIF）、PDF、Word、Excel、PPT 和 OFD 文件。",
    "name": "文件名的后缀与实际内容不符，请核对后重新选择。",
    "archive": "压缩包请解开后逐个上传。",
    "damaged": "文件损坏或不完整，请重新保存后再传。",
    "bomb": "文件解开后大得不正常，不能接收。",
    "nested": "文件里还套着压缩包或程序，不能接收。",
    "macro": "文件含宏或控件，请另存为不含宏的文件再传。",
    "remote": "文件会自动连到外部地址，请去掉外部模板后再传。",
    "locked": "文件加了密码，无法检查，请去掉密码再传。",
    "active": "PDF 含脚本、自动运行或内嵌文件，请用“打印为 PDF”另存后再传。",
    "tail": "文件末尾附有别的内容，请重新导出后再传。",
    "pixels": "照片像素过大，请缩小后再传。",
    "virus": "发现病毒，文件已删除。",
    "failed": "文件无法处理，请换一种格式再传。",
}
"""Code → what the sender is told."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A type that is taken. `suffixes`: what its name may end in, the usual one first; `claims`: puremagic's words."""

    mime: str
    label: str
    family: str
    suffixes: tuple[str, ...]
    claims: tuple[str, ...] = ()


_PICTURE = ("jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "heic", "heif")
_OOXML = "application/vnd.openxmlformats-officedocument."
JPEG = Kind("image/jpeg", "照片", "picture", _PICTURE, ("image/jpeg",))
PNG = Kind("image/png", "图片", "picture", ("png", *_PICTURE), ("image/png",))
PDF = Kind("application/pdf", "PDF", "pdf", ("pdf",), ("application/pdf",))
DOCX = Kind(f"{_OOXML}wordprocessingml.document", "Word", "zip", ("docx",))
XLSX = Kind(f"{_OOXML}spreadsheetml.sheet", "Excel", "zip", ("xlsx",))
PPTX = Kind(f"{_OOXML}presentationml.presentation", "PPT", "zip", ("pptx",))
OFD = Kind("application/ofd", "OFD", "zip", ("ofd",))
DOC = Kind("application/msword", "Word", "ole", ("doc", "wps"))
XLS = Kind("application/vnd.ms-excel", "Excel", "ole", ("xls", "et"))
PPT = Kind("application/vnd.ms-powerpoint", "PPT", "ole", ("ppt", "dps"))
KINDS = {
    kind.mime: kind
    for kind in (
        JPEG,
        PNG,
        Kind("image/webp", "图片", "picture", ("webp", *_PICTURE), ("image/webp",)),
        Kind("image/gif", "图片", "picture", ("gif", *_PICTURE), ("image/gif",)),
        # Of the brands mif1 and msf1 puremagic sees no more than their container, which is that of MP4.
        Kind("image/heic", "照片", "picture", ("heic", *_PICTURE), ("image/heif", "image/heic", "video/mp4")),
        PDF,
        DOCX,
        XLSX,
        PPTX,
        OFD,
        DOC,
        XLS,
        PPT,
    )
}
ACCEPT = "image/*," + ",".join(
    f".{suffix}" for kind in KINDS.values() for suffix in kind.suffixes if kind.family != "picture"
)
"""For the file field: phones offer camera and album for `image/*`."""
_MAIN_PART = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX, "ppt/presentation.xml": PPTX, "OFD.xml": OFD}
_OLE_STREAM = {"WordDocument": DOC, "Workbook": XLS, "PowerPoint Document": PPT, "Book": XLS}
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"}


def sniff(content: BinaryIO, *, name: str) -> Kind:
    """The type of what `content` holds, if it is taken and `name` does not deny it. Raises `Refused`."""
    content.seek(0)
    head = content.read(HEAD)
    kind = _by_content(content, head)
    if kind is None:
        raise Refused("archive" if head[:4] == b"PK\x03\x04" or head[:4] == b"Rar!" or head[:2] == b"7z" else "type")
    suffix = PurePath(name).suffix.lstrip(".").lower()
    if suffix and suffix not in kind.suffixes:
        raise Refused("name")
    return kind


def _by_content(content: BinaryIO, head: bytes) -> Kind | None:
    if head[:4] == b"PK\x03\x04":
        return _of_zip(content)
    if head[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return _of_ole(content)
    kind = _by_signature(head)
    return kind if kind and set(kind.claims) & _claims(head) else None


def _by_signature(head: bytes) -> Kind | None:
    if head[:3] == b"\xff\xd8\xff":
        return JPEG
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return KINDS["image/webp"]
    if head[:6] in {b"GIF87a", b"GIF89a"}:
        return KINDS["image/gif"]
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return KINDS["image/heic"]
    return PDF if head[:5] == b"%PDF-" else None


def _claims(head: bytes) -> set[str]:
    """Every type that the signatures of puremagic fit: a second opinion, from many more formats than are taken."""
    try:
        return {one.mime_type for one in puremagic.magic_string(head)}
    except puremagic.PureError:
        return set()


def _of_zip(content: BinaryIO) -> Kind | None:
    """By the main part; `services.papers` looks into the rest."""
    try:
        with zipfile.ZipFile(content) as packed:
            names = packed.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        raise Refused("damaged") from None
    if len(names) > MANY_ENTRIES:
        raise Refused("bomb")
    found = [kind for part, kind in _MAIN_PART.items() if part in names]
    office = [kind for kind in found if kind is OFD or "[Content_Types].xml" in names]
    return office[0] if len(office) == 1 == len(found) else None


def _of_ole(content: BinaryIO) -> Kind | None:
    """By the streams named in its directory (UTF-16)."""
    content.seek(0)
    whole = content.read()
    if _utf16("EncryptedPackage") in whole:
        raise Refused("locked")
    return next((kind for stream, kind in _OLE_STREAM.items() if _utf16(stream) in whole), None)


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le")
