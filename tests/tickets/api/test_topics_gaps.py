"""What the landed tests leave open."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qihu.accounts.models import Department
from qihu.clock import now
from tests import make
from tests.tickets.topics import stories
from tests.tickets.topics.stories import LAMPS, members
from tickets.models import Ticket, Topic

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def at(topic, more=""):
    return f"topics/{topic.number}/{more}"


def test_joining_twice_is_a_conflict_and_naming_it_twice_counts_once(staff):
    topic, other = stories.entrusted(), make.routed(text=LAMPS)
    client = staff("dispatcher")
    assert client.post(at(topic, "gather/"), {"tickets": [other.number] * 2}).status_code == 200
    again = client.post(at(topic, "gather/"), {"tickets": [other.number]})
    assert again.status_code == 409
    assert "已在本专题中" in again.json()["detail"]


def test_restricted(staff):
    topic, secret = stories.entrusted(), make.routed(text=LAMPS)
    Ticket.objects.filter(pk=secret.pk).update(restricted=True)
    assert staff("dispatcher").post(at(topic, "gather/"), {"tickets": [secret.number]}).status_code == 404
    refused = staff("supervisor").post(at(topic, "gather/"), {"tickets": [secret.number]})
    assert refused.status_code == 409
    assert "限制知悉" in refused.json()["detail"]
    one = Ticket.objects.filter(topic=topic).order_by("pk").first()
    Ticket.objects.filter(pk=one.pk).update(restricted=True)
    rows = staff("supervisor").get(at(topic, "members/")).json()
    assert (len(rows["results"]), rows["hidden"]) == (3, 0)
    assert one.number not in {row["number"] for row in rows["results"]}


def test_the_department_counts_what_it_may_not_see_and_reads_an_alias(staff):
    topic = stories.entrusted()
    one, two = Ticket.objects.filter(topic=topic).order_by("pk")[:2]
    Ticket.objects.filter(pk=one.pk).update(department=Department.objects.get(code="housing"))
    Ticket.objects.filter(pk=two.pk).update(shielded=True)
    rows = staff("head.talent").get(at(topic, "members/")).json()
    assert (len(rows["results"]), rows["hidden"]) == (3, 1)
    named = {row["number"]: row["enterprise"] for row in rows["results"]}
    assert one.number not in named
    assert named[two.number] == "身份保密企业"


def test_members_go_on_from_page_to_page(staff, monkeypatch):
    monkeypatch.setattr("tickets.api.topic_read.PAGE", 3)
    topic = stories.entrusted()
    client, seen, place = staff("dispatcher"), [], at(topic, "members/")
    while place:
        page = client.get(place).json()
        seen += [row["number"] for row in page["results"]]
        place = page["next"]
    assert len(seen) == 4
    assert set(seen) == members(topic)


@pytest.mark.parametrize("act", ["gather", "remove", "mute", "entrust", "dismiss"])
def test_every_act_minds_the_version(staff, act):
    topic = stories.entrusted()
    one = Ticket.objects.filter(topic=topic).order_by("pk").first()
    body = {
        "gather": {"tickets": [make.routed(text=LAMPS).number]},
        "remove": {"ticket": one.number},
        "mute": {"ticket": one.number, "muted": True},
        "entrust": {"department": "talent", "due_on": (now() + 9 * DAY).date().isoformat()},
        "dismiss": {"text": "不办"},
    }[act]
    client = staff("dispatcher")
    tag = client.get(at(topic))["ETag"]
    assert client.post(at(topic, f"{act}/"), body, If_Match='"1"').status_code == 412
    assert client.post(at(topic, f"{act}/"), body, If_Match=tag).status_code == 200
    assert Topic.objects.get(pk=topic.pk).version == topic.version + 1


def test_a_proposal_takes_only_what_was_proposed(staff):
    topic, other = stories.proposed(), make.routed(text=LAMPS)
    refused = staff("dispatcher").post(at(topic, "open/"), {"tickets": [other.number]})
    assert refused.status_code == 422
    assert "tickets" in refused.json()["errors"]


@pytest.mark.parametrize(
    "query", ["members/?part=x", "members/?cursor=x", "rows/?since=x", "rows/?since=2026-01-02&until=2026-01-01"]
)
def test_malformed_lists(staff, query):
    assert staff("director").get(at(stories.entrusted(), query)).status_code == 422


def test_another_county_finds_nothing(staff):
    topic = stories.entrusted()
    assert staff("officer.finance-330802").get(at(topic)).status_code == 404
    assert staff("officer.finance-330802").get(at(topic, "members/")).status_code == 404
