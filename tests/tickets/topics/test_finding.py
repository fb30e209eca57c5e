"""What is proposed: three alike of two firms in thirty days, and nothing that must not be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qihu.accounts.models import Region
from tests import make
from tests.tickets.topics.stories import (
    DAY,
    FIRMS,
    FLATS,
    NEXT,
    dismissed,
    fresh,
    members,
    opened,
    proposed,
    queueing,
)
from tickets.access import Caller
from tickets.models import Event, Filing, Ticket, Topic, TopicEvent, TopicMember
from tickets.services.topics import finding, gathering
from tickets.services.topics.finding import Run

pytestmark = pytest.mark.django_db


def test_one_problem_of_four_firms_is_proposed_and_says_why(cast):
    topic = proposed()
    assert topic.state == "proposed"
    assert topic.region_id == "330800"
    assert any("人才公寓" in word for word in topic.words)
    assert "人才公寓" in topic.title
    assert topic.chain_tag_id == "talent"
    assert (fresh(topic).requests, fresh(topic).firms) == (4, 4)
    assert not Event.objects.filter(kind="topic").exists()
    assert not Ticket.objects.filter(topic__isnull=False).exists()
    assert list(TopicEvent.objects.values_list("kind", "role")) == [("propose", "system")]


def test_a_second_run_finds_nothing_new(cast):
    proposed()
    assert finding.find(at=NEXT) == Run()
    assert Topic.objects.count() == 1


def test_a_proposal_grows_with_what_comes_in(cast):
    topic = proposed()
    late = make.routed(text="员工申请人才公寓排队半年，希望增加房源。", enterprise_name="迟来公司", at=NEXT)
    assert finding.find(at=NEXT + DAY) == Run(added=1)
    assert late.number in members(topic, "candidate")


def test_two_requests_or_one_firm_are_no_common_problem(cast):
    queueing(firms=FIRMS[:2])
    assert finding.find(at=NEXT) == Run()
    queueing(firms=("同一家公司", "同一家公司", "同一家（公司）"))
    Ticket.objects.filter(filing__enterprise_name__in=FIRMS).update(test=True)
    assert finding.find(at=NEXT) == Run()


def test_what_is_older_than_thirty_days_does_not_count(cast):
    queueing()
    assert finding.find(at=make.MONDAY + timedelta(days=31)) == Run()


@pytest.mark.parametrize("barred", [{"restricted": True}, {"test": True}, {"status": "merged"}, {"status": "rejected"}])
def test_restricted_test_merged_and_rejected_are_never_proposed(cast, barred):
    first, *rest = queueing()
    Ticket.objects.filter(pk__in=[t.pk for t in rest[:2]]).update(**barred)
    assert finding.find(at=NEXT) == Run()
    Ticket.objects.filter(pk=rest[0].pk).update(restricted=False, test=False, status="assigned")
    assert finding.find(at=NEXT) == Run(proposed=1)
    assert members(Topic.objects.get(), "candidate") == {first.number, rest[0].number, rest[2].number}


def test_a_request_that_was_withdrawn_still_tells_of_the_problem(cast):
    first, *_ = queueing(firms=FIRMS[:2])
    del first
    make.withdrawn(text=FLATS[2], enterprise_name=FIRMS[2], qr="DEMO-TALENT")
    assert finding.find(at=NEXT) == Run(proposed=1)


def test_erased_requests_are_not_found(cast):
    queueing(firms=FIRMS[:3])
    Filing.objects.filter(enterprise_name=FIRMS[0]).update(erased_at=NEXT)
    assert finding.find(at=NEXT) == Run()


def test_what_was_dismissed_is_not_proposed_again_but_new_ones_are(cast):
    first = dismissed()
    assert finding.find(at=NEXT + DAY) == Run()
    for n, text in enumerate(FLATS[:3]):
        make.routed(text=text, enterprise_name=f"新来{n}公司", at=NEXT + DAY)
    assert finding.find(at=NEXT + DAY + timedelta(hours=1)) == Run(proposed=1)
    second = Topic.objects.exclude(pk=first.pk).get()
    assert (fresh(second).requests, fresh(second).firms) == (3, 3)


def test_new_requests_like_a_running_topics_are_pointed_out_and_not_taken_in(cast):
    topic = opened()
    late = make.routed(text="人才公寓排队半年，员工轮不到，请增加房源。", enterprise_name="迟来公司", at=NEXT)
    make.routed(text="园区门口的公交车班次太少。", enterprise_name="别处公司", at=NEXT)
    assert finding.find(at=NEXT + DAY) == Run(matched=1)
    assert members(topic, "candidate") == {late.number}
    assert TopicMember.objects.get(ticket=late).score >= 0.15
    assert make.fresh(late).topic_id is None
    assert finding.find(at=NEXT + DAY) == Run()


def test_a_topic_looks_back_for_what_came_before_it(cast):
    old = make.routed(text=FLATS[3], enterprise_name="早先公司", qr="DEMO-TALENT", at=make.MONDAY - 40 * DAY)
    topic = opened()
    assert finding.find(at=NEXT) == Run(matched=1)
    assert members(topic, "candidate") == {old.number}


def test_requests_of_two_counties_make_a_topic_of_the_city(cast):
    for n, text in enumerate(FLATS[:3]):
        make.routed(text=text, enterprise_name=FIRMS[n], region="330802" if n else "330803", qr="DEMO-TALENT")
    finding.find(at=NEXT)
    assert Topic.objects.get().region_id == "330800"


def test_requests_without_a_region_in_common_make_no_topic(cast):
    *_, far = queueing(firms=FIRMS[:3])
    far.region = Region.objects.create(code="440000", name="广东省", path="440000")
    far.save(update_fields=["region"])
    assert finding.find(at=NEXT) == Run()
    assert not Topic.objects.exists()


def test_a_proposal_that_is_opened_meanwhile_takes_nothing_in_by_itself(cast, monkeypatch):
    topic = proposed()
    late = make.routed(text="员工申请人才公寓排队半年，希望增加房源。", enterprise_name="迟来公司", at=NEXT)
    clusters = finding.clusters

    def meanwhile(*given: object) -> object:
        """A dispatcher opens it between the look at what is proposed and the lock."""
        gathering.open_proposal(topic_id=topic.pk, caller=Caller(cast.dispatcher), at=NEXT)
        return clusters(*given)

    monkeypatch.setattr(finding, "clusters", meanwhile)
    assert finding.find(at=NEXT + DAY) == Run()
    assert late.number not in members(topic, "candidate") | members(topic)
