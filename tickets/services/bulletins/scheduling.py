"""Schedules: set by people, carried out by the clock, exactly once a month each (by constraint)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time

import structlog
from django.db import transaction

from qihu.accounts.models import User
from qihu.audit.models import Action
from qihu.audit.record import record
from qihu.errors import Invalid
from qihu.senders.registry import sender
from tickets.bulletin_access import Place, key_of, may_read, permit_make
from tickets.figures.bulletin.month import Month, month_of
from tickets.figures.window import zone
from tickets.models import Bulletin, BulletinSchedule, BulletinSending
from tickets.models.bulletin import Format, placed
from tickets.models.notice import Channel, State
from tickets.services.bulletins.making import counted_up_to, edition_of

log = structlog.get_logger(__name__)
_KIND = "bulletinschedule"
LAST_DAY, LAST_HOUR = 28, 23


@transaction.atomic
def schedule(
    *,
    place: Place,
    people: Sequence[User],
    day: int,
    hour: int,
    formats: Sequence[str],
    user: User,
    at: datetime,
) -> BulletinSchedule:
    """Every month from now on. Raises `Forbidden` for who may not, `Invalid` naming each field that is wrong."""
    permit_make(user, place)
    _checked(place, people, day, hour, formats)
    made = BulletinSchedule.objects.create(
        **placed(place), day=day, hour=hour, formats=_ordered(formats), since=at, made_by=user
    )
    made.people.set(people)
    record(Action.ADDED, actor=user, kind=_KIND, key=made.pk, after=_traced(made, people))
    return made


@transaction.atomic
def reschedule(
    *,
    found: BulletinSchedule,
    people: Sequence[User],
    day: int,
    hour: int,
    formats: Sequence[str],
    active: bool,
    user: User,
    at: datetime,
) -> BulletinSchedule:
    """Change it, or stop it. A changed time holds from now on: what was due before is not made up for."""
    permit_make(user, found.place)
    if active:
        _checked(found.place, people, day, hour, formats)
    before = _traced(found, list(found.people.all()))
    if (day, hour) != (found.day, found.hour) or (active and not found.active):
        found.since = at
    found.day, found.hour, found.formats, found.active = day, hour, _ordered(formats), active
    found.save(update_fields=["day", "hour", "formats", "active", "since"])
    found.people.set(people)
    record(Action.CHANGED, actor=user, kind=_KIND, key=found.pk, before=before, after=_traced(found, people))
    return found


def _ordered(formats: Sequence[str]) -> list[str]:
    return [str(kind) for kind in Format if kind in formats]


def _traced(found: BulletinSchedule, people: Sequence[User]) -> dict[str, object]:
    who = sorted(person.pk for person in people)
    times = {"day": found.day, "hour": found.hour, "formats": found.formats, "active": found.active}
    return {"place": key_of(found.place), "people": who} | times


def _checked(place: Place, people: Sequence[User], day: int, hour: int, formats: Sequence[str]) -> None:
    errors = dict(_wrong(place, people, day, hour, formats))
    if errors:
        raise Invalid("".join(errors.values()), fields=errors)


def _wrong(
    place: Place, people: Sequence[User], day: int, hour: int, formats: Sequence[str]
) -> Iterator[tuple[str, str]]:
    if not 1 <= day <= LAST_DAY:
        yield "day", f"日期请填 1 至 {LAST_DAY}，每个月都有这一天。"
    if not 0 <= hour <= LAST_HOUR:
        yield "hour", f"钟点请填 0 至 {LAST_HOUR}。"
    if not formats or not set(formats) <= set(Format.values):
        yield "formats", "请至少选择一种格式：PDF、Word 或 Excel。"
    if not people:
        yield "people", "请至少选择一个人。"
    if strangers := [person.name for person in people if not may_read(person, place)]:
        yield "people", f"{'、'.join(strangers)}没有查看{place.name}统计的权限，不能发给。"


def run_due(*, at: datetime) -> int:
    """Make and send what is due; how many. One that fails is logged and tried at the next tick; the others go on."""
    made = 0
    for found in due(at=at):
        try:
            made += carried_out(schedule_id=found.pk, at=at)
        except Exception:
            log.exception("bulletin.failed", schedule=found.pk)
    return made


def due(*, at: datetime) -> list[BulletinSchedule]:
    """Active, their hour of this month past, last month's bulletin not made."""
    month = month_of(at)
    done = Bulletin.objects.filter(month=month.moved(-1).first, schedule__isnull=False).values("schedule")
    held = BulletinSchedule.objects.filter(active=True).exclude(pk__in=done).order_by("pk")
    return [found for found in held if found.since <= _moment(found, month) <= at]


def _moment(found: BulletinSchedule, month: Month) -> datetime:
    return datetime.combine(month.first.replace(day=found.day), time(found.hour), tzinfo=zone())


def carried_out(*, schedule_id: int, at: datetime) -> bool:
    """One schedule, whoever else is at it: False where another worker holds it or it is done."""
    month = month_of(at).moved(-1)
    known = counted_up_to(month)
    with transaction.atomic():
        return _carried_out(schedule_id, month, at=at, known=known)


def _carried_out(schedule_id: int, month: Month, *, at: datetime, known: datetime) -> bool:
    rows = BulletinSchedule.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
    found = rows.select_related("region", "department__region").filter(pk=schedule_id).first()
    if found is None or Bulletin.objects.filter(schedule=found, month=month.first).exists():
        return False
    made = edition_of(place=found.place, month=month, at=at, known=known, made_by=None, schedule=found)
    sendings = [_sending(made, person, at=at) for person in found.people.order_by("pk")]
    BulletinSending.objects.bulk_create(sendings)
    return True


def _sending(made: Bulletin, person: User, *, at: datetime) -> BulletinSending:
    """Who has lost the right is not told, and that is kept; who cannot be reached, too."""
    state, error = State.QUEUED, ""
    if not may_read(person, made.place):
        state, error = State.SKIPPED, "no_right"
    elif not person.email:
        state, error = State.UNSENT, "no_address"
    elif sender(Channel.MAIL) is None:
        state, error = State.UNSENT, "no_provider"
    due_at = at if state == State.QUEUED else None
    return BulletinSending(bulletin=made, recipient=person, state=state, error=error, due_at=due_at)
