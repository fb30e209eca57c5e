"""Two-step moves and approvals through the API: asked with 202, decided by somebody else, once."""

from __future__ import annotations

from tests import make
from tests.tickets.api.conftest import here
from tickets.models import Approval


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
