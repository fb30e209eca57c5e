"""Two people, two workers at the same moment: real threads, real commits."""

from __future__ import annotations

from collections import Counter

import pytest

from qihu.errors import Conflict
from tests import make
from tests.tickets.test_at_once import at_once
from tests.tickets.topics import stories
from tests.tickets.topics.stories import NEXT, caller
from tickets.models import Event, Ticket, Topic
from tickets.services.topics import dismissing, finding, gathering, telling

pytestmark = pytest.mark.usefixtures("committed")


def test_of_several_workers_one_looks(cast):
    stories.queueing()
    done = at_once(*[lambda: finding.find(at=NEXT)] * 3)
    assert sum(run.proposed for run in done) == 1
    assert Topic.objects.count() == 1


def test_two_people_open_one_proposal(cast):
    topic = stories.proposed()
    done = at_once(
        *(
            lambda who=who: gathering.open_proposal(topic_id=topic.pk, caller=caller(who), at=NEXT)
            for who in ("dispatcher", "director")
        )
    )
    assert Counter(type(one) for one in done) == {Topic: 1, Conflict: 1}
    refused = next(one for one in done if isinstance(one, Conflict))
    assert "立专题" in refused.message
    assert Event.objects.filter(kind="topic").count() == 4


def test_one_opens_and_one_dismisses(cast):
    topic = stories.proposed()
    done = at_once(
        lambda: gathering.open_proposal(topic_id=topic.pk, caller=caller("dispatcher"), at=NEXT),
        lambda: dismissing.dismiss(topic_id=topic.pk, caller=caller("director"), at=NEXT, text="字面相近"),
    )
    assert any(isinstance(one, Topic) for one in done)
    now = stories.fresh(topic)
    assert Ticket.objects.filter(topic=topic).count() == (4 if now.state == "open" else 0)


def test_two_topics_ask_for_one_request(cast):
    wanted = make.submitted()
    others = [make.submitted(text=stories.LAMPS, enterprise_name=f"公司{n}") for n in range(2)]
    done = at_once(
        *(
            lambda other=other: gathering.open_by_hand(
                caller=caller("director"), at=NEXT, title="路灯", tickets=[wanted.pk, other.pk]
            )
            for other in others
        )
    )
    assert Counter(type(one) for one in done) == {Topic: 1, Conflict: 1}
    assert Topic.objects.count() == 1


def test_two_workers_tell_and_each_firm_hears_once(cast):
    topic = stories.published()
    done = at_once(*[lambda: telling.tell(topic_id=topic.pk, at=NEXT)] * 3)
    assert sum(done) == 4
    assert Event.objects.filter(kind="topic_reply").count() == 4
