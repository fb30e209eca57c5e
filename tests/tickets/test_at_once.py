"""Two people, two sweepers, two taps at the same moment: real threads, real commits."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connections

from qihu.accounts.models import User
from qihu.errors import Conflict, DomainError
from tests import make
from tickets.access import Caller
from tickets.models import Alert, Deadline, Event, Filing, Ticket
from tickets.services import closing, handling, intake, review, sweep

pytestmark = pytest.mark.usefixtures("committed")
LATER = timedelta(hours=1)


def at_once(*verbs: Callable[[], object]) -> list[object]:
    """Run the verbs at the same moment, each on a connection of its own; what each returned or was refused with."""
    results: list[object] = [None] * len(verbs)
    ready = threading.Barrier(len(verbs))

    def run(place: int) -> None:
        try:
            ready.wait(timeout=10)
            results[place] = verbs[place]()
        except DomainError as refusal:
            results[place] = refusal
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(verbs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def test_two_officers_sign_at_once_and_the_second_is_told_who_was_first(cast):
    ticket = make.assigned()
    second = User.objects.create_user("officer2.finance", name="赵敏")
    second.grants.create(role="officer", department=ticket.department)
    callers = [cast.as_officer, Caller(second)]
    results = at_once(
        *(
            lambda caller=caller: handling.sign(ticket_id=ticket.pk, caller=caller, at=make.MONDAY + LATER)
            for caller in callers
        )
    )
    refused = [r for r in results if isinstance(r, Conflict)]
    assert len(refused) == 1
    winner = make.fresh(ticket).officer
    assert winner.name in refused[0].message
    assert Event.objects.filter(ticket=ticket, kind="sign").count() == 1
    second.grants.all().delete()


def test_the_same_key_at_once_makes_one_request():
    results = at_once(*(lambda: make.receipt(key="one-form") for _ in range(6)))
    assert len({r.ticket.pk for r in results}) == 1
    assert Counter(r.repeated for r in results) == {True: 5, False: 1}
    assert len({r.access_code for r in results}) == 1
    assert Ticket.objects.count() == Filing.objects.count() == Event.objects.count() == 1


@pytest.mark.parametrize(
    ("start", "first", "other"),
    [
        (
            make.replied,
            lambda t: review.deliver(ticket_id=t.pk, caller=make.head_of(t), at=make.MONDAY + LATER),
            lambda t: review.send_back(ticket_id=t.pk, caller=make.head_of(t), at=make.MONDAY + LATER, text="重写"),
        ),
        (
            make.answered,
            lambda t: closing.rate(ticket_id=t.pk, at=make.MONDAY + LATER, process=5, result=5),
            lambda t: closing.rework(ticket_id=t.pk, at=make.MONDAY + LATER, reason="没有解决"),
        ),
        (
            make.assigned,
            lambda t: handling.sign(ticket_id=t.pk, caller=make.officer_of(t), at=make.MONDAY + LATER),
            lambda t: closing.withdraw(ticket_id=t.pk, at=make.MONDAY + LATER),
        ),
    ],
    ids=["deliver or send back", "rate or rework", "sign or withdraw"],
)
def test_two_that_exclude_each_other_leave_a_sound_log(start, first, other):
    ticket = start()
    at_once(lambda: first(ticket), lambda: other(ticket))
    events = list(Event.objects.filter(ticket=ticket).order_by("seq"))
    assert [e.seq for e in events] == list(range(1, len(events) + 1))
    previous = b""
    status = ""
    for event in events:
        assert event.from_status == status
        assert bytes(event.hash) == event.chained(previous)
        previous, status = bytes(event.hash), event.to_status or status
    assert make.fresh(ticket).status == status


def test_four_sweepers_fire_each_breach_once():
    tickets = [make.assigned() for _ in range(30)]
    late = make.MONDAY + timedelta(days=60)

    def fire() -> int:
        fired = total = sweep.sweep(at=late, limit=7)
        while fired:
            fired = sweep.sweep(at=late, limit=7)
            total += fired
        return total

    results = at_once(*(fire for _ in range(4)))
    sweep.sweep(at=late)  # what every sweeper skipped because another held it
    breaches, steps = 6 * len(tickets), 5 * len(tickets)  # SUPERVISE, which the ladder started, has broken too
    expected = breaches + steps
    assert sum(results) <= expected
    assert Alert.objects.count() == expected
    assert Event.objects.filter(kind="breach").count() == breaches
    assert Event.objects.filter(kind="warning").count() == steps
    assert not Deadline.objects.filter(fires_at__lte=late).exists()


def test_routing_the_same_requests_at_once_routes_each_once():
    keys = [make.submitted().pk for _ in range(20)]
    results = at_once(*(lambda: intake.route_all(ticket_ids=keys, at=make.MONDAY) for _ in range(3)))
    assert sum(len(r) for r in results) == 20
    assert Event.objects.filter(kind="route").count() == 20
