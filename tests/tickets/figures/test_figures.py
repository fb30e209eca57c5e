"""Stories whose figures can be said beforehand: windows, twins, maturity, as-of, groups, drill-down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from qihu.errors import Forbidden, Invalid
from tests import make
from tests.counting import opened, report
from tickets.figures import DIMENSIONS, MEASURES, Part, Window, live_or, window_from
from tickets.figures.answers import as_json
from tickets.figures.lengths import Moved
from tickets.figures.measures import BY_CLOSING
from tickets.figures.scope import counted_for, scope_of
from tickets.models import Fact, Ticket
from tickets.services import closing, dispatch, handling, review

pytestmark = pytest.mark.django_db
LATER = datetime(2026, 5, 1, tzinfo=UTC)
MARCH = ("2026-03-01", "2026-04-01")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def march(as_of: datetime = LATER) -> Window:
    return window_from(*MARCH, at=as_of)


def fractions(window: Window, **more: object) -> dict[str, tuple[float, int]]:
    counted = report(window, **more).figures  # type: ignore[arg-type]
    every = counted | {twin.code: twin for f in counted.values() for twin in f.twins}
    return {code: (f.hits, f.denominator) for code, f in every.items()}


def test_nothing_submitted_gives_no_rate():
    figures = report(march()).figures
    assert figures["submitted"].hits == 0
    assert figures["solved"].rate is None
    assert figures["solved"].interval is None
    assert figures["handling_net"].median is None


def test_midnight_in_shanghai_belongs_to_the_day_that_begins():
    midnight = datetime(2026, 2, 28, 16, 0, tzinfo=UTC)  # 1 March, 00:00 in Shanghai
    make.submitted(at=midnight)
    make.submitted(at=midnight - timedelta(microseconds=1))
    make.submitted(at=datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC))
    make.submitted(at=datetime(2026, 3, 31, 16, 0, tzinfo=UTC))  # 1 April
    assert report(march()).figures["submitted"].hits == 2
    assert report(window_from("2026-02-01", "2026-03-01", at=LATER)).figures["submitted"].hits == 1


def test_test_and_restricted_requests_are_in_no_figure_and_no_list():
    make.closed()
    make.closed(test=True)
    secret = make.routed(qr="DEMO-SERVICE", category="SRV-04")
    assert secret.restricted
    assert fractions(march())["submitted"] == (1, 1)
    assert opened(march(), figure="submitted", part="denominator").total == 1


def test_a_month_told_by_its_twins():
    """One on time, one only by the review's shift, one unsolved in time, one late, one not yet due."""
    make.closed()
    shifted = make.signed(qr="DEMO-CAPITAL")
    officer, head = make.officer_of(shifted), make.head_of(shifted)
    due = Ticket.objects.get(pk=shifted.pk).deadlines.get(clock="RESOLVE").due_at
    handling.reply(ticket_id=shifted.pk, caller=officer, at=due - 2 * DAY, outcome="solved", text="已授信")
    review.send_back(ticket_id=shifted.pk, caller=head, at=due - HOUR, text="说清楚")
    handling.reply(ticket_id=shifted.pk, caller=officer, at=due + HOUR * 15, outcome="solved", text="已授信")
    review.deliver(ticket_id=shifted.pk, caller=head, at=due + HOUR * 16)
    make.answered(outcome="unsolved")
    make.signed()
    make.signed(at=LATER - HOUR)
    found = fractions(march())
    assert found["on_time"] == (2, 4)
    assert found["on_time_original"] == (1, 4)
    assert found["overdue"] == (1, 4)


def test_a_reply_that_waits_for_review_has_not_broken_the_agreed_promise():
    waiting = make.replied()
    due = waiting.deadlines.get(clock="RESOLVE").due_at
    found = fractions(march(as_of=due + DAY))
    assert found["on_time"] == (0, 0)
    assert found["on_time_original"] == (0, 1)
    assert found["overdue"] == (0, 1)


def test_a_withdrawal_before_the_due_time_drops_out_and_one_after_it_does_not():
    make.withdrawn()
    late = make.signed()
    closing.withdraw(ticket_id=late.pk, at=make.MONDAY + 30 * DAY, reason="不办了")
    assert fractions(march())["on_time"] == (0, 1)


def test_solved_needs_the_outcome_and_no_bad_word_about_the_result():
    make.closed()
    make.closed(result=3)
    make.closed(result=2)
    make.closed(outcome="partial")
    silent = make.answered()
    closing.lapse(ticket_id=silent.pk, at=make.MONDAY + 10 * DAY)
    figures = report(march()).figures
    assert (figures["solved"].hits, figures["solved"].denominator) == (3, 5)
    assert (figures["participation"].hits, figures["participation"].denominator) == (4, 5)
    satisfied = figures["satisfied_result"]
    assert satisfied.numerator == pytest.approx(2.9)
    assert (satisfied.hits, satisfied.denominator, satisfied.twins[0].hits) == (3, 4, 2)
    assert satisfied.rate == pytest.approx(2.9 / 4)


def test_a_second_round_is_solved_but_not_the_first_time():
    ticket = make.answered()
    closing.rework(ticket_id=ticket.pk, at=make.MONDAY + DAY, reason="没到账")
    officer, head = make.officer_of(ticket), make.head_of(ticket)
    handling.sign(ticket_id=ticket.pk, caller=officer, at=make.MONDAY + DAY + HOUR)
    handling.reply(ticket_id=ticket.pk, caller=officer, at=make.MONDAY + DAY + 2 * HOUR, outcome="solved", text="到账")
    review.deliver(ticket_id=ticket.pk, caller=head, at=make.MONDAY + DAY + 3 * HOUR)
    closing.rate(ticket_id=ticket.pk, at=make.MONDAY + 2 * DAY, process=5, result=5)
    found = fractions(march())
    assert found["solved"] == found["rework"] == (1, 1)
    assert found["first_time"] == (0, 1)
    figures = report(march()).figures
    assert figures["handling_net"].median == 30 * 60 + 2 * 3600  # both rounds, without the firm's night
    assert figures["handling_full"].median == 2 * 86_400


def test_net_time_leaves_out_the_lunch_break_the_night_and_the_review():
    ticket = make.signed(at=datetime(2026, 3, 2, 3, 30, tzinfo=UTC))  # 11:30; lunch from 12:00 to 13:30
    officer, head = make.officer_of(ticket), make.head_of(ticket)
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # 17:00
    handling.reply(ticket_id=ticket.pk, caller=officer, at=at, outcome="solved", text="已授信")
    review.send_back(ticket_id=ticket.pk, caller=head, at=at + 16 * HOUR, text="说清楚")  # next day 09:00
    handling.reply(ticket_id=ticket.pk, caller=officer, at=at + 17 * HOUR, outcome="solved", text="已授信")
    review.deliver(ticket_id=ticket.pk, caller=head, at=at + 18 * HOUR)
    closing.rate(ticket_id=ticket.pk, at=at + 19 * HOUR, process=5, result=5)
    assert report(march()).figures["handling_net"].median == 30 * 60 + 3.5 * 3600 + 3600


def test_as_of_shows_what_was_known_then():
    make.closed()
    assert fractions(march(as_of=make.MONDAY + 20 * make.MINUTE))["open"] == (1, 1)
    assert fractions(march(as_of=make.MONDAY - DAY))["submitted"] == (0, 0)
    assert fractions(march())["closed"] == (1, 1)


def test_groups_follow_the_department_that_leads_and_the_tag_in_force():
    make.closed()
    moved = make.signed()
    dispatch.reassign(
        ticket_id=moved.pk, caller=make.Caller(make.user("dispatcher")), at=make.MONDAY + HOUR, department="land"
    )
    dispatch.classify(
        ticket_id=moved.pk, caller=make.Caller(make.user("dispatcher")), at=make.MONDAY + HOUR, chain_tag="industry"
    )
    make.triaged()
    groups = report(march(), by=["department", "chain_tag", "channel", "region", "category"]).groups
    assert {(g.value, g.label, g.figures["submitted"].hits) for g in groups["department"]} == {
        ("finance", "金融办", 1),
        ("land", "自然资源局", 1),
        ("", "尚未交办", 1),
    }
    assert {(g.label, g.figures["submitted"].hits) for g in groups["chain_tag"]} == {
        ("资金链", 1),
        ("产业链", 1),
        ("未选链", 1),
    }
    assert [(g.value, g.label) for g in groups["channel"]] == [("qr", "扫码")]
    assert [(g.value, g.label) for g in groups["region"]] == [("330800", "衢州市")]
    land = next(g for g in groups["department"] if g.value == "land")
    assert (land.figures["first_dispatch"].hits, land.figures["first_dispatch"].denominator) == (0, 1)


def test_every_number_of_every_group_opens_exactly_its_requests(cast):
    make.closed(qr="DEMO-TALENT", result=3)
    make.answered(outcome="unsolved")
    make.withdrawn(qr="DEMO-INDUSTRY")
    make.triaged()
    make.signed(at=make.MONDAY + DAY)
    scope, window = counted_for(cast.leader), march()
    measures = [m for m in MEASURES if m.shown and m.code not in BY_CLOSING]
    for by in ("department",):
        for group in report(window, by=[by], scope=scope).groups[by]:
            every = group.figures | {t.code: t for f in group.figures.values() for t in f.twins}
            for measure in measures:
                figure = every[measure.code]
                parts = {Part.NUMERATOR: figure.hits, Part.DENOMINATOR: figure.denominator}
                for part, count in parts.items():
                    got = opened(window, figure=measure.code, part=part, by=by, value=group.value, scope=scope)
                    assert (got.total, len(got.tickets)) == (count, count), (measure.code, part, group.value)
                    assert (
                        not count
                        or by != "department"
                        or {t.department.code if t.department else "" for t in got.tickets} == {group.value}
                    )


def test_a_scope_counts_only_what_its_viewer_may_see(cast):
    make.closed()
    make.closed(qr="DEMO-INDUSTRY")
    assert fractions(march(), scope=counted_for(cast.leader))["closed"] == (2, 2)
    assert fractions(march(), scope=counted_for(cast.head))["closed"] == (1, 1)
    with pytest.raises(Forbidden):
        counted_for(cast.auditor)


def test_closings_are_counted_by_the_week_they_fall_in():
    make.closed()
    slow = make.answered()
    closing.rate(ticket_id=slow.pk, at=make.MONDAY + 8 * DAY, process=5, result=5)
    flow = report(march(), by=["week"], only=["closings"])
    assert [(g.value, g.figures["closings"].hits) for g in flow.groups["week"]] == [
        ("2026-03-02", 1),
        ("2026-03-09", 1),
    ]
    april = window_from("2026-04-01", "2026-05-01", at=LATER)
    assert report(april, only=["closings"]).figures["closings"].hits == 0


def test_closings_beside_other_figures_are_told_for_the_whole_and_by_period_or_not_at_all():
    make.closed()
    told = report(march(), by=["week", "department"], only=["closings", "solved"])
    assert told.figures["closings"].hits == 1
    assert {name: [set(one.figures) for one in groups] for name, groups in told.groups.items()} == {
        "week": [{"closings", "solved"}],
        "department": [{"solved"}],
    }
    alone = report(march(), by=["department"], only=["closings"]).groups["department"]
    assert [(one.value, one.figures["closings"].hits) for one in alone] == [("finance", 1)]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"figure": "beauty", "part": "numerator"}, "figure"),
        ({"figure": "solved", "part": "whole"}, "part"),
        ({"figure": "solved", "part": "rest", "by": "1; DROP TABLE x"}, "by"),
        ({"figure": "solved", "part": "rest", "page": 0}, "page"),
        ({"figure": "solved", "part": "rest", "page": 7}, "page"),
    ],
)
def test_unknown_names_are_refused_by_name(asked, field):
    with pytest.raises(Invalid) as refusal:
        opened(march(), **asked)
    assert field in refusal.value.fields


def test_an_unknown_group_is_refused():
    with pytest.raises(Invalid, match="horoscope"):
        report(march(), by=["horoscope"])


@pytest.mark.parametrize(
    ("since", "until", "as_of", "field"),
    [
        ("", "2026-04-01", "", "since"),
        ("2026-13-01", "2026-04-01", "", "since"),
        ("2026-04-01", "2026-04-01", "", "until"),
        ("2026-04-01", "0001-01-01", "", "until"),
        ("2026-03-01", "2026-04-01", "gestern", "as_of"),
    ],
)
def test_a_period_that_makes_no_sense_is_refused(since, until, as_of, field):
    with pytest.raises(Invalid) as refusal:
        window_from(since, until, at=LATER, as_of=as_of)
    assert field in refusal.value.fields


def test_the_future_is_not_known():
    assert window_from(*MARCH, at=LATER, as_of="2027-01-01").as_of == LATER


def test_as_json_names_what_interface_md_promises():
    make.closed()
    body = as_json(
        report(march(), by=["chain_tag"]), rows_url=lambda figure, part, value: f"/{figure.code}/{part}/{value}"
    )
    solved = next(f for f in body["figures"] if f["code"] == "solved")
    assert (solved["numerator"], solved["denominator"], solved["rate"]) == (1.0, 1, 1.0)
    assert solved["denominator_rows"] == "/solved/denominator/None"
    assert body["groups"]["chain_tag"][0]["figures"][0]["numerator_rows"] == "/submitted/numerator/capital"
    assert set(DIMENSIONS) >= {"department", "chain_tag", "industry_chain", "region", "category", "channel", "officer"}


def test_before_the_first_request_there_is_nothing_and_no_rate():
    ticket = make.closed()
    found = report(window_from(*MARCH, at=LATER, as_of=(ticket.submitted_at - HOUR).isoformat())).figures
    assert {figure.hits for figure in found.values()} == {0}
    assert {figure.rate for figure in found.values()} == {None}


def test_nobody_can_have_known_before_it_was():
    with pytest.raises(Invalid) as refused:
        window_from(*MARCH, at=LATER, as_of="2026-03-20", known="2026-03-10")
    assert "known" in refused.value.fields


def test_a_region_without_departments_has_figures_of_nothing():
    """A new county: nobody leads anything there yet."""
    make.closed()
    found = report(march(), by=["department"], scope=scope_of(regions=["330800/330899"]))
    assert found.figures["submitted"].hits == 0
    assert found.groups["department"] == ()


def test_sums_that_do_not_agree_with_the_rows_are_an_error_and_no_number():
    make.closed()
    whole = live_or(*MARCH, at=LATER)
    assert report(whole).figures["handling_full"].denominator == 1
    Fact.objects.update(full_seconds=None)
    with pytest.raises(Moved):
        report(whole)
