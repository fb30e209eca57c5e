"""Writing to the outbox, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import transaction

from qihu.outbox.models import Message
from qihu.outbox.nudge import nudge


def publish(topic: str, **args: object) -> None:
    """Ask that the consumer of `topic` runs with `args` once this transaction has committed."""
    publish_all([(topic, args)])


def publish_all(wanted: Iterable[tuple[str, Mapping[str, object]]]) -> None:
    """As `publish`, for many at the price of one statement."""
    rows = [Message(topic=topic, args=dict(args)) for topic, args in wanted]
    if rows:
        Message.objects.bulk_create(rows)
        transaction.on_commit(nudge)
