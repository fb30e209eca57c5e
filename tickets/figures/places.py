"""Names and calendars that a fold needs, read once: departments, regions with what lies above them, opening times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from qihu.accounts.models import Department, Region
from routing.promises.book import calendar_version, lineage
from routing.promises.calendars import WorkCalendar
from routing.promises.models import CalendarVersion


@dataclass(frozen=True, slots=True)
class _Version:
    """A published version of a region's calendar."""

    key: int
    published_at: datetime


@dataclass(slots=True)
class Places:
    """Immutable as far as a fold sees: codes are never reused, published versions never change."""

    codes: Mapping[int, str]
    paths: Mapping[str, str]
    versions: Mapping[str, list[_Version]]
    _chosen: dict[str, list[_Version]] = field(default_factory=dict)

    def department(self, key: int | None) -> str:
        """Code of a department, "" for none."""
        return self.codes[key] if key is not None else ""

    def above(self, region: str) -> list[str]:
        """The region and everything it lies in, by code, the nearest first."""
        return [code for code in lineage(self.paths.get(region, region)) if code in self.paths]

    def calendar(self, region: str, *, known: datetime) -> WorkCalendar:
        """The calendar nearest to the region, as it had been published by `known`; before the first version, that.

        So a month frozen in March is counted in May as in March, whatever was corrected in April.
        """
        found = self._chosen.get(region)
        if found is None:
            found = self._chosen[region] = self._nearest(region)
        at = sum(one.published_at <= known for one in found) if len(found) > 1 else 1
        return calendar_version(found[max(at - 1, 0)].key)

    def _nearest(self, region: str) -> list[_Version]:
        for code in lineage(self.paths.get(region, region)):
            if versions := self.versions.get(code):
                return versions
        raise LookupError(f"no published calendar for region {region!r}")


def read_places() -> Places:
    """Three queries."""
    versions: dict[str, list[_Version]] = {}
    published = CalendarVersion.objects.filter(published_at__isnull=False, calendar__department=None)
    for key, region, at in published.order_by("published_at", "number").values_list(
        "pk", "calendar__region", "published_at"
    ):
        if region is not None and at is not None:
            versions.setdefault(region, []).append(_Version(key, at))
    return Places(
        codes=dict(Department.objects.values_list("pk", "code")),
        paths=dict(Region.objects.values_list("code", "path")),
        versions=versions,
    )
