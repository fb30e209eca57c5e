"""An accepted request survives the death of broker and worker, and is routed once."""

from __future__ import annotations

import time
from collections import Counter

import pytest
import redis
from celery import current_app
from django.test import Client

from tests import make
from tests.faults import processes
from tickets.models import Decision, Event, Ticket
from tickets.workflow import Status

pytestmark = pytest.mark.timeout(170)


def waiting() -> int:
    return Ticket.objects.filter(status=Status.SUBMITTED).count()


def all_routed_once() -> None:
    """Every request: one route event, one decision, a gapless chained log."""
    routes = Counter(Event.objects.filter(kind="route").values_list("ticket_id", flat=True))
    keys = list(Ticket.objects.values_list("pk", flat=True))
    assert routes == Counter(keys)
    assert Counter(Decision.objects.values_list("ticket_id", flat=True)) == Counter(keys)
    for ticket in Ticket.objects.all():
        seqs = list(Event.objects.filter(ticket=ticket).order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, ticket.last_seq + 1))


def test_with_the_broker_dead_a_firm_submits_at_once_and_is_routed_when_it_returns(committed, tmp_path):
    with processes.private_broker(tmp_path) as valkey:
        url = valkey.url
        current_app.conf.broker_url, before = url, current_app.conf.broker_url
        try:
            valkey.stop()
            begin = time.monotonic()
            response = Client().post(
                "/api/v1/tickets/",
                {
                    "qr_code": "DEMO-CAPITAL",
                    "text": make.TEXT,
                    "enterprise": {"name": "衢州安捷线束有限公司"},
                    "contact": {"name": "李娜", "phone": "13800000000"},
                },
                content_type="application/json",
            )
            waited = time.monotonic() - begin
            assert response.status_code == 201
            assert waited < 5, "a dead broker must not hold up a submission for its connection timeout"
            assert waiting() == 1
            valkey.start(dies_with_us=True)
            with processes.worker(url), processes.beat(url, tmp_path):
                assert processes.until(lambda: waiting() == 0)
            all_routed_once()
        finally:
            current_app.conf.broker_url = before


def test_a_broker_that_loses_all_its_data_loses_no_request(committed, tmp_path):
    with processes.private_broker(tmp_path) as valkey:
        for _ in range(20):
            make.submitted()
        client = redis.Redis.from_url(valkey.url)
        client.lpush("celery", "a message that will be lost")
        client.flushall()
        assert client.dbsize() == 0
        client.close()
        with processes.worker(valkey.url), processes.beat(valkey.url, tmp_path):
            assert processes.until(lambda: waiting() == 0)
        all_routed_once()


def test_a_worker_killed_in_the_middle_of_routing_routes_each_request_once(committed, tmp_path):
    with processes.private_broker(tmp_path) as valkey:
        for _ in range(400):
            make.submitted()
        with processes.beat(valkey.url, tmp_path):
            cut_short = 0
            for _ in range(6):
                with processes.worker(valkey.url) as process:
                    before = waiting()
                    assert processes.until(lambda: waiting() < before, seconds=40)  # noqa: B023 - read at once
                    processes.kill(process)
                    cut_short += waiting() > 0
                if waiting() == 0:
                    break
            assert cut_short >= 1, "no worker was killed while there was work left"
            with processes.worker(valkey.url):
                assert processes.until(lambda: waiting() == 0)
        all_routed_once()
