"""Each planted anomaly is found, with exactly its requests; what is ordinary beside it is not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests import make
from tests.make import MINUTE, MONDAY
from tests.people import user
from tests.tickets.figures.anomalies.plant import (
    DAY,
    HOUR,
    MARCH,
    WEEKDAYS,
    answered,
    firm,
    keys,
    only,
    ordinary,
    pks,
    rated,
    seen,
)
from tickets.access import Caller
from tickets.figures.anomalies import watched_by
from tickets.figures.window import of_dates
from tickets.models import Event
from tickets.services import approvals, callback, centre, closing, departure, dispatch, handling, joining, review
from tickets.services.origins import Origin
from tickets.services.topics import gathering

pytestmark = pytest.mark.django_db
BOILERPLATE = (
    "您反映的问题我局高度重视，已第一时间安排专人核实处理，相关政策请以官方网站公布为准，感谢您的理解与支持，编号{n}。"
)


def granted(done, *, at) -> None:
    approvals.approve(approval_id=done.approval.pk, caller=Caller(user("director")), at=at)


class TestQuick:
    def test_answers_within_minutes_of_working_time_are_found(self, cast):
        ordinary(12, qr="DEMO-INDUSTRY")
        slow = ordinary(4, first=20)
        fast = [answered(30 + n, at=day, took=4 * MINUTE) for n, day in enumerate(WEEKDAYS[:3])]
        evening = WEEKDAYS[3].replace(hour=9, minute=28)  # 17:28 in Shanghai: two minutes of work are left
        fast.append(answered(40, at=evening, took=WEEKDAYS[4].replace(hour=1, minute=3) - evening))
        group = only("quick_reply", cast.supervisor)
        assert keys(group) == pks(fast)
        assert not keys(group) & pks(slow)
        assert (group.value, group.observed, group.among) == ("department:finance", 4, 8)
        assert group.expected < 1
        assert "5 个工作分钟" in next(f.note for f in group.flags if f.ticket_id == fast[-1].pk)

    def test_a_second_round_is_reckoned_from_its_own_assignment(self, cast):
        tickets = [answered(n, at=day) for n, day in enumerate(WEEKDAYS[:4])]
        for ticket in tickets:
            at = ticket.answered_at + 3 * HOUR
            closing.rework(ticket_id=ticket.pk, at=at, reason="没有解决")
            officer = make.officer_of(ticket)
            handling.sign(ticket_id=ticket.pk, caller=officer, at=at + MINUTE)
            handling.reply(ticket_id=ticket.pk, caller=officer, at=at + 3 * MINUTE, outcome="solved", text="办好了")
        group = only("quick_reply", cast.supervisor)
        assert keys(group) == pks(tickets)
        assert {Event.objects.get(ticket=f.ticket_id, seq=f.seq).round for f in group.flags} == {2}

    def test_ratings_within_a_minute_of_the_delivery_are_found(self, cast):
        ordinary(10)
        fast = [rated(answered(30 + n, at=day), after=timedelta(seconds=20)) for n, day in enumerate(WEEKDAYS[:5])]
        group = only("quick_rating", cast.supervisor)
        assert keys(group) == pks(fast)
        assert {flag.note for flag in group.flags} == {"送达后 20 秒评价"}


class TestRatings:
    def test_a_burst_is_found_against_the_departments_own_pace(self, cast):
        ordinary(15)
        waiting = [answered(30 + n, at=MONDAY + n * MINUTE) for n in range(6)]
        at = WEEKDAYS[1] + 4 * HOUR
        for n, ticket in enumerate(waiting):
            closing.rate(ticket_id=ticket.pk, at=at + n * MINUTE, process=5, result=5)
        group = only("rating_burst", cast.supervisor)
        assert keys(group) == pks(waiting)
        assert group.value == "finance:20260303T1400"
        assert (group.observed, group.among) == (6, 21)
        assert group.expected < 0.1

    def test_one_browser_for_three_firms_is_found_and_one_firms_own_is_not(self, cast):
        for n in range(4):  # the same firm from the same phone
            rated(answered(1, at=WEEKDAYS[n]), origin=Origin("own-phone", f"10.0.0.{n} WeChat"))
        office = [
            rated(answered(30 + n, at=WEEKDAYS[n]), origin=Origin("office-pc", f"10.9.0.{n} Chrome")) for n in range(3)
        ]
        group = only("one_browser", cast.supervisor)
        assert keys(group) == pks(office)
        assert "3 家企业的 3 个评价" in group.why
        assert seen("one_network", watched_by(cast.supervisor)).groups == ()

    def test_one_network_for_eight_firms_on_a_day_is_found(self, cast):
        tickets = [rated(answered(n, at=MONDAY + n * MINUTE), origin=Origin("", "10.9.0.1 Chrome")) for n in range(8)]
        rated(answered(50, at=WEEKDAYS[5]), origin=Origin("", "10.9.0.1 Chrome"))  # another day
        assert keys(only("one_network", cast.supervisor)) == pks(tickets)


class TestAlike:
    def test_the_same_words_to_three_firms_are_found(self, cast):
        ordinary(10)
        alike = [answered(30 + n, at=WEEKDAYS[n], text=BOILERPLATE.format(n=n)) for n in range(4)]
        group = only("alike_replies", cast.supervisor)
        assert keys(group) == pks(alike)
        assert "4 家企业的 4 个答复" in group.why

    def test_one_firm_and_short_words_and_two_firms_are_not(self, cast):
        for n in range(4):
            answered(1, at=WEEKDAYS[n], text=BOILERPLATE.format(n=n))
            answered(20 + n, at=WEEKDAYS[n], text="已协调解决，请放心。")
        answered(2, at=WEEKDAYS[5], text=BOILERPLATE.format(n=9))
        assert seen("alike_replies", watched_by(cast.supervisor)).groups == ()

    def test_what_a_topic_or_a_merge_makes_the_same_is_not(self, cast):
        alike = [make.assigned(at=WEEKDAYS[n], enterprise_name=firm(n)) for n in range(4)]
        gathering.open_by_hand(
            caller=cast.as_dispatcher, at=WEEKDAYS[5], title="授信统一答复", tickets=sorted(pks(alike))
        )
        for ticket in alike:
            officer, at = make.officer_of(ticket), WEEKDAYS[5] + HOUR
            handling.sign(ticket_id=ticket.pk, caller=officer, at=at)
            handling.reply(
                ticket_id=ticket.pk, caller=officer, at=at + HOUR, outcome="solved", text=BOILERPLATE.format(n=1)
            )
        assert seen("alike_replies", watched_by(cast.supervisor)).groups == ()


class TestFlips:
    def test_denied_by_the_call_back_and_taken_back_by_the_next_round(self, cast):
        fine = ordinary(6)
        for ticket in fine:
            callback.call_back(
                ticket_id=ticket.pk, caller=cast.as_intake, at=ticket.closed_at + DAY, contacted=True, solved=True
            )
        denied = [rated(answered(30 + n, at=WEEKDAYS[n])) for n in range(4)]
        for ticket in denied:
            at = ticket.closed_at + DAY
            callback.call_back(ticket_id=ticket.pk, caller=cast.as_intake, at=at, contacted=True, solved=False)
            officer = make.officer_of(ticket)
            handling.sign(ticket_id=ticket.pk, caller=officer, at=at + HOUR)
            handling.reply(ticket_id=ticket.pk, caller=officer, at=at + 2 * HOUR, outcome="explained", text="政策如此")
        group = only("outcome_flip", cast.supervisor)
        assert keys(group) == pks(denied)
        assert (group.observed, group.among) == (8, 14)  # four call-backs and four later answers
        assert {flag.note for flag in group.flags} == {
            "答复“已解决”，回访说没有解决",
            "上一轮答复“已解决”，这一轮改为“解释说明”",
        }


class TestExclusions:
    def test_who_falls_under_twenty_by_exclusions(self, cast):
        closed = ordinary(20)
        left = closed[:2]
        for ticket in left:
            at = ticket.closed_at + DAY
            granted(
                centre.exclude(ticket_id=ticket.pk, caller=cast.as_supervisor, at=at, reason="企业误评"), at=at + HOUR
            )
        group = only("exclusion", cast.supervisor)
        assert keys(group) == pks(left)
        assert group.value == "finance:2026-03"
        assert "n 由 20 降到 18" in group.why

    def test_who_moves_up_and_who_does_it_at_the_last(self, cast):
        land = ordinary(20, qr="DEMO-INDUSTRY")
        assert all(ticket.department.code == "land" for ticket in land)
        ordinary(20, first=40)
        bad = [rated(answered(90 + n, at=WEEKDAYS[n]), result=1) for n in range(2)]
        assert seen("exclusion", watched_by(cast.supervisor)).groups == ()
        for ticket in bad:
            asked = centre.exclude(
                ticket_id=ticket.pk, caller=cast.as_supervisor, at=ticket.closed_at + DAY, reason="恶意差评"
            )
            granted(asked, at=ticket.closed_at + DAY + HOUR)
        group = only("exclusion", cast.supervisor)
        assert keys(group) == pks(bad)
        assert "名次由第 2 变为第 1" in group.why

    def test_at_the_last_moment_before_the_month_is_frozen(self, cast):
        closed = rated(answered(1, at=MONDAY), result=1)
        ordinary(3, first=10)
        at = MARCH.since + timedelta(days=91)  # 31 May
        granted(
            centre.exclude(ticket_id=closed.pk, caller=cast.as_supervisor, at=at, reason="恶意差评"), at=at + MINUTE
        )
        window = of_dates(date(2026, 5, 1), date(2026, 6, 1), as_of=at + DAY)
        group = only("exclusion", cast.supervisor, window)
        assert keys(group) == {closed.pk}
        assert "封账前 3 天内" in group.why

    def test_a_closed_request_made_a_test(self, cast):
        closed = ordinary(20)
        at = closed[3].closed_at + DAY
        granted(centre.mark_test(ticket_id=closed[3].pk, caller=cast.as_intake, at=at, reason="演练"), at=at + HOUR)
        group = only("exclusion", cast.supervisor)
        assert [flag.note for flag in group.flags] == ["转为测试件；本来算解决"]


class TestPuttingOff:
    def test_a_chain_of_steps_opens_its_events(self, cast):
        ticket = make.signed(difficulty="L4")
        head = make.head_of(ticket)
        at = MONDAY + DAY
        granted(departure.suspend(ticket_id=ticket.pk, caller=head, at=at, reason="quota"), at=at + HOUR)
        departure.resume(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=at + 2 * HOUR)
        granted(
            departure.extend(ticket_id=ticket.pk, caller=head, at=at + 3 * HOUR, reason="等", until=date(2026, 4, 20)),
            at=at + 4 * HOUR,
        )
        dispatch.classify(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=at + 5 * HOUR, difficulty="L3")
        assert seen("extension_chain", watched_by(cast.supervisor)).groups == ()
        dispatch.reassign(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=at + 6 * HOUR, department="economy")
        group = only("extension_chain", cast.supervisor)
        assert (group.value, group.label, group.observed) == (str(ticket.pk), ticket.number, 4)
        assert "挂起获批、延期获批、重新定级，时限随之改变、改派" in group.why
        kinds = [Event.objects.get(ticket=f.ticket_id, seq=f.seq).kind for f in group.flags]
        assert sorted(kinds) == ["classify", "extend", "reassign", "suspend"]

    def test_extensions_granted_when_nearly_due(self, cast):
        early = [make.signed(at=WEEKDAYS[n], qr="DEMO-INDUSTRY") for n in range(6)]
        for ticket in early:
            self.extended(ticket, at=ticket.assigned_at + 2 * HOUR)
        late = [make.signed(at=WEEKDAYS[n]) for n in range(4)]
        for ticket in late:
            due = ticket.deadlines.get(clock="RESOLVE").due_at
            head = make.head_of(ticket)
            asked = departure.extend(
                ticket_id=ticket.pk,
                caller=head,
                at=ticket.assigned_at + 3 * HOUR,
                reason="等",
                until=(due + DAY * 4).date(),
            )
            granted(asked, at=due - 2 * HOUR)
        group = only("late_extension", cast.supervisor)
        assert keys(group) == pks(late)
        assert {flag.note for flag in group.flags} == {"到期前 2 小时 0 分获批延期"}

    def extended(self, ticket, *, at) -> None:
        until = (ticket.deadlines.get(clock="RESOLVE").due_at + DAY * 4).date()
        granted(
            departure.extend(ticket_id=ticket.pk, caller=make.head_of(ticket), at=at, reason="等", until=until),
            at=at + MINUTE,
        )


class TestTimes:
    def test_taken_back_by_the_firm_when_nearly_due(self, cast):
        for n in range(6):
            make.withdrawn(at=WEEKDAYS[n], qr="DEMO-INDUSTRY")
        late = [make.signed(at=WEEKDAYS[n]) for n in range(4)]
        for n, ticket in enumerate(late):
            due = ticket.deadlines.get(clock="RESOLVE").due_at
            closing.withdraw(ticket_id=ticket.pk, at=due - timedelta(minutes=40) + n * HOUR, reason="已自行解决")
        group = only("withdrawn_near_due", cast.supervisor)
        assert keys(group) == pks(late)
        assert {flag.note for flag in group.flags} == {"答复到期前 40 分钟撤回", "答复超期后撤回"}

    def test_recorded_long_after_it_is_said_to_have_happened(self, cast, monkeypatch):
        """The log's own time of recording is the database's: all of March is recorded today."""
        for n in range(5):
            answered(n, at=WEEKDAYS[n])
        assert seen("entered_late", watched_by(cast.supervisor)).noticed == 5
        group = only("entered_late", cast.supervisor)
        assert group.among == 5


def test_merged_requests_answers_are_not_compared(cast):
    alike = [answered(n, at=WEEKDAYS[n], text=BOILERPLATE.format(n=n)) for n in range(2)]
    third = make.signed(at=WEEKDAYS[2], enterprise_name=firm(7))
    handling.reply(
        ticket_id=third.pk,
        caller=make.officer_of(third),
        at=WEEKDAYS[2] + HOUR,
        outcome="solved",
        text=BOILERPLATE.format(n=8),
    )
    review.send_back(ticket_id=third.pk, caller=make.head_of(third), at=WEEKDAYS[2] + 2 * HOUR, text="写具体")
    assert keys(only("alike_replies", cast.supervisor)) == pks([*alike, third])
    into = make.assigned(at=WEEKDAYS[3])
    joining.merge(ticket_id=third.pk, caller=cast.as_intake, at=WEEKDAYS[3] + HOUR, into=into.number)
    assert seen("alike_replies", watched_by(cast.supervisor)).groups == ()
