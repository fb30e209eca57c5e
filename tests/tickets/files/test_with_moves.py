"""Files that go with the firm's own moves and with an entry on its behalf; with scripts off."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from qihu.clock import now
from qihu.outbox.consume import drain
from tests import make, see
from tests.tickets.files import samples
from tests.tickets.files.test_pages import begun, desk_of, page_of, upload
from tests.tickets.pages.desk.test_entry_page import TYPED
from tests.tickets.pages.firm.conftest import Phone
from tickets.models import Attachment, Event, Source, Ticket
from tickets.services import inspection, sending

pytestmark = pytest.mark.django_db
MOVES = {"rework": "reason", "reopen": "reason", "supplement": "text"}
HOUR = timedelta(hours=1)
WORDS = "银行还要设备清单，见照片。"


def at_hand(move: str) -> Ticket:
    make_it = {"rework": make.answered, "reopen": make.closed, "supplement": make.info_needed}[move]
    return make_it(at=now() - 2 * HOUR)


@pytest.fixture
def phone() -> Phone:
    return Phone()


@pytest.fixture(params=MOVES)
def move(request) -> str:
    return request.param


class TestFirm:
    """Sends back, reopens, supplements."""

    def test_photos_go_with_the_words(self, phone, move):
        ticket = at_hand(move)
        assert f'id="id_{move}_files"' in phone.open(ticket).page(ticket)
        sent = {MOVES[move]: WORDS, "new_files": [upload(), upload(samples.pdf(), "清单.pdf")]}
        assert phone.post(f"/t/{ticket.number}/{move}/", sent).status_code == 303
        event = Event.objects.get(ticket=ticket, kind=move)
        assert [one["type"] for one in event.data["files"]] == ["image/jpeg", "application/pdf"]
        assert event.text.body == WORDS
        inspection.inspect_due(at=now())
        assert {row.kind for row in Attachment.objects.of_ticket(ticket)} == {"request"}
        assert '<img src="/files/' in phone.page(ticket)
        assert '<img src="/files/' in desk_of("officer.finance").get(f"/desk/t/{ticket.number}/").content.decode()

    def test_a_wrong_file_is_told_beside_the_field_and_everything_else_kept(self, phone, move):
        ticket = at_hand(move)
        sent = {MOVES[move]: WORDS, "new_files": [upload(), upload(samples.EXE, "报价.jpg")]}
        answer = phone.open(ticket).post(f"/t/{ticket.number}/{move}/", sent)
        shown = page_of(answer)
        assert answer.status_code == 422
        assert f'id="id_{move}_files_error">“报价.jpg”：只收照片' in shown
        assert WORDS in shown
        assert move not in see.kinds(ticket)
        (kept,) = answer.context[f"{move}_basket"].rows
        again = {MOVES[move]: WORDS, "files": [str(kept.key)]}
        assert phone.post(f"/t/{ticket.number}/{move}/", again).status_code == 303
        assert len(Event.objects.get(ticket=ticket, kind=move).data["files"]) == 1

    def test_missing_words_lose_no_file_and_one_can_be_taken_out(self, phone, move):
        ticket = at_hand(move)
        answer = phone.open(ticket).post(f"/t/{ticket.number}/{move}/", {"new_files": upload()})
        assert answer.status_code == 422
        (kept,) = answer.context[f"{move}_basket"].rows
        sent = {MOVES[move]: WORDS, "files": [str(kept.key)], "drop_file": str(kept.key)}
        answer = phone.post(f"/t/{ticket.number}/{move}/", sent)
        assert answer.status_code == 200
        assert answer.context[f"{move}_basket"].rows == []
        assert WORDS in page_of(answer)
        assert move not in see.kinds(ticket)

    def test_too_many_and_unfinished_are_told_beside_the_field(self, phone, settings):
        ticket = make.answered(at=now())
        phone.open(ticket)
        photo = samples.picture()
        row = begun(sending.page_key(ticket.pk), photo, send=1000)
        answer = phone.post(f"/t/{ticket.number}/rework/", {"reason": WORDS, "files": [str(row.key)]})
        assert (answer.status_code, answer.context["rework_basket"].errors) == (
            422,
            ["文件还没有传完，请传完再提交。"],
        )
        settings.UPLOAD_MAX_FILES = 2
        phone.post(f"/t/{ticket.number}/material/", {"new_files": upload(samples.pdf(), "a.pdf")})
        Attachment.objects.filter(pk=row.pk).delete()
        two = [upload(), upload(samples.pdf(b"/A 1"), "b.pdf")]
        answer = phone.post(f"/t/{ticket.number}/rework/", {"reason": WORDS, "new_files": two})
        assert "最多 2 个文件，已有 1 个" in answer.context["rework_basket"].errors[0]
        assert WORDS in page_of(answer)

    def test_a_stranger_sends_nothing(self, move):
        ticket = at_hand(move)
        sent = {MOVES[move]: WORDS, "new_files": upload()}
        assert Phone().post(f"/t/{ticket.number}/{move}/", sent).status_code == 404
        assert not Attachment.objects.exists()


class TestEntry:
    """Written down for the firm."""

    def typed(self, **more: object) -> dict[str, object]:
        return {"key": str(uuid.uuid4()), "upload_key": sending.page_key()} | TYPED | more

    def test_its_photos_go_with_it_and_the_firm_sees_them(self, phone):
        desk = desk_of("intake")
        assert 'id="id_files"' in desk.get("/desk/new/").content.decode()
        sent = self.typed(received_at="", chain_tag="capital", new_files=[upload(), upload(samples.pdf(), "清单.pdf")])
        assert desk.post("/desk/new/", sent).status_code == 303
        drain()
        ticket = Ticket.objects.get()
        event = Event.objects.get(ticket=ticket, kind="submit")
        assert (event.party, len(event.data["files"])) == ("intake", 2)
        inspection.inspect_due(at=now())
        assert '<img src="/files/' in phone.open(ticket).page(ticket)
        assert '<img src="/files/' in desk_of("officer.finance").get(f"/desk/t/{ticket.number}/").content.decode()

    def test_mistakes_are_told_beside_their_fields_and_lose_nothing(self):
        desk = desk_of("intake")
        sent = self.typed(
            received_at="",
            contact_phone="12",
            new_files=[upload(), upload(samples.EXE, "报价.jpg"), upload(b"", "空.jpg")],
        )
        answer = desk.post("/desk/new/", sent)
        shown = page_of(answer)
        assert answer.status_code == 422
        assert "“报价.jpg”：只收照片" in shown
        assert "“空.jpg”：文件是空的" in shown
        assert TYPED["text"] in shown
        assert not Ticket.objects.exists()
        basket = answer.context["basket"]
        kept = {"upload_key": basket.key, "files": [str(key) for key in basket.keys], "key": sent["key"]}
        dropped = desk.post("/desk/new/", self.typed(received_at="", drop_file=str(basket.keys[0]), **kept))
        assert (dropped.status_code, dropped.context["basket"].rows) == (200, [])
        assert not Ticket.objects.exists()

    def test_a_file_waits_while_the_firms_other_requests_are_looked_at_and_goes_with_the_second_source(self):
        other, desk = make.signed(at=now()), desk_of("intake")
        page = desk.post("/desk/new/", self.typed(received_at="", new_files=upload()))
        assert "并入为第二来源" in page_of(page)
        basket = page.context["basket"]
        kept = {"upload_key": basket.key, "files": [str(key) for key in basket.keys]}
        answer = desk.post("/desk/new/", self.typed(received_at="", into=other.number, **kept))
        assert answer["Location"] == f"/desk/t/{other.number}/"
        assert Ticket.objects.count() == 1
        event = Event.objects.get(ticket=other, kind="source")
        assert (event.seq, len(event.data["files"])) == (Source.objects.get().seq, 1)
        assert Attachment.objects.of_ticket(other).get().kind == "request"

    def test_the_same_entry_again_is_one_request_with_each_file_once(self):
        desk, sent = desk_of("intake"), self.typed(received_at="2026-03-02T09:30")
        first = desk.post("/desk/new/", sent | {"new_files": [upload()]})
        more = [upload(), upload(samples.pdf(), "后加.pdf")]
        again = desk.post("/desk/new/", sent | {"distinct": "1", "new_files": more})
        assert first["Location"] == again["Location"]
        ticket = Ticket.objects.get()
        assert see.kinds(ticket) == ["submit", "ask_confirm", "material"]
        added = Event.objects.get(ticket=ticket, kind="material")
        assert (added.party, added.actor.username, len(added.data["files"])) == ("intake", "intake", 1)

    def test_an_unfinished_file_is_told_and_nothing_entered(self):
        key, photo = sending.page_key(), samples.picture()
        row = begun(key, photo, send=1000)
        answer = desk_of("intake").post("/desk/new/", self.typed(received_at="", upload_key=key, files=[str(row.key)]))
        assert (answer.status_code, answer.context["basket"].errors) == (422, ["文件还没有传完，请传完再提交。"])
        assert not Ticket.objects.exists()

    def test_a_shielded_firms_file_names_stay_from_the_department(self):
        sent = self.typed(received_at="", shielded="on", chain_tag="capital", new_files=upload(name="安捷线束合同.jpg"))
        assert desk_of("intake").post("/desk/new/", sent).status_code == 303
        drain()
        page = desk_of("officer.finance").get(f"/desk/t/{Ticket.objects.get().number}/").content.decode()
        assert "安捷" not in page
        assert "附件1.jpg" in page
