"""What comes later than the submission goes through the one function, like every event that is no move (ADR 8)."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from qihu.errors import Invalid
from tests import make, see
from tests.tickets.files import samples
from tests.tickets.files.conftest import inspected, sent
from tickets.access import FIRM
from tickets.models import Attachment, Event
from tickets.services import material, sending
from tickets.services.attachments import Files

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_material_records_what_broke_before_it_and_takes_no_half_written_reply():
    ticket = make.assigned()
    row = sent(sending.of_firm(ticket.pk))
    late = see.deadline(ticket, "SIGN").due_at + HOUR
    done = material.add_material(ticket_id=ticket.pk, caller=FIRM, at=late, files=[row.key])
    assert "breach" in see.kinds(ticket)[:-1]
    assert see.kinds(ticket)[-1] == "material"
    assert done.event.seq == make.fresh(ticket).last_seq
    assert make.fresh(ticket).version == ticket.version


def test_what_was_found_in_a_file_records_what_broke_before_it_too():
    ticket = make.assigned()
    row = sent(sending.of_firm(ticket.pk))
    material.add_material(ticket_id=ticket.pk, caller=FIRM, at=make.MONDAY, files=[row.key])
    inspected(row, see.deadline(ticket, "SIGN").due_at + HOUR)
    kinds = see.kinds(ticket)
    assert kinds[-1] == "checked"
    assert kinds.index("material") < kinds.index("breach") < kinds.index("checked")
    (found,) = Event.objects.get(ticket=ticket, kind="checked").data["files"]
    assert (found["id"], found["state"]) == (str(row.key), "unscanned")


def test_refused_files_alone_are_no_material_and_leave_no_event():
    ticket = make.assigned()
    row = sent(sending.of_firm(ticket.pk), samples.EXE, "报价.jpg")
    with pytest.raises(Invalid, match="请先选择文件"):
        material.add_material(ticket_id=ticket.pk, caller=FIRM, at=make.MONDAY, files=[row.key])
    assert "material" not in see.kinds(ticket)
    assert make.fresh(ticket).last_seq == ticket.last_seq


def test_of_what_a_repeated_form_brings_only_what_is_new_whole_and_fits_is_added(settings):
    settings.UPLOAD_MAX_FILES = 3
    form, key = sending.Sender(b"f" * 32), str(uuid.uuid4())
    first = sent(form)
    ticket = make.receipt(key=key, files=Files(form.owner, (first.key,))).ticket
    rows = [sent(form), sent(form, samples.EXE, "坏.jpg")] + [
        sent(form, samples.pdf(b"/A %d" % n), "a.pdf") for n in (7, 8)
    ]
    make.receipt(key=key, files=Files(form.owner, tuple(row.key for row in rows)))
    (event,) = Event.objects.filter(ticket=ticket, kind="material")
    assert [one["id"] for one in event.data["files"]] == [str(row.key) for row in rows[2:]]
    settings.UPLOAD_MAX_FILES = 4
    more = [sent(form, samples.pdf(b"/A %d" % n), "a.pdf") for n in (9, 10)]
    make.receipt(key=key, files=Files(form.owner, tuple(row.key for row in more)))
    assert Attachment.objects.of_ticket(ticket).count() == 4, "the limit is of the whole request"
