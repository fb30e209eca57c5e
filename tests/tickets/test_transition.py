"""What a move does to log, clocks and queue: told along one request of 李娜's firm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from qihu.errors import Conflict, Forbidden, Invalid, RefusedByRule, Stale
from routing.promises import worktime
from routing.promises.amount import Unit
from routing.promises.book import calendar_version
from routing.promises.models import Policy, PolicySet
from tests import make
from tests.see import deadline, kinds, local
from tickets.models import Deadline, Shift, Ticket
from tickets.services import closing, dispatch, handling, intake, review
from tickets.workflow import Clock

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class TestReviewAndResolve:
    def test_resolve_is_met_at_the_time_of_the_reply_that_is_delivered(self):
        ticket = make.answered()
        resolve = deadline(ticket, Clock.RESOLVE)
        assert resolve.met_at == ticket.replied_at == make.MONDAY + 30 * make.MINUTE
        assert resolve.state == Deadline.State.MET

    def test_review_time_moves_the_agreed_due_and_never_the_original(self):
        ticket = make.replied()  # 10:30
        promised = deadline(ticket, Clock.RESOLVE).promised_due_at
        head = make.head_of(ticket)
        back = make.MONDAY + 4 * HOUR  # 14:00: two opening hours later, the lunch is not counted
        review.send_back(ticket_id=ticket.pk, caller=head, at=back, text="请写明银行和额度。")
        resolve = deadline(ticket, Clock.RESOLVE)
        assert promised == local(3, 9, 17, 30)
        assert resolve.promised_due_at == promised
        assert resolve.due_at == local(3, 10, 11, 0)
        shift = Shift.objects.get(deadline=resolve)
        assert (shift.due_before, shift.due_after) == (promised, resolve.due_at)
        assert (shift.since, shift.until) == (make.MONDAY + 30 * make.MINUTE, back)

    def test_a_pause_after_the_due_moves_nothing(self):
        ticket = make.signed()
        late = local(3, 10, 10, 0)
        handling.reply(
            ticket_id=ticket.pk,
            caller=make.officer_of(ticket),
            at=late,
            outcome="partial",
            text="已部分落实。",
        )
        review.send_back(ticket_id=ticket.pk, caller=make.head_of(ticket), at=late + HOUR, text="再核实。")
        resolve = deadline(ticket, Clock.RESOLVE)
        assert resolve.due_at == resolve.promised_due_at == local(3, 9, 17, 30)
        assert resolve.breached_at == resolve.due_at

    def test_nobody_delivers_their_own_reply(self):
        ticket = make.signed()
        head = make.head_of(ticket)
        handling.reply(ticket_id=ticket.pk, caller=head, at=make.MONDAY + HOUR, outcome="solved", text="已办妥。")
        with pytest.raises(RefusedByRule, match="不能审核自己的答复"):
            review.deliver(ticket_id=ticket.pk, caller=head, at=make.MONDAY + 2 * HOUR)
        with pytest.raises(RefusedByRule, match="不能审核自己的答复"):
            review.send_back(ticket_id=ticket.pk, caller=head, at=make.MONDAY + 2 * HOUR, text="重写")

    def test_the_second_send_back_raises_the_tier_and_then_the_director_reviews(self, cast):
        ticket = make.replied()
        head, officer = make.head_of(ticket), make.officer_of(ticket)
        at = make.MONDAY + HOUR
        for turn in range(2):
            review.send_back(ticket_id=ticket.pk, caller=head, at=at, text="请补充。")
            assert make.fresh(ticket).tier == 1 + turn
            handling.reply(ticket_id=ticket.pk, caller=officer, at=at + make.MINUTE, outcome="solved", text="已补充。")
            at += 2 * make.MINUTE
        with pytest.raises(RefusedByRule, match="2 级"):
            review.deliver(ticket_id=ticket.pk, caller=head, at=at)
        done = review.deliver(ticket_id=ticket.pk, caller=cast.as_director, at=at)
        assert done.ticket.status == "answered"


class TestRounds:
    def test_rework_opens_a_second_round_with_the_rework_promise(self):
        ticket = make.answered()
        closing.rework(ticket_id=ticket.pk, at=make.MONDAY + DAY, reason="贷款还没有到账。")
        ticket = make.fresh(ticket)
        assert (ticket.status, ticket.round, ticket.outcome, ticket.officer_id) == ("assigned", 2, "", None)
        assert deadline(ticket, Clock.RESOLVE, round=2).promised_due_at == local(3, 10, 17, 30)
        assert deadline(ticket, Clock.RESOLVE, round=1).state == Deadline.State.MET

    def test_after_round_two_a_rework_raises_the_tier(self):
        ticket = make.answered()
        at = make.MONDAY + DAY
        for expected in (1, 2):
            closing.rework(ticket_id=ticket.pk, at=at, reason="仍未解决。")
            assert make.fresh(ticket).tier == expected
            officer, head = make.officer_of(make.fresh(ticket)), make.head_of(make.fresh(ticket))
            handling.sign(ticket_id=ticket.pk, caller=officer, at=at + make.MINUTE)
            handling.reply(
                ticket_id=ticket.pk,
                caller=officer,
                at=at + 2 * make.MINUTE,
                outcome="solved",
                text="再次落实。",
            )
            if expected == 1:
                review.deliver(ticket_id=ticket.pk, caller=head, at=at + 3 * make.MINUTE)
            at += HOUR


class TestPassingRound:
    def test_reassign_voids_the_old_department_clocks_and_resolve_runs_on(self, cast):
        ticket = make.assigned()
        resolve = deadline(ticket, Clock.RESOLVE)
        dispatch.reassign(
            ticket_id=ticket.pk,
            caller=cast.as_dispatcher,
            at=make.MONDAY + HOUR,
            department="economy",
            text="职责在经信",
        )
        states = {(d.clock, d.turn): d.state for d in ticket.deadlines.all()}
        for clock in (Clock.SIGN, Clock.CONTACT, Clock.INTERIM, Clock.NOTE):
            assert states[clock, 2] == "void"
            assert states[clock, 3] == "running"
        assert deadline(ticket, Clock.RESOLVE).pk == resolve.pk
        assert deadline(ticket, Clock.RESOLVE).due_at == resolve.due_at

    def test_a_partner_never_leads(self, cast):
        ticket = make.triaged()
        with pytest.raises(Invalid) as refused:
            dispatch.assign(
                ticket_id=ticket.pk, caller=cast.as_dispatcher, at=make.MONDAY + HOUR, department="rural-bank"
            )
        assert "协办伙伴不能主办" in refused.value.fields["department"]

    def test_classify_reprices_from_the_start_and_keeps_the_first_promise(self, cast):
        ticket = make.signed()
        first = deadline(ticket, Clock.RESOLVE).promised_due_at
        dispatch.classify(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=make.MONDAY + DAY, difficulty="L3")
        resolve = deadline(ticket, Clock.RESOLVE)
        assert resolve.promised_due_at == first
        assert resolve.due_at == local(3, 23, 17, 30)  # 15 working days
        assert Shift.objects.get(deadline=resolve).kind == Shift.Kind.REPRICE

    def test_a_head_may_only_raise_the_difficulty(self):
        ticket = make.signed()
        head = make.head_of(ticket)
        with pytest.raises(RefusedByRule, match="只能调高"):
            dispatch.classify(ticket_id=ticket.pk, caller=head, at=make.MONDAY + HOUR, difficulty="L1")
        with pytest.raises(RefusedByRule, match="只能调高"):
            dispatch.classify(ticket_id=ticket.pk, caller=head, at=make.MONDAY + HOUR, urgent=True)
        dispatch.classify(ticket_id=ticket.pk, caller=head, at=make.MONDAY + HOUR, difficulty="L3")
        assert make.fresh(ticket).difficulty == "L3"


class TestRefusals:
    def test_the_second_of_two_signers_is_told_who_was_first(self):
        ticket = make.assigned()
        handling.sign(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=make.MONDAY + 5 * make.MINUTE)
        with pytest.raises(Conflict) as refused:
            handling.sign(ticket_id=ticket.pk, caller=make.head_of(ticket), at=make.MONDAY + 6 * make.MINUTE)
        officer = make.officer_of(ticket).user
        assert officer.name in refused.value.message
        assert "10:05" in refused.value.message
        assert "签收" in refused.value.message

    def test_a_stale_view_is_refused(self):
        ticket = make.assigned()
        with pytest.raises(Stale):
            handling.sign(
                ticket_id=ticket.pk,
                caller=make.officer_of(ticket),
                at=make.MONDAY,
                expected_version=ticket.version - 1,
            )

    def test_urging_works_once_a_day(self):
        ticket = make.assigned()
        closing.urge(ticket_id=ticket.pk, at=make.MONDAY + HOUR)
        with pytest.raises(RefusedByRule, match="明天"):
            closing.urge(ticket_id=ticket.pk, at=make.MONDAY + 2 * HOUR)
        closing.urge(ticket_id=ticket.pk, at=make.MONDAY + DAY)
        assert kinds(ticket).count("urge") == 2

    def test_a_request_under_supervision_cannot_be_withdrawn(self):
        ticket = make.assigned()
        Ticket.objects.filter(pk=ticket.pk).update(supervised=True)
        with pytest.raises(RefusedByRule, match="督办"):
            closing.withdraw(ticket_id=ticket.pk, at=make.MONDAY + HOUR)

    @pytest.mark.parametrize(
        ("fields", "named"),
        [
            ({"outcome": "", "text": "好"}, "outcome"),
            ({"outcome": "solved", "text": " "}, "text"),
            ({"outcome": "planned", "text": "列入计划"}, "planned_on"),
            (
                {
                    "outcome": "planned",
                    "text": "列入计划",
                    "planned_on": datetime(2026, 3, 2, tzinfo=UTC).date(),
                },
                "planned_on",
            ),
            ({"outcome": "referred", "text": "转法院"}, "referred_to"),
            ({"outcome": "solved", "text": "好", "burden_relieved": -1}, "burden_relieved"),
        ],
    )
    def test_an_incomplete_reply_is_refused_beside_its_field(self, fields, named):
        ticket = make.signed()
        with pytest.raises(Invalid) as refused:
            handling.reply(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=make.MONDAY + HOUR, **fields)
        assert set(refused.value.fields) == {named}

    def test_a_rating_outside_one_to_five_is_refused(self):
        ticket = make.answered()
        with pytest.raises(Invalid) as refused:
            closing.rate(ticket_id=ticket.pk, at=make.MONDAY + HOUR, process=6, result=0)
        assert set(refused.value.fields) == {"process", "result"}

    def test_a_stranger_is_not_told_the_status(self, cast):
        ticket = make.signed()
        with pytest.raises(Forbidden):
            handling.sign(ticket_id=ticket.pk, caller=cast.as_rival_officer, at=make.MONDAY + HOUR)


def test_a_new_policy_does_not_reach_running_clocks_through_a_change_of_tag(cast):
    ticket = make.signed()
    before = deadline(ticket, Clock.RESOLVE)
    newer = PolicySet.objects.create(number=before.policy_set.number + 1, note="一律一天")
    newer.policies.bulk_create(
        Policy(set=newer, clock=clock, grade="L2", value=1, unit="d") for clock in ("RESOLVE", "INTERIM", "NOTE")
    )
    PolicySet.objects.filter(pk=newer.pk).update(published_at=make.MONDAY)
    dispatch.classify(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=make.MONDAY + HOUR, chain_tag="talent")
    after = deadline(ticket, Clock.RESOLVE)
    assert (after.due_at, after.amount) == (before.due_at, before.amount)


def test_one_transaction_routes_many_at_a_bounded_price(django_assert_max_num_queries):
    keys = [make.submitted().pk for _ in range(20)]
    intake.route_all(ticket_ids=keys[:1], at=make.MONDAY)
    with django_assert_max_num_queries(16):
        assert len(intake.route_all(ticket_ids=keys, at=make.MONDAY)) == 19


def test_due_times_agree_with_the_engine():
    ticket = make.assigned()
    for row in ticket.deadlines.exclude(clock=Clock.FULL):
        due = worktime.due(calendar_version(row.calendar_version_id), row.started_at, row.promise)
        assert (row.due_at, row.provisional) == (due.at, due.provisional)
        assert Unit(row.unit) in Unit
