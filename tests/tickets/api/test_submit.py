"""POST /api/v1/tickets/: what comes in, once."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from qihu.clock import now
from tests.people import user
from tests.tickets.api.conftest import BODY, Api
from tickets.access import Caller
from tickets.models import Event, Ticket
from tickets.services import dispatch
from tickets.services.codes import revoke_qr

GOOD_USCC, BAD_DIGIT = "91330800MA28F0XX0U", "91330800MA28F0XX00"


def changed(**more: object) -> dict[str, object]:
    return BODY | more


def test_a_firm_submits_and_gets_number_and_access_code(anybody):
    response = anybody.post("tickets/", BODY)

    assert response.status_code == 201
    receipt = response.json()
    assert list(receipt) == [
        *("number", "access_code", "status", "chain_tag", "category"),
        *("region", "department", "submitted_at", "url"),
    ]
    assert (receipt["status"], receipt["chain_tag"], receipt["region"]) == ("submitted", "capital", "330800")
    assert receipt["department"] is None
    assert receipt["submitted_at"].endswith("+08:00")
    assert receipt["url"] == f"http://testserver/t/{receipt['number']}/"
    ticket = Ticket.objects.get(number=receipt["number"])
    assert ticket.filing.contact_phone == "13800000000"
    assert Api(**{"X-Access-Code": receipt["access_code"]}).read(ticket)["status"] == "submitted"


def test_the_address_of_the_receipt_follows_the_public_address(anybody, settings):
    settings.PUBLIC_URL = "https://qihu.example/"
    receipt = anybody.post("tickets/", BODY).json()
    assert receipt["url"] == f"https://qihu.example/t/{receipt['number']}/"


def test_the_same_key_gets_the_same_bytes_even_after_a_reclassification(anybody):
    first = anybody.post("tickets/", BODY, Idempotency_Key="tap-1")
    ticket = Ticket.objects.get(number=first.json()["number"])
    dispatch.classify(ticket_id=ticket.pk, caller=Caller(user("dispatcher")), at=now(), chain_tag="talent")

    again = anybody.post("tickets/", BODY, Idempotency_Key="tap-1")

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content
    assert Ticket.objects.count() == 1


def test_another_body_under_the_same_key_is_refused(anybody):
    anybody.post("tickets/", BODY, Idempotency_Key="tap-2")
    response = anybody.post("tickets/", changed(text="另外一件事，请帮忙。"), Idempotency_Key="tap-2")
    assert (response.status_code, response.json()["code"]) == (422, "key-reused")


def test_without_a_key_and_with_other_keys_each_is_a_request_of_its_own(anybody):
    answers = [
        anybody.post("tickets/", BODY, **({"Idempotency_Key": key} if key else {})) for key in ("a", "b", "", "")
    ]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["number"] for answer in answers}) == 4


@pytest.mark.parametrize("key", ["", "键", "a" * 201, "a\tb"])
def test_a_key_must_be_printable_and_short(anybody, key):
    response = anybody.post("tickets/", BODY, Idempotency_Key=key)
    assert response.status_code == 422
    assert "Idempotency-Key" in response.json()["errors"]


def test_the_tag_of_the_body_wins_and_both_are_recorded(anybody):
    number = anybody.post("tickets/", changed(chain_tag="talent")).json()["number"]
    event = Event.objects.get(ticket__number=number, seq=1)
    assert (event.data["chain_tag"], event.data["chain_tag_of_code"]) == ("talent", "capital")


def test_nothing_but_what_is_needed_has_to_be_sent(anybody):
    receipt = anybody.post("tickets/", {name: BODY[name] for name in ("text", "enterprise", "contact")}).json()
    assert (receipt["chain_tag"], receipt["category"], receipt["region"]) == (None, None, "330800")


def test_category_region_title_and_shield_are_kept(anybody):
    sent = changed(category="FIN-03", region="330802", title="账款拖欠", shielded=True)
    receipt = anybody.post("tickets/", sent).json()
    ticket = Ticket.objects.get(number=receipt["number"])
    assert (receipt["category"], receipt["region"]) == ("FIN-03", "330802")
    assert (ticket.filing.title, ticket.shielded) == ("账款拖欠", True)


def test_a_failing_check_digit_is_refused_once_and_accepted_when_confirmed(anybody):
    doubtful = changed(enterprise={"name": "衢州安捷线束有限公司", "uscc": BAD_DIGIT})
    refused = anybody.post("tickets/", doubtful)
    assert refused.status_code == 422
    assert refused.json()["code"] == "uscc_checksum"
    assert list(refused.json()["errors"]) == ["enterprise.uscc"]

    accepted = anybody.post("tickets/", doubtful | {"uscc_confirmed": True})
    assert accepted.status_code == 201
    assert Ticket.objects.get(number=accepted.json()["number"]).filing.uscc == BAD_DIGIT


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "太短"}, "text"),
        ({"text": "长" * 2001}, "text"),
        ({"text": "有\x00空字符的内容"}, "text"),
        ({"text": None}, "text"),
        ({"text": ["不是文字"]}, "text"),
        ({"title": "长" * 61}, "title"),
        ({"chain_tag": "forged"}, "chain_tag"),
        ({"chain_tag": 7}, "chain_tag"),
        ({"chain_tag": "\x00"}, "chain_tag"),
        ({"category": "NOPE-01"}, "category"),
        ({"region": "110000"}, "region"),
        ({"region": "3308\x0000"}, "region"),
        ({"qr_code": "NOT-A-CODE"}, "qr_code"),
        ({"qr_code": "x" * 41}, "qr_code"),
        ({"enterprise": {}}, "enterprise.name"),
        ({"enterprise": "安捷"}, "enterprise.non_field_errors"),
        ({"enterprise": {"name": "长" * 81}}, "enterprise.name"),
        ({"enterprise": {"name": "安捷线束", "uscc": "123"}}, "enterprise.uscc"),
        ({"enterprise": {"name": "安捷线束", "uscc": "91330800MI28F0XX00"}}, "enterprise.uscc"),
        ({"contact": {"name": "李娜"}}, "contact.phone"),
        ({"contact": {"name": "李娜", "phone": "12"}}, "contact.phone"),
        ({"contact": {"name": " ", "phone": "13800000000"}}, "contact.name"),
        ({"contact": {"name": "长" * 31, "phone": "13800000000"}}, "contact.name"),
        ({"shielded": "也许"}, "shielded"),
    ],
)
def test_bad_input_is_told_beside_its_field(anybody, change, field):
    response = anybody.post("tickets/", changed(**change))
    assert response.status_code == 422
    assert list(response.json()["errors"]) == [field]
    assert Ticket.objects.count() == 0


def test_an_empty_body_names_all_that_is_missing(anybody):
    assert set(anybody.post("tickets/", {}).json()["errors"]) == {"text", "enterprise", "contact"}


def test_a_revoked_code_is_a_mistake_in_its_field(anybody):
    revoke_qr(code="DEMO-CAPITAL", at=now() - timedelta(minutes=1))
    response = anybody.post("tickets/", BODY)
    assert response.status_code == 422
    assert "已停用" in response.json()["errors"]["qr_code"]


def test_what_was_typed_comes_back_as_text_not_as_markup(anybody):
    receipt = anybody.post("tickets/", changed(text="<script>alert(1)</script>&\"'")).json()
    response = anybody.get(f"tickets/{receipt['number']}/", X_Access_Code=receipt["access_code"])
    assert response["Content-Type"] == "application/json"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert json.loads(response.content)["text"] == "<script>alert(1)</script>&\"'"


def test_a_submission_takes_few_statements(anybody, django_assert_max_num_queries):
    with django_assert_max_num_queries(16):
        assert anybody.post("tickets/", changed(chain_tag="talent", region="330802")).status_code == 201
