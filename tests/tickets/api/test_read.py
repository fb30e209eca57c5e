"""GET /api/v1/tickets/{number}/ and what explains it: who sees what."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qihu.clock import now
from tests import make
from tests.people import user
from tests.tickets.api.conftest import Api, firm_of, here
from tickets.access import Caller
from tickets.models import Deadline
from tickets.services import dispatch
from tickets.services.codes import access_code
from tickets.services.sweep import sweep

STRANGERS = ("officer.land", "head.land", "officer.discipline", "auditor", "sysadmin")


def test_the_firm_reads_its_request_with_the_code(db):
    ticket = here(make.signed)
    response = firm_of(ticket).get(f"tickets/{ticket.number}/")

    assert response["ETag"] == f'"{ticket.version}"'
    said = response.json()
    assert (said["status"], said["chain_tag"], said["department"]) == (
        "in_progress",
        "capital",
        {"code": "finance", "name": "金融办"},
    )
    assert said["officer"] == "陈伟"
    assert said["contact"] == {"name": "李娜", "phone": "13800000000"}
    assert said["moves"] == ["withdraw", "urge"]
    assert access_code(ticket.number) not in response.content.decode()


def test_deadlines_and_timeline_have_the_shape_of_the_interface(staff):
    ticket = here(make.signed)
    said = staff("officer.finance").read(ticket)

    clocks = {one["clock"]: one for one in said["deadlines"]}
    wanted = {"clock", "round", "promised_due_at", "due_at", "met_at", "breached_at", "provisional"}
    assert all(wanted <= set(one) for one in said["deadlines"])
    assert clocks["SIGN"]["met_at"]
    assert clocks["RESOLVE"]["met_at"] is None
    assert clocks["RESOLVE"]["due_at"].endswith("+08:00")
    assert clocks["FULL"]["due_at"] is None
    assert [line["kind"] for line in said["timeline"]] == ["submit", "route", "sign", "contact"]
    assert [line["seq"] for line in said["timeline"]] == [1, 2, 3, 4]
    assert said["timeline"][3]["actor"] == "陈伟"
    assert said["timeline"][3]["text"] == "已电话联系，约定周二到厂。"


def test_the_firm_hears_the_reply_when_it_is_delivered_not_before(db):
    ticket = here(make.replied)
    said = firm_of(ticket).read(ticket)
    assert "reply" not in [line["kind"] for line in said["timeline"]]
    assert said["outcome"] is None

    firm_of(ticket).move(ticket, "withdraw")
    assert firm_of(ticket).read(ticket)["outcome"] is None

    delivered = here(make.answered)
    said = firm_of(delivered).read(delivered)
    assert said["outcome"] == "solved"
    assert said["timeline"][-1]["text"] == "已协调农商银行授信1500万元。"
    assert said["moves"] == ["rate", "rework", "withdraw", "urge"]


@pytest.mark.parametrize("who", STRANGERS)
def test_strangers_get_the_404_of_a_number_that_does_not_exist(staff, who):
    ticket = here()
    stranger = staff(who)
    real = stranger.get(f"tickets/{ticket.number}/")
    missing = stranger.get("tickets/QH-20200101-000001/")
    assert (real.status_code, real.content) == (404, missing.content)
    for path in ("decision/", "deadlines/RESOLVE/explain/"):
        assert stranger.get(f"tickets/{ticket.number}/{path}").status_code == 404


def test_without_a_code_and_with_a_wrong_one_there_is_nothing_to_see(anybody):
    ticket = here()
    assert anybody.get(f"tickets/{ticket.number}/").status_code == 404
    wrong = anybody.get(f"tickets/{ticket.number}/", X_Access_Code="AAAA-AAAA")
    assert wrong.status_code == 404
    other = access_code(here().number)
    assert anybody.get(f"tickets/{ticket.number}/", X_Access_Code=other).status_code == 404


def test_guessed_codes_are_locked_out_but_not_the_holder_elsewhere(anybody):
    ticket = here()
    answers = [anybody.get(f"tickets/{ticket.number}/", X_Access_Code=f"WRNG-{n:04}") for n in range(8)]
    assert answers[-1].status_code == 429
    assert int(answers[-1]["Retry-After"]) > 0
    assert anybody.get(f"tickets/{ticket.number}/", X_Access_Code=access_code(ticket.number)).status_code == 429
    elsewhere = Api(**{"X-Access-Code": access_code(ticket.number)})
    elsewhere.client.defaults["REMOTE_ADDR"] = "10.9.8.7"
    assert elsewhere.read(ticket)["number"] == ticket.number


def test_staff_with_a_code_are_staff(staff):
    ticket = here()
    officer = staff("officer.finance")
    code = {"X_Access_Code": access_code(ticket.number)}
    assert "sign" in officer.get(f"tickets/{ticket.number}/", **code).json()["moves"]
    assert staff("officer.land").get(f"tickets/{ticket.number}/", **code).status_code == 404


@pytest.mark.parametrize(
    ("who", "phone"),
    [
        ("officer.finance", "13800000000"),
        ("head.finance", "13800000000"),
        ("intake", "13800000000"),
        ("dispatcher", "138****0000"),
        ("director", "138****0000"),
        ("supervisor", "138****0000"),
        ("leader", "138****0000"),
        ("officer.rural-bank", "138****0000"),
    ],
)
def test_only_those_who_call_the_firm_see_its_phone(staff, who, phone):
    ticket = here(make.triaged)
    dispatch.assign(
        ticket_id=ticket.pk,
        caller=Caller(user("dispatcher")),
        at=now(),
        department="finance",
        co_departments=["rural-bank"],
    )
    assert staff(who).read(ticket)["contact"]["phone"] == phone


@pytest.mark.parametrize(
    ("who", "named"),
    [("officer.finance", False), ("head.finance", False), ("intake", True), ("supervisor", True), ("leader", False)],
)
def test_a_shielded_firm_is_an_alias_to_departments(staff, who, named):
    ticket = here(shielded=True)
    caller = staff(who)
    text = caller.get(f"tickets/{ticket.number}/").content.decode() + caller.get("tickets/").content.decode()
    assert ("衢州安捷线束有限公司" in text) is named
    assert ("身份保密企业" in text) is not named
    if not named:
        assert "李娜" not in text
        assert "0000" not in caller.read(ticket)["contact"]["phone"]
    assert firm_of(ticket).read(ticket)["enterprise"]["name"] == "衢州安捷线束有限公司"


def test_a_restricted_request_is_for_discipline_and_supervisors(staff):
    ticket = here(qr="DEMO-SERVICE", category="SRV-04")
    assert ticket.restricted
    for who in ("dispatcher", "intake", "director", "leader", "officer.service-centre"):
        assert staff(who).get(f"tickets/{ticket.number}/").status_code == 404
        assert ticket.number not in staff(who).get("tickets/").content.decode()
    for who in ("officer.discipline", "supervisor"):
        assert staff(who).read(ticket)["status"] == "assigned"


def test_reading_takes_few_statements(staff, django_assert_max_num_queries):
    ticket = here(make.answered)
    officer, firm = staff("officer.finance"), firm_of(ticket)
    with django_assert_max_num_queries(8):
        officer.read(ticket)
    with django_assert_max_num_queries(12):
        firm.read(ticket)


def test_officials_read_why_it_is_here(staff):
    ticket = here()
    said = staff("officer.finance").get(f"tickets/{ticket.number}/decision/").json()
    assert said["department"] == {"code": "finance", "name": "金融办"}
    assert said["rule"]["name"]
    assert "资金链" in said["reason"]
    assert said["facts"]["chain_tag"] == "capital"
    assert "text" not in said["facts"]


def test_what_no_rule_fits_has_a_decision_without_a_department(staff):
    said = staff("dispatcher").get(f"tickets/{here(make.triaged).number}/decision/").json()
    assert said["department"] is None
    assert "转人工研判" in said["reason"]


def test_the_reasons_are_for_officials_and_come_with_the_routing(staff):
    waiting = here(make.submitted)
    assert firm_of(waiting).get(f"tickets/{waiting.number}/decision/").status_code == 403
    assert staff("dispatcher").get(f"tickets/{waiting.number}/decision/").status_code == 404


def test_a_due_time_is_derived_day_by_day(staff):
    ticket = here()
    said = staff("head.finance").get(f"tickets/{ticket.number}/deadlines/RESOLVE/explain/").json()
    stored = Deadline.objects.get(ticket=ticket, clock="RESOLVE")
    assert said["promise"] == "5wd"
    assert said["steps"][-1]["at"] == said["due_at"]
    assert said["steps"][-1]["text"].startswith("到期")
    assert len([step for step in said["steps"] if "个工作日，至" in step["text"]]) == 5
    assert stored.due_at.isoformat()[:10] in said["due_at"]


def test_a_pause_is_part_of_the_derivation(staff):
    ticket = make.replied()
    caller = make.head_of(ticket)
    make.review.send_back(ticket_id=ticket.pk, caller=caller, at=make.MONDAY + 120 * make.MINUTE, text="请写明利率。")
    said = staff("head.finance").get(f"tickets/{ticket.number}/deadlines/RESOLVE/explain/").json()
    assert said["due_at"] != said["promised_due_at"]
    assert said["steps"][-1]["at"] == said["due_at"]


def test_clocks_that_are_not_there(staff):
    ticket = here()
    officer, path = staff("officer.finance"), f"tickets/{ticket.number}/deadlines/"
    assert officer.get(f"{path}REVIEW/explain/").status_code == 404
    assert officer.get(f"{path}NOPE/explain/").status_code == 404
    assert officer.get(f"{path}RESOLVE/explain/?round=2").status_code == 404
    assert officer.get(f"{path}RESOLVE/explain/?round=x").status_code == 422
    full = officer.get(f"{path}FULL/explain/?round=1").json()
    assert (full["promise"], full["steps"]) == (None, [])
    assert firm_of(ticket).get(f"{path}RESOLVE/explain/").status_code == 200


def test_officials_read_who_held_it_and_the_firm_does_not(staff):
    ticket = make.answered(at=now() - timedelta(hours=2))
    held = staff("officer.finance").read(ticket)["held"]
    assert [(one["holder"], one["department"], one["leg"]) for one in held] == [
        ("department", "finance", False),
        ("firm", "", False),
    ]
    assert held[0]["microseconds"] == 40 * 60 * 1_000_000
    assert firm_of(ticket).read(ticket)["held"] == []


def test_the_ladder_is_told_to_staff_and_a_reason_is_taken(staff):
    ticket = make.signed()
    sweep(at=make.MONDAY + timedelta(days=30))
    path = f"tickets/{ticket.number}/deadlines/RESOLVE/"
    said = staff("head.finance").get(f"{path}explain/").json()["ladder"]
    assert [(one["step"], one["state"]) for one in said][:3] == [
        ("已用 70%", "lit"), ("到期前 1 个工作日", "lit"), ("到期", "lit")
    ]  # fmt: skip
    reason = {"reason": "等省厅批复，周五前答复。"}
    assert staff("officer.finance").post(f"{path}reason/", reason).status_code == 403
    assert staff("head.talent").post(f"{path}reason/", reason).status_code == 404
    assert staff("head.finance").post(f"{path}reason/", {"reason": " "}).status_code == 422
    done = staff("head.finance").post(f"{path}reason/", reason)
    assert (done.status_code, set(done.json())) == (200, {"number", "seq"})
    assert staff("head.finance").post(f"{path}reason/", reason).status_code == 409
