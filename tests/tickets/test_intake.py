"""What a submission keeps of the code, the firm's words and its own identity."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection

from qihu.errors import Gone, Invalid, Locked, Unknown
from routing.rules.models import Category
from tests import make
from tests.see import kinds
from tickets.models import Decision, Event, Filing, QRCode, Ticket
from tickets.services import codes, intake

pytestmark = pytest.mark.django_db


class TestChainTag:
    def test_the_firms_word_wins_over_the_codes_and_both_are_recorded(self):
        ticket = make.submitted(qr="DEMO-CAPITAL", chain_tag="talent")
        assert ticket.chain_tag_id == "talent"
        data = Event.objects.get(ticket=ticket).data
        assert (data["chain_tag_of_code"], data["chain_tag_typed"]) == ("capital", "talent")

    @pytest.mark.parametrize(
        ("qr", "department"),
        [
            ("DEMO-CAPITAL", "finance"),
            ("DEMO-TALENT", "talent"),
            ("DEMO-INDUSTRY", "land"),
            ("DEMO-INNOVATION", "science"),
            ("DEMO-SERVICE", "service-centre"),
            ("DEMO", None),
        ],
    )
    def test_each_code_leads_to_its_department(self, qr, department):
        ticket = make.routed(qr=qr, text="请帮我们看看这件事怎么办。")
        assert (ticket.department.code if ticket.department else None) == department
        assert ticket.status == ("assigned" if department else "triage")
        decision = Decision.objects.get(ticket=ticket)
        assert decision.reason
        assert decision.facts["seen"]["chain_tag"] == (ticket.chain_tag_id or None)

    def test_a_category_of_the_code_goes_with_its_tag(self):
        QRCode.objects.filter(code="DEMO-CAPITAL").update(category=Category.objects.get(code="FIN-02"))
        assert make.submitted().category_id == "FIN-02"
        assert make.submitted(chain_tag="talent").category_id is None

    def test_a_county_firm_goes_to_its_county(self):
        assert make.routed(region="330802").department.code == "finance-330802"


class TestKeys:
    def test_the_same_key_and_body_give_the_same_request_and_code(self):
        first, again = make.receipt(key="k"), make.receipt(key="k")
        assert (first.ticket.pk, first.access_code) == (again.ticket.pk, again.access_code)
        assert (first.repeated, again.repeated) == (False, True)
        assert kinds(first.ticket) == ["submit"]

    def test_the_same_key_with_another_body_is_refused_and_nothing_is_made(self):
        make.receipt(key="k")
        with pytest.raises(Invalid) as refused:
            make.receipt(key="k", text="另外一件完全不同的事情。")
        assert refused.value.code == "key-reused"
        assert Ticket.objects.count() == 1


class TestSecrets:
    def test_names_and_phones_are_stored_encrypted_and_codes_only_hashed(self):
        receipt = make.receipt()
        with connection.cursor() as cursor:
            cursor.execute("SELECT contact_name, contact_phone FROM tickets_filing")
            stored = b"".join(bytes(value) for value in cursor.fetchone())
            assert "李娜".encode() not in stored
            assert b"13800000000" not in stored
            cursor.execute("SELECT row_to_json(t)::text FROM tickets_ticket t")
            assert receipt.access_code.replace("-", "") not in cursor.fetchone()[0]
        filing = Filing.objects.get()
        assert (filing.contact_name, filing.contact_phone) == ("李娜", "13800000000")

    def test_a_code_opens_its_own_request_however_it_is_typed(self):
        receipt = make.receipt()
        typed = f" {receipt.access_code.lower().replace('-', ' ')} "
        opened = codes.open_with_code(number=receipt.ticket.number, code=typed, address="::1", at=make.MONDAY)
        assert opened.pk == receipt.ticket.pk
        with pytest.raises(Unknown):
            codes.open_with_code(
                number=make.submitted().number, code=receipt.access_code, address="::1", at=make.MONDAY
            )

    def test_guessing_is_slowed_then_locked_for_the_address_and_not_for_the_holder(self):
        receipt = make.receipt()
        number, at = receipt.ticket.number, make.MONDAY
        for _ in range(5):
            at += make.MINUTE
            with pytest.raises(Unknown):
                codes.open_with_code(number=number, code="AAAA-AAAA", address="10.0.0.1", at=at)
        with pytest.raises(Locked) as locked:
            codes.open_with_code(number=number, code=receipt.access_code, address="10.0.0.1", at=at + make.MINUTE)
        assert 0 < locked.value.retry_after <= 15 * 60
        elsewhere = codes.open_with_code(number=number, code=receipt.access_code, address="10.0.0.2", at=at)
        assert elsewhere.pk == receipt.ticket.pk
        later = at + 16 * make.MINUTE
        assert codes.open_with_code(number=number, code=receipt.access_code, address="10.0.0.1", at=later)

    def test_wrong_codes_follow_each_other_ever_slower(self):
        number, at = make.submitted().number, make.MONDAY
        for _ in range(3):
            at += make.MINUTE
            with pytest.raises(Unknown):
                codes.open_with_code(number=number, code="AAAA-AAAA", address="10.0.0.1", at=at)
        with pytest.raises(Locked, match="秒"):
            codes.open_with_code(number=number, code="AAAA-AAAA", address="10.0.0.1", at=at)

    def test_an_unknown_number_answers_like_a_wrong_code(self):
        said = []
        for number in (make.submitted().number, "QH-20260302-999999"):
            with pytest.raises(Unknown) as refused:
                codes.open_with_code(number=number, code="AAAA-AAAA", address="10.0.0.9", at=make.MONDAY)
            said.append(refused.value.message)
        assert said[0] == said[1]


class TestCodesOnTheWall:
    def test_unknown_revoked_and_expired_codes_are_refused(self):
        with pytest.raises(Unknown):
            codes.qr_for_filing("NO-SUCH-CODE", at=make.MONDAY)
        codes.revoke_qr(code="DEMO", at=make.MONDAY)
        with pytest.raises(Gone):
            codes.qr_for_filing("DEMO", at=make.MONDAY)
        QRCode.objects.filter(code="DEMO-TALENT").update(expires_at=make.MONDAY)
        assert codes.qr_for_filing("DEMO-TALENT", at=make.MONDAY - make.MINUTE).code == "DEMO-TALENT"
        with pytest.raises(Gone):
            codes.qr_for_filing("DEMO-TALENT", at=make.MONDAY)


def test_the_number_carries_the_local_date():
    assert intake.number_of(123, datetime(2026, 11, 21, 16, 30, tzinfo=UTC)) == "QH-20261122-000123"
