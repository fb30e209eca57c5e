"""Celery tasks and outbox consumers: each reads the clock and makes one call."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta

from celery import shared_task

from qihu.clock import now
from qihu.outbox.consume import Batch, consumer
from tickets.figures import projection
from tickets.models import Answer, WrongCode
from tickets.services import freezing, inspection, intake, origins, sealing, uploads
from tickets.services.bulletins import scheduling
from tickets.services.exports import asking, fetching, working
from tickets.services.notify import digest, notify_all
from tickets.services.notify.send import alone, send_next
from tickets.services.repricing import publish, work
from tickets.services.sheets import importing
from tickets.services.sweep import database_now
from tickets.services.sweep import sweep as fire
from tickets.services.topics import finding, gathering, telling

KEYS_KEPT = timedelta(hours=24)
SENDING = 30.0
"""Seconds that one run of the sending task may take: a slow provider must not keep a worker from the pages' work."""


@consumer("tickets.route", size=50, urgency=0)
def route_tickets(batch: Batch) -> None:
    """Route what has been submitted."""
    intake.route_all(ticket_ids=[one["ticket_id"] for one in batch], at=now())


@consumer("tickets.notify", size=100, urgency=5)
def notify_people(batch: Batch) -> None:
    """Tell who must hear of these events."""
    notify_all(_pairs(batch), at=now())


@consumer(importing.TOPIC, size=1, urgency=20)
def import_rows(batch: Batch) -> None:
    """Work on the sheets that wait: one batch of rows each."""
    for one in batch:
        importing.work(sheet_id=one["sheet_id"], at=now())


@consumer(gathering.TELL, size=1, urgency=15)
def tell_firms(batch: Batch) -> None:
    """Pass a topic's result on to firms: one batch of them each."""
    for one in batch:
        telling.tell(topic_id=one["topic_id"], at=now())


@consumer(work.TOPIC, size=1, urgency=25)
def recalculate(batch: Batch) -> None:
    """Carry a new promise table or calendar over to running promises: one slice of requests each."""
    for one in batch:
        work.work(recalculation_id=one["recalculation_id"], at=database_now())


@consumer(asking.TOPIC, size=1, urgency=30)
def make_exports(batch: Batch) -> None:
    """Go on with exports that were asked for: one slice each."""
    for one in batch:
        working.work(export_id=one["export_id"], at=now())


def _pairs(batch: Batch) -> Sequence[dict[str, int]]:
    return [{"ticket_id": one["ticket_id"], "seq": one["seq"]} for one in batch]


@shared_task(name="tickets.sweep")
def sweep(**_: object) -> None:
    """Fire every promise that has run out, by the database's clock, until nothing more can be fired."""
    at = database_now()
    while fire(at=at):
        pass


@shared_task(name="tickets.figures")
def count(**_: object) -> None:
    """Carry what the log has told, and what has come due, over to the figures."""
    projection.catch_up()


@shared_task(name="tickets.freeze")
def freeze(**_: object) -> None:
    """Freeze the oldest month whose cut-off has passed: one a run."""
    freezing.freeze_due(at=database_now())


@shared_task(name="tickets.seal")
def seal(**_: object) -> None:
    """Seal what has been committed since the last seal."""
    sealing.seal()


@shared_task(name="tickets.send")
def send(**_: object) -> None:
    """Send what is due, message by message, by the database's clock; the next tick goes on where this run stops."""
    ends, down = time.monotonic() + SENDING, set[str]()
    with alone() as mine:
        while mine and time.monotonic() < ends and send_next(at=database_now(), down=down):
            pass


@shared_task(name="tickets.gather")
def gather(**_: object) -> None:
    """Make the digests of those whose working time has begun."""
    digest.gather(at=database_now())


@shared_task(name="tickets.bulletins")
def bulletins(**_: object) -> None:
    """Make and send the monthly bulletins that are due."""
    scheduling.run_due(at=database_now())


@shared_task(name="tickets.housekeeping")
def housekeeping(**_: object) -> None:
    """Forget idempotency keys, wrong access codes and unused uploads after a day, exports after a week, cells of sheets
    after a month, where ratings came from after three.
    """
    old = now() - KEYS_KEPT
    Answer.objects.filter(made_at__lt=old).delete()
    WrongCode.objects.filter(last_at__lt=old).delete()
    importing.forget(at=now())
    origins.forget(at=now())
    while fetching.forget(at=now()):
        pass
    while uploads.clear_abandoned(at=now()):
        pass


@shared_task(name="tickets.follow_notices")
def follow_notices(**_: object) -> None:
    """Recalculate provisional due times where a calendar was published without asking for it."""
    publish.follow_notices(at=database_now())


@shared_task(name="tickets.find_topics")
def find_topics(**_: object) -> None:
    """Look for common problems among the requests of the last thirty days."""
    finding.find(at=now())


@shared_task(name="tickets.inspect")
def inspect(**_: object) -> None:
    """Look into files that have arrived. One process at a time; the others return at once."""
    inspection.inspect_due(at=now())
