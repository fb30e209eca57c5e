"""The inbox."""

from __future__ import annotations

from datetime import timedelta

from tests import make
from tests.tickets.pages.desk.conftest import NOON, shown
from tickets.models import Notice
from tickets.services.notify import notify_all


def tell(ticket) -> None:
    """What the worker does after every move so far."""
    notify_all([{"ticket_id": ticket.pk, "seq": seq} for seq in range(1, ticket.last_seq + 1)], at=NOON)


def test_notices_are_counted_listed_by_request_and_read(at, cast):
    ticket = make.replied(title="贷款的事")
    tell(make.fresh(ticket))
    head = at(cast.head)
    unread = Notice.objects.unread(cast.head.pk)
    assert head.counts()["通知"] == str(unread.count())
    page = head.get("/desk/notices/")
    assert "有答复等待审核" in shown(page)
    assert len(page.context["notices"]) == 1
    answer = head.post(f"/desk/notices/{page.context['notices'][0]['key']}/")
    assert answer["Location"] == f"/desk/t/{ticket.number}/"
    assert not unread.all().exists()
    assert "没有新通知" in shown(head.get("/desk/notices/"))


def test_nobody_reads_anothers_notice(at, cast):
    ticket = make.assigned()
    tell(make.fresh(ticket))
    notice = Notice.objects.unread(cast.officer.pk).get()
    assert at(cast.rival_officer).post(f"/desk/notices/{notice.pk}/").status_code == 404
    assert at(cast.officer).get(f"/desk/notices/{notice.pk}/").status_code == 405
    notice.refresh_from_db()
    assert notice.read_at is None


def test_what_went_to_another_department_leaves_the_inbox(at, cast):
    ticket = make.assigned(title="不归我们")
    tell(make.fresh(ticket))
    officer = at(cast.officer)
    assert officer.counts()["通知"] == "1"
    make.dispatch.reassign(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=NOON, department="land")
    assert officer.counts()["通知"] == ""
    assert "不归我们" not in shown(officer.get("/desk/notices/"))


def test_all_at_once(at, cast):
    for _ in range(3):
        tell(make.fresh(make.assigned()))
    officer = at(cast.officer)
    officer.post("/desk/notices/read/")
    assert officer.counts()["通知"] == ""


def test_what_they_no_longer_see_is_not_even_counted_as_read(at, cast):
    hidden = make.assigned()
    tell(make.fresh(hidden))
    make.dispatch.reassign(ticket_id=hidden.pk, caller=cast.as_dispatcher, at=NOON, department="discipline")
    assert "0 条通知已读" in shown(at(cast.officer).post("/desk/notices/read/", follow=True))


def test_restricted_requests_are_announced_to_discipline_only(at, cast):
    ticket = make.assigned(qr="DEMO-SERVICE", category="SRV-04")
    tell(make.fresh(ticket))
    assert set(Notice.objects.filter(firm=False).values_list("recipient__username", flat=True)) <= {
        "officer.discipline",
        "head.discipline",
    }
    assert at(cast.discipline).counts()["通知"] == "1"


def test_the_inbox_costs_at_most_six_queries(at, cast, django_assert_max_num_queries):
    for _ in range(8):
        tell(make.fresh(make.assigned()))
    officer = at(cast.officer)
    with django_assert_max_num_queries(6):
        officer.get("/desk/notices/")


def test_read_ones_stay_in_sight_under_all(at, cast):
    first, second = make.assigned(title="第一件"), make.assigned(title="第二件")
    for ticket in (first, second):
        tell(make.fresh(ticket))
    officer = at(cast.officer)
    officer.post(f"/desk/notices/{Notice.objects.unread(cast.officer.pk).of_ticket(first).get().pk}/")
    unread = officer.get("/desk/notices/")
    assert [row["title"] for row in unread.context["notices"]] == ["第二件"]
    everything = officer.get("/desk/notices/?show=all")
    assert [(row["title"], row["unread"]) for row in everything.context["notices"]] == [
        ("第二件", True),
        ("第一件", False),
    ]
    assert [day for day, _ in everything.context["days"]] == ["今天"]
    assert everything.content.decode().count("data-row") == 2


def test_days_are_apart_and_older_ones_on_the_next_page(at, cast, clock):
    ticket = make.assigned()
    tell(make.fresh(ticket))
    clock(NOON + timedelta(days=1))
    for _ in range(50):
        tell(make.fresh(make.assigned()))
    Notice.objects.exclude(ticket=ticket).update(created_at=NOON + timedelta(days=1))
    officer = at(cast.officer)
    page = officer.get("/desk/notices/?show=all")
    assert [day for day, _ in page.context["days"]] == ["今天"]
    page = officer.get(f"/desk/notices/{page.context['older']}")
    assert [day for day, _ in page.context["days"]] == ["昨天"]
    assert page.context["older"] == ""


def test_nonsense_in_the_address_is_ignored(at, cast):
    tell(make.fresh(make.assigned()))
    for before in ("x", "-1", "9" * 30, "²"):
        assert at(cast.officer).get("/desk/notices/", {"show": "all", "before": before}).status_code == 200
