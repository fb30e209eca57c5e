"""What merge, split, exclusion, tests, suspension and call-backs do to the figures, in stories."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests import make
from tests.counting import opened, report
from tests.make import MONDAY, Caller, user
from tickets.figures import MEASURES, Part, Window, window_from
from tickets.figures.measures import BY_CLOSING
from tickets.figures.scope import counted_for
from tickets.models import Ticket
from tickets.services import approvals, callback, centre, closing, departure, dispatch, handling, joining, review

pytestmark = pytest.mark.django_db
LATER = datetime(2026, 5, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def march(as_of: datetime = LATER) -> Window:
    return window_from("2026-03-01", "2026-04-01", at=as_of)


def fractions(window: Window | None = None, **more: object) -> dict[str, tuple[float, int]]:
    counted = report(window or march(), **more).figures  # type: ignore[arg-type]
    every = counted | {twin.code: twin for f in counted.values() for twin in f.twins}
    return {code: (f.hits, f.denominator) for code, f in every.items()}


def granted(done, *, by: str, at: datetime) -> None:
    approvals.approve(approval_id=done.approval.pk, caller=Caller(user(by)), at=at)


def finish(ticket: Ticket, *, at: datetime, outcome: str = "solved") -> None:
    """Sign, reply, deliver; rated well an hour later."""
    ticket = make.fresh(ticket)
    officer, head = make.officer_of(ticket), make.head_of(ticket)
    if ticket.status == "assigned":
        handling.sign(ticket_id=ticket.pk, caller=officer, at=at)
    handling.reply(ticket_id=ticket.pk, caller=officer, at=at + make.MINUTE, outcome=outcome, text="办好了")
    review.deliver(ticket_id=ticket.pk, caller=head, at=at + 2 * make.MINUTE)
    closing.rate(ticket_id=ticket.pk, at=at + HOUR, process=5, result=5)


class TestTests:
    def test_who_is_marked_later_leaves_the_figures_from_then_on(self, cast):
        ticket = make.closed()
        make.closed(test=True)
        asked = centre.mark_test(ticket_id=ticket.pk, caller=cast.as_intake, at=MONDAY + DAY, reason="演练")
        assert fractions()["submitted"] == (1, 1)  # asked for only
        granted(asked, by="director", at=MONDAY + 2 * DAY)
        now = fractions()
        assert (now["submitted"], now["tests"], now["solved"]) == ((0, 0), (2, 2), (0, 0))
        then = fractions(march(MONDAY + 2 * DAY - HOUR))
        assert (then["submitted"], then["tests"], then["solved"]) == ((1, 1), (1, 1), (1, 1))
        assert {t.pk for t in opened(march(), figure="tests", part="numerator").tickets} >= {ticket.pk}

    def test_the_parts_of_a_test_are_tests(self, cast):
        whole = make.split()
        asked = centre.mark_test(ticket_id=whole.pk, caller=cast.as_intake, at=MONDAY + DAY, reason="演练")
        granted(asked, by="director", at=MONDAY + DAY)
        groups = report(march(), by=["department"]).groups["department"]
        assert [(g.figures["submitted"].hits, g.figures["submitted"].twins[0].hits) for g in groups] == [(0, 1), (0, 1)]


class TestExclusion:
    def test_it_needs_two_people_is_shown_and_ends_with_a_new_round(self, cast):
        ticket, other = make.closed(result=1), make.closed()
        asked = centre.exclude(ticket_id=ticket.pk, caller=cast.as_supervisor, at=MONDAY + DAY, reason="恶意")
        assert fractions()["solved"] == (1, 2)
        granted(asked, by="director", at=MONDAY + 2 * DAY)
        now = fractions()
        assert (now["solved"], now["excluded"], now["closed"]) == ((1, 1), (1, 1), (2, 2))
        assert fractions(march(MONDAY + DAY + HOUR))["solved"] == (1, 2)
        closing.reopen(ticket_id=ticket.pk, at=MONDAY + 3 * DAY, reason="没有到账")
        again = fractions()
        assert (again["solved"], again["excluded"]) == ((1, 2), (0, 0))
        assert other.pk in {t.pk for t in opened(march(), figure="solved", part="numerator").tickets}


class TestMerge:
    def test_two_are_one_and_count_from_the_earliest_submission(self, cast):
        early = make.assigned(at=datetime(2026, 2, 26, 2, 0, tzinfo=UTC))
        late = make.assigned(at=MONDAY)
        joining.merge(ticket_id=early.pk, caller=cast.as_intake, at=MONDAY + HOUR, into=late.number)
        february = window_from("2026-02-01", "2026-03-01", at=LATER)
        assert fractions()["submitted"] == (0, 0)
        assert fractions(february)["submitted"] == (1, 1)
        assert [t.pk for t in opened(february, figure="submitted", part="numerator").tickets] == [late.pk]
        before = window_from("2026-02-01", "2026-03-01", at=MONDAY)
        assert fractions(before)["submitted"] == (1, 1)  # what was known then: two
        assert fractions(march(MONDAY + make.MINUTE))["submitted"] == (1, 1)

    def test_what_was_merged_into_the_merged_counts_too(self, cast):
        first = make.assigned(at=datetime(2026, 2, 26, 2, 0, tzinfo=UTC))
        second, third = make.assigned(at=MONDAY), make.assigned(at=MONDAY)
        joining.merge(ticket_id=first.pk, caller=cast.as_intake, at=MONDAY + HOUR, into=second.number)
        joining.merge(ticket_id=second.pk, caller=cast.as_intake, at=MONDAY + 2 * HOUR, into=third.number)
        assert fractions(window_from("2026-02-01", "2026-03-01", at=LATER))["submitted"] == (1, 1)
        assert fractions()["submitted"] == (0, 0)

    def test_the_parent_answers_for_the_earlier_promise(self, cast):
        early = make.assigned(at=datetime(2026, 2, 26, 2, 0, tzinfo=UTC))
        late = make.assigned(at=MONDAY)
        own = late.deadlines.get(clock="RESOLVE").due_at
        due = early.deadlines.get(clock="RESOLVE").due_at
        joining.merge(ticket_id=early.pk, caller=cast.as_intake, at=MONDAY + HOUR, into=late.number)
        assert due < own
        finish(late, at=due + 2 * HOUR)  # in time by its own promise only
        found = fractions(window_from("2026-02-01", "2026-03-01", at=LATER))
        assert (found["on_time"], found["on_time_original"], found["overdue"]) == ((0, 1), (0, 1), (1, 1))

    def test_what_an_asked_one_takes_over_rests_in_the_figures_too(self, cast):
        early, parent = make.assigned(), make.triaged()
        by = cast.as_intake
        centre.request_info(ticket_id=parent.pk, caller=by, at=MONDAY + HOUR / 2, items=["纳税证明"])
        due = early.deadlines.get(clock="RESOLVE").due_at
        joining.merge(ticket_id=early.pk, caller=by, at=MONDAY + HOUR, into=parent.number)
        assert fractions(march(due + DAY))["on_time"] == (0, 0)  # at rest before it was due
        closing.supplement(ticket_id=parent.pk, at=MONDAY + 7 * DAY, text="已补充")
        at = MONDAY + 7 * DAY + HOUR
        dispatch.assign(ticket_id=parent.pk, caller=cast.as_dispatcher, at=at, department="finance")
        finish(parent, at=at)
        figures = report(march()).figures
        assert (figures["on_time"].hits, figures["on_time"].denominator) == (1, 1)
        assert figures["handling_net"].median == 3600 + 60  # from when it went on to the answer


class TestSplit:
    def test_the_city_counts_the_whole_and_each_department_its_part(self, cast):
        whole = make.split()
        assert fractions()["submitted"] == (1, 1)
        groups = {g.label: g.figures["submitted"].hits for g in report(march(), by=["department"]).groups["department"]}
        assert groups == {"金融办": 1, "自然资源局": 1}
        assert [t.pk for t in opened(march(), figure="submitted", part="numerator").tickets] == [whole.pk]
        chains = report(march(), by=["chain_tag"]).groups["chain_tag"]
        assert [g.figures["submitted"].hits for g in chains] == [1]

    def test_a_head_counts_the_parts_that_the_own_department_leads(self, cast):
        make.split()
        assert fractions(scope=counted_for(cast.head))["submitted"] == (1, 1)
        assert fractions(scope=counted_for(cast.leader))["submitted"] == (1, 1)

    def test_a_part_keeps_the_industry_chain_of_the_whole(self, cast):
        ticket = make.triaged()
        by = {"ticket_id": ticket.pk, "caller": cast.as_dispatcher, "at": MONDAY}
        dispatch.classify(industry_chain="paper", **by)
        joining.split(parts=[{"text": "授信", "department": "finance"}, {"text": "用地", "department": "land"}], **by)
        whole = report(march(), by=["industry_chain"]).groups["industry_chain"]
        assert [(g.label, g.figures["submitted"].hits) for g in whole] == [("特种纸", 1)]
        mine = report(march(), by=["industry_chain"], scope=counted_for(cast.head)).groups["industry_chain"]
        assert [(g.label, g.figures["submitted"].hits) for g in mine] == [("特种纸", 1)]

    def test_before_it_was_split_the_department_had_it_whole(self):
        make.split()
        window = march(MONDAY + make.MINUTE)
        groups = {g.label: g.figures["submitted"].hits for g in report(window, by=["department"]).groups["department"]}
        assert groups == {"金融办": 1}

    def test_a_part_counts_from_the_first_submission_of_the_whole(self, cast):
        at = datetime(2026, 2, 27, 9, 0, tzinfo=UTC)
        ticket = make.triaged(at=at)
        parts = [{"text": "授信", "department": "finance"}, {"text": "用地", "department": "land"}]
        joining.split(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=MONDAY, parts=parts)
        february = window_from("2026-02-01", "2026-03-01", at=LATER)
        assert len(report(february, by=["department"]).groups["department"]) == 2
        assert not [g for g in report(march(), by=["department"]).groups["department"] if g.figures["submitted"].hits]

    def test_every_number_of_every_department_opens_exactly_its_requests(self, cast):
        whole = make.split()
        for part in whole.children.all():
            finish(part, at=MONDAY + HOUR)
        make.closed(qr="DEMO-INDUSTRY", result=2)
        dispatch.rule_on_return(
            ticket_id=make.disputed().pk,
            caller=cast.as_dispatcher,
            at=MONDAY + HOUR,
            upheld=True,
            text="属经信",
            department="economy",
        )
        scope = counted_for(cast.leader)
        for group in report(march(), by=["department"], scope=scope).groups["department"]:
            every = group.figures | {t.code: t for f in group.figures.values() for t in f.twins}
            for measure in (m for m in MEASURES if m.shown and m.code not in BY_CLOSING):
                figure = every[measure.code]
                for part, count in ((Part.NUMERATOR, figure.hits), (Part.DENOMINATOR, figure.denominator)):
                    got = opened(
                        march(), figure=measure.code, part=part, by="department", value=group.value, scope=scope
                    )
                    assert (got.total, len(got.tickets)) == (count, count), (measure.code, part, group.value)


class TestTwins:
    def test_an_extension_counts_for_the_agreed_twin_only(self, cast):
        ticket = make.signed()
        due = ticket.deadlines.get(clock="RESOLVE").due_at
        until = (due + 2 * DAY).date()
        asked = departure.extend(ticket_id=ticket.pk, caller=cast.as_head, at=due - 4 * DAY, reason="等", until=until)
        granted(asked, by="director", at=due - 4 * DAY + HOUR)
        finish(ticket, at=due + DAY)
        found = fractions()
        assert (found["on_time"], found["on_time_original"]) == ((1, 1), (0, 1))
        assert (found["extension"], found["overdue"]) == ((1, 1), (0, 1))

    def test_what_rests_is_left_out_except_from_the_twin_that_says_so(self):
        make.suspended()
        make.closed()
        found = fractions()
        assert (found["on_time"], found["on_time_original"], found["on_time_suspended"]) == ((1, 1), (1, 1), (1, 2))
        assert found["suspension"] == (1, 2)

    def test_an_upheld_return_is_no_fault_of_the_department_that_got_it_next(self, cast):
        ticket = make.disputed()
        due = ticket.deadlines.get(clock="RESOLVE").due_at
        dispatch.rule_on_return(
            ticket_id=ticket.pk,
            caller=cast.as_dispatcher,
            at=MONDAY + 4 * HOUR,
            upheld=True,
            text="属经信",
            department="economy",
        )
        finish(ticket, at=due + HOUR / 2 + 15 * HOUR)  # the next morning, within the time it got back
        found = fractions()
        assert (found["on_time"], found["on_time_original"]) == ((1, 1), (0, 1))
        assert (found["returned"], found["returns_upheld"], found["first_dispatch"]) == ((1, 1), (1, 1), (0, 1))


class TestCallBacks:
    def test_a_firm_that_says_nobody_was_in_touch_is_not_answered_until_it_says_otherwise(self, cast):
        ticket, other = make.closed(), make.closed()
        said = {"ticket_id": ticket.pk, "caller": cast.as_intake, "contacted": True, "solved": True}
        assert fractions()["response"] == (2, 2)
        callback.call_back(at=MONDAY + DAY, was_contacted=False, **said)
        assert fractions()["response"] == (1, 2)
        assert fractions(march(MONDAY + DAY - HOUR))["response"] == (2, 2)
        assert [t.pk for t in opened(march(), figure="response", part="numerator").tickets] == [other.pk]
        silent = {"ticket_id": ticket.pk, "caller": cast.as_intake, "contacted": False, "was_contacted": True}
        callback.call_back(at=MONDAY + DAY + HOUR, **silent)
        assert ticket.events.latest("seq").data["was_contacted"] is None  # nobody was reached, nobody said it
        assert fractions()["response"] == (1, 2)
        callback.call_back(at=MONDAY + 2 * DAY, was_contacted=True, **said)
        assert fractions()["response"] == (2, 2)

    def test_a_no_on_the_phone_is_not_solved_until_a_later_round(self, cast):
        ticket = make.closed()
        at = MONDAY + DAY
        callback.call_back(ticket_id=ticket.pk, caller=cast.as_intake, at=at, contacted=True, solved=False)
        found = fractions()
        assert (found["solved"], found["truly_solved"]) == ((0, 1), (0, 1))
        finish(ticket, at=at + HOUR)
        assert fractions()["solved"] == (1, 1)
        callback.call_back(ticket_id=ticket.pk, caller=cast.as_intake, at=at + 5 * HOUR, contacted=False)
        assert fractions()["truly_solved"] == (0, 1)  # nobody was reached: the last answer stands
        callback.call_back(ticket_id=ticket.pk, caller=cast.as_intake, at=at + 6 * HOUR, contacted=True, solved=True)
        assert fractions()["truly_solved"] == (1, 1)

    def test_a_partial_outcome_called_not_solved_stays_as_it_is(self, cast):
        ticket = make.closed(outcome="partial")
        callback.call_back(ticket_id=ticket.pk, caller=cast.as_intake, at=MONDAY + DAY, contacted=True, solved=False)
        assert fractions()["solved"] == fractions()["truly_solved"] == (0, 1)


def test_the_burden_relieved_is_summed_in_yuan(cast):
    for yuan in (15_000, 0, None):
        ticket = make.signed()
        officer, head = make.officer_of(ticket), make.head_of(ticket)
        more = {"outcome": "solved", "text": "办好了", "burden_relieved": yuan}
        handling.reply(ticket_id=ticket.pk, caller=officer, at=MONDAY + HOUR, **more)
        review.deliver(ticket_id=ticket.pk, caller=head, at=MONDAY + 2 * HOUR)
        closing.rate(ticket_id=ticket.pk, at=MONDAY + 3 * HOUR, process=5, result=5)
    burden = report(march()).figures["burden"]
    assert (burden.numerator, burden.hits) == (15_000, 1)
