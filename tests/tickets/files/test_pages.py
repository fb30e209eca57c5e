"""Files through the pages: with scripts off, with mistakes, on the receipt and at the desk."""

from __future__ import annotations

import logging
import uuid
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from qihu.clock import now
from tests import make, see
from tests.people import user
from tests.test_logging import line_of
from tests.tickets.files import samples
from tests.tickets.files.conftest import bytes_on, inspected
from tests.tickets.pages.firm.conftest import Phone
from tickets.models import Attachment, Event, Ticket
from tickets.services import inspection, notify, sending, uploads

pytestmark = pytest.mark.django_db


def upload(content: bytes | None = None, name: str = "现场照片.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, samples.picture() if content is None else content)


def page_of(answer) -> str:
    return unescape(answer.content.decode())


@pytest.fixture
def phone() -> Phone:
    return Phone()


def desk_of(name: str) -> Client:
    client = Client()
    client.force_login(user(name))
    return client


def begun(key: str, content: bytes, *, send: int) -> Attachment:
    """What the page's script has sent so far."""
    sender = sending.of_key(key)
    row = uploads.begin(sender=sender, name="现场照片.jpg", size=len(content), at=now())
    body = SimpleUploadedFile("x", content[:send])
    return uploads.append(sender=sender, key=row.key, offset=0, body=body, at=now())


def test_photos_go_with_the_form_without_a_script(phone):
    answer = phone.file(new_files=[upload(), upload(samples.pdf(), "合同.pdf")])
    assert answer.status_code == 303
    event = Event.objects.get(kind="submit")
    assert [one["type"] for one in event.data["files"]] == ["image/jpeg", "application/pdf"]
    assert set(event.data["files"][0]) == {"id", "type", "size", "sm3", "state", "kept"}
    inspection.inspect_due(at=now())
    receipt = phone.page(event.ticket)
    assert "您的材料" in receipt
    assert receipt.count("未扫描") == 2
    assert receipt.count('<img src="/files/') == 1


def test_a_wrong_file_is_told_beside_the_field_and_the_others_are_kept(phone, disk):
    typed = phone.typed(new_files=[upload(), upload(samples.EXE, "报价.jpg"), upload(b"", "空.jpg")])
    answer = phone.post("/q/DEMO/", typed)
    shown = page_of(answer)
    assert answer.status_code == 422
    assert "“报价.jpg”：只收照片" in shown
    assert "“空.jpg”：文件是空的" in shown
    assert "现场照片.jpg" in shown
    assert make.TEXT in shown
    assert not Ticket.objects.exists()
    kept = answer.context["basket"]
    again = phone.typed(files=[str(k) for k in kept.keys], upload_key=kept.key, key=typed["key"])
    assert phone.post("/q/DEMO/", again).status_code == 303
    assert len(Event.objects.get(kind="submit").data["files"]) == 1
    assert len(bytes_on(disk)) == 1


def test_a_mistake_elsewhere_loses_no_file_and_one_can_be_taken_out(phone):
    answer = phone.file(contact_phone="12", new_files=[upload(), upload(samples.pdf(), "合同.pdf")])
    basket = answer.context["basket"]
    assert answer.status_code == 422
    first, second = basket.rows
    more = {"files": [str(first.key), str(second.key)], "upload_key": basket.key}
    answer = phone.file(drop_file=str(first.key), **more)
    assert answer.status_code == 200
    assert [row.name for row in answer.context["basket"].rows] == ["合同.pdf"]
    assert not Ticket.objects.exists()


def test_a_form_sent_twice_with_files_is_one_request_with_each_file_once(phone):
    typed = phone.typed()
    first = phone.post("/q/DEMO/", typed | {"new_files": [upload()]})
    again = phone.post("/q/DEMO/", typed | {"new_files": [upload(), upload(samples.pdf(), "后加.pdf")]})
    assert first["Location"] == again["Location"]
    ticket = Ticket.objects.get()
    assert see.kinds(ticket) == ["submit", "material"]
    assert [row.mime for row in Attachment.objects.of_ticket(ticket)] == ["image/jpeg", "application/pdf"]


def test_an_unfinished_upload_does_not_hold_the_request_up(phone):
    key, photo = sending.page_key(), samples.picture()
    row, whole = begun(key, photo, send=1000), begun(key, photo, send=len(photo))
    answer = phone.file(upload_key=key, files=[str(row.key), str(whole.key)])
    assert answer.status_code == 303
    ticket = Ticket.objects.get()
    assert [one["id"] for one in Event.objects.get(kind="submit").data["files"]] == [str(whole.key)]
    receipt = phone.page(ticket)
    assert "有 1 个文件没传完" in receipt
    assert 'data-state="uploading"' in receipt
    uploads.append(
        sender=sending.of_firm(ticket.pk),
        key=row.key,
        offset=1000,
        body=SimpleUploadedFile("x", photo[1000:]),
        at=now(),
    )
    answer = phone.post(f"/t/{ticket.number}/material/", {"files": [str(row.key)]})
    assert answer.status_code == 303
    assert "您补充了 1 份材料" in phone.page(ticket)


@pytest.mark.parametrize("files", [[str(uuid.uuid4())], ["nonsense"], ["'; DROP TABLE"], ["x"] * 50])
def test_keys_that_are_none_of_ours_do_not_hold_it_up_either(phone, files):
    assert phone.file(files=files, upload_key="forged").status_code == 303
    assert "files" not in Event.objects.get(kind="submit").data


def test_files_of_another_form_cannot_be_taken(phone):
    photo = samples.picture()
    theirs = begun(sending.page_key(), photo, send=len(photo))
    assert phone.file(files=[str(theirs.key)], upload_key=sending.page_key()).status_code == 303
    assert "files" not in Event.objects.get(kind="submit").data
    assert "有 1 个文件没有带上" in phone.page(Ticket.objects.get())


def test_too_large_and_too_many_are_told(phone, settings):
    settings.UPLOAD_MAX_BYTES = 10_000
    shown = page_of(phone.file(new_files=[upload(samples.picture() + b"x" * 10_000)]))
    assert "1 个文件超过" in shown
    settings.UPLOAD_MAX_BYTES = 20 * 1024**2
    answer = phone.file(new_files=[upload() for _ in range(10)])
    assert answer.status_code == 422
    assert "一次最多 9 个文件" in page_of(answer)
    assert len(answer.context["basket"].rows) == 9


def test_a_flood_of_files_is_cut_off(phone, settings, disk):
    settings.UPLOAD_MAX_BYTES = 200_000
    answer = phone.file(new_files=[upload(b"\xff" * 300_000) for _ in range(9)])
    assert answer.status_code in {400, 403, 422}
    assert not Ticket.objects.exists()
    assert bytes_on(disk) == []


def test_the_tenth_file_of_a_request_is_refused(phone):
    phone.file(new_files=[upload(samples.picture(seed=n)) for n in range(8)])
    ticket = Ticket.objects.get()
    two = [upload(samples.pdf(), "a.pdf"), upload(samples.pdf(b"/A 1"), "b.pdf")]
    answer = phone.post(f"/t/{ticket.number}/material/", {"new_files": two})
    assert answer.status_code == 422
    assert "最多 9 个文件，已有 8 个" in page_of(answer)
    answer = phone.post(f"/t/{ticket.number}/material/", {"new_files": upload(samples.pdf(b"/A 2"), "c.pdf")})
    assert answer.status_code == 303


def test_nothing_chosen_is_told(phone):
    phone.file()
    answer = phone.post(f"/t/{Ticket.objects.get().number}/material/", {})
    assert answer.status_code == 422
    assert "请先选择文件" in page_of(answer)


def test_a_stranger_adds_nothing(phone):
    phone.file()
    number = Ticket.objects.get().number
    assert Phone().post(f"/t/{number}/material/", {"new_files": upload()}).status_code == 404
    assert not Attachment.objects.exists()


def test_an_ended_request_offers_no_field_and_takes_nothing(phone):
    ticket = make.closed(at=now())
    phone.open(ticket)
    assert 'id="material"' not in phone.page(ticket)
    answer = phone.post(f"/t/{ticket.number}/material/", {"new_files": upload()})
    assert answer.status_code == 422
    assert "已经结束" in page_of(answer)


def test_an_officers_photo_goes_with_the_contact_and_the_firm_sees_it(phone):
    ticket = make.assigned(at=now())
    desk = desk_of("officer.finance")
    desk.post(f"/desk/t/{ticket.number}/sign/")
    answer = desk.post(
        f"/desk/t/{ticket.number}/contact/",
        {"text": "已到现场。", "new_files": upload(), "version": make.fresh(ticket).version},
    )
    assert answer.status_code == 303
    row = inspected(Attachment.objects.get(), now())
    assert (row.kind, row.uploader) == ("note", user("officer.finance"))
    assert '<img src="/files/' in desk.get(f"/desk/t/{ticket.number}/").content.decode()
    assert '<img src="/files/' in phone.open(ticket).page(ticket)


def test_a_wrong_file_at_the_desk_keeps_the_words(phone):
    ticket = make.signed(at=now())
    desk = desk_of("officer.finance")
    answer = desk.post(
        f"/desk/t/{ticket.number}/reply/",
        {"text": "见附件。", "outcome": "solved", "new_files": upload(samples.EXE, "a.pdf")},
    )
    shown = page_of(answer)
    assert answer.status_code == 422
    assert "“a.pdf”：只收照片" in shown
    assert "见附件。" in shown
    assert make.fresh(ticket).status == "in_progress"


def test_a_file_costs_a_page_one_query_and_no_file_none(phone, django_assert_max_num_queries):
    phone.file(new_files=[upload(samples.picture(seed=n)) for n in range(9)])
    ticket = Ticket.objects.get()
    inspection.inspect_due(at=now())
    with django_assert_max_num_queries(6):
        phone.get(f"/t/{ticket.number}/")
    desk = desk_of("supervisor")
    desk.get("/desk/")
    with django_assert_max_num_queries(15):
        desk.get(f"/desk/t/{ticket.number}/")


def test_names_are_in_no_log_and_no_address(phone, caplog, disk):
    caplog.set_level(logging.DEBUG)
    phone.file(new_files=[upload(name="李娜的身份证.jpg"), upload(samples.EXE, name="王总的手机.jpg")])
    answer = phone.file(new_files=[upload(name="李娜的身份证.jpg")])
    inspection.inspect_due(at=now())
    ticket = Ticket.objects.get()
    assert "身份证" in phone.page(ticket)
    lines = "".join(line_of(record) for record in caplog.records if not record.name.startswith("django.db"))
    assert "身份证" not in lines
    assert "手机" not in lines
    assert "身份证" not in str(list(Event.objects.values_list("data", flat=True)))
    assert "身份证" not in answer["Location"]
    assert not any("身份证" in path.name for path in disk.rglob("*"))


def test_the_officer_hears_of_new_material(phone):
    ticket = make.signed(at=now())
    phone.open(ticket).post(f"/t/{ticket.number}/material/", {"new_files": upload()})
    notify.notify_all([{"ticket_id": ticket.pk, "seq": make.fresh(ticket).last_seq}], at=now())
    assert "企业补充了材料" in page_of(desk_of("officer.finance").get("/desk/notices/"))
