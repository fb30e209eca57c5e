"""Whose requests are looked at, and whose names are told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qihu.accounts.models import Department, Grant
from qihu.errors import Forbidden, Invalid, Unknown
from tests import make
from tests.people import user
from tests.tickets.figures.anomalies.plant import AT, MARCH, WEEKDAYS, answered, keys, only, ordinary, pks, seen
from tickets.access import visible_to
from tickets.figures.anomalies import MOST_DAYS, PAGE, group_of, looked_at, page_of, period, watched_by
from tickets.figures.anomalies.watched import IN_SCOPE, Watched
from tickets.models import Ticket
from tickets.services import handling

pytestmark = pytest.mark.django_db
FOUR = timedelta(minutes=4)


def looked_over(watched: Watched) -> set[int]:
    sql = f"SELECT t.id FROM tickets_ticket t WHERE {IN_SCOPE}"  # noqa: S608 - fixed text
    return {ticket.pk for ticket in Ticket.objects.raw(sql, watched.params)}


@pytest.mark.parametrize("name", ["supervisor", "director", "leader", "head.finance", "head.land"])
def test_nobody_looks_over_more_than_they_may_see(name):
    make.assigned(), make.assigned(qr="DEMO-INDUSTRY"), make.assigned(test=True)
    make.submitted(qr="DEMO-SERVICE", category="SRV-04")
    Ticket.objects.filter(pk=make.assigned().pk).update(restricted=True)
    who = user(name)
    mine = visible_to(who).filter(restricted=False, test=False)
    if name.startswith("head"):
        mine = mine.filter(department__in=who.departments())
    assert looked_over(watched_by(who)) == set(mine.values_list("pk", flat=True))


@pytest.mark.parametrize("name", ["officer.finance", "intake", "dispatcher", "auditor", "sysadmin", "secadmin"])
def test_others_have_nothing_to_look_at(name):
    with pytest.raises(Forbidden):
        watched_by(user(name))


def test_a_supervisor_of_a_county_sees_the_county(cast):
    fast = [answered(n, at=WEEKDAYS[n], took=FOUR) for n in range(3)]
    assert keys(only("quick_reply", cast.supervisor)) == pks(fast)
    Grant.objects.filter(user=cast.supervisor).update(region="330802")
    assert seen("quick_reply", watched_by(user("supervisor"))).groups == ()


def test_officers_are_told_apart_to_their_head_alone(cast):
    ordinary(8), ordinary(8, qr="DEMO-INDUSTRY", first=20)
    finance = Department.objects.get(code="finance")
    other = Grant.objects.create(user=user("officer.talent"), role="officer", department=finance)
    fast = [make.assigned(at=day) for day in WEEKDAYS[:6]]
    for ticket in fast:
        who = make.Caller(other.user)
        handling.sign(ticket_id=ticket.pk, caller=who, at=ticket.assigned_at + FOUR / 2)
        handling.reply(ticket_id=ticket.pk, caller=who, at=ticket.assigned_at + FOUR, outcome="solved", text="办好了")
    for watcher in (cast.supervisor, cast.director, cast.leader):
        groups = seen("quick_reply", watched_by(watcher)).groups
        assert [group.value for group in groups] == ["department:finance"]
    groups = {group.value: group for group in seen("quick_reply", watched_by(cast.head)).groups}
    assert set(groups) == {"department:finance", f"officer:{other.user.pk}"}
    assert groups[f"officer:{other.user.pk}"].label == other.user.name
    assert keys(groups[f"officer:{other.user.pk}"]) == pks(fast)
    assert seen("quick_reply", watched_by(cast.rival_head)).groups == ()


class TestOpening:
    def test_pages_hold_each_event_once_and_as_many_as_the_number_says(self, cast, django_assert_num_queries):
        fast = [answered(n, at=WEEKDAYS[n % 20] + n * timedelta(minutes=1), took=FOUR) for n in range(PAGE + 3)]
        group = group_of(watched_by(cast.supervisor), MARCH, kind="quick_reply", value="department:finance")
        with django_assert_num_queries(1):
            first = page_of(group, 1)
        second = page_of(group, 2)
        assert (first.total, first.pages, len(first.rows), len(second.rows)) == (PAGE + 3, 2, PAGE, 3)
        marks = [flag.mark for flag, _ in (*first.rows, *second.rows)]
        assert len(set(marks)) == group.observed == PAGE + 3
        assert {ticket.pk for _, ticket in (*first.rows, *second.rows)} == pks(fast)
        assert all(flag.ticket_id == ticket.pk for flag, ticket in first.rows)
        for page in (0, 3):
            with pytest.raises(Invalid):
                page_of(group, page)

    def test_unknown_kinds_and_groups(self, cast):
        watched = watched_by(cast.supervisor)
        with pytest.raises(Invalid):
            group_of(watched, MARCH, kind="guilty", value="department:finance")
        with pytest.raises(Unknown):
            group_of(watched, MARCH, kind="quick_reply", value="department:nowhere")

    def test_the_period(self):
        ordinarily = period("", "", at=AT)
        assert ordinarily.until - ordinarily.since == timedelta(days=30)
        assert ordinarily.since <= AT < ordinarily.until
        for since, until in (("2026-03-02", "2026-03-02"), ("2026-03-02", "2026-03-01"), ("x", ""), ("2026-03-02", "")):
            with pytest.raises(Invalid):
                period(since, until, at=AT)
        with pytest.raises(Invalid, match=f"{MOST_DAYS} 天"):
            period("2026-01-01", "2026-05-01", at=AT)

    def test_every_kind_at_once_costs_few_queries(self, cast, django_assert_max_num_queries):
        ordinary(6)
        watched = watched_by(cast.supervisor)
        with django_assert_max_num_queries(30):
            looked_at(watched, MARCH)
