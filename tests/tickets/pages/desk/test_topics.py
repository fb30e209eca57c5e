"""举一反三 at the desk: proposals first and why, one topic with its acts, what each may see, a request's own panel."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from qihu.accounts.models import Department, Grant, Region, User
from tests import make
from tests.tickets.pages.desk.conftest import shown
from tests.tickets.topics import stories
from tests.tickets.topics.stories import DAY, FIRMS, FLATS, MESSAGE, NEXT, fresh, members
from tickets.models import Ticket, Topic
from tickets.services.codes import access_code
from tickets.services.topics import finding, gathering, telling

pytestmark = pytest.mark.django_db
SOON = NEXT + timedelta(hours=1)


@pytest.fixture
def later(clock):
    clock(SOON)
    return clock


def url(topic: Topic, act: str = "") -> str:
    return f"/desk/topics/{topic.number}/{f'{act}/' if act else ''}"


def test_a_proposal_comes_first_and_says_why(at, cast, later):
    gathering.open_by_hand(
        caller=stories.caller("director"), at=NEXT, title="园区路灯", tickets=[make.submitted(text=stories.LAMPS).pk]
    )
    topic = _proposed()
    page = at(cast.dispatcher).get("/desk/topics/")
    assert [row["title"] for row in page.context["topics"]] == [topic.title, "园区路灯"]
    first = page.context["topics"][0]
    assert first["why"] == "4 家企业、4 件、1 天内"
    assert "人才公寓" in shown(page)
    assert any(item["count"] == "1" for g in page.context["nav"] for item in g["items"] if item["label"] == "举一反三")


def _proposed() -> Topic:
    stories.queueing()
    finding.find(at=NEXT)
    return Topic.objects.get(state="proposed")


def test_opening_with_a_name_some_ticked_and_a_department(at, cast, later):
    topic = stories.proposed()
    desk = at(cast.dispatcher)
    page = desk.get(url(topic))
    assert page.content.decode().count('name="tickets"') == 4
    numbers = [row["number"] for row in page.context["members"]]
    done = desk.post(
        url(topic, "open"),
        {
            "title": "人才公寓轮候太久",
            "shown": numbers,
            "tickets": numbers[:3],
            "department": "talent",
            "due_on": "2026-03-20",
            "version": topic.version,
        },
    )
    assert done.status_code == 303
    topic = fresh(topic)
    assert (topic.state, topic.title, topic.department.code) == ("open", "人才公寓轮候太久", "talent")
    assert members(topic) == set(numbers[:3])


def test_the_whole_life_through_the_page(at, cast, later):
    topic = stories.proposed()
    dispatcher, head, director = at(cast.dispatcher), at(stories.user("head.talent")), at(cast.director)
    tickets = [row["number"] for row in dispatcher.get(url(topic)).context["members"]]
    unticked = dispatcher.post(url(topic, "open"), {"title": topic.title, "shown": tickets})
    assert unticked.status_code == 422
    assert "请至少选一件诉求" in shown(unticked)
    assert (
        dispatcher.post(url(topic, "open"), {"title": "公寓", "tickets": tickets, "shown": tickets}).status_code == 303
    )
    assert head.get(url(topic)).status_code == 404
    trust = {"department": "talent", "due_on": "2026-03-20"}
    assert dispatcher.post(url(topic, "entrust"), trust).status_code == 303
    assert dispatcher.post(url(topic, "entrust"), trust | {"owner": "head.talent"}).status_code == 303
    assert fresh(topic).owner.username == "head.talent"
    assert head.post(url(topic, "measure"), {"text": ""}).status_code == 422
    assert head.post(url(topic, "measure"), {"text": "新增房源200套。"}).status_code == 303
    kept = director.post(url(topic, "publish"), {"text": "房源已增加", "message": ""})
    assert kept.status_code == 422
    assert "房源已增加" in kept.content.decode()
    words = {"text": "房源已增加", "message": MESSAGE}
    assert director.post(url(topic, "publish"), words).status_code == 303
    again = director.post(url(topic, "publish"), words)
    assert again.status_code == 409
    assert "已由" in shown(again)
    assert "0 / 4 件" in shown(director.get(url(topic)))
    telling.tell(topic_id=topic.pk, at=SOON)
    assert "4 / 4 件" in shown(director.get(url(topic)))
    assert dispatcher.post(url(topic, "close")).status_code == 303
    assert fresh(topic).state == "closed"
    story = shown(dispatcher.get(url(topic)))
    for said in ("立专题，含 4 件诉求", "交人社局牵头", "定下措施", "公布结果", "已告知 4 件诉求的企业", "专题办结"):
        assert said in story


def test_two_see_one_proposal_and_the_second_is_told_who_opened_it(at, cast, later):
    topic = stories.proposed()
    first, second = at(cast.dispatcher), at(cast.director)
    tickets = [row["number"] for row in second.get(url(topic)).context["members"]]
    said = {"title": "公寓", "tickets": tickets, "shown": tickets, "version": topic.version}
    assert first.post(url(topic, "open"), said).status_code == 303
    late = second.post(url(topic, "open"), said)
    assert late.status_code == 412
    assert "公寓" in shown(late)


def test_the_leading_department_sees_its_own_requests_and_how_many_others(at, cast, later):
    topic = stories.entrusted()
    other = Ticket.objects.filter(topic=topic).order_by("pk").first()
    Ticket.objects.filter(pk=other.pk).update(department=Department.objects.get(code="housing"))
    page = at(stories.user("head.talent")).get(url(topic))
    assert other.filing.title not in shown(page)
    assert len(page.context["members"]) == 3
    assert "另有 1 件由其他部门办理" in shown(page)
    assert page.context["members"][0]["enterprise"] in FIRMS


def test_who_sees_no_topic(at, cast, later):
    topic = stories.entrusted()
    for who in ("head.finance", "officer.land", "officer.discipline"):
        assert at(stories.user(who)).get(url(topic)).status_code == 404
    assert at(cast.auditor).get("/desk/topics/").status_code == 403
    assert at(cast.discipline).get("/desk/topics/").status_code == 403
    county = User.objects.create_user("dispatcher.kecheng", name="郑爽")
    Grant.objects.create(user=county, role="dispatcher", region=Region.objects.get(code="330802"))
    assert at(county).get(url(topic)).status_code == 404
    assert at(county).get("/desk/topics/").context["topics"] == []
    for bad in ("ZT-999999", "ZT-1", "nothing", "ZT-00000x"):
        assert at(cast.dispatcher).get(f"/desk/topics/{bad}/").status_code == 404
    assert at(cast.dispatcher).get(url(topic, "nothing")).status_code == 404


@pytest.mark.parametrize("who", ["leader", "intake", "officer.talent"])
def test_who_only_reads_is_offered_nothing_and_refused(at, cast, later, who):
    topic = stories.entrusted()
    desk = at(stories.user(who))
    page = desk.get(url(topic))
    assert page.status_code == 200
    assert page.context["actions"] == []
    assert desk.post(url(topic, "dismiss"), {"text": "算了"}).status_code == 403


def test_a_shielded_firm_has_its_alias_here_too(at, cast, later):
    topic = stories.entrusted()
    one = Ticket.objects.filter(topic=topic).order_by("pk").first()
    Ticket.objects.filter(pk=one.pk).update(shielded=True)
    assert one.filing.enterprise_name not in shown(at(stories.user("head.talent")).get(url(topic)))
    assert one.filing.enterprise_name in shown(at(cast.supervisor).get(url(topic)))


def test_restricted_requests_are_nowhere(at, cast, later):
    topic = stories.entrusted()
    one = Ticket.objects.filter(topic=topic).order_by("pk").first()
    Ticket.objects.filter(pk=one.pk).update(restricted=True)
    page = at(cast.supervisor).get(url(topic))
    assert one.filing.title not in shown(page)
    assert (len(page.context["members"]), page.context["hidden"]) == (3, 0)
    assert at(cast.supervisor).get("/desk/topics/").context["topics"][0]["why"].startswith("3 家企业、3 件")
    assert at(cast.supervisor).get(f"/desk/t/{one.number}/").context["topic_line"] is None
    assert at(cast.supervisor).get(f"/desk/t/{one.number}/alike/").context["similar"] == []


def test_overdue_lights_up(at, cast, later):
    topic = stories.measured()
    later(NEXT + 11 * DAY)
    desk = at(cast.dispatcher)
    row = desk.get("/desk/topics/?view=late").context["topics"][0]
    assert row["due"]["state"] == "late"
    assert row["due"]["words"] == "逾期 1 天"
    assert desk.get("/desk/topics/?view=mine").context["topics"][0]["number"] == topic.number
    later(NEXT + 8 * DAY)
    assert desk.get("/desk/topics/?view=late").context["topics"] == []
    assert desk.get(url(topic)).context["due"]["state"] == "warn"


def test_suggestions_are_taken_in_or_turned_down(at, cast, later):
    topic = stories.opened()
    late = [make.routed(text=FLATS[0], enterprise_name=f"迟来{n}", qr="DEMO-TALENT", at=NEXT) for n in range(2)]
    finding.find(at=SOON)
    desk = at(cast.dispatcher)
    assert len(desk.get(url(topic)).context["alike"]) == 2
    assert desk.post(url(topic, "gather"), {"numbers": late[0].number}).status_code == 303
    assert desk.post(url(topic, "remove"), {"ticket": late[1].number}).status_code == 303
    page = desk.get(url(topic))
    assert page.context["alike"] == []
    assert late[0].number in members(topic)
    assert finding.find(at=SOON).matched == 0
    assert "认为 1 件诉求不相似" in shown(page)


@pytest.mark.parametrize("typed", ["", "QH-20260302-999999", "这不是编号"])
def test_numbers_that_are_none(at, cast, later, typed):
    topic = stories.opened()
    answer = at(cast.dispatcher).post(url(topic, "gather"), {"numbers": typed})
    assert answer.status_code in {404, 422}
    assert typed in answer.content.decode()


def test_removing_and_muting_from_the_row(at, cast, later):
    topic = stories.opened()
    desk = at(cast.dispatcher)
    one, two = sorted(members(topic))[:2]
    assert desk.post(url(topic, "mute"), {"ticket": one, "muted": "1"}).status_code == 303
    assert "不需告知" in shown(desk.get(url(topic)))
    assert desk.post(url(topic, "mute"), {"ticket": one}).status_code == 303
    assert desk.post(url(topic, "remove"), {"ticket": two}).status_code == 303
    gone = desk.post(url(topic, "remove"), {"ticket": two})
    assert gone.status_code == 409
    assert "不在本专题中" in shown(gone)


def test_from_a_request_to_a_new_topic_with_those_alike(at, cast, later):
    tickets = stories.queueing()
    desk = at(cast.director)
    page = desk.get(f"/desk/t/{tickets[0].number}/topic/")
    assert {row["number"] for row in page.context["similar"]} >= {tickets[1].number}
    assert desk.post(page.request["PATH_INFO"], {"title": "", "with": [tickets[1].number]}).status_code == 422
    made = desk.post(page.request["PATH_INFO"], {"title": "公寓轮候", "with": [tickets[1].number]})
    assert made.status_code == 303
    topic = Topic.objects.get()
    assert members(topic) == {tickets[0].number, tickets[1].number}
    into = f"/desk/t/{tickets[2].number}/topic/"
    assert [t["number"] for t in desk.get(f"{into}?q=公寓").context["topics"]] == [topic.number]
    assert desk.get(f"{into}?q=路灯").context["topics"] == []
    assert desk.post(into, {"topic": topic.number}).status_code == 303
    again = desk.post(into, {"topic": topic.number})
    assert again.status_code == 409
    assert "已在本专题中" in shown(again)
    assert at(cast.officer).get(into).status_code == 404
    assert at(stories.user("officer.talent")).get(into).status_code == 403
    assert at(stories.user("officer.talent")).post(into, {"title": "公寓"}).status_code == 403


def test_a_request_shows_its_topic_and_what_is_like_it(at, cast, later):
    topic = stories.entrusted()
    one = Ticket.objects.filter(topic=topic).order_by("pk").first()
    page = at(cast.dispatcher).get(f"/desk/t/{one.number}/")
    assert topic.title in shown(page)
    assert re.search(rf'hx-get="/desk/t/{one.number}/alike/"', page.content.decode())
    fragment = at(cast.dispatcher).get(f"/desk/t/{one.number}/alike/", headers={"HX-Request": "true"})
    assert len(fragment.context["similar"]) == 3
    assert "<html" not in fragment.content.decode()
    assert "<html" in at(cast.dispatcher).get(f"/desk/t/{one.number}/alike/").content.decode()
    mine = at(stories.user("officer.talent")).get(f"/desk/t/{one.number}/alike/")
    assert "加入专题" not in shown(mine)
    Topic.objects.filter(pk=topic.pk).update(department=None)
    theirs = shown(at(stories.user("officer.talent")).get(f"/desk/t/{one.number}/"))
    assert "已归入同类问题专题" in theirs
    assert topic.title not in theirs


def test_a_department_finds_only_what_it_may_see_alike(at, cast, later):
    tickets = stories.queueing()
    Ticket.objects.filter(pk=tickets[1].pk).update(department=Department.objects.get(code="housing"))
    found = at(stories.user("officer.talent")).get(f"/desk/t/{tickets[0].number}/alike/").context["similar"]
    assert tickets[1].number not in {row["number"] for row in found}


def test_every_number_of_the_weeks_opens_its_requests(at, cast, later):
    topic = stories.sent_back()
    desk = at(cast.director)
    page = desk.get(url(topic))
    cells = [cell for week in page.context["chart"]["weeks"] for cell in week["cells"] if cell["n"]]
    assert cells
    for cell in cells:
        opened = desk.get(cell["url"])
        assert opened.context["total"] == cell["n"]
    assert desk.get(url(topic, "rows") + "?since=x&until=2026-01-01").status_code == 422
    assert desk.get(url(topic, "rows") + "?since=2026-01-02&until=2026-01-01").status_code == 422


def test_the_topic_rate_opens_its_topics(at, cast, later):
    stories.sent_back()
    gathering.open_by_hand(
        caller=stories.caller("director"), at=NEXT, title="别的", tickets=[make.submitted(text="别的事情").pk]
    )
    desk = at(cast.director)
    rate = desk.get("/desk/topics/").context["rate"]
    assert (rate["hits"], rate["n"], rate["text"]) == (1, 2, "50%")
    assert len(desk.get(f"/desk/topics/{rate['hits_url']}").context["topics"]) == 1
    assert len(desk.get(f"/desk/topics/{rate['n_url']}").context["topics"]) == 2
    assert desk.get("/desk/topics/?part=numerator&since=x").status_code == 422


def many(n: int) -> None:
    ticket = make.submitted(text="一件事")
    gathering.open_by_hand(caller=stories.caller("director"), at=NEXT, title="头一个", tickets=[ticket.pk])
    for place in range(n - 1):
        Topic.objects.create(title=f"专题{place}", state="open", region_id="330800", opened_at=NEXT)


def test_pages_by_keyset_and_costs_no_more_for_more(at, cast, later, django_assert_max_num_queries):
    many(3)
    desk = at(cast.director)
    with CaptureQueriesContext(connection) as few:
        desk.get("/desk/topics/")
    many(33)
    with django_assert_max_num_queries(len(few)):
        page = desk.get("/desk/topics/")
    assert len(few) <= 8
    assert len(page.context["topics"]) == 30
    second = desk.get(f"/desk/topics/{page.context['older']}")
    assert len(second.context["topics"]) == 6
    assert second.context["older"] == ""
    assert not {r["number"] for r in page.context["topics"]} & {r["number"] for r in second.context["topics"]}
    assert desk.get("/desk/topics/?cursor=forged").status_code == 200
    assert len(desk.get("/desk/topics/?q=专题1").context["topics"]) == 12  # 1 twice, 10 to 19


def test_the_page_of_a_topic_costs_the_same_for_more_requests(at, cast, later, django_assert_max_num_queries):
    topic = stories.sent_back()
    desk = at(cast.director)
    with CaptureQueriesContext(connection) as few:
        desk.get(url(topic))
    for n in range(6):
        late = make.routed(text=FLATS[0], enterprise_name=f"迟来{n}", qr="DEMO-TALENT", at=NEXT)
        gathering.gather(topic_id=topic.pk, caller=stories.caller("director"), at=NEXT, tickets=[late.pk])
    with django_assert_max_num_queries(len(few)):
        desk.get(url(topic))
    assert len(few) <= 18
    with django_assert_max_num_queries(8):
        desk.get(f"/desk/t/{late.number}/alike/", headers={"HX-Request": "true"})


def test_the_firm_reads_the_message_on_its_receipt(client, cast, later):
    topic = stories.sent_back()
    ticket = Ticket.objects.filter(topic=topic).first()
    client.post("/t/", {"number": ticket.number, "code": access_code(ticket.number)})
    page = client.get(f"/t/{ticket.number}/")
    assert MESSAGE in page.content.decode()
    assert "专题" not in shown(page)
