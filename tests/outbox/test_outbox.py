"""The outbox: what is published is done once, whatever dies or fails in between."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from celery import current_app
from django.db import connection, connections, transaction

from qihu.outbox import consume, watch
from qihu.outbox.consume import Consumer, drain
from qihu.outbox.models import RESTS_AFTER, Message
from qihu.outbox.nudge import nudge
from qihu.outbox.publish import publish, publish_all

ODD = "test.odd"


@pytest.fixture
def done(monkeypatch) -> list[int]:
    """A consumer of the topic `test.odd` that notes its numbers and fails on 13."""
    seen: list[int] = []

    def run(batch: consume.Batch) -> None:
        for one in batch:
            if one["n"] == 13:
                raise ValueError(one["n"])
        seen.extend(one["n"] for one in batch)

    monkeypatch.setattr(consume, "_in_order", lambda: (Consumer(ODD, run, size=5, urgency=0),))
    return seen


@pytest.mark.django_db
class TestDraining:
    def test_messages_are_done_in_order_and_gone(self, done):
        publish_all([(ODD, {"n": n}) for n in range(12)])
        assert watch.waiting() == 12
        assert drain() == 12
        assert done == list(range(12))
        assert watch.waiting() == 0

    def test_what_is_rolled_back_was_never_asked(self, done):
        with transaction.atomic():
            publish(ODD, n=1)
            transaction.set_rollback(True)
        assert drain() == 0
        assert done == []

    def test_a_bad_message_is_isolated_kept_with_its_error_and_put_off(self, done, caplog):
        publish_all([(ODD, {"n": n}) for n in (11, 12, 13, 14)])
        drain()
        assert done == [11, 12, 14]
        kept = Message.objects.get()
        assert (kept.args, kept.attempts, kept.error) == ({"n": 13}, 1, "ValueError")
        assert kept.due_at > kept.created_at
        assert drain() == 0

    def test_after_hours_of_failing_it_rests_in_sight(self, done):
        publish(ODD, n=1)
        Message.objects.update(attempts=RESTS_AFTER)
        assert drain() == 0
        assert watch.resting() == 1
        assert watch.oldest_seconds() >= 0
        Message.objects.update(attempts=0)
        assert drain() == 1

    def test_the_back_off_doubles_up_to_an_hour(self, done):
        publish(ODD, n=13)
        for attempts, seconds in ((0, 2), (5, 64), (12, 3600)):
            Message.objects.update(attempts=attempts, due_at="2020-01-01T00:00:00Z")
            drain()
            with connection.cursor() as cursor:
                cursor.execute("SELECT extract(epoch FROM due_at - now()) FROM outbox_message")
                assert float(cursor.fetchone()[0]) == pytest.approx(seconds, abs=5)

    def test_nothing_due_costs_one_query_a_topic(self, done, django_assert_num_queries):
        with django_assert_num_queries(3):  # savepoint, claim, release
            assert drain() == 0


def test_two_workers_at_once_do_each_message_once(committed, done):
    publish_all([(ODD, {"n": n}) for n in range(100, 200)])

    def work() -> None:
        drain()
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(done) == list(range(100, 200))
    assert watch.waiting() == 0


def test_the_application_publishes_to_its_own_broker():
    assert current_app.main == "qihu"
    assert current_app.conf.broker_transport_options["max_retries"] == 0


def test_a_nudge_never_waits_for_a_dead_broker(monkeypatch):
    called = threading.Event()

    def refuse(*_: object, **__: object) -> None:
        called.set()
        time.sleep(0.2)
        raise OSError("broker away")

    monkeypatch.setattr(type(current_app._get_current_object()), "send_task", refuse)
    begin = time.monotonic()
    nudge()
    assert time.monotonic() - begin < timedelta(seconds=0.15).total_seconds()
    assert called.wait(5)
    called.clear()
    nudge()
    assert called.wait(5), "the thread outlives a refusal"
