"""Calendars the promise tests share: the city's, made as the defaults make it, and small ones."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from routing.promises.defaults import chinese_days
from routing.promises.worktime import Day, Opening, WorkCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
CITY_HOURS = ((540, 720), (810, 1050))


def weekly(hours=CITY_HOURS, weekdays=range(5), from_on=None, to_on=None):
    return tuple(Opening(weekday, *pair, from_on, to_on) for weekday in weekdays for pair in hours)


def calendar(hours=CITY_HOURS, weekdays=range(5), zone="Asia/Shanghai", **more) -> WorkCalendar:
    return WorkCalendar("test", 1, ZoneInfo(zone), more.pop("weekly", weekly(hours, weekdays)), **more)


def city() -> WorkCalendar:
    days = {on: Day(working, None, name) for on, (working, name) in chinese_days(2015, 2026).items()}
    fixed = {
        (1, 1): "元旦",
        (5, 1): "劳动节",
        (5, 2): "劳动节",
        (10, 1): "国庆节",
        (10, 2): "国庆节",
        (10, 3): "国庆节",
    }
    return WorkCalendar("330800", 1, SHANGHAI, weekly(), days, (2015, 2026), fixed)


CITY = city()


def at(text: str, zone: str = "Asia/Shanghai", fold: int = 0) -> datetime:
    """`2025-01-24 16:00` on a wall clock of the zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def wall(moment: datetime, zone: str = "Asia/Shanghai") -> str:
    """`2025-01-24 16:00` (seconds only where there are some)."""
    local = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return local.isoformat(" ", "minutes" if not local.second and not local.microsecond else "auto")


class Slow:
    """The reference: every open minute of some weeks, one by one. For zones that keep their clocks."""

    def __init__(self, calendar: WorkCalendar, start: datetime, days: int) -> None:
        self.calendar = calendar
        first = start.astimezone(calendar.zone).date() - timedelta(days=2)
        self.open = {
            on.toordinal() * 1440 + minute
            for on in (first + timedelta(days=number) for number in range(days + 2))
            for opens, closes in self._hours(on)
            for minute in range(opens, closes)
        }

    def _minute(self, moment: datetime) -> int:
        local = moment.astimezone(self.calendar.zone)
        return local.toordinal() * 1440 + local.hour * 60 + local.minute

    def _hours(self, on: date):
        day = self.calendar.days.get(on)
        rows = [o for o in self.calendar.weekly if o.weekday == on.weekday()]
        if day is None:
            return [(o.opens, o.closes) for o in rows]
        if not day.working:
            return []
        mondays = [o for o in self.calendar.weekly if o.weekday == 0]
        return day.openings or [(o.opens, o.closes) for o in rows or mondays]

    def elapsed(self, start: datetime, end: datetime) -> int:
        return sum(60 for minute in range(self._minute(start), self._minute(end)) if minute in self.open)

    def add(self, start: datetime, seconds: int) -> datetime:
        first = minute = self._minute(start)
        while seconds:
            seconds -= 60 * (minute in self.open)
            minute += 1
        return start + timedelta(minutes=minute - first)

    def working_day(self, start: datetime, nth: int) -> datetime:
        on = start.astimezone(self.calendar.zone).date()
        while nth:
            on += timedelta(days=1)
            nth -= bool(self._hours(on))
        minutes = max(closes for _, closes in self._hours(on))
        wall = datetime(on.year, on.month, on.day, tzinfo=self.calendar.zone) + timedelta(minutes=minutes)
        return wall.astimezone(UTC)
