"""Writing to the outbox, inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from django.db import connection, transaction

from qihu.outbox.nudge import nudge

# Written out: every move publishes. The moments are the column's defaults, by the database's clock.
_INSERT = (
    "INSERT INTO outbox_message (topic, args, attempts, error)"
    " SELECT topic, args, 0, '' FROM unnest(%s::text[], %s::jsonb[]) AS wanted(topic, args)"
)


def publish(topic: str, **args: object) -> None:
    """Ask that the consumer of `topic` runs with `args` once this transaction has committed."""
    publish_all([(topic, args)])


def publish_all(wanted: Iterable[tuple[str, Mapping[str, object]]]) -> None:
    """As `publish`, for many at the price of one statement."""
    rows = [(topic, json.dumps(dict(args))) for topic, args in wanted]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [list(column) for column in zip(*rows, strict=True)])
        transaction.on_commit(nudge)


def withdraw(*, ticket_ids: Iterable[int]) -> None:
    """Forget what was asked for about these requests and has not been done: of a past that nobody is to be told of."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM outbox_message WHERE (args->>'ticket_id')::bigint = ANY(%s)", [sorted(ticket_ids)])
