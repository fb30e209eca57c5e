"""POST /api/v1/tickets/{number}/{move}/: the journey, who may, and every refusal."""

from __future__ import annotations

import threading

import pytest
from django.db import connections

from tests import make
from tests.tickets.api.conftest import Api, firm_of, here
from tickets.api.moves import WAYS
from tickets.models import Event, Rating
from tickets.workflow import Action, LegAction, Party, parties_of

OFFICERS, DIRECTOR = {"officer.finance", "head.finance"}, {"director"}
CENTRE, HELPERS = {"intake", "dispatcher"}, set[str]()
MAKERS = {
    "assign": {"dispatcher"},
    "request_info": CENTRE,
    "supplement": {"firm", "intake"},
    "classify": CENTRE | {"head.finance"},
    "reject": {"intake"},
    "merge": CENTRE,
    "split": {"dispatcher"},
    "reassign": {"dispatcher", "director"},
    "assign_leg": {"dispatcher", "director", "head.finance"},
    "leg_sign": HELPERS,
    "leg_reply": HELPERS,
    "leg_return": HELPERS,
    "sign": OFFICERS,
    "contact": OFFICERS,
    "interim": OFFICERS,
    "note": OFFICERS,
    "object": {"head.finance"},
    "rule_on_return": {"dispatcher"},
    "extend": {"head.finance"},
    "suspend": {"head.finance"},
    "resume": OFFICERS,
    "raise_tier": {"head.finance", "dispatcher", "director", "supervisor"},
    "reply": OFFICERS,
    "send_back": {"head.finance", "director"},
    "deliver": {"head.finance", "director"},
    "rate": {"firm"},
    "rework": {"firm"},
    "call_back": {"intake", "supervisor"},
    "reopen": {"firm", "supervisor"},
    "withdraw": {"firm"},
    "urge": {"firm"},
    "supervise": {"supervisor"},
    "instruct": {"leader"},
    "answer_supervision": {"head.finance"},
    "follow_up": OFFICERS,
    "exclude": {"supervisor"},
    "mark_test": {"intake", "supervisor"},
}
SEERS = ("officer.finance", "head.finance", "dispatcher", "intake", "director", "supervisor", "leader", "firm")
STRANGERS = ("officer.land", "head.land", "officer.discipline", "auditor", "nobody")


def test_every_move_of_the_tables_that_people_make_has_an_address():
    people = {action for action in Action if parties_of(action) != {Party.SYSTEM} and action != Action.SUBMIT}
    assert set(WAYS) == people | set(LegAction)
    assert set(MAKERS) == {str(action) for action in WAYS}


def test_the_whole_journey(anybody, staff):
    ticket = here()
    officer, head, firm = staff("officer.finance"), staff("head.finance"), firm_of(ticket)

    signed = officer.move(ticket, "sign")
    assert signed.json() == {
        "number": ticket.number,
        "move": "sign",
        "seq": 3,
        "status": "in_progress",
        "at": signed.json()["at"],
    }
    assert officer.move(ticket, "contact", {"text": "已电话联系。"}).json()["status"] == "in_progress"
    assert officer.move(ticket, "interim", {"text": "本周对接银行。"}).status_code == 200
    assert officer.move(ticket, "note", {"text": "银行已受理。"}).status_code == 200
    answer = {
        "outcome": "partial",
        "text": "已授信。",
        "answers": [{"ask": "资金", "text": "八百万元"}],
        "burden_relieved": 1200,
    }
    assert officer.move(ticket, "reply", answer).json()["status"] == "reviewing"
    assert head.move(ticket, "send_back", {"text": "请补足。"}).json()["status"] == "in_progress"
    assert officer.move(ticket, "reply", {"outcome": "solved", "text": "已授信1500万元。"}).status_code == 200
    assert head.move(ticket, "deliver").json()["status"] == "answered"
    assert firm.move(ticket, "urge").status_code == 200
    again = firm.move(ticket, "rework", {"reason": "款没到账。"})
    assert again.json()["status"] == "assigned"
    assert officer.move(ticket, "sign").status_code == 200
    assert officer.move(ticket, "reply", {"outcome": "solved", "text": "款已到账。"}).status_code == 200
    assert head.move(ticket, "deliver", {"text": "同意。"}).status_code == 200
    assert firm.move(ticket, "rate", {"process": 5, "result": 4, "text": "谢谢。"}).json()["status"] == "closed"
    rating = Rating.objects.get(ticket=ticket)
    assert (rating.round, rating.process, rating.result) == (2, 5, 4)
    said = firm.read(ticket)
    assert (said["status"], said["outcome"], said["round"], said["moves"]) == ("closed", "solved", 2, ["reopen"])


def test_what_waits_in_triage_is_assigned_reassigned_and_classified(staff):
    ticket = here(make.triaged)
    dispatcher = staff("dispatcher")
    sent = {"department": "finance", "co_departments": ["rural-bank"], "text": "请牵头。"}
    assert dispatcher.move(ticket, "assign", sent).json()["status"] == "assigned"
    given = {"chain_tag": "capital", "difficulty": "L3", "industry_chain": "paper"}
    assert dispatcher.move(ticket, "classify", given).status_code == 200
    assert make.fresh(ticket).industry_chain_id == "paper"
    assert dispatcher.move(ticket, "reassign", {"department": "economy"}).status_code == 200
    said = dispatcher.read(ticket)
    assert (said["department"]["code"], said["chain_tag"], said["difficulty"]) == ("economy", "capital", "L3")
    assert staff("officer.finance").get(f"tickets/{ticket.number}/").status_code == 404
    assert staff("officer.rural-bank").move(ticket, "sign").status_code == 403


def test_a_firm_withdraws(db):
    ticket = here()
    assert firm_of(ticket).move(ticket, "withdraw", {"reason": "已自行解决"}).json()["status"] == "withdrawn"


@pytest.mark.parametrize("who", SEERS)
def test_seen_but_not_yours_is_403_before_the_body_is_read(staff, who):
    ticket = here()
    caller = firm_of(ticket) if who == "firm" else staff(who)
    for move, makers in MAKERS.items():
        status = caller.move(ticket, move, {"outcome": 7}).status_code
        if who in makers:
            assert status in {200, 202, 409, 422}, move
        else:
            assert status == 403, move


@pytest.mark.parametrize("who", STRANGERS)
def test_strangers_find_nothing_to_move(staff, who):
    ticket = here()
    caller = Api() if who == "nobody" else staff(who)
    assert {caller.move(ticket, move).status_code for move in MAKERS} == {404}
    assert Event.objects.filter(ticket=ticket).count() == 2


@pytest.mark.parametrize("move", ["route", "defer", "lapse", "submit", "nonsense", "SIGN"])
def test_moves_that_are_nobodys_have_no_address(staff, move):
    assert staff("officer.finance").move(here(), move).status_code == 404


def test_nobody_delivers_their_own_reply(staff):
    ticket = here()
    head = staff("head.finance")
    head.move(ticket, "sign")
    head.move(ticket, "reply", {"outcome": "solved", "text": "已授信。"})
    refused = head.move(ticket, "deliver")
    assert (refused.status_code, refused.json()["code"]) == (409, "refused-by-rule")


def test_the_second_press_is_told_who_was_first(staff):
    ticket = here()
    staff("officer.finance").move(ticket, "sign")
    refused = staff("head.finance").move(ticket, "sign")
    assert refused.status_code == 409
    assert "陈伟" in refused.json()["detail"]


def test_an_answer_that_is_out_of_date_is_refused(staff):
    ticket = here()
    officer = staff("officer.finance")
    seen = officer.get(f"tickets/{ticket.number}/")["ETag"]
    fresh = officer.move(ticket, "sign", If_Match=seen)
    assert fresh.status_code == 200
    assert officer.move(ticket, "note", {"text": "银行受理。"}, If_Match=seen).status_code == 412
    assert officer.move(ticket, "note", {"text": "银行受理。"}, If_Match='"abc"').status_code == 412
    assert officer.move(ticket, "note", {"text": "银行受理。"}, If_Match=fresh["ETag"]).status_code == 200
    assert officer.move(ticket, "note", {"text": "银行受理。"}, If_Match="*").status_code == 200
    for move, body in (("urge", {}), ("withdraw", {})):
        assert firm_of(ticket).move(ticket, move, body, If_Match=seen).status_code == 412


@pytest.mark.parametrize(
    ("state", "who", "move", "body", "field"),
    [
        ("signed", "officer.finance", "note", {}, "text"),
        ("signed", "officer.finance", "contact", {"text": "  "}, "text"),
        ("signed", "officer.finance", "note", {"text": "长" * 4001}, "text"),
        ("signed", "officer.finance", "reply", {"text": "已办。"}, "outcome"),
        ("signed", "officer.finance", "reply", {"outcome": "done", "text": "已办。"}, "outcome"),
        ("signed", "officer.finance", "reply", {"outcome": "planned", "text": "年底。"}, "planned_on"),
        (
            "signed",
            "officer.finance",
            "reply",
            {"outcome": "planned", "text": "年底。", "planned_on": "2020-01-01"},
            "planned_on",
        ),
        ("signed", "officer.finance", "reply", {"outcome": "referred", "text": "转办。"}, "referred_to"),
        (
            "signed",
            "officer.finance",
            "reply",
            {"outcome": "solved", "text": "好。", "burden_relieved": -1},
            "burden_relieved",
        ),
        ("replied", "head.finance", "send_back", {}, "text"),
        ("answered", "firm", "rate", {"process": 5}, "result"),
        ("answered", "firm", "rate", {"process": 6, "result": 0}, "process"),
        ("answered", "firm", "rework", {}, "reason"),
        ("triaged", "dispatcher", "assign", {}, "department"),
        ("triaged", "dispatcher", "assign", {"department": "nope"}, "department"),
        ("triaged", "dispatcher", "assign", {"department": "rural-bank"}, "department"),
        ("triaged", "dispatcher", "assign", {"department": "finance", "co_departments": ["nope"]}, "co_departments"),
        ("triaged", "dispatcher", "classify", {}, "chain_tag"),
        ("triaged", "dispatcher", "classify", {"chain_tag": "forged"}, "chain_tag"),
        ("triaged", "dispatcher", "classify", {"industry_chain": "forged"}, "industry_chain"),
        ("triaged", "dispatcher", "classify", {"difficulty": "L9"}, "difficulty"),
    ],
)
def test_bad_bodies_are_told_beside_their_field(staff, state, who, move, body, field):
    ticket = here(getattr(make, state))
    caller = firm_of(ticket) if who == "firm" else staff(who)
    response = caller.move(ticket, move, body)
    assert response.status_code == 422
    assert field in response.json()["errors"]
    assert make.fresh(ticket).version == ticket.version


def test_planned_and_referred_say_when_and_where(staff):
    planned, referred = here(make.signed), here(make.signed)
    officer = staff("officer.finance")
    body = {"outcome": "planned", "text": "列入明年计划。", "planned_on": "2099-12-31"}
    assert officer.move(planned, "reply", body).status_code == 200
    assert Event.objects.get(ticket=planned, kind="reply").data["planned_on"] == "2099-12-31"
    body = {"outcome": "referred", "text": "请走仲裁。", "referred_to": "市仲裁委"}
    assert officer.move(referred, "reply", body).status_code == 200
    assert {"ask": "转往", "text": "市仲裁委"} in officer.read(referred)["timeline"][-1]["parts"]


class TestKeys:
    """The same move by the same person with the same key gets the first answer."""

    def test_a_repeated_press_gets_the_first_answer_even_after_the_request_has_moved_on(self, staff):
        ticket = here()
        officer = staff("officer.finance")
        first = officer.move(ticket, "sign", Idempotency_Key="k")
        officer.move(ticket, "note", {"text": "银行受理。"})
        again = officer.move(ticket, "sign", Idempotency_Key="k", If_Match=f'"{ticket.version}"')
        assert (again.status_code, again.content) == (200, first.content)
        assert Event.objects.filter(ticket=ticket, kind="sign").count() == 1

    def test_without_a_key_the_second_press_is_409(self, staff):
        ticket = here()
        officer = staff("officer.finance")
        assert [officer.move(ticket, "sign").status_code for _ in range(2)] == [200, 409]

    def test_another_body_under_the_key_is_422(self, staff):
        ticket = here(make.signed)
        officer = staff("officer.finance")
        officer.move(ticket, "note", {"text": "一"}, Idempotency_Key="k")
        refused = officer.move(ticket, "note", {"text": "二"}, Idempotency_Key="k")
        assert (refused.status_code, refused.json()["code"]) == (422, "key-reused")

    def test_a_key_is_of_one_person_one_move_and_one_request(self, staff):
        one, other = here(make.signed), here(make.signed)
        officer, head = staff("officer.finance"), staff("head.finance")
        body = {"text": "银行受理。"}
        answers = [
            officer.move(one, "note", body, Idempotency_Key="k"),
            head.move(one, "note", body, Idempotency_Key="k"),
            officer.move(other, "note", body, Idempotency_Key="k"),
            officer.move(one, "contact", body, Idempotency_Key="k"),
        ]
        assert {answer.status_code for answer in answers} == {200}
        assert Event.objects.filter(kind__in=["note", "contact"]).count() == 4 + 2

    def test_a_refused_press_leaves_no_claim(self, staff):
        ticket = here()
        officer = staff("officer.finance")
        body = {"outcome": "solved", "text": "已授信。"}
        assert officer.move(ticket, "reply", body, Idempotency_Key="k").status_code == 409
        officer.move(ticket, "sign")
        assert officer.move(ticket, "reply", body, Idempotency_Key="k").status_code == 200

    def test_two_presses_at_once_make_one_move(self, committed, staff_committed):
        ticket = here(make.signed)
        officer = staff_committed("officer.finance")
        barrier, answers = threading.Barrier(4), []

        def press() -> None:
            barrier.wait()
            api = Api(**officer)
            answers.append(api.move(ticket, "note", {"text": "银行受理。"}, Idempotency_Key="same"))
            connections.close_all()

        threads = [threading.Thread(target=press) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert [answer.status_code for answer in answers] == [200] * 4
        assert len({answer.content for answer in answers}) == 1
        assert Event.objects.filter(ticket=ticket, kind="note").count() == 1


@pytest.fixture
def staff_committed(committed):
    """Headers of a member of staff whose token every thread can see."""
    from knox.models import AuthToken  # noqa: PLC0415

    from tests.people import user  # noqa: PLC0415

    yield lambda who: {"Authorization": f"Bearer {AuthToken.objects.create(user(who))[1]}"}
    AuthToken.objects.all().delete()
