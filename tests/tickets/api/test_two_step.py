"""Two-step moves and approvals through the API: asked with 202, decided by somebody else, once."""

from __future__ import annotations

import pytest

from tests import make
from tests.tickets.api.conftest import here
from tickets.models import Approval, Event


def test_what_is_asked_for_and_what_a_helper_does_answer_with_the_status_the_request_has(staff):
    ticket = here(make.signed)
    asked = staff("head.finance").move(ticket, "suspend", {"reason": "quota"})
    assert (asked.status_code, asked.json()["status"], asked.json()["move"]) == (202, "in_progress", "approval")
    leg = here(make.helped)
    signed = staff("officer.rural-bank").move(leg.ticket, "leg_sign")
    assert (signed.status_code, signed.json()["status"]) == (200, "in_progress")


def test_the_second_person_says_yes_once_and_never_the_first(staff):
    ticket = here(make.signed)
    asked = staff("head.finance").move(ticket, "suspend", {"reason": "quota"}).json()["approval"]
    word = f"approvals/{asked}/approve/"
    assert staff("head.finance").post(word, {}).status_code == 403
    assert staff("officer.land").post(word, {}).status_code == 404
    yes = staff("director").post(word, {"text": "同意。"})
    assert (yes.status_code, yes.json()["move"], yes.json()["status"]) == (200, "suspend", "suspended")
    assert staff("director").post(word, {}).status_code == 409
    assert Approval.objects.get(pk=asked).state == "approved"


def test_no_changes_nothing_and_needs_a_reason(staff):
    ticket = here(make.signed)
    asked = staff("head.finance").move(ticket, "suspend", {"reason": "quota"}).json()["approval"]
    word = f"approvals/{asked}/refuse/"
    unsaid = staff("director").post(word, {})
    assert (unsaid.status_code, unsaid.json()["errors"]) == (422, {"text": "请写明不同意的理由。"})
    assert staff("director").post(word, {"text": "额度已到。"}).json()["status"] == "in_progress"
    assert staff("director").post(word, {"text": "再说一次。"}).status_code == 409
    again = staff("head.finance").move(ticket, "suspend", {"reason": "season"})
    assert again.status_code == 202


@pytest.mark.parametrize(("word", "after"), [("approve", "suspended"), ("refuse", "in_progress")])
def test_the_same_word_with_the_same_key_gets_the_first_answer(staff, word, after):
    ticket = here(make.signed)
    asking = {"reason": "quota", "text": "待下月专项额度。"}
    first = staff("head.finance").move(ticket, "suspend", asking, Idempotency_Key="ask")
    again = staff("head.finance").move(ticket, "suspend", asking, Idempotency_Key="ask")
    assert (first.status_code, first.content) == (again.status_code, again.content) == (202, first.content)
    path, said = f"approvals/{first.json()['approval']}/{word}/", {"text": "额度下月才到。"}
    yes = staff("director").post(path, said, Idempotency_Key="word")
    assert (yes.status_code, yes.json()["status"]) == (200, after)
    assert staff("director").post(path, said, Idempotency_Key="word").content == yes.content
    assert staff("director").post(path, {"text": "别的话。"}, Idempotency_Key="word").json()["code"] == "key-reused"
    assert staff("director").post(path, said, Idempotency_Key="another").status_code == 409
    assert staff("head.finance").post(path, said, Idempotency_Key="word").status_code == 403
    assert Event.objects.filter(ticket=ticket, seq__gte=first.json()["seq"]).count() == 2


def test_a_helpers_moves_and_messages_keep_their_first_answer(staff):
    leg = here(make.helped)
    helper, ticket = staff("officer.rural-bank"), leg.ticket
    steps = [("leg_sign", {}), ("leg_reply", {"text": "可授信1500万元。"}), ("messages", {"text": "请补设备清单。"})]
    for move, body in steps:
        first = helper.move(ticket, move, body, Idempotency_Key=move)
        assert first.status_code in {200, 201}, first.content
        again = helper.move(ticket, move, body, Idempotency_Key=move)
        assert (again.status_code, again.content) == (first.status_code, first.content)
    assert Event.objects.filter(ticket=ticket, kind__in=["leg_sign", "leg_reply", "message"]).count() == 3
