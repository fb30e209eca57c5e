"""Where a rating came from: a keyed hash beside it, another one each month, gone with the firm's data."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from qihu.clock import now
from tests import make
from tickets import tasks
from tickets.models import Event, RatedFrom, Rating
from tickets.pages.firm import device
from tickets.services import closing, erasing, origins
from tickets.services.codes import access_code
from tickets.services.origins import Origin

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
AGENT = "Mozilla/5.0 MicroMessenger/8.0"
SCORES = {"process": 5, "result": 4}


def rated(origin: Origin, *, at=make.MONDAY) -> RatedFrom:
    ticket = make.answered(at=at)
    closing.rate(ticket_id=ticket.pk, at=at + 2 * HOUR, origin=origin, **SCORES)
    return RatedFrom.objects.get(rating__ticket=ticket)


def test_the_same_browser_is_the_same_hash_within_a_month_only():
    origin = Origin("token", "10.0.0.1 Chrome")
    one, other = rated(origin), rated(origin, at=make.MONDAY + timedelta(days=3))
    assert one.browser == other.browser
    assert one.network == other.network
    later = rated(origin, at=make.MONDAY + timedelta(days=31))
    assert later.browser != one.browser
    assert later.network != one.network
    assert len({bytes(one.browser), bytes(one.network), bytes(rated(Origin("other", "")).browser)}) == 3


def test_it_stands_beside_the_rating_and_not_in_the_log():
    row = rated(Origin("token-of-a-browser", "10.0.0.1 Chrome"))
    event = Event.objects.get(ticket=row.rating.ticket, seq=row.seq)
    assert event.kind == "rate"
    assert set(event.data) == {*SCORES, "clocks"}
    assert b"token" not in bytes(row.browser)
    assert len(row.browser) == len(row.network) == 32


def test_the_verb_needs_none():
    make.closed()
    assert not RatedFrom.objects.exists()


def held(client: Client, ticket) -> Client:
    client.post("/t/", {"number": ticket.number, "code": access_code(ticket.number)})
    return client


def test_the_firms_page_keeps_a_token_in_the_browser():
    client = Client(headers={"user-agent": AGENT})
    rows = []
    for _ in range(2):
        ticket = make.answered(at=now() - 3 * HOUR)
        held(client, ticket)
        answer = client.post(f"/t/{ticket.number}/rate/", SCORES)
        assert answer.status_code == 303
        rows.append(RatedFrom.objects.get(rating__ticket=ticket))
        cookie = client.cookies[device.COOKIE]
        assert cookie["httponly"]
        assert cookie["max-age"] == device.KEPT
    assert rows[0].browser == rows[1].browser
    other = Client(headers={"user-agent": AGENT})
    ticket = make.answered(at=now() - 3 * HOUR)
    held(other, ticket).post(f"/t/{ticket.number}/rate/", SCORES)
    elsewhere = RatedFrom.objects.get(rating__ticket=ticket)
    assert elsewhere.browser != rows[0].browser
    assert elsewhere.network == rows[0].network


def test_a_token_that_is_none_of_ours_is_replaced():
    client = Client()
    client.cookies[device.COOKIE] = "x" * 5000
    ticket = make.answered(at=now() - 3 * HOUR)
    held(client, ticket).post(f"/t/{ticket.number}/rate/", SCORES)
    assert len(client.cookies[device.COOKIE].value) == 22


def test_the_api_keeps_the_network_alone():
    ticket = make.answered(at=now() - 3 * HOUR)
    answer = Client(headers={"x-access-code": access_code(ticket.number), "user-agent": AGENT}).post(
        f"/api/v1/tickets/{ticket.number}/rate/", SCORES, content_type="application/json"
    )
    assert answer.status_code == 200, answer.content
    row = RatedFrom.objects.get(rating__ticket=ticket)
    assert row.browser is None
    assert row.network is not None


def test_it_goes_with_the_firms_data_and_the_rating_stays():
    row = rated(Origin("token", "10.0.0.1 Chrome"))
    ticket = row.rating.ticket
    erasing.erase(ticket_id=ticket.pk, cause="wish", at=make.MONDAY + timedelta(days=1))
    assert not RatedFrom.objects.exists()
    assert Rating.objects.filter(ticket=ticket).exists()


def test_it_is_forgotten_after_a_quarter():
    rated(Origin("token", ""), at=now() - origins.KEPT - timedelta(days=2))
    kept = rated(Origin("token", ""), at=now() - timedelta(days=5))
    tasks.housekeeping()
    assert list(RatedFrom.objects.values_list("pk", flat=True)) == [kept.pk]
