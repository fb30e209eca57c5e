"""谁办了多久: segments follow each other, and what everybody held adds up to the whole life."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from tests import make
from tickets.holding import HOLDERS, Holder, Holding, holding
from tickets.models import Event, Ticket
from tickets.services import closing, dispatch, handling, joining, legs, review
from tickets.terms import ENDED, Status

pytestmark = pytest.mark.django_db
MINUTE = make.MINUTE
LATER = make.MONDAY + timedelta(hours=6)


def held(ticket: Ticket, at=LATER) -> Holding:
    events = Event.objects.filter(ticket=ticket).select_related("department").order_by("seq")
    return holding(events, at=at)


def adds_up(account: Holding, *, since, until) -> None:
    """The identity of domain.md §3: no gap, no overlap, and the shares are the whole."""
    segments = account.segments
    assert (segments[0].since, segments[-1].until) == (since, until)
    assert all(one.until == other.since for one, other in pairwise(segments))
    assert sum(share.microseconds for share in account.shares) == account.whole
    assert timedelta(microseconds=account.whole) == until - since


def minutes(account: Holding) -> dict[str, int]:
    named = {f"{'+' * s.leg}{s.department or s.holder}": s.microseconds for s in account.shares}
    return {name: round(us / 60_000_000) for name, us in named.items()}


def test_every_status_has_a_holder_and_only_ends_have_none():
    assert set(HOLDERS) == set(Status)
    assert {status for status, holder in HOLDERS.items() if holder == Holder.NOBODY} == ENDED


def test_a_plain_life_is_the_centres_the_departments_and_the_firms(cast):
    ticket = make.triaged()
    dispatch.assign(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=make.MONDAY + 7 * MINUTE, department="finance")
    handling.sign(ticket_id=ticket.pk, caller=cast.as_officer, at=make.MONDAY + 10 * MINUTE)
    handling.reply(
        ticket_id=ticket.pk, caller=cast.as_officer, at=make.MONDAY + 40 * MINUTE, outcome="solved", text="已办妥。"
    )
    review.deliver(ticket_id=ticket.pk, caller=cast.as_head, at=make.MONDAY + 50 * MINUTE)
    closing.rate(ticket_id=ticket.pk, at=make.MONDAY + 90 * MINUTE, process=5, result=5)
    account = held(ticket)
    adds_up(account, since=make.MONDAY, until=make.MONDAY + 90 * MINUTE)
    assert minutes(account) == {"centre": 7, "finance": 43, "firm": 40}
    assert [s.status for s in account.segments] == ["triage", "assigned", "in_progress", "reviewing", "answered"]


def test_while_legs_are_open_the_lead_shares_its_time_with_them(cast):
    leg = make.helped()  # at 10:15, one leg
    ticket = leg.ticket
    legs.assign_leg(ticket_id=ticket.pk, caller=cast.as_head, at=make.MONDAY + 35 * MINUTE, departments=["economy"])
    bank = make.Caller(make.user("officer.rural-bank"))
    legs.leg_sign(ticket_id=ticket.pk, caller=bank, at=make.MONDAY + 40 * MINUTE)
    legs.leg_reply(ticket_id=ticket.pk, caller=bank, at=make.MONDAY + 65 * MINUTE, text="可以授信。")
    account = held(ticket, make.MONDAY + 85 * MINUTE)
    adds_up(account, since=make.MONDAY, until=make.MONDAY + 85 * MINUTE)
    # finance alone 15, then two share 20, three share 30, two share 20
    assert minutes(account) == {"finance": 15 + 10 + 10 + 10, "+rural-bank": 10 + 10, "+economy": 10 + 10}
    assert [(one.department, one.open) for one in account.legs] == [("rural-bank", False), ("economy", True)]


def test_what_does_not_divide_is_the_leads(cast):
    ticket = make.helped().ticket
    legs.assign_leg(ticket_id=ticket.pk, caller=cast.as_head, at=make.MONDAY + 15 * MINUTE, departments=["economy"])
    end = make.MONDAY + 15 * MINUTE + timedelta(microseconds=11)
    account = held(ticket, end)
    adds_up(account, since=make.MONDAY, until=end)
    assert [s.microseconds for s in account.shares if s.leg] == [3, 3]


def test_the_arbiter_holds_what_is_disputed_and_the_firm_what_it_is_asked_for(cast):
    ticket = make.disputed()  # at 10:20
    dispatch.rule_on_return(
        ticket_id=ticket.pk,
        caller=cast.as_dispatcher,
        at=make.MONDAY + 50 * MINUTE,
        upheld=True,
        text="成立",
        department="economy",
    )
    account = held(ticket, make.MONDAY + 60 * MINUTE)
    adds_up(account, since=make.MONDAY, until=make.MONDAY + 60 * MINUTE)
    assert minutes(account) == {"finance": 20, "centre": 30, "economy": 10}
    asked = make.info_needed()  # at 10:05
    assert minutes(held(asked, make.MONDAY + 20 * MINUTE)) == {"finance": 5, "firm": 15}


def test_nobody_holds_what_is_closed_until_it_is_reopened():
    ticket = make.closed()  # at 11:00
    day = timedelta(days=1)
    closing.reopen(ticket_id=ticket.pk, at=make.MONDAY + day, reason="贷款没有到账。")
    account = held(ticket, make.MONDAY + day + 5 * MINUTE)
    adds_up(account, since=make.MONDAY, until=make.MONDAY + day + 5 * MINUTE)
    assert minutes(account) == {"finance": 45, "firm": 20, "nobody": 23 * 60}


def test_a_helper_that_comes_to_lead_holds_as_the_lead(cast):
    ticket = make.assigned()
    legs.assign_leg(ticket_id=ticket.pk, caller=cast.as_head, at=make.MONDAY + 10 * MINUTE, departments=["economy"])
    dispatch.reassign(
        ticket_id=ticket.pk, caller=cast.as_dispatcher, at=make.MONDAY + 30 * MINUTE, department="economy", text="转"
    )
    account = held(ticket, make.MONDAY + 40 * MINUTE)
    adds_up(account, since=make.MONDAY, until=make.MONDAY + 40 * MINUTE)
    assert minutes(account) == {"finance": 20, "+economy": 10, "economy": 10}


def test_a_split_request_is_held_by_the_centre_that_leads_it_and_its_parts_by_theirs():
    ticket = make.split()  # at 10:05
    account = held(ticket, make.MONDAY + 25 * MINUTE)
    adds_up(account, since=make.MONDAY, until=make.MONDAY + 25 * MINUTE)
    assert minutes(account)["finance"] == 5
    for part in ticket.children.all():
        adds_up(held(part), since=make.MONDAY + 5 * MINUTE, until=LATER)


def test_a_merged_request_ends_and_its_legs_with_it(cast):
    parent, leg = make.assigned(), make.helped()
    joining.merge(ticket_id=leg.ticket_id, caller=cast.as_intake, at=make.MONDAY + 35 * MINUTE, into=parent.number)
    account = held(leg.ticket)
    adds_up(account, since=make.MONDAY, until=make.MONDAY + 35 * MINUTE)
    assert minutes(account) == {"finance": 25, "+rural-bank": 10}


def test_a_move_dated_before_its_predecessor_counts_from_it(cast):
    ticket = make.signed()  # 10:05
    handling.note(ticket_id=ticket.pk, caller=cast.as_officer, at=make.MONDAY + MINUTE, text="时钟慢了。")
    handling.reply(
        ticket_id=ticket.pk, caller=cast.as_officer, at=make.MONDAY + 4 * MINUTE, outcome="solved", text="已办妥。"
    )
    adds_up(held(ticket), since=make.MONDAY, until=LATER)


def test_without_a_log_nobody_has_held_anything():
    account = holding([], at=LATER)
    assert (account.whole, account.segments, account.shares, account.legs) == (0, [], [], [])
