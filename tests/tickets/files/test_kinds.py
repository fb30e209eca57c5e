"""What is taken and what is refused, by content: names, packages, scripts, bombs, tails."""

from __future__ import annotations

import io
import zipfile

import pytest
from PIL import Image, ImageCms

from tests.tickets.files import samples
from tickets.services import papers
from tickets.services.papers import look_into
from tickets.services.pictures import encode_anew
from tickets.services.sniffing import DOCX, XLSX, Refused, sniff


def looked(content: bytes, name: str = "") -> str:
    """Its type after every check, or why it is refused."""
    try:
        kind = sniff(io.BytesIO(content), name=name)
        if kind.family == "picture":
            encode_anew(kind, io.BytesIO(content))
        else:
            look_into(kind, io.BytesIO(content))
    except Refused as refused:
        return f"refused: {refused.why}"
    return kind.mime


@pytest.mark.parametrize(
    ("content", "name", "mime"),
    [
        (samples.picture(), "IMG_0001.JPG", "image/jpeg"),
        (samples.picture("PNG"), "截图.png", "image/png"),
        (samples.picture("PNG"), "wx_camera.jpg", "image/png"),  # what phones and WeChat do
        (samples.picture("WEBP"), "a.webp", "image/webp"),
        (samples.picture("GIF"), "a.gif", "image/gif"),
        (samples.heic(), "IMG_0002.HEIC", "image/heic"),
        (samples.picture(), "", "image/jpeg"),
        (samples.pdf(), "合同.pdf", "application/pdf"),
        (samples.docx(), "申请.docx", DOCX.mime),
        (samples.xlsx(), "明细.xlsx", XLSX.mime),
        (samples.ofd(), "发票.ofd", "application/ofd"),
        (samples.archive(samples.DOCX_PARTS, packing=zipfile.ZIP_STORED), "未压缩.docx", DOCX.mime),
        (samples.heic().replace(b"ftypheic", b"ftypmif1", 1), "IMG_0003.HEIC", "image/heic"),
        (samples.ole("Root Entry", "WordDocument"), "旧.doc", "application/msword"),
        (samples.ole("Root Entry", "WordDocument"), "旧.wps", "application/msword"),
        (samples.ole("Root Entry", "Workbook"), "旧.xls", "application/vnd.ms-excel"),
        (samples.docx_with({"word/embeddings/table.xlsx": samples.xlsx()}), "图表.docx", DOCX.mime),
    ],
)
def test_what_firms_really_send_is_taken(content, name, mime):
    assert looked(content, name) == mime


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (samples.EXE, "photo.jpg", "type"),
        (samples.EXE, "setup.exe", "type"),
        (samples.HTML, "合同.pdf", "type"),
        (samples.HTML, "index.html", "type"),
        (samples.SVG, "logo.svg", "type"),
        (samples.SVG, "logo.png", "type"),
        (b"#!/bin/sh\nrm -rf /", "a.jpg", "type"),
        (b"plain words", "a.txt", "type"),
        (b"\0\0\0\x18ftypmif1" + b"\0" * 99, "a.heic", "type"),
        (b"", "a.jpg", "type"),
        (samples.picture(), "photo.exe", "name"),
        (samples.picture(), "photo.pdf", "name"),
        (samples.pdf(), "photo.jpg", "name"),
        (samples.docx(), "a.pdf", "name"),
        (samples.docx(), "a.zip", "name"),
        (samples.archive({"a.txt": "a"}), "a.zip", "archive"),
        (samples.archive({"a.txt": "a"}), "a.docx", "archive"),
        (samples.archive({"META-INF/MANIFEST.MF": "", "A.class": b"\xca\xfe\xba\xbe"}), "a.docx", "archive"),
        (samples.archive({"word/document.xml": "no content types"}), "a.docx", "archive"),
        (b"PK\x03\x04" + b"\0" * 100, "a.docx", "damaged"),
        (samples.ole("Root Entry", "nothing known"), "a.doc", "type"),
        (samples.ole("EncryptedPackage"), "a.docx", "locked"),
    ],
)
def test_a_file_that_lies_about_its_type_is_refused(content, name, why):
    assert looked(content, name) == f"refused: {why}"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (samples.docx_with({"word/media/big.xml": b"\0" * (40 * 1024**2)}), "bomb"),
        (samples.lying_directory(), "bomb"),
        (samples.overlapping(), "bomb"),
        (samples.docx_with({f"word/{n}.xml": b"" for n in range(5001)}), "bomb"),
        (samples.docx_with({"word/a.zip": samples.archive({"b.zip": samples.archive({"c": b"\0" * 9999})})}), "nested"),
        (samples.docx_with({"word/embeddings/a.docx": samples.docx_with({"x.docx": samples.docx()})}), "nested"),
        (samples.docx_with({"word/embeddings/x.bin": samples.EXE}), "nested"),
        (samples.docx_with({"word/embeddings/o.bin": samples.ole("Ole10Native")}), "nested"),
        (samples.docx_with({"word/vbaProject.bin": b"x"}), "macro"),
        (samples.docx_with({"word/activeX/activeX1.xml": b"x"}), "macro"),
        (samples.docx_with({"[Content_Types].xml": "application/vnd.ms-word.document.macroEnabled.main+xml"}), "macro"),
        (
            samples.docx_with({"word/_rels/settings.xml.rels": samples.REMOTE}),
            "remote",
        ),
        (samples.docx() + b"tail" * 100, "tail"),
        (samples.docx()[:-30], "damaged"),
        (samples.damaged_inside(), "damaged"),
        (samples.before_the_first(), "tail"),
        (samples.with_password(), "locked"),
        (samples.shorter_than_told(), "damaged"),
        (samples.archive(samples.DOCX_PARTS, packing=zipfile.ZIP_LZMA), "damaged"),
        (samples.ole("WordDocument", "_VBA_PROJECT"), "macro"),
        (samples.ole("WordDocument", "Ole10Native"), "nested"),
    ],
)
def test_documents_that_hide_something_are_refused(content, why):
    assert looked(content) == f"refused: {why}"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (samples.pdf(b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"), "active"),
        (samples.pdf(b"/OpenAction << /S /J#61vaScript >>"), "active"),
        (samples.pdf(b"/OpenAction << /S /Launch /F (cmd.exe) >>"), "active"),
        (samples.pdf(b"/Names << /EmbeddedFiles 3 0 R >>"), "active"),
        (samples.pdf(b"/Type /EmbeddedFile"), "active"),
        (samples.pdf_with_packed(b"<< /S /JavaScript /JS (app.alert(1)) >>"), "active"),
        (samples.pdf_with_packed(b"\0" * (40 * 1024**2)), "bomb"),
        (samples.packed_otherwise(), "active"),
        (samples.pdf(b"/Encrypt 4 0 R"), "locked"),
        (samples.pdf(tail=samples.archive({"A.class": b"\xca\xfe\xba\xbe"})), "tail"),
        (samples.pdf(tail=b"\0" * 5000), "tail"),
        (b"%PDF-1.7\nnothing more", "damaged"),
    ],
)
def test_pdfs_that_would_act_are_refused(content, why):
    assert looked(content) == f"refused: {why}"


def test_an_ordinary_pdf_with_packed_objects_is_taken():
    assert looked(samples.pdf_with_packed(b"<< /Type /Page /Contents 7 0 R >>")) == "application/pdf"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (samples.png_bomb(), "pixels"),
        (samples.png_bomb(9_000), "pixels"),  # no bomb to the decoder, and still more than is decoded
        (samples.picture()[:2000], "damaged"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\0" * 50, "damaged"),
        (samples.heic()[:400], "damaged"),
    ],
)
def test_pictures_that_are_none_are_refused(content, why):
    assert looked(content) == f"refused: {why}"


def encoded(content: bytes) -> tuple[bytes, Image.Image]:
    kind = sniff(io.BytesIO(content), name="")
    whole = encode_anew(kind, io.BytesIO(content)).whole
    return whole, Image.open(io.BytesIO(whole))


def test_place_camera_and_comment_go_and_the_picture_stands_upright():
    whole, image = encoded(samples.photo_with_place())
    assert b"SECRET" not in whole
    assert b"Exif" not in whole
    assert dict(image.getexif()) == {}
    assert image.size == (480, 640)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP"])
def test_what_is_hidden_behind_a_picture_is_gone(form):
    hidden = samples.archive({"Evil.class": b"\xca\xfe\xba\xbe" * 20}, packing=0)
    whole, image = encoded(samples.picture(form) + hidden)
    assert b"PK\x03\x04" not in whole
    assert b"Evil" not in whole
    assert image.format == ("PNG" if form in {"PNG", "GIF"} else "JPEG")


def test_a_phones_heic_becomes_a_jpeg_that_every_browser_shows():
    _, image = encoded(samples.heic())
    assert (image.format, image.size) == ("JPEG", (640, 480))


def test_a_large_photo_is_made_smaller_and_a_clear_background_white():
    _, image = encoded(samples.picture(size=(9000, 3000)))
    assert max(image.size) <= 4096
    out = io.BytesIO()
    Image.new("RGBA", (9, 9), (0, 0, 0, 0)).save(out, "PNG")
    _, image = encoded(out.getvalue())
    assert image.getpixel((4, 4)) == (255, 255, 255)


def test_all_parts_together_may_not_unpack_to_too_much(monkeypatch):
    content = samples.docx_with({f"word/{n}.xml": bytes(range(256)) * 4 for n in range(9)})
    assert looked(content) == DOCX.mime
    monkeypatch.setattr(papers, "MOST_UNPACKED", 8 * 1024)
    assert looked(content) == "refused: bomb"


@pytest.mark.parametrize("profile", [ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), b"no profile"])
def test_a_cameras_profile_is_worked_in_and_left_out(profile):
    content = samples.picture(icc_profile=profile)
    encoded = encode_anew(sniff(io.BytesIO(content), name="a.jpg"), io.BytesIO(content))
    with Image.open(io.BytesIO(encoded.whole)) as kept:
        assert "icc_profile" not in kept.info
        assert kept.size == (640, 480)
        assert abs(kept.getpixel((320, 470))[0] - 250) < 8, "the same colours"
