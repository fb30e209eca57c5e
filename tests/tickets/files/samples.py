"""Files for the tests, good and bad, made here: nothing binary lies in the tree."""

from __future__ import annotations

import io
import zipfile
import zlib

from PIL import Image

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
EXE = b"MZ\x90\x00" + b"\0" * 60 + b"PE\0\0" + b"\0" * 200
HTML = b"<!doctype html><html><script>alert(1)</script></html>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
REMOTE = '<R Type="x/attachedTemplate" Target="http://a/" TargetMode="External"/>'
_TYPES = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'


def picture(form: str = "JPEG", size: tuple[int, int] = (640, 480), *, seed: int = 0, **more: object) -> bytes:
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    image.putpixel((0, 0), (seed % 256, 1, 2))
    out = io.BytesIO()
    image.save(out, form, **more)
    return out.getvalue()


def photo_with_place() -> bytes:
    """Taken upright with the camera turned (orientation 6), at a place, by a named camera."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "SECRET-CAMERA"
    exif.get_ifd(0x8825)[2] = (28.0, 58.0, 12.0)
    exif.get_ifd(0x8825)[1] = "N"
    return picture(size=(640, 480), exif=exif.tobytes(), comment=b"SECRET-COMMENT")


def heic() -> bytes:
    return picture("HEIF")


def archive(parts: dict[str, bytes | str], *, packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packing) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return out.getvalue()


def docx() -> bytes:
    return docx_with({})


DOCX_PARTS: dict[str, bytes | str] = {"[Content_Types].xml": _TYPES, "word/document.xml": "<w:document/>"}


def docx_with(parts: dict[str, bytes | str]) -> bytes:
    return archive(DOCX_PARTS | parts)


def xlsx() -> bytes:
    return archive({"[Content_Types].xml": _TYPES, "xl/workbook.xml": "<workbook/>"})


def ofd() -> bytes:
    return archive({"OFD.xml": "<ofd:OFD/>", "Doc_0/Document.xml": "<ofd:Document/>"})


def ole(*streams: str) -> bytes:
    names = b"".join(name.encode("utf-16-le") + b"\0" * 8 for name in streams)
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + names + b"\0" * 512


def pdf(inside: bytes = b"", tail: bytes = b"") -> bytes:
    body = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog " + inside + b" >>\nendobj\n"
    return body + b"trailer << /Root 1 0 R >>\nstartxref\n9\n%%EOF\n" + tail


def pdf_with_packed(objects: bytes) -> bytes:
    packed = zlib.compress(objects)
    head = b"%%PDF-1.7\n5 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n" % len(
        packed
    )
    return head + packed + b"\nendstream\nendobj\ntrailer <<>>\n%%EOF\n"


def lying_directory() -> bytes:
    """The part unpacks to 64 MB, the directory says 10 bytes."""
    whole = docx_with({"word/media/a.xml": b"\0" * (64 * 1024**2)})
    real = (64 * 1024**2).to_bytes(4, "little")
    return whole.replace(real, (10).to_bytes(4, "little"))


def overlapping() -> bytes:
    """Two entries of the directory point at the same part."""
    whole = bytearray(docx_with({"word/a.xml": b"a" * 2000, "word/b.xml": b"b" * 2000}))
    second = whole.rfind(b"PK\x01\x02")
    first = whole.rfind(b"PK\x01\x02", 0, second)
    whole[second + 42 : second + 46] = whole[first + 42 : first + 46]
    return bytes(whole)


def damaged_inside() -> bytes:
    """The packed bytes of a part are not what packing leaves."""
    whole = bytearray(docx_with({"word/a.xml": "a" * 5000}))
    place = whole.find(b"word/a.xml") + len(b"word/a.xml")
    whole[place : place + 4] = b"\xff\xff\xff\xff"
    return bytes(whole)


def before_the_first() -> bytes:
    """Something hides in front of the document, behind a signature that looks like its own."""
    return b"PK\x03\x04" + b"hidden" * 9 + docx()


def with_password() -> bytes:
    """The directory marks the last part as encrypted."""
    whole = bytearray(docx())
    whole[whole.rfind(b"PK\x01\x02") + 8] |= 1
    return bytes(whole)


def shorter_than_told() -> bytes:
    """The directory says a few bytes more than the part has."""
    whole = bytearray(docx())
    place = whole.rfind(b"PK\x01\x02") + 24
    whole[place : place + 4] = (99).to_bytes(4, "little")
    return bytes(whole)


def packed_otherwise() -> bytes:
    """A PDF whose packed objects are not packed as its dictionary says."""
    return pdf_with_packed(b"<< /Type /Page >>").replace(b"stream\nx", b"stream\n?", 1)


def png_bomb(edge: int = 40_000) -> bytes:
    """A few bytes that claim 1.6 thousand million pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    size = edge.to_bytes(4, "big") * 2
    head = chunk(b"IHDR", size + b"\x08\x02\x00\x00\x00")
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
