"""One message back to all firms: once each, on every receipt, resumable, and not to whom it is unwelcome."""

from __future__ import annotations

import pytest

from qihu.errors import Conflict
from qihu.outbox.consume import drain
from tests import make
from tests.tickets.topics import stories
from tests.tickets.topics.stories import FIRMS, FLATS, MESSAGE, NEXT, caller, fresh
from tickets.models import Event, Filing, Notice, Ticket, TopicMember
from tickets.services import closing
from tickets.services.topics import gathering, telling
from tickets.timeline import timeline

pytestmark = pytest.mark.django_db


def replies() -> list[Event]:
    return list(Event.objects.filter(kind="topic_reply").select_related("text").order_by("ticket"))


def test_every_receipt_has_the_words_and_the_log_only_their_hash(cast):
    topic = stories.sent_back()
    told = replies()
    assert len(told) == 4
    assert topic.sent_back_at == NEXT
    for event in told:
        assert event.text.body == MESSAGE
        assert bytes(event.text_hash) == event.text.digest()
        assert event.data == {"topic": topic.pk}
        line = timeline(event.ticket, for_firm=True)[-1]
        assert line.text == MESSAGE
        assert "同类" in line.says


def test_pressed_twice_and_run_again_it_tells_nobody_twice(cast):
    topic = stories.published()
    with pytest.raises(Conflict):
        stories.entrusting.publish_result(
            topic_id=topic.pk, caller=caller("director"), at=NEXT, text="再来", message="再来"
        )
    drain()
    assert telling.tell(topic_id=topic.pk, at=NEXT) == 0
    drain()
    assert len(replies()) == 4
    assert Notice.objects.filter(kind="topic_reply").count() == 4


def test_a_firm_with_two_requests_is_notified_once_and_reads_it_on_both(cast):
    stories.queueing(firms=(FIRMS[0], FIRMS[1], FIRMS[0]))
    tickets = list(Ticket.objects.order_by("pk"))
    topic = gathering.open_by_hand(caller=caller("director"), at=NEXT, title="公寓", tickets=[t.pk for t in tickets])
    publish(topic)
    drain()
    assert len(replies()) == 3
    assert [e.data.get("silent", False) for e in replies()] == [False, False, True]
    assert Notice.objects.filter(kind="topic_reply").count() == 2


def publish(topic):
    asked = stories.entrusting.trust(department="talent", due_on=NEXT.date(), at=NEXT)
    stories.entrusting.entrust(topic_id=topic.pk, caller=caller("director"), at=NEXT, asked=asked)
    stories.entrusting.measure(topic_id=topic.pk, caller=caller("head.talent"), at=NEXT, text="新增房源")
    stories.entrusting.publish_result(
        topic_id=topic.pk, caller=caller("director"), at=NEXT, text="已新增", message=MESSAGE
    )


def test_a_firm_that_opted_out_hears_nothing(cast):
    topic = stories.measured()
    quiet = Ticket.objects.filter(topic=topic).order_by("pk").first()
    gathering.mute(topic_id=topic.pk, caller=caller("dispatcher"), at=NEXT, ticket_id=quiet.pk, muted=True)
    stories.entrusting.publish_result(
        topic_id=topic.pk, caller=caller("director"), at=NEXT, text="已新增", message=MESSAGE
    )
    drain()
    assert quiet.pk not in {e.ticket_id for e in replies()}
    assert fresh(topic).sent_back_at
    gathering.mute(topic_id=topic.pk, caller=caller("dispatcher"), at=NEXT, ticket_id=quiet.pk, muted=False)
    drain()
    assert len(replies()) == 4
    with pytest.raises(Conflict):
        gathering.mute(topic_id=topic.pk, caller=caller("dispatcher"), at=NEXT, ticket_id=quiet.pk, muted=True)


def test_who_joins_after_publishing_is_told_when_added(cast):
    topic = stories.sent_back()
    late = make.routed(text=FLATS[0], enterprise_name="迟来公司", qr="DEMO-TALENT")
    gathering.gather(topic_id=topic.pk, caller=caller("dispatcher"), at=NEXT, tickets=[late.pk])
    drain()
    assert late.pk in {e.ticket_id for e in replies()}
    assert len(replies()) == 5
    with pytest.raises(Conflict, match="已告知"):
        gathering.remove(topic_id=topic.pk, caller=caller("dispatcher"), at=NEXT, ticket_id=late.pk)


def test_in_batches_and_on_from_where_it_stopped(cast, monkeypatch):
    monkeypatch.setattr(telling, "SIZE", 3)
    topic = stories.published()
    assert telling.tell(topic_id=topic.pk, at=NEXT) == 3
    assert fresh(topic).sent_back_at is None
    assert TopicMember.objects.told(topic).count() == 3
    drain()
    assert fresh(topic).sent_back_at
    assert len(replies()) == 4


def test_a_withdrawn_request_gets_it_on_its_receipt_and_no_buzz(cast):
    topic = stories.measured()
    gone = Ticket.objects.filter(topic=topic).order_by("pk").first()
    closing.withdraw(ticket_id=gone.pk, at=NEXT, reason="已自行解决")
    stories.entrusting.publish_result(
        topic_id=topic.pk, caller=caller("director"), at=NEXT, text="已新增", message=MESSAGE
    )
    drain()
    event = Event.objects.get(ticket=gone, kind="topic_reply")
    assert event.data["silent"]
    assert not Notice.objects.filter(ticket=gone, kind="topic_reply").exists()


def test_who_asked_to_be_forgotten_is_left_alone(cast):
    topic = stories.published()
    gone = Ticket.objects.filter(topic=topic).order_by("pk").first()
    Filing.objects.filter(pk=gone.pk).update(erased_at=NEXT)
    telling.tell(topic_id=topic.pk, at=NEXT)
    assert gone.pk not in {e.ticket_id for e in replies()}


def test_nothing_is_told_of_a_topic_that_is_not_published(cast):
    topic = stories.measured()
    assert telling.tell(topic_id=topic.pk, at=NEXT) == 0
    assert telling.tell(topic_id=0, at=NEXT) == 0
