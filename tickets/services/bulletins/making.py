"""Making bulletins."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from qihu.accounts.models import Department, Region, User
from tickets.bulletin_access import Place, permit_make
from tickets.figures.bulletin import Content, compose, month_from
from tickets.figures.fresh import freshen
from tickets.models import Bulletin, BulletinSchedule, Checkpoint
from tickets.models.bulletin import next_edition, placed
from tickets.services.bulletins.rendering import hashes

CENTRE = "企业综合服务中心"


def make(*, place: Place, month: str, user: User, at: datetime) -> Bulletin:
    """The bulletin of `place` for `month` (2026-02) as of now; once more makes a further edition, the old one stays.

    Raises `Forbidden` for who may not, `Invalid` for what is no month or not over.
    """
    permit_make(user, place)
    return edition_of(place=place, month=month, at=at, made_by=user)


@transaction.atomic
def edition_of(
    *, place: Place, month: str, at: datetime, made_by: User | None, schedule: BulletinSchedule | None = None
) -> Bulletin:
    """Compose, render once for the hashes, keep. The place's row orders who makes editions of it at once."""
    wanted = month_from(month, at=at)
    type(place).objects.select_for_update(no_key=True).get(pk=place.pk)
    edition = next_edition(place, wanted.first)
    freshen(at)
    known = Checkpoint.objects.values_list("known_at", flat=True).get(pk=1)
    content = compose(place, wanted, as_of=at, known=known, edition=edition, signed=_signed(place))
    return Bulletin.objects.create(
        **placed(place),
        month=wanted.first,
        edition=edition,
        number=content.number,
        title=content.title,
        as_of=content.as_of,
        known_at=known,
        definitions=content.definitions,
        content=content.as_json(),
        hashes=hashes(content),
        made_at=at,
        made_by=made_by,
        schedule=schedule,
    )


def _signed(place: Place) -> str:
    """Who issues it: the service centre of the region."""
    region: Region = place.region if isinstance(place, Department) else place
    return f"{region.name}{CENTRE}"


def content_of(bulletin: Bulletin) -> Content:
    """What it says, as it was made."""
    return Content.from_json(bulletin.content)
