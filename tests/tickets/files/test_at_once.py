"""Two at the same moment: the same piece, the same file in two moves, two workers, a kill."""

from __future__ import annotations

import io
import uuid

import pytest

from qihu.errors import Conflict, Invalid
from tests import make
from tests.tickets.files import samples
from tests.tickets.files.conftest import bytes_on, sent
from tests.tickets.test_at_once import at_once
from tickets.access import FIRM
from tickets.models import Attachment, Event
from tickets.services import inspection, material, sending, uploads
from tickets.services.attachments import Files

pytestmark = pytest.mark.usefixtures("committed")


def test_of_two_that_send_the_same_piece_one_wins(disk):
    photo, sender = samples.picture(), sending.Sender(b"f" * 32)
    row = uploads.begin(sender=sender, name="a.jpg", size=len(photo), at=make.MONDAY)

    def piece() -> Attachment:
        return uploads.append(sender=sender, key=row.key, offset=0, body=io.BytesIO(photo[:5000]), at=make.MONDAY)

    results = at_once(piece, piece, piece)
    assert sum(isinstance(one, Conflict) for one in results) == 2
    row.refresh_from_db()
    assert row.received == 5000
    assert bytes_on(disk) == [photo[:5000]], "the losers' pieces are gone"


def test_a_file_goes_with_one_move_only():
    ticket = make.signed()
    row = sent(sending.of_firm(ticket.pk))

    def add() -> object:
        return material.add_material(ticket_id=ticket.pk, caller=FIRM, at=make.MONDAY, files=[row.key])

    results = at_once(add, add)
    assert sum(isinstance(one, Invalid) for one in results) == 1
    assert Event.objects.filter(ticket=ticket, kind="material").count() == 1


def test_a_form_tapped_twice_with_a_file_makes_one_request_with_one_file():
    row, key = sent(sending.Sender(b"f" * 32)), str(uuid.uuid4())
    files = Files(b"f" * 32, (row.key,))
    results = at_once(*[lambda: make.receipt(key=key, files=files).ticket.number] * 3)
    assert len(set(results)) == 1
    assert [len(event.data["files"]) for event in Event.objects.filter(data__has_key="files")] == [1]


def test_two_workers_look_into_each_file_once():
    for seed in range(4):
        sent(sending.Sender(b"f" * 32), samples.picture(seed=seed))
    results = at_once(*[lambda: inspection.inspect_due(at=make.MONDAY)] * 2)
    assert sum(results) == 4
    assert set(Attachment.objects.values_list("state", "checks")) == {("unscanned", 1)}
