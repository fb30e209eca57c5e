"""Two thumbs at once: real threads, real commits, one request."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from tests.tickets.pages.firm.conftest import Phone
from tickets.models import Event, Ticket


def test_the_same_form_posted_four_times_at_once_is_one_request(committed, phone):
    typed = phone.typed()

    def post(_: int) -> tuple[int, str]:
        try:
            answer = Phone().post("/q/DEMO-CAPITAL/", typed)
            return answer.status_code, answer["Location"]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(post, range(4)))
    ticket = Ticket.objects.get()
    assert answers == {(303, f"/t/{ticket.number}/")}
    assert Event.objects.count() == 1
