"""Resumable upload as a program does it: tus 1.0, and who may go on with what."""

from __future__ import annotations

import base64
import hashlib
import io
import uuid
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from qihu.clock import now
from tests import make
from tests.people import user
from tests.tickets.api.conftest import firm_of, here, staff  # noqa: F401 - a fixture
from tests.tickets.files import samples
from tests.tickets.files.conftest import bytes_on
from tickets.models import Attachment, Event
from tickets.services import sending, uploads
from tickets.services.codes import access_code

pytestmark = pytest.mark.django_db
URL = "/api/v1/uploads/"
MEDIA = "application/offset+octet-stream"


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class Tus:
    """A client with one credential."""

    def __init__(self, **credential: str) -> None:
        self.client = Client(headers=credential | {"Tus-Resumable": "1.0.0"}, raise_request_exception=False)

    def begin(self, size: int, name: str = "现场照片.jpg", ticket: str = "", **headers: str):
        said = f"filename {coded(name)}" + (f",ticket {coded(ticket)}" if ticket else "")
        return self.client.post(URL, headers={"Upload-Length": str(size), "Upload-Metadata": said} | headers)

    def patch(self, where: str, offset: int, content: bytes, media: str = MEDIA, **headers: str):
        return self.client.patch(where, content, content_type=media, headers={"Upload-Offset": str(offset)} | headers)

    def offset(self, where: str) -> int:
        return int(self.client.head(where)["Upload-Offset"])

    def send(self, content: bytes, **more: str) -> str:
        where = self.begin(len(content), **more)["Location"]
        assert self.patch(where, 0, content).status_code == 204
        return where.split("/")[-2]


@pytest.fixture
def form() -> Tus:
    return Tus(**{"X-Upload-Key": sending.page_key()})


def test_the_server_says_what_it_can_do():
    said = Client().options(URL)
    assert said.status_code == 204
    assert (said["Tus-Version"], said["Tus-Max-Size"]) == ("1.0.0", str(20 * 1024**2))
    assert set(said["Tus-Extension"].split(",")) == {"creation", "expiration", "checksum", "termination"}
    assert "sha1" in said["Tus-Checksum-Algorithm"]


def test_another_version_of_the_protocol_is_412(form):
    answer = Client(headers={"X-Upload-Key": sending.page_key()}).post(URL, headers={"Upload-Length": "5"})
    assert (answer.status_code, answer["Tus-Version"]) == (412, "1.0.0")


def test_a_photo_goes_on_where_it_broke_off(form, disk):
    photo = samples.picture(size=(1200, 900))
    begun = form.begin(len(photo))
    assert begun.status_code == 201
    assert "Upload-Expires" in begun
    where = begun["Location"]
    assert form.patch(where, 0, photo[:4000])["Upload-Offset"] == "4000"
    asked = form.client.head(where)
    assert (asked["Upload-Offset"], asked["Upload-Length"]) == ("4000", str(len(photo)))
    assert asked["Cache-Control"] == "no-store"
    assert form.patch(where, 0, photo[:4000]).status_code == 409, "the same piece again"
    assert form.patch(where, 4001, photo[4001:]).status_code == 409, "a gap"
    done = form.patch(where, 4000, photo[4000:])
    assert (done.status_code, done["Upload-Offset"], done["Tus-Resumable"]) == (204, str(len(photo)), "1.0.0")
    row = Attachment.objects.get()
    assert (row.state, row.mime, row.name, row.parts) == ("quarantined", "image/jpeg", "现场照片.jpg", [])
    assert form.patch(where, len(photo), b"more").status_code == 409


class Broken(io.BytesIO):
    """A connection that delivers some bytes and then is gone."""

    def read(self, size: int = -1, /) -> bytes:
        if self.tell() >= 3000:
            raise OSError("connection reset")
        return super().read(min(size, 1000))


def test_what_a_broken_connection_delivered_counts():
    photo = samples.picture()
    sender = sending.Sender(b"x" * 32)
    row = uploads.begin(sender=sender, name="a.jpg", size=len(photo), at=make.MONDAY)
    kept = uploads.append(sender=sender, key=row.key, offset=0, body=Broken(photo), at=make.MONDAY)
    assert (kept.received, kept.state) == (3000, "uploading")
    rest = uploads.append(sender=sender, key=row.key, offset=3000, body=io.BytesIO(photo[3000:]), at=make.MONDAY)
    assert (
        rest.digest == uploads.receive(sender=sender, name="b.jpg", content=ContentFile(photo), at=make.MONDAY).digest
    )


def test_a_checksum_covers_the_whole_piece(form, disk):
    photo = samples.picture()
    where = form.begin(len(photo))["Location"]
    right = "sha256 " + base64.b64encode(hashlib.sha256(photo).digest()).decode()
    wrong = "sha1 " + base64.b64encode(b"0" * 20).decode()
    assert form.patch(where, 0, photo, **{"Upload-Checksum": wrong}).status_code == 460
    assert form.patch(where, 0, photo, **{"Upload-Checksum": "md5 AAAA"}).status_code == 400
    assert form.patch(where, 0, photo, **{"Upload-Checksum": "sha1 ***"}).status_code == 400
    assert form.offset(where) == 0
    assert bytes_on(disk) == []
    assert form.patch(where, 0, photo, **{"Upload-Checksum": right}).status_code == 204


@pytest.mark.parametrize(
    ("size", "status"), [("20971521", 413), ("0", 422), ("-1", 422), ("", 422), ("１", 422), ("x", 422)]
)
def test_sizes_that_are_not_taken(form, size, status):
    assert form.client.post(URL, headers={"Upload-Length": size}).status_code == status
    assert not Attachment.objects.exists()


def test_more_bytes_than_announced_are_413_and_none_of_them_stays(form, disk):
    where = form.begin(100)["Location"]
    assert form.patch(where, 0, b"x" * 101).status_code == 413
    assert (form.offset(where), bytes_on(disk)) == (0, [])


def test_a_tenth_file_is_refused_until_one_is_taken_back(form):
    places = [form.begin(5)["Location"] for _ in range(9)]
    assert form.begin(5).json()["code"] == "too-many-files"
    assert form.client.delete(places[0]).status_code == 204
    assert form.client.head(places[0]).status_code == 404
    assert form.begin(5).status_code == 201


def test_one_address_cannot_fill_the_disk(settings, form):
    settings.UPLOAD_PER_ADDRESS = 2
    assert [Tus(**{"X-Upload-Key": sending.page_key()}).begin(5).status_code for _ in range(3)] == [201, 201, 429]
    settings.UPLOAD_PER_ADDRESS, settings.UPLOAD_SPOOL_BYTES = 99, 12
    assert form.begin(5).status_code == 507


def test_a_wrong_type_is_told_with_the_last_byte(form, disk):
    where = form.begin(len(samples.EXE), name="photo.jpg")["Location"]
    refused = form.patch(where, 0, samples.EXE)
    assert (refused.status_code, refused.json()["code"]) == (422, "file-type")
    assert bytes_on(disk) == []
    assert "photo" not in refused.content.decode()


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Upload-Metadata": "filename ***"}, 422), ({"Upload-Metadata": "filename /w=="}, 422), ({}, 201)],
)
def test_metadata_that_cannot_be_read(form, headers, status):
    assert form.client.post(URL, headers={"Upload-Length": "5"} | headers).status_code == status


def test_a_name_never_becomes_a_path(form, disk):
    where = form.send(samples.picture(), name="../../etc/cron.d/..\\evil.jpg")
    row = Attachment.objects.get(key=where)
    assert row.name == "evil.jpg"
    assert "evil" not in row.path
    assert all(path.is_relative_to(disk) for path in disk.rglob("*"))


@pytest.mark.parametrize("media", ["application/octet-stream", "image/jpeg", "application/json"])
def test_only_the_protocols_own_media_type_is_read(form, media):
    where = form.begin(5)["Location"]
    assert form.patch(where, 0, b"12345", media=media).status_code == 415


def test_nobody_begins_without_a_key_a_code_or_a_sign_in(form):
    ticket = here()
    assert Tus().begin(5).status_code == 401
    assert Tus(**{"X-Upload-Key": "forged"}).begin(5).status_code == 403
    assert Tus().begin(5, ticket=ticket.number).status_code == 404
    assert Tus(**{"X-Access-Code": "AAAA-AAAA"}).begin(5, ticket=ticket.number).status_code == 404
    assert Tus().client.head(f"{URL}{uuid.uuid4()}/").status_code == 404


def test_another_key_does_not_see_the_upload(form):
    where = form.begin(5)["Location"]
    stranger = Tus(**{"X-Upload-Key": sending.page_key()})
    assert stranger.client.head(where).status_code == 404
    assert stranger.patch(where, 0, b"12345").status_code == 404
    assert stranger.client.delete(where).status_code == 404
    assert Tus().patch(where, 0, b"12345").status_code == 404


def test_an_upload_of_yesterday_is_gone_and_swept(form, disk):
    photo = samples.picture()
    where = form.begin(len(photo))["Location"]
    form.patch(where, 0, photo[:100])
    Attachment.objects.update(expires_at=now() - timedelta(seconds=1))
    assert form.client.head(where).status_code == 410
    assert form.patch(where, 100, photo[100:]).status_code == 410
    assert uploads.clear_abandoned(at=now()) == 1
    assert bytes_on(disk) == []
    assert form.client.head(where).status_code == 404


def test_an_officer_sends_a_scan_with_the_reply(staff):  # noqa: F811
    ticket = here(make.signed)
    officer, rival = staff("officer.finance"), staff("officer.land")
    tus = Tus(Authorization=officer.client.defaults["HTTP_AUTHORIZATION"])
    other = Tus(Authorization=rival.client.defaults["HTTP_AUTHORIZATION"])
    assert other.begin(5, ticket=ticket.number).status_code == 404, "another bureau does not see the request"
    key = tus.send(samples.pdf(), name="授信批复.pdf", ticket=ticket.number)
    body = {"outcome": "solved", "text": "已授信，见附件。", "files": [key]}
    assert officer.move(ticket, "note", {"text": "x", "files": [str(uuid.uuid4())]}).json()["code"] == "unknown-file"
    assert officer.move(ticket, "reply", body).status_code == 200
    event = Event.objects.get(ticket=ticket, kind="reply")
    assert [one["type"] for one in event.data["files"]] == ["application/pdf"]
    row = Attachment.objects.get(key=key)
    assert (row.kind, row.seq, row.uploader) == ("reply", event.seq, user("officer.finance"))
    assert tus.client.head(f"{URL}{key}/").status_code == 404, "it is part of the request now"


def test_the_firm_adds_material_with_its_code():
    ticket = here(make.signed)
    tus = Tus(**{"X-Access-Code": access_code(ticket.number)})
    firm = firm_of(ticket)
    key = tus.send(samples.picture(), ticket=ticket.number)
    added = firm.post(f"tickets/{ticket.number}/attachments/", {"files": [key]})
    assert added.status_code == 201
    assert firm.post(f"tickets/{ticket.number}/attachments/", {"files": [key]}).status_code == 422, "once"
    (one,) = firm.read(ticket)["attachments"]
    assert (one["kind"], one["seq"], one["name"], one["url"]) == ("request", added.json()["seq"], "现场照片.jpg", None)
    assert firm.post(f"tickets/{ticket.number}/attachments/", {"files": []}).status_code == 422
    assert firm.post(f"tickets/{ticket.number}/attachments/", {}).status_code == 422


def test_nobody_adds_to_an_ended_request_or_to_a_strangers(staff):  # noqa: F811
    ended, open_one = here(make.closed), here(make.signed)
    firm = firm_of(ended)
    tus = Tus(**{"X-Access-Code": access_code(ended.number)})
    key = tus.send(samples.picture(), ticket=ended.number)
    assert firm.post(f"tickets/{ended.number}/attachments/", {"files": [key]}).status_code == 409
    assert firm.post(f"tickets/{open_one.number}/attachments/", {"files": [key]}).status_code == 404
    assert staff("leader").post(f"tickets/{open_one.number}/attachments/", {"files": [key]}).status_code == 403
    assert firm_of(open_one).post(f"tickets/{open_one.number}/attachments/", {"files": [key]}).status_code == 422


def test_a_file_does_not_come_in_too_many_pieces(monkeypatch):
    monkeypatch.setattr(uploads, "_MOST_PARTS", 2)
    sender, content = sending.Sender(b"p" * 32), samples.picture()
    row = uploads.begin(sender=sender, name="a.jpg", size=len(content), at=make.MONDAY)
    for offset in (0, 1):
        piece = io.BytesIO(content[offset : offset + 1])
        uploads.append(sender=sender, key=row.key, offset=offset, body=piece, at=make.MONDAY)
    with pytest.raises(uploads.Conflict, match="分得太碎，请重新上传。") as refused:
        uploads.append(sender=sender, key=row.key, offset=2, body=io.BytesIO(content[2:]), at=make.MONDAY)
    assert refused.value.code == "too-many-parts"


def test_a_piece_without_a_byte_changes_nothing(disk):
    sender = sending.Sender(b"p" * 32)
    row = uploads.begin(sender=sender, name="a.jpg", size=9, at=make.MONDAY)
    same = uploads.append(sender=sender, key=row.key, offset=0, body=io.BytesIO(), at=make.MONDAY)
    assert (same.received, same.parts, bytes_on(disk)) == (0, [], [])
