"""What each role finds in its views."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import make
from tests.people import user
from tests.tickets.pages.desk.conftest import NOON, shown
from tickets.models import Ticket
from tickets.pages.desk import asked, queues
from tickets.services import closing, sweep

DAY = timedelta(days=1)


def test_the_officers_views_hold_what_their_names_say(at, cast):
    make.assigned(title="等签收")
    make.signed(title="办理中的")
    make.replied(title="等审核")
    make.closed(title="办完了")
    make.assigned(title="别的部门", qr="DEMO-INDUSTRY")
    desk = at(cast.officer)
    assert set(desk.titles()) == {"等签收", "办理中的"}
    assert desk.titles("view=sign") == ["等签收"]
    assert set(desk.titles("view=open")) == {"等签收", "办理中的", "等审核"}
    assert desk.titles("view=closed") == ["办完了"]
    assert set(desk.titles("view=all")) == {"等签收", "办理中的", "等审核", "办完了"}
    counts = desk.counts()
    assert (counts["待我办"], counts["待签收"], counts["全部在办"], counts["已办结"]) == ("2", "1", "3", None)


def test_soonest_first_by_default_and_newest_first_when_asked(at, cast):
    make.signed(title="先来的", at=make.MONDAY - DAY * 3)
    make.assigned(title="后来的，要先签收", at=make.MONDAY)
    make.assigned(title="紧急件", at=make.MONDAY + timedelta(minutes=20), urgent=True)
    desk = at(cast.officer)
    assert desk.titles("view=mine&sort=newest") == ["紧急件", "后来的，要先签收", "先来的"]
    dues = list(Ticket.objects.order_by("next_due_at").values_list("filing__title", flat=True))
    assert desk.titles("view=mine") == dues


def test_due_today_means_this_local_day(at, cast, clock):
    make.assigned(title="今天签收到期")
    make.replied(title="在审核")
    desk = at(cast.officer)
    assert desk.titles("view=today") == ["今天签收到期"]
    clock(NOON - DAY)
    assert desk.titles("view=today") == []


def test_late_and_rework_views(at, cast, clock):
    make.assigned(title="没人签收")
    again = make.answered(title="企业不认可")
    closing.rework(ticket_id=again.pk, at=NOON, reason="没有到账")
    clock(NOON + DAY)
    sweep.sweep(at=make.MONDAY + timedelta(hours=6))
    desk = at(cast.officer)
    assert "没人签收" in desk.titles("view=late")
    assert desk.titles("view=rework") == ["企业不认可"]
    row = desk.get("/desk/?view=late").context["rows"][0]
    assert (row["state"], row["due"][:2]) == ("late", "已超")


def test_the_head_reviews_what_others_wrote_never_their_own(at, cast):
    make.replied(title="陈伟写的答复")
    own = make.signed(title="负责人自己写的")
    head = at(cast.head)
    assert head.move(own.number, "reply", version=own.version, outcome="solved", text="已解决").status_code == 303
    assert head.titles("view=review") == ["陈伟写的答复"]
    page = head.get(f"/desk/t/{own.number}/")
    assert "不能审核自己的答复" in shown(page)
    assert {action["move"].action for action in page.context["actions"]} == {"classify"}


def test_the_centre_finds_what_waits_for_it(at, cast):
    make.triaged(title="规则没定的")
    make.submitted(title="刚提交的")
    make.assigned(title="已交办的")
    for person in (cast.dispatcher, cast.intake, cast.director):
        desk = at(person)
        assert desk.titles() == ["规则没定的"]
        assert desk.titles("view=waiting") == ["刚提交的"]
        assert set(desk.titles("view=all-open")) == {"规则没定的", "刚提交的", "已交办的"}


def test_the_director_reviews_from_tier_two(at, cast):
    ticket = make.replied(title="退回两次的")
    for _ in range(2):
        make.review.send_back(ticket_id=ticket.pk, caller=cast.as_head, at=NOON, text="没说清楚")
        make.handling.reply(ticket_id=ticket.pk, caller=cast.as_officer, at=NOON, outcome="solved", text="已办")
    assert make.fresh(ticket).tier == 2
    assert at(cast.director).titles("view=review2") == ["退回两次的"]
    assert at(cast.head).titles("view=review") == []


@pytest.mark.parametrize("name", ["supervisor", "leader"])
def test_watchers_see_all_of_their_region(at, name):
    make.assigned(title="金融办的")
    make.assigned(title="自然资源局的", qr="DEMO-INDUSTRY")
    desk = at(user(name))
    assert set(desk.titles()) == {"金融办的", "自然资源局的"}
    assert "待我办" not in desk.counts()


def test_helpers_find_it_under_helping_and_move_their_own_leg_only(at, cast):
    ticket = make.triaged(title="要两家一起办")
    make.dispatch.assign(
        ticket_id=ticket.pk, caller=cast.as_dispatcher, at=NOON, department="land", co_departments=["finance"]
    )
    desk = at(cast.officer)
    assert desk.titles("view=helping") == ["要两家一起办"]
    assert desk.titles("view=mine") == []
    page = desk.get(f"/desk/t/{ticket.number}/")
    assert [one["move"].action for one in page.context["actions"]] == ["leg_sign", "leg_return"]
    assert "您部门协办本件" in shown(page)
    assert desk.move(ticket.number, "note", text="x").status_code == 403


def test_restricted_requests_exist_for_discipline_and_supervisors_only(at, cast):
    ticket = make.assigned(title="检查人员索要好处", qr="DEMO-SERVICE", category="SRV-04")
    assert ticket.restricted
    assert at(cast.discipline).titles() == ["检查人员索要好处"]
    assert at(cast.supervisor).titles() == ["检查人员索要好处"]
    service = user("officer.service-centre")
    for person in (cast.dispatcher, cast.intake, cast.director, cast.leader, cast.officer, service):
        desk = at(person)
        assert desk.titles("view=all") == []
        assert desk.titles("view=all&q=好处") == []
        assert not any(count for count in desk.counts().values())
        assert desk.get(f"/desk/t/{ticket.number}/").status_code == 404
        assert "好处" not in desk.get("/desk/rows/?view=all").content.decode()


def test_a_chain_narrows_the_list(at, cast):
    make.assigned(title="资金的")
    make.assigned(title="用地的", qr="DEMO-INDUSTRY")
    desk = at(cast.supervisor)
    assert desk.titles("view=all&tag=industry") == ["用地的"]
    assert desk.titles("view=all&tag=nonsense") == []


@pytest.mark.parametrize("query", ["view=nonsense", "sort=';--", "cursor=forged", "cursor=%00", "tag=%00", "q=%00"])
def test_nonsense_in_the_address_falls_back(at, cast, query):
    make.assigned(title="在这里")
    assert at(cast.officer).get(f"/desk/?{query}").status_code == 200


def test_paging_neither_skips_nor_repeats_while_requests_arrive(at, cast, monkeypatch):
    monkeypatch.setattr(asked, "PAGE", 3)
    for i in range(7):
        make.assigned(title=f"第{i}件", at=make.MONDAY + timedelta(minutes=i // 2))  # ties included
    desk = at(cast.officer)
    for sort in ("soonest", "newest"):
        seen: list[str] = []
        url = f"/desk/?view=mine&sort={sort}"
        before = set(Ticket.objects.values_list("filing__title", flat=True))
        while url:
            page = desk.get(url)
            seen += [row["title"] for row in page.context["rows"]]
            url = page.context["older"]
            make.assigned(title=f"插队{sort}{len(seen)}", at=make.MONDAY - DAY if sort == "soonest" else NOON)
        assert len(seen) == len(set(seen))
        assert before <= set(seen)


def test_a_cursor_of_one_order_does_not_serve_the_other(at, cast, monkeypatch):
    monkeypatch.setattr(asked, "PAGE", 1)
    make.assigned(title="甲")
    make.assigned(title="乙", at=make.MONDAY + timedelta(minutes=1))
    desk = at(cast.officer)
    older = desk.get("/desk/?view=mine").context["older"]
    assert desk.titles(older.partition("?")[2] + "&sort=newest") == ["乙"]


def test_counts_stop_at_ninety_nine(monkeypatch, at, cast):
    monkeypatch.setattr(queues, "COUNTED_TO", 2)
    for _ in range(3):
        make.assigned()
    assert at(cast.officer).counts()["待我办"] == "99+"


def test_the_fragment_answers_304_until_something_changes(at, cast):
    make.assigned(title="在这里")
    desk = at(cast.officer)
    first = desk.get("/desk/rows/?view=mine")
    assert "<html" not in first.content.decode()
    assert desk.get("/desk/rows/?view=mine", headers={"If-None-Match": first["ETag"]}).status_code == 304
    make.assigned(title="新来的")
    assert desk.get("/desk/rows/?view=mine", headers={"If-None-Match": first["ETag"]}).status_code == 200


@pytest.mark.parametrize("name", ["officer", "head", "dispatcher", "director", "supervisor"])
def test_a_list_costs_at_most_nine_queries_however_long(at, cast, name, django_assert_max_num_queries):
    for i in range(12):
        make.assigned(title=f"第{i}件", region="330802" if i % 2 else None)
    desk = at(getattr(cast, name))
    desk.get("/desk/")  # fills what the process keeps: calendar versions and promises
    with django_assert_max_num_queries(9):
        desk.get("/desk/?view=all")
