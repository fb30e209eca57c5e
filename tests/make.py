"""Requests made by the real moves, so that no test starts from a state that cannot be reached."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from tests.people import user
from tickets.access import Caller
from tickets.models import Approval, Leg, QRCode, Ticket
from tickets.services import (
    approvals,
    centre,
    closing,
    departure,
    dispatch,
    handling,
    intake,
    joining,
    legs,
    review,
)
from tickets.services.attachments import NO_FILES, Files

MONDAY = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai, an ordinary working day
MINUTE = timedelta(minutes=1)
TEXT = "新产线扩建，资金缺口1500万元，希望协调银行授信。"


def filed(**more: object) -> intake.Filed:
    fields = {
        "text": TEXT,
        "enterprise_name": "衢州安捷线束有限公司",
        "contact_name": "李娜",
        "contact_phone": "13800000000",
    }
    return intake.Filed(**(fields | more))


def receipt(
    *,
    qr: str = "DEMO-CAPITAL",
    at: datetime = MONDAY,
    key: str | None = None,
    files: Files = NO_FILES,
    **more: object,
) -> intake.Receipt:
    code = QRCode.objects.select_related("chain_tag", "category", "region").get(code=qr) if qr else None
    return intake.submit(filed=filed(**more), qr=code, key=key or str(uuid.uuid4()), at=at, files=files)


def submitted(*, at: datetime = MONDAY, **more: object) -> Ticket:
    return receipt(at=at, **more).ticket


def routed(*, at: datetime = MONDAY, **more: object) -> Ticket:
    """Assigned by the rules, or in triage where none fits."""
    ticket = submitted(at=at, **more)
    intake.route_all(ticket_ids=[ticket.pk], at=at)
    return fresh(ticket)


assigned = routed


def triaged(*, at: datetime = MONDAY, **more: object) -> Ticket:
    return routed(at=at, **({"qr": "DEMO"} | more))


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.select_related("filing", "department", "region").get(pk=ticket.pk)


def officer_of(ticket: Ticket) -> Caller:
    return Caller(user(f"officer.{ticket.department.code}"))


def head_of(ticket: Ticket) -> Caller:
    return Caller(user(f"head.{ticket.department.code}"))


def signed(*, at: datetime = MONDAY, **more: object) -> Ticket:
    ticket = assigned(at=at, **more)
    handling.sign(ticket_id=ticket.pk, caller=officer_of(ticket), at=at + 5 * MINUTE)
    handling.contact(
        ticket_id=ticket.pk, caller=officer_of(ticket), at=at + 10 * MINUTE, text="已电话联系，约定周二到厂。"
    )
    return fresh(ticket)


def replied(*, at: datetime = MONDAY, outcome: str = "solved", **more: object) -> Ticket:
    ticket = signed(at=at, **more)
    handling.reply(
        ticket_id=ticket.pk,
        caller=officer_of(ticket),
        at=at + 30 * MINUTE,
        outcome=outcome,
        text="已协调农商银行授信1500万元。",
    )
    return fresh(ticket)


def answered(*, at: datetime = MONDAY, **more: object) -> Ticket:
    ticket = replied(at=at, **more)
    review.deliver(ticket_id=ticket.pk, caller=head_of(ticket), at=at + 40 * MINUTE)
    return fresh(ticket)


def closed(*, at: datetime = MONDAY, process: int = 5, result: int = 5, **more: object) -> Ticket:
    ticket = answered(at=at, **more)
    closing.rate(ticket_id=ticket.pk, at=at + 60 * MINUTE, process=process, result=result)
    return fresh(ticket)


def withdrawn(*, at: datetime = MONDAY, **more: object) -> Ticket:
    ticket = assigned(at=at, **more)
    closing.withdraw(ticket_id=ticket.pk, at=at + 5 * MINUTE, reason="已自行解决")
    return fresh(ticket)


def assigned_by_hand(*, at: datetime = MONDAY, department: str = "finance", **more: object) -> Ticket:
    ticket = triaged(at=at, **more)
    dispatch.assign(ticket_id=ticket.pk, caller=Caller(user("dispatcher")), at=at + MINUTE, department=department)
    return fresh(ticket)


def info_needed(*, at: datetime = MONDAY, **more: object) -> Ticket:
    ticket = assigned(at=at, **more)
    centre.request_info(
        ticket_id=ticket.pk, caller=Caller(user("intake")), at=at + 5 * MINUTE, items=["近三年纳税证明"]
    )
    return fresh(ticket)


def disputed(*, at: datetime = MONDAY, **more: object) -> Ticket:
    ticket = signed(at=at, **more)
    departure.object_to(
        ticket_id=ticket.pk,
        caller=head_of(ticket),
        at=at + 20 * MINUTE,
        reason="not_our_duty",
        basis="“三定”规定第四条",
        suggested_department="economy",
    )
    return fresh(ticket)


def asked_to_rest(*, at: datetime = MONDAY, **more: object) -> Approval:
    ticket = signed(at=at, **more)
    done = departure.suspend(ticket_id=ticket.pk, caller=head_of(ticket), at=at + 20 * MINUTE, reason="quota")
    return done.approval


def suspended(*, at: datetime = MONDAY, **more: object) -> Ticket:
    asked = asked_to_rest(at=at, **more)
    approvals.approve(approval_id=asked.pk, caller=Caller(user("director")), at=at + 25 * MINUTE)
    return fresh(asked.ticket)


def asked_to_reject(*, at: datetime = MONDAY, **more: object) -> Approval:
    ticket = assigned(at=at, **more)
    done = centre.reject(
        ticket_id=ticket.pk,
        caller=Caller(user("intake")),
        at=at + 5 * MINUTE,
        reason="litigation",
        text="案件已由法院受理，请向承办法官反映。",
    )
    return done.approval


def rejected(*, at: datetime = MONDAY, **more: object) -> Ticket:
    asked = asked_to_reject(at=at, **more)
    approvals.approve(approval_id=asked.pk, caller=Caller(user("dispatcher")), at=at + 10 * MINUTE)
    return fresh(asked.ticket)


def merged(*, at: datetime = MONDAY, **more: object) -> Ticket:
    parent, ticket = assigned(at=at, **more), assigned(at=at, **more)
    joining.merge(ticket_id=ticket.pk, caller=Caller(user("intake")), at=at + 5 * MINUTE, into=parent.number)
    return fresh(ticket)


def split(*, at: datetime = MONDAY, **more: object) -> Ticket:
    """Led by the service centre, with a part at finance and one at land."""
    ticket = assigned(at=at, **more)
    parts = [
        {"text": "协调银行授信1500万元。", "department": "finance"},
        {"text": "协调扩建用地20亩。", "department": "land"},
    ]
    joining.split(ticket_id=ticket.pk, caller=Caller(user("dispatcher")), at=at + 5 * MINUTE, parts=parts)
    return fresh(ticket)


def helped(*, at: datetime = MONDAY, department: str = "rural-bank", **more: object) -> Leg:
    """A signed request with one leg, waiting for its co-handler."""
    ticket = signed(at=at, **more)
    done = legs.assign_leg(ticket_id=ticket.pk, caller=head_of(ticket), at=at + 15 * MINUTE, departments=[department])
    return done.legs[0]
