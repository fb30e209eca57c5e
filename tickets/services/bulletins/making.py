"""Making bulletins."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from qihu.accounts.models import Department, Region, User
from qihu.errors import Conflict
from tickets.bulletin_access import Place, permit_make
from tickets.figures import projection
from tickets.figures.bulletin import Content, Month, compose, month_from
from tickets.figures.window import midnight
from tickets.models import Bulletin, BulletinSchedule, Checkpoint
from tickets.models.bulletin import next_edition, placed
from tickets.services.bulletins.rendering import hashes

CENTRE = "企业综合服务中心"


def make(*, place: Place, month: str, user: User, at: datetime) -> Bulletin:
    """The bulletin of `place` for `month` (2026-02) as of now; once more makes a further edition, the old one stays.

    Raises `Forbidden` for who may not, `Invalid` for what is no month or not over.
    """
    permit_make(user, place)
    wanted = month_from(month, at=at)
    return edition_of(place=place, month=wanted, at=at, known=counted_up_to(wanted), made_by=user)


def counted_up_to(month: Month) -> datetime:
    """Work off everything that waits to be counted; up to when all that was recorded is counted then. Not within a
    transaction, which would keep the projection's lock.

    Raises `Conflict` where that is not beyond the month: figures that lag are no bulletin.
    """
    projection.catch_up()
    known = Checkpoint.objects.filter(pk=1).values_list("known_at", flat=True).first()
    if known is None or known < midnight(month.end):
        raise Conflict("统计还没有跟上，稍后再制作。", code="figures-behind")
    return known


@transaction.atomic
def edition_of(
    *,
    place: Place,
    month: Month,
    at: datetime,
    known: datetime,
    made_by: User | None,
    schedule: BulletinSchedule | None = None,
) -> Bulletin:
    """Compose, render once for the hashes, keep. The place's row orders who makes editions of it at once.

    The cut-off is `at`, or `known` (see `counted_up_to`) where the count has not come that far.
    """
    type(place).objects.select_for_update(no_key=True).get(pk=place.pk)
    edition = next_edition(place, month.first)
    content = compose(place, month, as_of=min(at, known), known=known, edition=edition, signed=_signed(place))
    return Bulletin.objects.create(
        **placed(place),
        month=month.first,
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
