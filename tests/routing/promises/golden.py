"""Writes tests/data/golden_due.csv: due times around every Spring Festival and National Day, 2018 to 2026.

`python -m tests.routing.promises.golden > tests/data/golden_due.csv`

Nothing of the engine is used. `NOTICES` was written down by hand from the State Council's yearly notices
(国务院办公厅关于…部分节假日安排的通知; for 2020 with the extension of 26 January), not taken from the package that the
engine's defaults come from. The days are then counted one by one and the hours minute by minute on the office's wall
clock (09:00–12:00, 13:30–17:30), which in China has not been changed since 1991.
"""

import csv
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from io import StringIO

# year: days off as first–last or single dates, then "+" and the weekend days worked for them
NOTICES = """
2018: 1.1 2.15-2.21 4.5-4.7 4.29-5.1 6.18 9.24 10.1-10.7 12.30-12.31 + 2.11 2.24 4.8 4.28 9.29 9.30 12.29
2019: 1.1 2.4-2.10 4.5 5.1-5.4 6.7 9.13 10.1-10.7 + 2.2 2.3 4.28 5.5 9.29 10.12
2020: 1.1 1.24-2.2 4.4-4.6 5.1-5.5 6.25-6.27 10.1-10.8 + 1.19 4.26 5.9 6.28 9.27 10.10
2021: 1.1-1.3 2.11-2.17 4.3-4.5 5.1-5.5 6.12-6.14 9.19-9.21 10.1-10.7 + 2.7 2.20 4.25 5.8 9.18 9.26 10.9
2022: 1.1-1.3 1.31-2.6 4.3-4.5 4.30-5.4 6.3-6.5 9.10-9.12 10.1-10.7 12.31 + 1.29 1.30 4.2 4.24 5.7 10.8 10.9
2023: 1.1-1.2 1.21-1.27 4.5 4.29-5.3 6.22-6.24 9.29-10.6 + 1.28 1.29 4.23 5.6 6.25 10.7 10.8
2024: 1.1 2.10-2.17 4.4-4.6 5.1-5.5 6.10 9.15-9.17 10.1-10.7 + 2.4 2.18 4.7 4.28 5.11 9.14 9.29 10.12
2025: 1.1 1.28-2.4 4.4-4.6 5.1-5.5 5.31-6.2 10.1-10.8 + 1.26 2.8 4.27 9.28 10.11
2026: 1.1-1.3 2.15-2.23 4.4-4.6 5.1-5.5 6.19-6.21 9.25-9.27 10.1-10.7 + 1.4 2.14 2.28 5.9 9.20 10.10
"""
FESTIVALS = {2018: "2.15", 2019: "2.4", 2020: "1.24", 2021: "2.11", 2022: "1.31",
             2023: "1.21", 2024: "2.10", 2025: "1.28", 2026: "2.15"}  # fmt: skip
# days before (−) or after the first day off, time of day, amounts asked from then
STARTS = [
    (-5, "10:00", "1wd 5wd 10wd"),
    (-2, "16:00", "1wd 2wd 3wd 2wh"),
    (-1, "17:30", "1wd 1wh 3d"),
    (-1, "11:30", "2wh 9wh 24h"),
    (0, "00:00", "1wd 4wh 90min"),
    (3, "12:00", "1wd 5wd 8wh 7d"),
    (7, "08:59", "1wd 2wh"),
    (10, "20:00", "1wd 15wd 30wd 20wh"),
]
ONE_DAY, ONE_MINUTE = timedelta(days=1), timedelta(minutes=1)
HEAD = """\
# Written by tests/routing/promises/golden.py from notices set down by hand, without the engine: see there.
# Times are those of Asia/Shanghai; office hours 09:00-12:00 and 13:30-17:30.
"""


def told(text: str, year: int) -> Iterator[date]:
    """`4.29-5.1` → three dates."""
    first, _, last = text.partition("-")
    on, end = ((date(year, *map(int, part.split(".")))) for part in (first, last or first))
    while on <= end:
        yield on
        on += ONE_DAY


def notices() -> tuple[set[date], set[date]]:
    """All days off, and all weekend days that were worked."""
    off: set[date] = set()
    made_up: set[date] = set()
    for line in NOTICES.split("\n")[1:-1]:
        year, rest = line.split(": ")
        for days, found in zip(rest.split(" + "), (off, made_up), strict=True):
            found |= {on for part in days.split() for on in told(part, int(year))}
    return off, made_up


OFF, MADE_UP = notices()


def works(on: date) -> bool:
    return on in MADE_UP or (on.weekday() < 5 and on not in OFF)


def open_at(minute: datetime) -> bool:
    clock = minute.strftime("%H:%M")
    return works(minute.date()) and ("09:00" <= clock < "12:00" or "13:30" <= clock < "17:30")


def due(start: datetime, amount: str) -> datetime:
    """By the words of the appendix, one step after the other."""
    count, unit = int("".join(filter(str.isdigit, amount))), "".join(filter(str.isalpha, amount))
    if unit in {"min", "h"}:
        return start + count * timedelta(**{"minutes" if unit == "min" else "hours": 1})
    if unit == "wh":
        at, left = start, 60 * count
        while left:
            left -= open_at(at)
            at += ONE_MINUTE
        return at
    on = start.date()
    while count:
        on += ONE_DAY
        count -= works(on) if unit == "wd" else 1
    end = datetime.combine(on, datetime.min.time())
    return end + timedelta(hours=17, minutes=30) if unit == "wd" else end + ONE_DAY


def rows() -> Iterator[tuple[str, str, str]]:
    for year, festival in FESTIVALS.items():
        for text in (festival, "9.29" if year == 2023 else "10.1"):
            (first,) = told(text, year)
            for days, clock, amounts in STARTS:
                start = datetime.fromisoformat(f"{first + days * ONE_DAY} {clock}")
                for amount in amounts.split():
                    yield f"{start:%Y-%m-%d %H:%M}", amount, f"{due(start, amount):%Y-%m-%d %H:%M}"


def table() -> str:
    """The file's whole text."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("start", "amount", "due"))
    writer.writerows(rows())
    return HEAD + out.getvalue()


if __name__ == "__main__":
    sys.stdout.write(table())
