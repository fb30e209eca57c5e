"""Wall time to moments, through every way a zone can change its clocks (pure).

A moment is a whole number of microseconds since 1970 UTC.
"""

from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

from routing.promises.amount import PromiseError

MICRO = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RESOLUTION = timedelta(microseconds=1)
_NONE, _THREE_DAYS = timedelta(0), timedelta(days=3)
_EPOCH_DAY, _DAY = EPOCH.toordinal(), 86_400 * MICRO


def micros(at: datetime) -> int:
    """Microseconds since 1970; PromiseError for a time without a zone."""
    try:
        apart = at - EPOCH
    except TypeError as error:  # subtracting is the cheapest way to learn that there is no offset
        raise PromiseError(f"时间缺少时区：{at.isoformat()}") from error
    return (apart.days * 86_400 + apart.seconds) * MICRO + apart.microseconds


def moment(at: int) -> datetime:
    """The aware UTC time of a number of microseconds; PromiseError beyond year 9999."""
    seconds, rest = divmod(at, MICRO)
    try:
        return EPOCH + timedelta(0, seconds, rest)
    except OverflowError as error:
        raise PromiseError("超出可计算的范围") from error


def instant(zone: tzinfo, on: date, minutes: int = 0) -> int:
    """The moment of a wall time (minutes from midnight): of two the first; of a skipped one the gap's end."""
    wall = datetime(on.year, on.month, on.day, tzinfo=zone) + timedelta(minutes=minutes)
    early, late = _offset(wall), _offset(wall.replace(fold=1))
    naive = (on.toordinal() - _EPOCH_DAY) * _DAY + minutes * 60 * MICRO
    if late > early:
        return _change(zone, naive - late, naive - early)
    return naive - early


@lru_cache(maxsize=8192)
def midnight(zone: tzinfo, ordinal: int) -> int:
    """The moment at which a local date begins, kept: many promises end on few dates. PromiseError for no date."""
    try:
        return instant(zone, date.fromordinal(ordinal))
    except (ValueError, OverflowError) as error:
        raise PromiseError("超出可计算的范围") from error


def steady_midnight(zone: tzinfo, on: date) -> int | None:
    """The moment of midnight, or None where the zone changes its clocks in the three days that follow.

    (No zone changed them twice in three days.)
    """
    midnight = datetime(on.year, on.month, on.day, tzinfo=zone)
    if midnight.utcoffset() != (midnight + _THREE_DAYS).utcoffset():
        return None
    return (on.toordinal() - _EPOCH_DAY) * _DAY - _offset(midnight)


def local_date(zone: tzinfo, at: datetime) -> date:
    """The latest local date reached by `at`: clocks set back over midnight do not bring the old date back."""
    local = at.astimezone(zone)
    if not local.fold:
        return local.date()
    moment_at = micros(local)
    before = moment_at - (_offset(local.replace(fold=0)) - _offset(local))
    return moment(_change(zone, before, moment_at) - 1).astimezone(zone).date()


def _offset(at: datetime) -> int:
    return (at.utcoffset() or _NONE) // _RESOLUTION


def _change(zone: tzinfo, low: int, high: int) -> int:
    """The moment in (low, high] at which the offset changes, by halving; whole seconds."""
    old = moment(low).astimezone(zone).utcoffset()
    low, high = low // MICRO, -(-high // MICRO)
    while high - low > 1:
        middle = (low + high) // 2
        if moment(middle * MICRO).astimezone(zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return high * MICRO
