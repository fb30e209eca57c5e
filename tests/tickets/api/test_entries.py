"""On-behalf entry and further sources by the API: the staff's alone, and each within its reach."""

from __future__ import annotations

import pytest

from tests import make
from tests.tickets.api.conftest import firm_of, here
from tickets.models import Confirmation, Source, Ticket

BODY = {
    "channel": "hotline",
    "received_at": "2026-03-02T10:00:00+08:00",
    "reference": "12345-0001",
    "text": make.TEXT,
    "chain_tag": "capital",
    "enterprise": {"name": "衢州安捷线束有限公司"},
    "contact": {"name": "李娜", "phone": "138 0000 0000"},
}
SOURCE = {"channel": "counter", "received_at": "2026-03-02T10:00:00+08:00", "reference": "C-7", "detail": "窗口又来问"}


def test_intake_enters_and_a_repeat_is_the_same(staff):
    intake = staff("intake")
    first = intake.post("entries/", BODY, Idempotency_Key="k1")
    assert first.status_code == 201
    assert set(first.json()) == {"number", "submitted_at", "url"}, "the access code is the firm's"
    again = intake.post("entries/", BODY, Idempotency_Key="k1")
    assert (again.status_code, again.json()) == (200, first.json())
    ticket = Ticket.objects.get()
    assert (ticket.channel, ticket.region_id, ticket.chain_tag_id) == ("hotline", "330800", "capital")
    assert (Source.objects.count(), Confirmation.objects.count()) == (1, 1)


def test_the_other_systems_number_is_taken_once(staff):
    intake = staff("intake")
    number = intake.post("entries/", BODY).json()["number"]
    refused = intake.post("entries/", BODY | {"text": "换一种说法，还是同一张工单的事。"})
    assert (refused.status_code, refused.json()["code"]) == (409, "known-source")
    assert number in refused.json()["detail"]


@pytest.mark.parametrize("who", ["dispatcher", "director", "supervisor", "leader", "officer.discipline"])
def test_nobody_else_enters(staff, who):
    assert staff(who).post("entries/", BODY).status_code == 403
    assert not Ticket.objects.exists()


def test_a_department_enters_its_visits_alone(staff):
    officer = staff("officer.finance")
    assert officer.post("entries/", BODY).status_code == 403
    assert officer.post("entries/", BODY | {"channel": "visit"}).status_code == 201


def test_a_stranger_and_a_firm_are_told_to_sign_in(anybody):
    ticket = here()
    for caller in (anybody, firm_of(ticket)):
        assert caller.post("entries/", BODY).status_code == 401
        assert caller.move(ticket, "sources", SOURCE).status_code == 401


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("channel", "qr"),
        ("channel", None),
        ("received_at", "2999-01-01T00:00:00+08:00"),
        ("received_at", "昨天"),
        ("reference", "x" * 500),
        ("detail", "x" * 5000),
        ("text", ""),
        ("enterprise", {}),
        ("contact", {"name": "李娜", "phone": "1"}),
        ("region", "000000"),
        ("chain_tag", "none"),
    ],
)
def test_what_cannot_be_is_named_by_its_field(staff, field, value):
    answer = staff("intake").post("entries/", BODY | {field: value})
    assert answer.status_code == 422
    assert any(name.split(".")[0] == field for name in answer.json()["errors"])
    assert not Ticket.objects.exists()


def test_a_second_source_is_no_second_request(staff):
    ticket = here()
    answer = staff("intake").move(ticket, "sources", SOURCE)
    assert (answer.status_code, answer.json()["move"]) == (200, "source")
    assert (Ticket.objects.count(), Source.objects.get().reference) == (1, "C-7")
    again = staff("intake").move(ticket, "sources", SOURCE)
    assert (again.status_code, again.json()["code"]) == (409, "known-source")


def test_who_may_not_enter_adds_no_source_and_who_may_not_see_finds_nothing(staff):
    ticket = here()
    assert staff("dispatcher").move(ticket, "sources", SOURCE).status_code == 403
    assert staff("officer.land").move(ticket, "sources", SOURCE).status_code == 404
    assert staff("intake").move(here(make.withdrawn), "sources", SOURCE).status_code == 409
