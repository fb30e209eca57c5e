"""What is not urgent waits for the receiver's next opening: 09:00 and 13:30, by their region's calendar.

A day off has no openings, so nothing is gathered on it. Whoever comes late (a worker that was down) still gathers,
while that opening lasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.db import transaction

from qihu.accounts.models import Grant
from routing.promises.book import current_book
from routing.promises.calendars import WorkCalendar
from routing.promises.zones import instant, micros, moment
from tickets.models import Digest, Notice
from tickets.models.notice import State

_Receiver = tuple[int | None, int | None, str]
"""Person or robot, and the channel."""


def gather(*, at: datetime) -> int:
    """Make the digests whose moment has come, ready to be sent; how many. Safe to run any number of times."""
    held = Notice.objects.gathering().order_by("recipient", "robot", "channel")
    waiting = list(held.values_list("recipient", "robot", "channel", "robot__department__region__path").distinct())
    if not waiting:
        return 0
    book, places = current_book(), _places([person for person, *_ in waiting if person])
    made = 0
    for person, robot, channel, path in waiting:
        slot = opening(book.calendar(path or places.get(person, "")), at)
        if slot is not None:
            made += _make((person, robot, channel), slot, at=at)
    return made


def _places(people: Sequence[int]) -> dict[int, str]:
    """The region by whose calendar each person works: that of their oldest grant."""
    grants = Grant.objects.filter(user__in=people).select_related("region", "department__region").order_by("user", "pk")
    found = {}
    for user, held in groupby(grants, key=lambda grant: grant.user_id):
        place = next((g.region or (g.department.region if g.department else None) for g in held), None)
        found[user] = place.path if place else ""
    return found


def opening(calendar: WorkCalendar, at: datetime) -> datetime | None:
    """When the opening began in which `at` falls; None outside working time."""
    local, now = at.astimezone(calendar.zone), micros(at)
    for on in (local.date(), local.date() - timedelta(days=1)):  # an overnight opening began yesterday
        for opens, closes in calendar.hours_on(on):
            begin = instant(calendar.zone, on, opens)
            if begin <= now < instant(calendar.zone, on, closes):
                return moment(begin)
    return None


@transaction.atomic
def _make(receiver: _Receiver, slot: datetime, *, at: datetime) -> int:
    """One digest with everything that waited when the opening began; nothing where that was made before."""
    person, robot, channel = receiver
    mine = Notice.objects.gathering().filter(recipient=person, robot=robot, channel=channel, created_at__lte=slot)
    if not mine.exists():
        return 0
    digest, made = Digest.objects.get_or_create(
        recipient_id=person, robot_id=robot, channel=channel, slot=slot, defaults={"due_at": at, "state": State.QUEUED}
    )
    if made:
        mine.update(digest=digest)
    return int(made)
