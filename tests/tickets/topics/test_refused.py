"""What topics refuse beside the table: too much at once, what is not there, and what changes under a press."""

from __future__ import annotations

import pytest

from qihu.errors import Conflict, Forbidden, Invalid, Unknown
from tests import make
from tests.tickets.topics import stories
from tests.tickets.topics.stories import DAY, NEXT, caller, fresh
from tickets.access import SYSTEM
from tickets.models import Topic, TopicEvent
from tickets.services.topics import dismissing, entrusting, gathering
from tickets.topic_access import topics_visible_to

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("count", "said"), [(0, "请至少选一件诉求。"), (gathering.AT_ONCE_MAX + 1, "一次最多加入 200 件。")]
)
def test_a_press_takes_in_some_and_not_too_many(cast, count, said):
    with pytest.raises(Invalid) as wrong:
        gathering.open_by_hand(caller=caller("dispatcher"), at=NEXT, title="路灯", tickets=range(1, count + 1))
    assert wrong.value.fields == {"tickets": said}
    assert not Topic.objects.exists()


def test_a_request_that_is_not_there_joins_nothing(cast):
    lamps = make.submitted(text=stories.LAMPS)
    with pytest.raises(Unknown, match="没有找到这件诉求。"):
        gathering.open_by_hand(caller=caller("dispatcher"), at=NEXT, title="路灯", tickets=[lamps.pk, 10**9])
    assert not Topic.objects.exists()


def test_opened_and_entrusted_in_one_press(cast):
    asked = entrusting.trust(department="talent", due_on=(NEXT + 9 * DAY).date(), at=NEXT)
    lamps = make.submitted(text=stories.LAMPS)
    topic = gathering.open_by_hand(caller=caller("dispatcher"), at=NEXT, title="路灯", tickets=[lamps.pk], trust=asked)
    assert (fresh(topic).department.code, fresh(topic).due_on) == ("talent", (NEXT + 9 * DAY).date())
    assert TopicEvent.objects.get(topic=topic).data["department"] == topic.department_id


def test_what_joins_while_a_topic_is_dismissed_is_not_lost(cast, monkeypatch):
    topic = stories.opened()
    lamps = make.submitted(text=stories.LAMPS)
    begin = dismissing.begin

    def meanwhile(*given: object, **more: object) -> object:
        """Somebody takes one more in after the requests were read and before the topic is locked."""
        gathering.gather(topic_id=topic.pk, caller=caller("director"), at=NEXT, tickets=[lamps.pk])
        return begin(*given, **more)

    monkeypatch.setattr(dismissing, "begin", meanwhile)
    with pytest.raises(Conflict, match="刚有诉求加入或移出，请看过再办理。"):
        dismissing.dismiss(topic_id=topic.pk, caller=caller("dispatcher"), at=NEXT, text="只是字面相近。")
    assert fresh(topic).state == "open"


def test_the_system_does_none_of_what_people_do(cast):
    topic = stories.opened()
    with pytest.raises(Forbidden, match="不由您办理。"):
        dismissing.dismiss(topic_id=topic.pk, caller=SYSTEM, at=NEXT, text="只是字面相近。")


def test_whoever_left_sees_no_topic(cast):
    stories.opened()
    assert topics_visible_to(cast.dispatcher).count() == 1
    cast.dispatcher.is_active = False
    assert not topics_visible_to(cast.dispatcher).exists()
