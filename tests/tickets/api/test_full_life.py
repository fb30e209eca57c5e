"""Whole lives told through the API, and after each: what was held adds up, log and status agree, the chain verifies."""

from __future__ import annotations

from datetime import datetime

from qihu.clock import now
from tests import make
from tests.seals import verify
from tests.tickets.api.conftest import firm_of, here
from tickets.holding import holding
from tickets.models import Event, Leg, Shift, Ticket


def told(ticket: Ticket, status: str, *, at: datetime | None = None) -> None:
    """What must be true of every life, however it went."""
    ticket = make.fresh(ticket)
    events = list(Event.objects.filter(ticket=ticket).select_related("department").order_by("seq"))
    assert ticket.status == status == [event.to_status for event in events if event.to_status][-1]
    assert [event.seq for event in events] == list(range(1, ticket.last_seq + 1))
    account = holding(events, at=at or now())
    assert sum(share.microseconds for share in account.shares) == account.whole
    assert verify(ticket=ticket.number).startswith("日志完好：1 件诉求")


def done(answer, status: str) -> dict[str, object]:
    said = answer.json()
    assert (answer.status_code, said["status"]) == (200, status), said
    return said


def test_returned_ruled_credited_and_dispatched_again(staff):
    ticket = here(make.signed)
    grounds = {"reason": "not_our_duty", "basis": "“三定”规定第四条", "suggested_department": "economy"}
    done(staff("head.finance").move(ticket, "object", grounds), "disputed")
    ruling = {"upheld": True, "text": "属经信职责。", "department": "economy"}
    done(staff("dispatcher").move(ticket, "rule_on_return", ruling), "assigned")
    assert Shift.objects.filter(deadline__ticket=ticket, kind="credit").exists()
    officer = staff("officer.economy")
    done(officer.move(ticket, "sign"), "in_progress")
    assert officer.read(ticket)["department"]["code"] == "economy"
    assert staff("officer.finance").get(f"tickets/{ticket.number}/").status_code == 404
    told(ticket, "in_progress")


def test_facts_are_asked_for_and_given(staff):
    ticket = here()
    done(staff("intake").move(ticket, "request_info", {"items": ["近三年纳税证明"]}), "info_needed")
    done(firm_of(ticket).move(ticket, "supplement", {"text": "已补上近三年纳税证明。"}), "assigned")
    done(staff("officer.finance").move(ticket, "sign"), "in_progress")
    told(ticket, "in_progress")


def test_two_help_one_returns_and_the_gate_holds_until_the_other_has_answered(staff):
    ticket = here(make.signed)
    officer, bank, land = staff("officer.finance"), staff("officer.rural-bank"), staff("head.land")
    done(staff("head.finance").move(ticket, "assign_leg", {"departments": ["rural-bank", "land"]}), "in_progress")
    done(land.move(ticket, "leg_return", {"reason": "不涉及用地。"}), "in_progress")
    answer = {"outcome": "solved", "text": "已协调授信1500万元。"}
    assert officer.move(ticket, "reply", answer).status_code == 409, "the bank still owes its part"
    done(bank.move(ticket, "leg_sign"), "in_progress")
    done(bank.move(ticket, "leg_reply", {"text": "已授信。"}), "in_progress")
    done(officer.move(ticket, "reply", answer), "reviewing")
    done(staff("head.finance").move(ticket, "deliver"), "answered")
    assert sorted(Leg.objects.filter(ticket=ticket).values_list("status", flat=True)) == ["replied", "returned"]
    told(ticket, "answered")


def test_not_satisfied_done_again_and_opened_again_after_the_call_back(staff):
    ticket = here(make.answered)
    officer, firm = staff("officer.finance"), firm_of(ticket)
    done(firm.move(ticket, "rework", {"reason": "款没到账。"}), "assigned")
    done(officer.move(ticket, "sign"), "in_progress")
    done(officer.move(ticket, "reply", {"outcome": "solved", "text": "款已到账。"}), "reviewing")
    done(staff("head.finance").move(ticket, "deliver"), "answered")
    done(firm.move(ticket, "rate", {"process": 1, "result": 1}), "closed")
    called = {"contacted": True, "solved": False, "satisfied": False, "text": "企业说仍未到账。"}
    assert staff("intake").move(ticket, "call_back", called | {"was_contacted": "vielleicht"}).status_code == 422
    assert staff("intake").move(ticket, "call_back", called | {"was_contacted": False}).status_code == 200
    told_by_phone = ticket.events.filter(kind="call_back").latest("seq").data
    assert told_by_phone["was_contacted"] is False
    said = firm.read(ticket)
    assert said["round"] == 3
    told(ticket, said["status"])
    assert said["status"] == "assigned"
