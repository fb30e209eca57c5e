"""Working the outbox off: claim, do and delete in one transaction, in batches; a bad row is isolated and retried.

Nothing is lost with a worker: its locks go with its connection and the rows are claimed again (docs/adr/0001).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import structlog
from celery import current_app
from django.db import transaction

from qihu.outbox.models import Message, later

log = structlog.get_logger(__name__)
Batch = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Consumer:
    """Who does the work of a topic: called with the arguments of up to `size` messages, in their transaction."""

    topic: str
    run: Callable[[Batch], None]
    size: int
    urgency: int


_consumers: dict[str, Consumer] = {}


def consumer(
    topic: str, *, size: int = 50, urgency: int = 10
) -> Callable[[Callable[[Batch], None]], Callable[[Batch], None]]:
    """Register the function as the consumer of `topic`; lower urgency numbers are drained first."""

    def register(run: Callable[[Batch], None]) -> Callable[[Batch], None]:
        _consumers[topic] = Consumer(topic, run, size, urgency)
        return run

    return register


def topics() -> frozenset[str]:
    """Topics that somebody consumes."""
    return frozenset(each.topic for each in _in_order())


def drain(*, rounds: int = 1000) -> int:
    """Work off what is due, most urgent topic first; at most `rounds` batches. Number of messages done."""
    done = 0
    for _ in range(rounds):
        worked = next((n for each in _in_order() if (n := _batch(each))), 0)
        if not worked:
            break
        done += worked
    return done


@lru_cache(maxsize=1)
def _in_order() -> tuple[Consumer, ...]:
    """Every consumer, most urgent first. A worker has imported them already; a command has not."""
    current_app.loader.import_default_modules()
    return tuple(sorted(_consumers.values(), key=lambda c: c.urgency))


def _batch(each: Consumer) -> int:
    """One batch of one topic: how many rows were claimed, done or put off."""
    with transaction.atomic():
        rows = list(Message.objects.claim(each.topic, limit=each.size))
        if not rows:
            return 0
        try:
            with transaction.atomic():
                each.run([row.args for row in rows])
                Message.objects.filter(pk__in=[row.pk for row in rows]).delete()
        except Exception as error:  # noqa: BLE001 - one bad row must not hold up the others: isolate it below
            log.warning("outbox.batch_failed", topic=each.topic, rows=len(rows), error=type(error).__name__)
            _one_by_one(each, rows)
        return len(rows)


def _one_by_one(each: Consumer, rows: Sequence[Message]) -> None:
    for row in rows:
        try:
            with transaction.atomic():
                each.run([row.args])
                row.delete()
        except Exception as error:
            log.exception("outbox.message_failed", topic=each.topic, message_id=row.pk)
            row.attempts += 1
            Message.objects.filter(pk=row.pk).update(
                attempts=row.attempts, error=type(error).__name__, due_at=later(row.attempts)
            )
