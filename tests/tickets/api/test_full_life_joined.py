"""Whole lives told through pages and API that begin with somebody else's hand or end in another request."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client

from qihu.clock import now
from qihu.outbox.consume import drain
from tests import make
from tests.tickets.api.conftest import BODY, Api, here
from tests.tickets.api.test_entries import BODY as ENTRY
from tests.tickets.api.test_entries import SOURCE
from tests.tickets.api.test_full_life import done, told
from tickets.models import Confirmation, Source, Ticket
from tickets.services.codes import access_code
from tickets.services.confirming import token_of
from tickets.services.sweep import sweep


def answer_to(ticket: Ticket, staff) -> None:
    officer = staff("officer.finance")
    done(officer.move(ticket, "sign"), "in_progress")
    done(officer.move(ticket, "contact", {"text": "已电话联系。"}), "in_progress")
    done(officer.move(ticket, "interim", {"text": "本周对接银行。"}), "in_progress")
    done(officer.move(ticket, "reply", {"outcome": "solved", "text": "已授信1500万元。"}), "reviewing")
    done(staff("head.finance").move(ticket, "deliver"), "answered")


def sent_in(anybody: Api, **more: object) -> tuple[Ticket, Api]:
    """By the QR code, and routed by the worker."""
    receipt = anybody.post("tickets/", BODY | more).json()
    drain()
    return Ticket.objects.get(number=receipt["number"]), Api(**{"X-Access-Code": receipt["access_code"]})


def test_from_the_qr_code_to_solved(anybody, staff):
    ticket, firm = sent_in(anybody)
    answer_to(ticket, staff)
    done(firm.move(ticket, "rate", {"process": 5, "result": 5}), "closed")
    assert firm.read(ticket)["outcome"] == "solved"
    told(ticket, "closed")


def test_two_firms_ask_the_same_and_both_read_the_answer(anybody, staff):
    ticket, firm = sent_in(anybody)
    more = {"enterprise": {"name": "衢州新材料有限公司"}, "contact": {"name": "王强", "phone": "13900000001"}}
    second, other = sent_in(anybody, **more)
    done(staff("intake").move(second, "merge", {"into": ticket.number}), "merged")
    answer_to(ticket, staff)
    assert "已授信1500万元。" in str(firm.read(ticket))
    assert other.read(second)["status"] == "merged"
    page = Client()
    page.post("/t/", {"number": second.number, "code": access_code(second.number)})
    assert "已授信1500万元。" in page.get(f"/t/{second.number}/").content.decode()
    told(ticket, "answered")
    told(second, "merged")


def test_entered_for_the_firm_confirmed_by_link_and_heard_of_again(staff):
    number = staff("intake").post("entries/", ENTRY).json()["number"]
    drain()
    ticket = Ticket.objects.get(number=number)
    link = f"/c/{token_of(Confirmation.objects.get())}/"
    phone = Client()
    assert make.TEXT in phone.get(link).content.decode()
    assert phone.post(link, {"state": "confirmed"}).status_code == 303
    assert staff("intake").move(ticket, "sources", SOURCE).status_code in {200, 201}
    assert Source.objects.filter(ticket=ticket).count() == 2
    answer_to(ticket, staff)
    told(ticket, "answered")


def test_rested_and_resumed_by_the_sweep(staff):
    ticket = here(make.signed)
    asked = staff("head.finance").move(ticket, "suspend", {"reason": "quota"}).json()["approval"]
    done(staff("director").post(f"approvals/{asked}/approve/", {"text": "同意。"}), "suspended")
    told(ticket, "suspended")
    later = now() + timedelta(days=120)
    while sweep(at=later):
        pass
    told(ticket, "in_progress", at=later)
