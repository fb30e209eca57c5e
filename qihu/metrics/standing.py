"""What is true at the moment of the scrape: queues, lags, connections. Read anew each time, a few milliseconds."""

from __future__ import annotations

import platform
from collections.abc import Iterable

import django
from django.conf import settings
from django.db import DatabaseError, connection
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from redis import Redis
from redis.exceptions import RedisError

from qihu.outbox import watch
from tickets.services.sealing import oldest_unsealed

_LAGS = """
SELECT (SELECT extract(epoch FROM clock_timestamp() - fires_at) FROM tickets_deadline
        WHERE fires_at IS NOT NULL AND fires_at < clock_timestamp() ORDER BY fires_at LIMIT 1),
    (SELECT extract(epoch FROM clock_timestamp() - as_of) FROM tickets_checkpoint WHERE id = 1)
"""
_NOTICES = """
SELECT state, count(*) FROM tickets_notice WHERE state = 'queued' GROUP BY state
UNION ALL
SELECT state, count(*) FROM tickets_notice WHERE state IN ('failed', 'unsent') GROUP BY state
"""
_CONNECTIONS = """
SELECT COALESCE(state, 'unknown'), count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' GROUP BY 1
"""
_WAITING = ("queued", "failed", "unsent")
"""States of notices in which somebody may have to do something."""
BROKER_PATIENCE = 1.0
"""Seconds."""


class Standing(Collector):
    """Everything that is read at the scrape. Without a database it says so, and tells the rest."""

    def collect(self) -> Iterable[Metric]:
        """The gauges."""
        yield _gauge("qihu_broker_up", "1 while the broker answers", float(_broker_answers()))
        yield _build()
        try:
            told = list(_of_database())
        except DatabaseError:
            yield _gauge("qihu_database_up", "1 while the database answers", 0.0)
            return
        yield _gauge("qihu_database_up", "1 while the database answers", 1.0)
        yield from told


def _of_database() -> Iterable[Metric]:
    yield _gauge("qihu_outbox_waiting", "Messages not done yet", watch.waiting())
    yield _gauge("qihu_outbox_resting", "Messages nobody retries", watch.resting())
    yield _gauge("qihu_outbox_oldest_seconds", "Age of the oldest message", watch.oldest_seconds())
    yield _gauge("qihu_unsealed_oldest_seconds", "Age of the oldest unsealed event", oldest_unsealed())
    with connection.cursor() as cursor:
        cursor.execute(_LAGS)
        sweep, projection = (float(lag or 0) for lag in cursor.fetchone())
        cursor.execute(_NOTICES)
        notices = dict(cursor.fetchall())
        cursor.execute(_CONNECTIONS)
        connections = dict(cursor.fetchall())
    yield _gauge("qihu_sweep_lag_seconds", "How long the oldest due promise has waited to be fired", sweep)
    yield _gauge("qihu_projection_lag_seconds", "Age of what the figures are counted from", projection)
    yield _by("qihu_notices", "Notices not sent", "state", {state: notices.get(state, 0) for state in _WAITING})
    yield _by("qihu_database_connections", "Connections to the database", "state", connections)


def _broker_answers() -> bool:
    patience = {"socket_connect_timeout": BROKER_PATIENCE, "socket_timeout": BROKER_PATIENCE}
    try:
        with Redis.from_url(settings.REDIS_URL, **patience) as broker:
            return bool(broker.ping())
    except RedisError:  # this is what the gauge is for
        return False


def _build() -> Metric:
    versions = {"build": settings.BUILD, "django": django.__version__, "python": platform.python_version()}
    family = GaugeMetricFamily("qihu_build_info", "What is running", labels=list(versions))
    family.add_metric(list(versions.values()), 1)
    return family


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _by(name: str, text: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, n in sorted(values.items()):
        family.add_metric([value], n)
    return family
