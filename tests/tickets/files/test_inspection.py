"""From quarantine to a file that may be opened, or never."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qihu.clock import now
from tests import make, see
from tests.tickets.files import samples
from tests.tickets.files.conftest import bytes_on, inspected, sent, stored
from tickets.access import FIRM
from tickets.models import Attachment, Event
from tickets.services import attachments, inspection, sending, uploads
from tickets.services.attachments import Files

pytestmark = pytest.mark.django_db
FORM = sending.Sender(b"f" * 32)
LATER = make.MONDAY + timedelta(minutes=1)


def with_file(content: bytes | None = None, name: str = "现场照片.jpg"):
    """A request submitted with one file."""
    row = sent(FORM, content, name)
    ticket = make.receipt(files=Files(FORM.owner, (row.key,))).ticket
    row.refresh_from_db()
    return ticket, row


def test_without_a_scanner_a_photo_is_kept_anew_and_plainly_not_scanned(disk):
    row = inspected(sent(FORM, samples.photo_with_place()))
    assert (row.state, row.get_state_display(), row.kept_mime) == ("unscanned", "未扫描", "image/jpeg")
    assert row.checked_at == make.MONDAY
    kept = bytes_on(disk)
    assert len(kept) == 2, "the photo and its preview; what was sent is gone"
    assert not any(b"SECRET" in one for one in kept)
    assert stored(row.path) in kept


def test_with_a_scanner_it_is_clean(clamd):
    row = inspected(sent(FORM))
    assert (row.state, clamd.seen) == ("clean", 1)


@pytest.mark.parametrize("scanner", ["clamd", "real_clamd"])
def test_an_infected_file_is_deleted_and_never_shown(request, scanner, disk):
    request.getfixturevalue(scanner)
    ticket, row = with_file(samples.pdf(samples.EICAR), "合同.pdf")
    inspected(row, LATER)
    assert (row.state, row.path) == ("infected", "")
    assert bytes_on(disk) == []
    (shown,) = attachments.attachments_of(ticket, FIRM, at=LATER)
    assert (shown.url, shown.preview, shown.state_label) == ("", "", "含病毒，已删除")
    assert "发现病毒" in shown.why
    clean = inspected(sent(FORM, samples.pdf(), "合同.pdf"), LATER)
    assert clean.state == "clean"


def test_while_the_scanner_is_down_a_file_stays_in_quarantine_and_is_tried_again(clamd, settings, tmp_path):
    ticket, row = with_file()
    settings.CLAMAV_SOCKET = str(tmp_path / "nobody-listens")
    for minute in range(6):  # more often than a file over which workers die
        inspected(row, make.MONDAY + timedelta(minutes=minute))
        assert row.state == "quarantined"
        assert attachments.attachments_of(ticket, FIRM, at=LATER)[0].url == ""
    settings.CLAMAV_SOCKET = str(clamd.path)
    assert inspected(row, make.MONDAY + timedelta(minutes=6)).state == "clean"


def test_a_scanner_that_hangs_up_passes_nothing(clamd):
    clamd.broken = True
    row = sent(FORM)
    assert inspected(row).state == "quarantined"
    assert inspection.inspect_due(at=make.MONDAY + timedelta(seconds=10)) == 0, "not before its time"
    clamd.broken = False
    assert inspected(row, make.MONDAY + timedelta(seconds=31)).state == "clean"


def test_what_is_found_in_a_bound_file_is_in_the_log(clamd):
    ticket, row = with_file()
    before = Event.objects.get(ticket=ticket, seq=1).data["files"]
    assert before == [
        {
            "id": str(row.key),
            "type": "image/jpeg",
            "size": row.size,
            "sm3": bytes(row.digest).hex(),
            "state": "quarantined",
            "kept": "",
        }
    ]
    inspected(row, LATER)
    found = Event.objects.get(ticket=ticket, kind="checked")
    assert found.data["files"] == [{"id": str(row.key), "state": "clean", "kept": bytes(row.kept_digest).hex()}]
    assert "照片" not in str(found.data) + str(before)


def test_checking_leaves_the_queue_and_the_promises_as_they_were(clamd):
    ticket, row = with_file()
    ticket = make.fresh(ticket)
    inspected(row, LATER)
    after = make.fresh(ticket)
    assert (after.next_due_at, after.next_clock, after.version) == (
        ticket.next_due_at,
        ticket.next_clock,
        ticket.version,
    )


def test_a_zip_bomb_in_a_docx_is_told_after_the_look(disk):
    ticket, row = with_file(samples.docx_with({"word/media/a.xml": b"\0" * (40 * 1024**2)}), "申请.docx")
    inspected(row, LATER)
    assert (row.state, row.why) == ("refused", "bomb")
    assert bytes_on(disk) == []
    assert see.kinds(ticket) == ["submit", "checked"]


def test_a_file_over_which_workers_die_is_given_up(monkeypatch):
    row = sent(FORM)

    def dies(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(inspection, "encode_anew", dies)
    for hour in range(3):
        with pytest.raises(MemoryError):
            inspection.inspect_due(at=make.MONDAY + timedelta(hours=hour))
    assert inspected(row, make.MONDAY + timedelta(hours=3)).why == "failed"


def test_a_file_dropped_while_it_was_looked_into_leaves_nothing(monkeypatch, disk):
    row = sent(FORM)
    judge = inspection._judge

    def slow(one: Attachment):
        verdict = judge(one)
        uploads.drop([Attachment.objects.get(pk=one.pk)])
        return verdict

    monkeypatch.setattr(inspection, "_judge", slow)
    inspection.inspect_due(at=make.MONDAY)
    assert bytes_on(disk) == []
    assert not Attachment.objects.filter(pk=row.pk).exists()


def test_a_file_bound_while_it_was_looked_into_has_its_verdict_in_the_log(monkeypatch):
    row = sent(FORM)
    judge = inspection._judge
    made = []

    def slow(one: Attachment):
        verdict = judge(one)
        made.append(make.receipt(files=Files(FORM.owner, (row.key,))).ticket)
        return verdict

    monkeypatch.setattr(inspection, "_judge", slow)
    inspected(row)
    assert row.state == "unscanned"
    assert see.kinds(made[0]) == ["submit", "checked"]


def test_readyz_says_when_files_wait(client, clamd):
    clamd.broken = True
    row = sent(FORM, at=now() - timedelta(minutes=16))
    inspected(row, now())
    assert "有 1 个附件等待检查" in str(client.get("/readyz").json()["warnings"])
    clamd.broken = False
    inspected(row, now() + timedelta(minutes=1))
    assert "附件" not in str(client.get("/readyz").json()["warnings"])
