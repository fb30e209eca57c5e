"""Freezing a month when its cut-off has passed, recounting and restating it beside with a reason (domain.md §5).

A month is kept as known at the moment it was frozen: the log has two times, so the same count comes out for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from qihu.accounts.models import Region, Role, User
from qihu.audit.models import Action
from qihu.audit.record import record
from qihu.errors import Conflict, Forbidden, Invalid
from tickets.figures import projection
from tickets.figures.frozen import (
    Content,
    anything_in,
    canonical,
    content_of,
    cut_off,
    digest_of_month,
    digest_of_page,
    month_window,
    places_counted,
)
from tickets.figures.measures import Definitions, editions, in_force
from tickets.figures.window import Window, midnight, months_on, zone
from tickets.models import Checkpoint, Fact, FrozenMonth, FrozenPage, Restated, RestatedPage

REASON = range(4, 201)
"""Letters of a reason."""
_FROM = frozenset({Role.DIRECTOR, Role.SUPERVISOR})


@dataclass(frozen=True, slots=True)
class Verified:
    """What a recount said: places whose figures differ, and whether the month's own digest is right."""

    differing: tuple[str, ...]
    sealed: bool

    @property
    def equal(self) -> bool:
        """Bit for bit the same."""
        return self.sealed and not self.differing


@dataclass(frozen=True, slots=True)
class _Counted:
    """A month counted: how, and each place's page with its digest."""

    window: Window
    definitions: Definitions
    pages: Mapping[str, Content]
    digests: Mapping[str, bytes]
    digest: bytes


def may_restate(user: User) -> bool:
    """The director or a supervisor of the region that contains everything."""
    if not user.is_active:
        return False
    mine = {grant.region.path for grant in user.held if grant.role in _FROM and grant.region}
    return bool(mine) and set(Region.objects.filter(parent=None).values_list("path", flat=True)) <= mine


def freeze(*, month: date, at: datetime, by: User | None = None) -> FrozenMonth:
    """Keep the figures of the month that begins on `month`. `by` None: the system, or an operator at the console.

    Raises `Forbidden` for who may not, `Invalid` for a month that is not over, whose cut-off has not passed or that
    has no requests, `Conflict` where it is frozen already, or the figures are not yet up to the cut-off.
    """
    _permit(by)
    _refuse_early(month, at)
    if FrozenMonth.objects.filter(month=month).exists():
        raise _frozen_already(month)
    known = _known(month)
    if not anything_in(month_window(month, known=known)):
        raise Invalid(f"{_named(month)}没有可统计的诉求，无需冻结。", fields={"month": "该月没有诉求。"})
    counted = _counted(month, known, in_force(cut_off(month)))
    try:
        with transaction.atomic():
            return _kept(counted, month, at, by)
    except IntegrityError as error:
        raise _frozen_already(month) from error


def freeze_due(*, at: datetime) -> FrozenMonth | None:
    """Freeze the oldest month whose cut-off has passed and that has requests; None where there is none."""
    month = next_due(at=at)
    return freeze(month=month, at=at) if month else None


def next_due(*, at: datetime) -> date | None:
    """The oldest month with requests that may be frozen and is not yet."""
    frozen = set(FrozenMonth.objects.values_list("month", flat=True))
    since = None
    while True:
        facts = Fact.objects.filter(submitted_at__gte=since) if since else Fact.objects.all()
        month = facts.order_by("submitted_at", "ticket").values_list("month", flat=True).first()
        if month is None or at <= cut_off(month):
            return None
        if month not in frozen and anything_in(month_window(month, known=None)):
            return month  # one of merged or restricted requests alone has nothing to freeze
        since = midnight(months_on(month, 1))


def verify(taken: FrozenMonth | Restated, *, places: Iterable[str] | None = None) -> Verified:
    """Count it again at the same cut-off, as known then, by the same edition, and compare bit for bit.

    `places`: these pages only (they are taken to be all of the digest's otherwise).
    """
    kept = {page.place: page for page in taken.pages.all()}
    window, definitions = month_window(taken.month, known=taken.known_at), editions()[taken.definitions]
    found = places_counted(window)
    asked = sorted({*kept, *found}) if places is None else sorted({*places} & {*kept, *found})
    differing = [one for one in asked if one not in found or not _same(kept.get(one), window, one, definitions)]
    digests = [(place, bytes(page.digest)) for place, page in kept.items()]
    sealed = digest_of_month(window, taken.definitions, digests) == bytes(taken.digest)
    return Verified(tuple(differing), sealed and window.as_of == taken.as_of)


def _same(page: FrozenPage | RestatedPage | None, window: Window, place: str, definitions: Definitions) -> bool:
    if page is None:
        return False
    found = canonical(content_of(window, place, definitions))
    return found == canonical(page.content) and digest_of_page(page.content) == bytes(page.digest)


@transaction.atomic
def restate(*, month: date, by: User, reason: str, at: datetime) -> Restated:
    """Count a frozen month once more at its cut-off, with all that is known by now and the edition now in force.

    Raises `Forbidden` for who may not, `Invalid` for a month that is not frozen, for a reason that is missing, too
    short or too long, and where every figure is what was said last: then there is nothing to restate.
    """
    _permit(by)
    reason = reason.strip()
    if len(reason) not in REASON:
        raise Invalid("请写明重述的理由。", fields={"reason": f"理由须有 {REASON[0]} 至 {REASON[-1]} 字。"})
    frozen = FrozenMonth.objects.select_for_update().filter(month=month).first()
    if frozen is None:
        raise Invalid(f"{_named(month)}还没有冻结，不能重述。", fields={"month": "该月还没有冻结。"})
    counted = _counted(month, _known(month), in_force(at))
    last = frozen.restatements.order_by("-ordinal").first()
    if _digests(last or frozen) == counted.digests:
        said = f"第 {last.ordinal} 次重述" if last else "冻结数据"
        raise Invalid(f"{_named(month)}重新统计的结果与{said}一致，没有可重述的内容。", code="nothing-differs")
    return _restated(frozen, counted, last.ordinal + 1 if last else 1, by, reason, at)


def _digests(taken: FrozenMonth | Restated) -> dict[str, bytes]:
    return {place: bytes(digest) for place, digest in taken.pages.values_list("place", "digest")}


def _permit(by: User | None) -> None:
    if by is not None and not may_restate(by):
        raise Forbidden("冻结和重述由全市的企服中心主任或督办员办理。")


def _refuse_early(month: date, at: datetime) -> None:
    if at < midnight(months_on(month, 1)):
        raise Invalid(f"{_named(month)}还没有结束，不能冻结。", fields={"month": "该月还没有结束。"})
    ends = cut_off(month)
    if at <= ends:
        day = ends.astimezone(zone())
        said = f"{_named(month)}的数据截至 {day.year}年{day.month}月{day.day}日 24 时，届时才能冻结。"
        raise Invalid(said, fields={"month": said})


def _frozen_already(month: date) -> Conflict:
    return Conflict(f"{_named(month)}已经冻结，不会再改；情况有变请重述并写明理由。", code="frozen-already")


def _named(month: date) -> str:
    return f"{month.year}年{month.month}月"


def _known(month: date) -> datetime:
    """Up to when everything recorded has been counted. Raises `Conflict` where that is not beyond the cut-off."""
    projection.catch_up()
    known = Checkpoint.objects.filter(pk=1).values_list("known_at", flat=True).first()
    if known is None or known <= cut_off(month):
        raise Conflict("统计还没有跟上日志，请稍后再试。", code="figures-behind")
    return known


def _counted(month: date, known: datetime, definitions: Definitions) -> _Counted:
    window = month_window(month, known=known)
    pages = {place: content_of(window, place, definitions) for place in places_counted(window)}
    digests = {place: digest_of_page(page) for place, page in pages.items()}
    return _Counted(window, definitions, pages, digests, digest_of_month(window, definitions.number, digests.items()))


def _taken(counted: _Counted) -> dict[str, Any]:
    return {
        "as_of": counted.window.as_of,
        "known_at": counted.window.known,
        "definitions": counted.definitions.number,
        "digest": counted.digest,
    }


def _kept(counted: _Counted, month: date, at: datetime, by: User | None) -> FrozenMonth:
    frozen = FrozenMonth.objects.create(month=month, frozen_at=at, by=by, **_taken(counted))
    FrozenPage.objects.bulk_create(
        FrozenPage(taken=frozen, place=place, content=page, digest=counted.digests[place])
        for place, page in counted.pages.items()
    )
    record(Action.FROZEN, actor=by, kind="frozen_month", key=str(frozen), after=_audited(counted), at=at)
    return frozen


def _restated(frozen: FrozenMonth, counted: _Counted, ordinal: int, by: User, reason: str, at: datetime) -> Restated:
    made = Restated.objects.create(frozen=frozen, ordinal=ordinal, at=at, by=by, reason=reason, **_taken(counted))
    RestatedPage.objects.bulk_create(
        RestatedPage(taken=made, place=place, content=page, digest=counted.digests[place])
        for place, page in counted.pages.items()
    )
    after = _audited(counted) | {"ordinal": ordinal}
    record(Action.RESTATED, actor=by, kind="frozen_month", key=str(frozen), after=after, reason=reason, at=at)
    return made


def _audited(counted: _Counted) -> dict[str, object]:
    """Codes only; the digest in pieces, so that no run of its digits is taken for a phone number."""
    window = counted.window
    return {
        "as_of": window.as_of.isoformat(),
        "known_at": window.known.isoformat() if window.known else None,
        "definitions": counted.definitions.number,
        "digest": counted.digest.hex("-", 4),
    }
