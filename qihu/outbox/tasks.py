"""The one Celery task of the outbox: a wake-up."""

from celery import shared_task

from qihu.outbox.consume import drain


@shared_task(name="outbox.drain")
def drain_outbox(*, urgent: bool = False, **_: object) -> None:
    """Work off what is due, then return. Safe to run any number of times, side by side.

    A commit's wake-up is `urgent` (routing only); beat's tick works off everything.
    """
    drain(urgent=urgent)
