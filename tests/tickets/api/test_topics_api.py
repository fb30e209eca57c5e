"""Topics by the API: the whole life, who may do what, and bad input."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from qihu.clock import now
from tests import make
from tests.tickets.topics import stories
from tests.tickets.topics.stories import IN_STATE, LAMPS, members
from tickets.api.topic_acts import TOPIC_WAYS
from tickets.models import Topic
from tickets.services.topics import telling
from tickets.topic_moves import TOPIC_MOVES, TopicAct

pytestmark = pytest.mark.django_db
A = TopicAct
SOON = (now() + timedelta(days=9)).date().isoformat()
ROLES = {
    "dispatcher": "dispatcher",
    "director": "director",
    "supervisor": "supervisor",
    "head": "head.talent",
    "officer": "officer.talent",
    "intake": "intake",
    "leader": "leader",
}
STRANGERS = ("head.finance", "officer.land", "officer.discipline")


def body_of(act: TopicAct, topic: Topic) -> dict[str, object]:
    """What each act asks for."""
    one = topic.members.exclude(state="removed").order_by("-pk").select_related("ticket").first()
    other = make.routed(text=LAMPS, enterprise_name="衢州另一家公司") if act == A.GATHER else None
    return {
        A.GATHER: {"tickets": [other.number if other else ""]},
        A.REMOVE: {"ticket": one.ticket.number if one else ""},
        A.MUTE: {"ticket": one.ticket.number if one else "", "muted": True},
        A.ENTRUST: {"department": "talent", "due_on": SOON},
        A.MEASURE: {"text": "新增房源 200 套。"},
        A.PUBLISH: {"text": "房源已增加。", "message": "人才公寓已新增房源。"},
        A.DISMISS: {"text": "只是字面相近。"},
    }.get(act, {})


def address(topic: Topic, more: str = "") -> str:
    return f"topics/{topic.number}/{more}"


def test_the_whole_life(staff):
    topic = stories.proposed()
    dispatcher, head, director = (staff(name) for name in ("dispatcher", "head.talent", "director"))
    found = dispatcher.get("topics/?state=proposed").json()["results"]
    assert [(one["number"], one["requests"], one["firms"]) for one in found] == [(topic.number, 4, 4)]
    opened = dispatcher.post(
        address(topic, "open/"), {"title": "人才公寓轮候太久", "department": "talent", "due_on": SOON}
    )
    assert (opened.status_code, opened.json()["state"]) == (200, "open")
    assert head.post(address(topic, "measure/"), body_of(A.MEASURE, topic)).status_code == 200
    assert director.post(address(topic, "publish/"), body_of(A.PUBLISH, topic)).status_code == 200
    while telling.tell(topic_id=topic.pk, at=now()):
        pass
    said = head.get(address(topic)).json()
    assert (said["state"], said["measure"], said["message"]) == (
        "published",
        "新增房源 200 套。",
        "人才公寓已新增房源。",
    )
    assert said["told"]["told"] == 4
    assert said["inflow"]["weeks"]
    assert [line["kind"] for line in said["log"]][-2:] == ["open", "propose"]
    closed = dispatcher.post(address(topic, "close/"))
    assert (closed.status_code, closed.json()["state"]) == (200, "closed")
    assert dispatcher.get(address(topic)).json()["acts"] == []


def test_its_requests_come_page_by_page_and_a_weeks_number_opens_them(staff):
    topic = stories.entrusted()
    client = staff("dispatcher")
    said = client.get(address(topic)).json()
    rows = client.get(said["members"]).json()
    assert {row["number"] for row in rows["results"]} == members(topic)
    assert (rows["hidden"], rows["next"]) == (0, None)
    for week in said["inflow"]["weeks"]:
        behind = client.get(week["rows"]).json()["results"]
        assert len(behind) == week["joined"] + week["alike"]


@pytest.mark.parametrize("state", IN_STATE)
def test_each_act_is_for_those_whom_the_table_names(staff, state):
    topic = IN_STATE[state]()
    owned = topic.department_id is not None
    for act in TOPIC_WAYS:
        for role, username in ROLES.items():
            if role in TOPIC_MOVES[act].by:
                continue
            response = staff(username).post(address(topic, f"{act}/"), {})
            sees = owned or role not in {"head", "officer"}
            assert response.status_code == (403 if sees else 404), (act, role)
        for username in STRANGERS:
            assert staff(username).post(address(topic, f"{act}/"), {}).status_code == 404
    assert Topic.objects.get(pk=topic.pk).version == topic.version


@pytest.mark.parametrize("state", IN_STATE)
def test_an_act_from_another_state_is_a_conflict(staff, state):
    topic = IN_STATE[state]()
    for act, move in TOPIC_MOVES.items():
        if state in move.sources:
            continue
        username = ROLES[str(min(move.by))]
        response = staff(username).post(address(topic, f"{act}/"), body_of(act, topic))
        wanted = 404 if username.startswith("head.") and topic.department_id is None else 409
        assert response.status_code == wanted, (act, response.content)


@pytest.mark.parametrize("username", ["auditor", "sysadmin", "secadmin"])
def test_whoever_sees_no_topics_has_no_list(staff, username):
    assert staff(username).get("topics/").status_code == 403
    assert staff(username).get(address(stories.proposed())).status_code == 404


def test_nobody_and_firms_have_none(anybody):
    topic = stories.proposed()
    assert anybody.get("topics/").status_code == 401
    assert anybody.post(address(topic, "open/"), {}).status_code == 401


class TestOpening:
    def test_by_hand_and_again_with_the_same_key(self, staff):
        tickets = [make.routed(text=LAMPS, enterprise_name=f"第{n}公司").number for n in range(3)]
        body = {"title": "园区路灯", "tickets": tickets}
        client = staff("director")
        first = client.post("topics/", body, Idempotency_Key="lamps-1")
        again = client.post("topics/", body, Idempotency_Key="lamps-1")
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["number"] == again.json()["number"]
        assert client.post("topics/", body | {"title": "别的"}, Idempotency_Key="lamps-1").status_code == 422
        assert Topic.objects.filter(title="园区路灯").count() == 1

    def test_a_request_joins_one_topic_only(self, staff):
        ticket = make.routed(text=LAMPS)
        client = staff("director")
        body = {"title": "园区路灯", "tickets": [ticket.number]}
        assert client.post("topics/", body).status_code == 201
        refused = client.post("topics/", body)
        assert refused.status_code == 409
        assert ticket.number in refused.json()["detail"]

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"title": ""}, "title"),
            ({"title": "字" * 200}, "title"),
            ({"tickets": []}, "tickets"),
            ({"tickets": "QH"}, "tickets"),
            ({"department": "talent"}, "due_on"),
            ({"due_on": SOON}, "department"),
            ({"department": "nowhere", "due_on": SOON}, "department"),
            ({"department": "talent", "due_on": "2020-01-01"}, "due_on"),
            ({"department": "talent", "due_on": SOON, "owner": "head.land"}, "owner"),
        ],
    )
    def test_what_cannot_be_is_said_by_field(self, staff, change, field):
        body = {"title": "园区路灯", "tickets": [make.routed(text=LAMPS).number]} | change
        refused = staff("director").post("topics/", body)
        assert refused.status_code == 422
        assert field in refused.json()["errors"]

    def test_what_one_may_not_see_is_not_there(self, staff):
        body = {"title": "园区路灯", "tickets": ["QH-20260302-999999"]}
        assert staff("director").post("topics/", body).status_code == 404

    def test_officers_open_none(self, staff):
        body = {"title": "园区路灯", "tickets": [make.routed(text=LAMPS).number]}
        assert staff("officer.finance").post("topics/", body).status_code == 403


def test_a_stale_version_is_refused(staff):
    topic = stories.entrusted()
    refused = staff("head.talent").post(address(topic, "measure/"), body_of(A.MEASURE, topic), If_Match='"1"')
    assert refused.status_code == 412


@pytest.mark.parametrize(
    "query",
    ["sort=title", "state=nonsense", "late=maybe", "waiting=1", "cursor=x", "owner__password=x", f"q={'字' * 90}"],
)
def test_what_is_not_on_the_list_of_filters_is_refused(staff, query):
    assert staff("director").get(f"topics/?{query}").status_code == 422


def test_filters_and_orders(staff):
    topic = stories.entrusted()
    client = staff("director")

    def numbers(query: str) -> list[str]:
        return [one["number"] for one in client.get(f"topics/?{query}").json()["results"]]

    for query in ("state=open,measured", "department=talent", "q=公寓", "sort=newest", "late=false"):
        assert numbers(query) == [topic.number], query
    for query in ("state=closed", "department=land", "q=路灯", "chain_tag=capital"):
        assert numbers(query) == [], query


@pytest.mark.parametrize("sort", ["rank", "newest"])
def test_pages_follow_each_other(staff, sort, monkeypatch):
    monkeypatch.setattr("tickets.api.topics.PAGE", 2)
    client = staff("director")
    for n in range(5):
        client.post("topics/", {"title": f"专题{n}", "tickets": [make.routed(text=LAMPS).number]})
    seen, place = [], f"topics/?sort={sort}"
    while place:
        page = client.get(place).json()
        seen += [one["title"] for one in page["results"]]
        place = page["next"]
    assert seen == [f"专题{n}" for n in reversed(range(5))]


def test_queries_do_not_grow_with_what_is_in_it(staff):
    topic = stories.entrusted()
    client = staff("dispatcher")
    places = ("topics/", address(topic), address(topic, "members/"))
    few = [_queries(client, place) for place in places]
    client.post(
        address(topic, "gather/"),
        {"tickets": [make.routed(text=LAMPS, enterprise_name=f"第{n}公司").number for n in range(12)]},
    )
    client.post("topics/", {"title": "路灯", "tickets": [make.routed(text=LAMPS).number]})
    assert [_queries(client, place) for place in places] == few
    assert max(few) <= 15


def _queries(client, place: str) -> int:
    client.get(place)
    with CaptureQueriesContext(connection) as captured:
        client.get(place)
    return len(captured)
