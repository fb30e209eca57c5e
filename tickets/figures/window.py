"""The period that figures are counted for: first submission in [since, until), at a cut-off, as known then or now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from qihu.errors import Invalid

_FIRST, _LAST = date(2000, 1, 1), date(2100, 1, 1)  # beyond them lies a typing error


@dataclass(frozen=True, slots=True)
class Window:
    """Aware moments. Raises `Invalid` where the period is empty.

    `as_of`: the cut-off, nothing later is counted. `known`: only what had been recorded by then is counted; None = all
    that is known today. `live`: as the projection stands; what it stands at is told by the report that counts it.
    """

    since: datetime
    until: datetime
    as_of: datetime
    known: datetime | None = None
    live: bool = False

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


def months_on(month: date, months: int) -> date:
    """First day of the month that many months later."""
    whole = month.year * 12 + month.month - 1 + months
    return date(whole // 12, whole % 12 + 1, 1)


def of_dates(since: date, until: date, *, as_of: datetime) -> Window:
    """The window of local dates [since, until)."""
    return Window(midnight(since), midnight(until), as_of)


def window_from(since: str, until: str, *, at: datetime, as_of: str = "", known: str = "") -> Window:
    """Window of what somebody typed: ISO dates (or moments), `as_of` empty = `at`, `known` empty = all that is known.

    Raises `Invalid` naming each field that is wrong; a local time without an offset is Shanghai's.
    """
    errors: dict[str, str] = {}
    begin = _moment("since", since, errors)
    end = _moment("until", until, errors)
    cut = _moment("as_of", as_of, errors) if as_of else at
    knew = _moment("known", known, errors) if known else None
    if begin and end and begin >= end:
        errors["until"] = "截止日期须晚于起始日期。"
    if cut and knew and knew < cut:
        errors["known"] = "知悉时点不能早于截止时点。"
    if errors or begin is None or end is None or cut is None:
        raise Invalid("统计时段有误：" + "".join(dict.fromkeys(errors.values())), fields=errors)
    return Window(begin, end, min(cut, at), knew)


def live_or(since: str, until: str, *, at: datetime, as_of: str = "", known: str = "") -> Window:
    """As `window_from`; without `as_of` and `known` as the projection stands."""
    window = window_from(since, until, at=at, as_of=as_of, known=known)
    return replace(window, live=True) if not (as_of or known) else window


def _moment(name: str, typed: str, errors: dict[str, str]) -> datetime | None:
    said = {"since": "起始日期", "until": "截止日期", "as_of": "截止时点", "known": "知悉时点"}[name]
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
