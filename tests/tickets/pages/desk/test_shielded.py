"""Messages, the lifting of the shield and the wish to forget, as pages."""

from __future__ import annotations

import pytest

from qihu.audit.models import Action, Entry
from tests import make
from tests.tickets.pages.desk.conftest import shown
from tests.tickets.pages.firm.conftest import Phone
from tickets.models import Erasure, RelayedMessage, Reveal
from tickets.services import relay

pytestmark = pytest.mark.django_db
WHY = "兑付奖补资金须核对开户名称。"


class TestMessages:
    def test_the_officer_writes_and_sees_that_the_firm_has_read(self, at, cast):
        ticket, desk = make.assigned(shielded=True), at(cast.officer)
        page = desk.get(f"/desk/t/{ticket.number}/")
        assert "身份保密企业" in shown(page)
        assert f"/desk/t/{ticket.number}/messages/" in page.content.decode()
        answer = desk.post(f"/desk/t/{ticket.number}/messages/", {"text": "请补一份设备清单。"})
        assert answer.status_code == 303
        page = desk.get(answer["Location"])
        assert "金融办 陈伟给企业留言" in shown(page)
        assert "企业还没看" in shown(page)
        relay.seen(ticket, by_firm=True, at=make.MONDAY)
        assert "企业已看" in shown(desk.get(answer["Location"]))

    def test_nothing_typed_is_told_beside_the_field(self, at, cast):
        ticket = make.assigned()
        page = at(cast.officer).post(f"/desk/t/{ticket.number}/messages/", {"text": " "})
        assert page.status_code == 422
        assert "请写下要转达的话。" in page.content.decode()

    def test_who_only_reads_the_request_reads_the_conversation_too_but_does_not_write(self, at, cast):
        ticket = make.assigned()
        page = at(cast.leader).get(f"/desk/t/{ticket.number}/messages/")
        assert page.status_code == 200
        assert "<textarea" not in page.content.decode()
        assert at(cast.leader).post(f"/desk/t/{ticket.number}/messages/", {"text": "您好"}).status_code == 403

    def test_strangers_get_nothing(self, at, cast):
        ticket = make.assigned()
        for name in ("messages", "reveal", "forget"):
            assert at(cast.rival_officer).get(f"/desk/t/{ticket.number}/{name}/").status_code == 404

    def test_the_price_of_a_conversation(self, at, cast, django_assert_max_num_queries):
        ticket, desk = make.assigned(), at(cast.officer)
        for n in range(12):
            relay.answer(ticket_id=ticket.pk, at=make.MONDAY, text=f"第 {n} 句")
        with django_assert_max_num_queries(10):
            desk.get(f"/desk/t/{ticket.number}/messages/")


class TestReveal:
    def test_the_head_looks_with_a_reason(self, at, cast):
        ticket, desk = make.assigned(shielded=True), at(cast.head)
        page = desk.get(f"/desk/t/{ticket.number}/")
        assert "安捷线束" not in page.content.decode()
        assert f"/desk/t/{ticket.number}/reveal/" in page.content.decode()
        assert "要看" in desk.post(f"/desk/t/{ticket.number}/reveal/", {"reason": "要看"}).content.decode()
        answer = desk.post(f"/desk/t/{ticket.number}/reveal/", {"reason": WHY})
        assert answer.status_code == 303
        page = shown(desk.get(answer["Location"]))
        assert "安捷线束" in page
        assert "13800000000" in page
        assert "只限您本人查看，至 明天 11:00" in page
        assert "安捷线束" not in shown(at(cast.officer).get(f"/desk/t/{ticket.number}/"))
        assert "安捷线束" not in shown(desk.get("/desk/?view=open"))  # lists keep the alias
        assert Entry.objects.filter(action=Action.REVEALED_READ).count() == 1

    @pytest.mark.parametrize("who", ["officer", "dispatcher", "leader", "intake", "supervisor"])
    def test_who_has_no_such_page(self, at, cast, who):
        ticket, desk = make.assigned(shielded=True), at(getattr(cast, who))
        assert "/reveal/" not in desk.get(f"/desk/t/{ticket.number}/").content.decode()
        assert desk.get(f"/desk/t/{ticket.number}/reveal/").status_code == 403
        assert desk.post(f"/desk/t/{ticket.number}/reveal/", {"reason": WHY}).status_code == 403
        assert not Reveal.objects.exists()

    def test_the_price_of_a_revealed_request(self, at, cast, django_assert_max_num_queries):
        ticket, desk = make.assigned(shielded=True), at(cast.head)
        desk.post(f"/desk/t/{ticket.number}/reveal/", {"reason": WHY})
        with django_assert_max_num_queries(19):  # four of them put the look on record
            desk.get(f"/desk/t/{ticket.number}/")


class TestForget:
    def test_intake_asks_once_the_request_has_ended(self, at, cast):
        ticket, desk = make.closed(), at(cast.intake)
        assert f"/desk/t/{ticket.number}/forget/" in desk.get(f"/desk/t/{ticket.number}/").content.decode()
        page = desk.post(f"/desk/t/{ticket.number}/forget/", {"cause": "wish", "reason": "来"})
        assert page.status_code == 422
        assert "至少 5 个字" in page.content.decode()
        assert (
            desk.post(f"/desk/t/{ticket.number}/forget/", {"cause": "wish", "reason": "企业来函要求删除"}).status_code
            == 303
        )
        again = desk.post(f"/desk/t/{ticket.number}/forget/", {"cause": "wish", "reason": "企业来函要求删除"})
        assert again.status_code == 409
        assert Erasure.objects.pending().count() == 1

    @pytest.mark.parametrize("who", ["officer", "head", "dispatcher", "leader", "supervisor"])
    def test_who_does_not_ask(self, at, cast, who):
        ticket, desk = make.closed(), at(getattr(cast, who))
        assert "/forget/" not in desk.get(f"/desk/t/{ticket.number}/").content.decode()
        assert desk.get(f"/desk/t/{ticket.number}/forget/").status_code == 403

    def test_an_open_request_offers_no_forgetting(self, at, cast):
        ticket = make.assigned()
        assert "/forget/" not in at(cast.intake).get(f"/desk/t/{ticket.number}/").content.decode()


def test_the_firm_reads_answers_and_is_told_of_a_look(at, cast):
    ticket = make.assigned(shielded=True)
    at(cast.officer).post(f"/desk/t/{ticket.number}/messages/", {"text": "请补一份设备清单。"})
    phone = Phone().open(ticket)
    page = phone.page(ticket)
    assert "请补一份设备清单。" in page
    assert RelayedMessage.objects.get().read_at
    assert phone.post(f"/t/{ticket.number}/message/", {"text": ""}).status_code == 422
    assert phone.post(f"/t/{ticket.number}/message/", {"text": "清单已放到前台。"}).status_code == 303
    assert "您留言" in phone.page(ticket)
    at(cast.head).post(f"/desk/t/{ticket.number}/reveal/", {"reason": WHY})
    page = phone.page(ticket)
    assert "您的身份信息被查看：金融办 周敏（主办负责人）" in page
    assert WHY in page
