"""Steps, flows and ages by hand: what real moves leave in the projection, counted."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from routing.promises.models import CalendarVersion
from tests import make
from tests.people import user
from tests.see import local
from tickets.access import Caller
from tickets.figures import ageing, flows, forecast, pace, waiting
from tickets.figures.flows import OTHERS, SHOWN, SOURCE, Band
from tickets.figures.hazard import Observation
from tickets.figures.pace import Promise
from tickets.figures.projection import catch_up
from tickets.figures.seen import counting, own_officers, requests_of
from tickets.figures.window import Window
from tickets.models import Deadline, Stay, Ticket
from tickets.services import dispatch, handling, review
from tickets.workflow import Clock, Status

pytestmark = pytest.mark.django_db
MARCH = Window(local(3, 1, 0), local(4, 1, 0), local(3, 20, 12))
HOUR = timedelta(hours=1)


def every():
    return counting(Ticket.objects.all())


def wait(status: Status, department: str | None, window: Window = MARCH) -> waiting.Wait:
    found = waiting.waits(window, scope=every())
    return next(one for one in found if (one.status, one.department) == (status, department))


def handed_to(ticket: Ticket, department: str, *, at: datetime) -> None:
    dispatch.reassign(ticket_id=ticket.pk, caller=Caller(user("dispatcher")), at=at, department=department, text="x")


def signed_after(minutes: int, **more: object) -> Ticket:
    ticket = make.assigned(**more)
    handling.sign(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=make.MONDAY + timedelta(minutes=minutes))
    return ticket


def test_median_and_p90_are_of_the_steps_that_ended():
    for minutes in (10, 20, 30, 40, 50, 60, 70, 80, 90, 100):
        signed_after(minutes)
    make.assigned()
    catch_up(at=MARCH.as_of)
    found = wait(Status.ASSIGNED, "finance")
    assert (found.n, found.waiting) == (10, 1)
    assert (found.median, found.p90) == (55 * 60, 90 * 60)  # nearest rank: the ninth of ten
    assert not found.ranked
    assert wait(Status.ASSIGNED, None) == waiting.Wait(Status.ASSIGNED, None, 10, 55 * 60, 90 * 60, 1)
    assert wait(Status.IN_PROGRESS, "finance").waiting == 10
    assert wait(Status.IN_PROGRESS, "finance").median is None


def test_time_is_opening_time():
    """Assigned on Monday at 10:00, signed on Tuesday at 10:00: a day's opening time, not 24 hours."""
    signed_after(24 * 60)
    catch_up(at=MARCH.as_of)
    assert wait(Status.ASSIGNED, "finance").median < 9 * 3600


def test_a_step_that_ended_after_the_cut_off_was_still_waiting_then():
    signed_after(120)
    catch_up(at=MARCH.as_of)
    before = Window(MARCH.since, MARCH.until, make.MONDAY + HOUR)
    assert (wait(Status.ASSIGNED, "finance", before).n, wait(Status.ASSIGNED, "finance", before).waiting) == (0, 1)
    assert [one.status for one in waiting.stays(before, scope=every(), part="waiting")] == ["assigned"]
    assert not waiting.stays(before, scope=every(), part="ended", status="assigned")


def test_a_dispute_is_the_centres_step_and_reworked_steps_count_again():
    ticket = make.replied()
    review.send_back(
        ticket_id=ticket.pk, caller=make.head_of(ticket), at=make.MONDAY + HOUR, text="请补充授信银行名称后再报。"
    )
    make.disputed(at=make.MONDAY + HOUR)
    catch_up(at=MARCH.as_of)
    assert wait(Status.IN_PROGRESS, "finance").waiting == 1
    assert wait(Status.IN_PROGRESS, "finance").n == 2
    assert wait(Status.DISPUTED, "").waiting == 1


def test_the_flow_follows_the_lead_from_hand_to_hand():
    for hours in (1, 2):
        ticket = make.signed(at=make.MONDAY + hours * HOUR)
        handed_to(ticket, "land", at=make.MONDAY + (hours + 1) * HOUR)
    ticket = make.signed()
    for nth, department in enumerate(("land", "economy", "talent")):
        handed_to(ticket, department, at=make.MONDAY + (nth + 2) * HOUR)
    make.closed(outcome="partial"), make.triaged(), make.rejected(), make.withdrawn(), make.merged()
    catch_up(at=MARCH.as_of)
    found = flows.flow(MARCH, scope=every())
    assert (found.n, found.longer) == (8, 1)
    assert set(found.bands) == {
        Band(0, SOURCE, "finance", 7, ends=False),
        Band(0, SOURCE, "open", 1, ends=True),
        Band(1, "finance", "land", 3, ends=False),
        Band(1, "finance", "open", 1, ends=True),
        Band(1, "finance", "partial", 1, ends=True),
        Band(1, "finance", "rejected", 1, ends=True),
        Band(1, "finance", "withdrawn", 1, ends=True),
        Band(2, "land", "open", 2, ends=True),
        Band(2, "land", "talent", 1, ends=False),
        Band(3, "talent", "open", 1, ends=True),
    }
    assert [band.n for band in found.handed_over] == [3, 1]
    for band in found.bands:
        keys = flows.behind(MARCH, scope=every(), place=band.place, source=band.source, target=band.target)
        assert len(set(keys)) == len(keys) == band.n
    assert list(flows.behind(MARCH, scope=every(), place=2, source="land", target="talent")) == [ticket.pk]
    assert len(flows.behind(MARCH, scope=every(), target="open")) == 5
    assert flows.flow(MARCH, scope=Ticket.objects.none()).bands == ()


def test_small_departments_are_gathered(monkeypatch):
    monkeypatch.setattr(flows, "SHOWN", 1)
    make.closed(), make.closed(), make.closed(qr="DEMO-TALENT"), make.signed(qr="DEMO-INDUSTRY")
    catch_up(at=MARCH.as_of)
    bands = flows.flow(MARCH, scope=every()).bands
    assert {(band.source, band.target, band.n) for band in bands if band.place == 0} == {
        (SOURCE, "finance", 2),
        (SOURCE, OTHERS, 2),
    }
    assert len(flows.behind(MARCH, scope=every(), place=0, source=SOURCE, target=OTHERS)) == 2
    assert SHOWN == 12


def test_ages_by_band_and_department():
    at = MARCH.as_of
    for days in (0.5, 1, 2.9, 3, 14.9, 20, 61):
        make.assigned(at=at - timedelta(days=days))
    make.triaged(at=at - timedelta(hours=3)), make.closed(at=at - timedelta(days=2))
    finance, centre = ageing.ageing(every(), at=at)
    assert (finance.department, finance.counts, finance.total) == ("finance", (1, 2, 1, 1, 1, 0, 1), 7)
    assert (centre.department, centre.counts, centre.total) == ("", (1, 0, 0, 0, 0, 0, 0), 1)
    assert finance.oldest == at - timedelta(days=61)
    for band, count in zip(ageing.BANDS, finance.counts, strict=True):
        assert ageing.behind(every(), at=at, band=band.code, department="finance").count() == count


def test_the_next_working_days_skip_days_off():
    """Friday 18:00, the calendar of 2026: Friday itself, then Monday to Thursday."""
    made = make.assigned(at=local(3, 20, 9))
    found = forecast.forecast(every(), at=local(3, 20, 10))
    assert [f"{day:%a %d}" for day in found.days] == ["Fri 20", "Mon 23", "Tue 24", "Wed 25", "Thu 26"]
    due = dict(
        Deadline.objects.filter(ticket=made, clock__in=["SIGN", "CONTACT", "RESOLVE"]).values_list("clock", "due_at")
    )
    assert {one.clock: one.due_at for one in found.stakes} == {
        clock: at for clock, at in due.items() if at < local(3, 27, 0)
    }
    assert all(one.day in found.days for one in found.stakes)


def test_what_is_paused_broken_or_ended_is_not_at_stake():
    make.suspended(), make.closed(), make.withdrawn()
    assert forecast.forecast(every(), at=make.MONDAY + 2 * HOUR).stakes == ()
    make.assigned()
    assert forecast.forecast(every(), at=make.MONDAY + timedelta(days=60)).stakes == ()


def test_a_promise_is_seen_from_its_start_or_from_when_one_looks():
    version = CalendarVersion.objects.filter(calendar__region="", published_at__isnull=False).latest("number").pk
    start, due = datetime(2026, 3, 2, 0, tzinfo=UTC), datetime(2026, 3, 12, 0, tzinfo=UTC)
    one = Promise("CONTACT", "finance", "330800", "h", version, start, due, due, start + timedelta(days=4), met=True)
    assert one.seen(start - HOUR, due) == Observation(-math.inf, pytest.approx(0.4), done=True)
    assert one.seen(start + timedelta(days=2), due) == Observation(pytest.approx(0.2), pytest.approx(0.4), done=True)
    running = one._replace(ended_at=None, met=False)
    assert running.seen(start, due + timedelta(days=5)) == Observation(-math.inf, pytest.approx(1.5), done=False)
    working = running._replace(unit="wd", due_at=local(3, 6, 18), promised_due_at=local(3, 6, 18))
    assert working.used(local(3, 7, 12)) == working.used(local(3, 8, 12))  # a weekend uses nothing


def test_the_pace_is_learned_from_what_was_met_broken_and_still_runs():
    for hours in range(3):
        make.replied(at=make.MONDAY + hours * HOUR)
    make.signed(), make.assigned(), make.withdrawn()
    at = make.MONDAY + 8 * HOUR
    known, since = pace.paces(at=at)
    assert since == at - timedelta(days=pace.DAYS)
    everybody = known.by_group["SIGN", "all", ""]
    assert everybody.open_at(-1.0) == 6
    assert known.by_group["SIGN", "department", "finance"].open_at(-1.0) == 6


def test_with_many_ends_fewer_days_are_looked_back(monkeypatch):
    monkeypatch.setattr(pace, "MOST", 2)
    for hours in range(5):
        make.signed(at=make.MONDAY + hours * HOUR)
    known, since = pace.paces(at=make.MONDAY + 8 * HOUR)
    assert since == make.MONDAY + 2 * HOUR + timedelta(minutes=10)  # the third newest contact
    assert known.by_group["CONTACT", "all", ""].open_at(1e9) == 0


def test_a_promise_that_came_far_is_likelier_to_break():
    for nth in range(40):
        signed_after(5 + nth)
    old = make.assigned()
    new = make.assigned(at=make.MONDAY + 50 * make.MINUTE)
    chances = {
        one.ticket: one.chance.p
        for one in forecast.forecast(every(), at=make.MONDAY + HOUR).stakes
        if one.clock == Clock.SIGN
    }
    assert chances[old.pk] > 0.4
    assert chances[new.pk] < 0.1


def test_numbers_cover_what_their_reader_sees(cast):
    make.assigned(), make.assigned(qr="DEMO-TALENT"), make.merged(), make.routed(qr="DEMO-SERVICE", category="SRV-04")
    assert requests_of(cast.leader).count() == 3
    assert requests_of(cast.supervisor).count() == 3
    assert requests_of(cast.head).count() == 2
    assert own_officers(cast.head) == ("finance",)
    assert own_officers(cast.leader) == ()


def test_a_return_upheld_goes_on_to_the_next_department():
    ticket = make.disputed()
    dispatch.rule_on_return(
        ticket_id=ticket.pk,
        caller=Caller(user("dispatcher")),
        at=make.MONDAY + HOUR,
        upheld=True,
        department="economy",
        text="属经信职责",
    )
    catch_up(at=MARCH.as_of)
    assert Band(1, "finance", "economy", 1, ends=False) in flows.flow(MARCH, scope=every()).bands
    assert Stay.objects.filter(ticket=ticket, came_from="finance", department="economy").exists()
