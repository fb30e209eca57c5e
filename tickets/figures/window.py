"""The period that figures are counted for: first submission in [since, until), as the log stood at `as_of`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from qihu.errors import Invalid

_FIRST, _LAST = date(2000, 1, 1), date(2100, 1, 1)  # beyond them lies a typing error


@dataclass(frozen=True, slots=True)
class Window:
    """Aware moments. Raises `Invalid` where the period is empty."""

    since: datetime
    until: datetime
    as_of: datetime

    def __post_init__(self) -> None:
        if self.since >= self.until:
            raise Invalid("起始日期须早于截止日期。", fields={"until": "截止日期须晚于起始日期。"})

    @property
    def since_on(self) -> date:
        """First local date."""
        return self.since.astimezone(zone()).date()

    @property
    def until_on(self) -> date:
        """Local date before which the period ends; not in it."""
        return self.until.astimezone(zone()).date()

    @property
    def last_on(self) -> date:
        """Last local date in the period."""
        return self.until_on - timedelta(days=1)


def zone() -> ZoneInfo:
    """The zone in which days and months begin."""
    return ZoneInfo(settings.TIME_ZONE)


def midnight(on: date) -> datetime:
    """The moment at which a local date begins, UTC."""
    return datetime.combine(on, time.min, tzinfo=zone()).astimezone(UTC)


def of_dates(since: date, until: date, *, as_of: datetime) -> Window:
    """The window of local dates [since, until)."""
    return Window(midnight(since), midnight(until), as_of)


def window_from(since: str, until: str, *, at: datetime, as_of: str = "") -> Window:
    """Window of what somebody typed: ISO dates (or moments), `as_of` empty = `at`.

    Raises `Invalid` naming each field that is wrong; a local time without an offset is Shanghai's.
    """
    errors: dict[str, str] = {}
    begin = _moment("since", since, errors)
    end = _moment("until", until, errors)
    cut = _moment("as_of", as_of, errors) if as_of else at
    if begin and end and begin >= end:
        errors["until"] = "截止日期须晚于起始日期。"
    if errors or begin is None or end is None or cut is None:
        raise Invalid("统计时段有误：" + "".join(dict.fromkeys(errors.values())), fields=errors)
    return Window(begin, end, min(cut, at))


def _moment(name: str, typed: str, errors: dict[str, str]) -> datetime | None:
    said = {"since": "起始日期", "until": "截止日期", "as_of": "截止时点"}[name]
    if not typed.strip():
        errors[name] = f"请填写{said}。"
        return None
    try:
        found = datetime.fromisoformat(typed.strip())
    except ValueError:
        errors[name] = f"{said}写法有误，应为 2026-11-01 这样的日期。"
        return None
    if not _FIRST <= found.date() <= _LAST:
        errors[name] = f"{said}超出范围（2000 年至 2100 年）。"
        return None
    return (found if found.tzinfo else found.replace(tzinfo=zone())).astimezone(UTC)
