"""Inflow before and after a measure, counted alike on both sides; and the topic rate, from the topics' log."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import make
from tests.tickets.figures.reference import topic_rate as topic_rate_slowly
from tests.tickets.topics import stories
from tests.tickets.topics.stories import DAY, FLATS, NEXT
from tickets.figures.inflow import Inflow, inflow
from tickets.figures.measures import Part
from tickets.figures.topic_rate import topic_rate, topics_behind
from tickets.figures.window import Window
from tickets.models import Ticket, Topic
from tickets.services.topics import dismissing, entrusting, finding, gathering, telling

pytestmark = pytest.mark.django_db
START = make.MONDAY - 42 * DAY


def one(at, n: int = 0) -> Ticket:
    return make.routed(text=FLATS[n % 4], enterprise_name=f"公司{at:%m%d}{n}", qr="DEMO-TALENT", at=at)


def measured_after(weeks: int, *, each: int) -> Topic:
    """`each` requests in each of `weeks` weeks, then a topic with its measure a day later."""
    tickets = [one(START + week * 7 * DAY + n * make.MINUTE, n) for week in range(weeks) for n in range(each)]
    at = START + weeks * 7 * DAY
    topic = gathering.open_by_hand(
        caller=stories.caller("director"), at=at, title="公寓", tickets=[t.pk for t in tickets]
    )
    asked = entrusting.trust(department="talent", due_on=(at + 10 * DAY).date(), at=at)
    entrusting.entrust(topic_id=topic.pk, caller=stories.caller("director"), at=at, asked=asked)
    return entrusting.measure(topic_id=topic.pk, caller=stories.caller("head.talent"), at=at, text="新增房源")


def test_weeks_before_and_after_and_a_clear_fall(cast):
    topic = measured_after(4, each=4)
    now = topic.measured_at + 28 * DAY
    late = one(topic.measured_at + 2 * DAY)
    finding.find(at=now)
    found = inflow(topic, at=now)
    assert [(w.joined, w.alike, w.after, w.whole) for w in found.weeks] == [
        *[(4, 0, False, True)] * 4,
        (0, 1, True, True),
        *[(0, 0, True, True)] * 3,
        (0, 0, True, False),
    ]
    assert (found.before.n, found.before.weeks, found.before.weekly) == (16, 4, 4.0)
    assert (found.after.n, found.after.weeks, found.after.weekly) == (1, 4, 0.25)
    assert found.ratio == pytest.approx(1 / 16)
    assert found.fewer
    assert not found.more
    assert make.fresh(late).topic_id is None


def test_alike_requests_count_before_the_measure_too(cast):
    old = one(START - 7 * DAY)
    topic = measured_after(3, each=3)
    finding.find(at=topic.measured_at)
    assert inflow(topic, at=topic.measured_at).weeks[0].alike == 1
    assert make.fresh(old).topic_id is None


def test_too_little_to_compare_is_not_compared(cast):
    topic = measured_after(3, each=3)
    for days in (0, 6, 13):
        found = inflow(topic, at=topic.measured_at + days * DAY)
        assert (found.ratio, found.fewer, found.more) == (None, False, False)
    found = inflow(topic, at=topic.measured_at + 14 * DAY)
    assert found.after.weeks == 2
    assert found.ratio == 0


def test_a_few_requests_say_nothing_for_sure(cast):
    topic = measured_after(3, each=1)
    now = topic.measured_at + 21 * DAY
    gathering.gather(
        topic_id=topic.pk,
        caller=stories.caller("director"),
        at=now,
        tickets=[one(topic.measured_at + n * 7 * DAY, n + 1).pk for n in range(2)],
    )
    found = inflow(topic, at=now)
    assert found.ratio == pytest.approx(2 / 3)
    assert not found.fewer
    assert not found.more


def test_restricted_test_and_merged_do_not_count(cast):
    topic = measured_after(3, each=3)
    first, second, third = Ticket.objects.filter(topic=topic).order_by("pk")[:3]
    Ticket.objects.filter(pk=first.pk).update(restricted=True)
    Ticket.objects.filter(pk=second.pk).update(test=True)
    Ticket.objects.filter(pk=third.pk).update(status="merged")
    assert inflow(topic, at=topic.measured_at).before.n == 6


def test_without_a_measure_everything_is_before(cast):
    topic = stories.opened()
    found = inflow(topic, at=NEXT + 10 * DAY)
    assert found.weeks
    assert not any(week.after for week in found.weeks)
    assert found.after.weeks == 0
    assert isinstance(found, Inflow)


def window(*, as_of=NEXT + 5 * DAY) -> Window:
    return Window(NEXT - DAY, NEXT + DAY, as_of)


def test_the_topic_rate_counts_measured_and_sent_back_among_opened(cast):
    stories.sent_back()
    others = [
        gathering.open_by_hand(
            caller=stories.caller("director"), at=NEXT, title=f"别的{n}", tickets=[make.submitted(text="别的").pk]
        )
        for n in range(2)
    ]
    dismissing.dismiss(topic_id=others[0].pk, caller=stories.caller("director"), at=NEXT, text="不相干")
    figure = topic_rate(window(), scope=Topic.objects.all())
    assert (figure.hits, figure.denominator, figure.rate) == (1, 3, 1 / 3)
    assert (figure.hits, figure.denominator) == topic_rate_slowly(window())
    assert figure.interval is not None
    assert not figure.ranked
    for part, n in ((Part.NUMERATOR, 1), (Part.DENOMINATOR, 3), (Part.REST, 2)):
        assert topics_behind(window(), part, scope=Topic.objects.all()).count() == n


def test_as_the_log_stood_and_only_what_was_opened_then(cast):
    topic = stories.published()
    telling.tell(topic_id=topic.pk, at=NEXT + 2 * DAY)
    everything = Topic.objects.all()
    for as_of in (NEXT, NEXT + DAY, NEXT + 2 * DAY):
        figure = topic_rate(window(as_of=as_of), scope=everything)
        assert (figure.hits, figure.denominator) == topic_rate_slowly(window(as_of=as_of))
    assert topic_rate(window(as_of=NEXT + DAY), scope=everything).hits == 0
    assert topic_rate(window(), scope=everything).hits == 1
    late = Window(NEXT + DAY, NEXT + 3 * DAY, NEXT + 5 * DAY)
    assert topic_rate(late, scope=everything).rate is None
    assert topic_rate(Window(NEXT, NEXT + timedelta(1), NEXT), scope=Topic.objects.none()).denominator == 0
