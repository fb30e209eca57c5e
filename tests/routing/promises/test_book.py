"""The default tables, the book that reads them, and what the database itself refuses."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from routing.promises.amount import PromiseError, parse_amount
from routing.promises.book import PromiseBook, calendar_version, current_book, lineage, published_calendar
from routing.promises.defaults import COVERAGE, chinese_days, load_defaults
from routing.promises.models import Calendar, CalendarDay, CalendarVersion, Opening, Policy, PolicySet
from routing.promises.worktime import due, is_working_day
from tests.routing.promises.calendars import at, wall

pytestmark = pytest.mark.django_db
GRADES = ["urgent", "L1", "L2", "L3", "L4"]
WHEN = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _defaults(db):
    load_defaults()


def draft_set(number: int = 99, **row) -> PolicySet:
    """The default table with one row more, not yet published."""
    policy_set = PolicySet.objects.create(number=number)
    rows = list(Policy.objects.filter(set__number=1))
    for one in rows:
        one.pk, one.set = None, policy_set
    Policy.objects.bulk_create(rows)
    if row:
        Policy.objects.create(set=policy_set, **row)
    return policy_set


def publish(version: PolicySet | CalendarVersion) -> None:
    version.published_at = WHEN
    version.save(update_fields=["published_at"])


def promised(clock: str, **more: object) -> list[str]:
    book = current_book()
    return [str(book.amount(clock, grade=grade, **more) or "–") for grade in GRADES]


@pytest.mark.parametrize(
    ("clock", "more", "table"),
    [
        ("ACCEPT", {}, "30min 2wh 2wh 2wh 2wh"),
        ("DISPATCH", {}, "30min 2wh 2wh 4wh 1wd"),
        ("SIGN", {}, "30min 2wh 2wh 2wh 4wh"),
        ("CONTACT", {}, "1h 2wh 2wh 2wh 4wh"),
        ("INTERIM", {}, "4h – 1wd 3wd 3wd"),
        ("INTERIM", {"repeat": True}, "– – – – 10wd"),
        ("RESOLVE", {}, "24h 1wd 5wd 15wd 30wd"),
        ("RESOLVE", {"rework": True}, "1wd 2wd 5wd 10wd 15wd"),
        ("SIGN", {"rework": True}, "30min 2wh 2wh 2wh 4wh"),
        ("REVIEW", {}, "1h 2wh 1wd 1wd 2wd"),
        ("RATE", {}, "3wd 5wd 5wd 5wd 10wd"),
        ("FULL", {}, "– – – – –"),
        ("FOLLOW_UP", {}, "– – – – –"),
        ("FOLLOW_UP", {"repeat": True}, "30d 30d 30d 30d 30d"),
        ("NO_SUCH_CLOCK", {}, "– – – – –"),
    ],
)
def test_the_default_table(clock, more, table):
    assert promised(clock, **more) == table.split()


def test_loading_again_changes_nothing():
    before = (Policy.objects.count(), CalendarDay.objects.count(), current_book())
    load_defaults()
    assert (Policy.objects.count(), CalendarDay.objects.count(), current_book()) == before


def test_the_default_calendar_is_the_citys(django_assert_num_queries):
    calendar = current_book().calendar("330802")
    assert (calendar.code, calendar.coverage, str(calendar.zone)) == ("330800", (2015, 2026), "Asia/Shanghai")
    assert wall(due(calendar, at("2025-01-24 16:00"), parse_amount("3wd")).at) == "2025-02-05 17:30"
    with django_assert_num_queries(1):
        assert current_book().calendar("330881") is calendar
    with django_assert_num_queries(1):
        assert current_book().amount("SIGN", grade="L2", region="330802") == parse_amount("2wh")


def test_every_notice_of_the_covered_years_is_there():
    days = chinese_days(*COVERAGE)
    for year in range(COVERAGE[0], COVERAGE[1] + 1):
        made_up = [on for on, (working, _) in days.items() if on.year == year and working]
        assert len(made_up) >= 4, year
        assert all(on.weekday() >= 5 for on in made_up)
    assert days[date(2025, 2, 3)] == (False, "与 2025-01-26 调休")
    assert days[date(2026, 2, 14)] == (True, "调休上班")
    assert date(2014, 12, 31) not in days
    assert date(2027, 1, 1) not in days


# Days at work by the State Council's notices, Monday to Friday less days off plus made-up days.
@pytest.mark.parametrize(("year", "days"), [(2018, 250), (2023, 249), (2024, 251), (2025, 248), (2026, 248)])
def test_working_days_of_a_year(year, days):
    calendar = published_calendar()
    first = date(year, 1, 1).toordinal()
    everyday = range(first, date(year + 1, 1, 1).toordinal())
    assert sum(is_working_day(calendar, date.fromordinal(on)) for on in everyday) == days


def test_the_most_specific_row_decides():
    own = {"clock": "SIGN", "grade": "L2", "unit": "h"}
    policy_set = draft_set(**own, value=9, region="330800")
    Policy.objects.create(set=policy_set, **own, value=8, region="330802")
    Policy.objects.create(set=policy_set, **own, value=7, channel="hotline")
    Policy.objects.create(set=policy_set, **own, value=6, category="FIN-02")
    Policy.objects.create(set=policy_set, clock="SIGN", grade="L3", category="FIN-02")
    assert current_book().amount("SIGN", grade="L2", region="330802") == parse_amount("2wh")  # still a draft
    publish(policy_set)
    book = current_book()
    asked = [
        {"region": "330100"},
        {"region": "330881"},
        {"region": "330802"},
        {"region": "330800/330802"},
        {"region": "330802", "channel": "hotline"},
        {"region": "330802", "channel": "hotline", "category": "FIN-02"},
        {"region": "330802", "channel": "qr", "category": "TAL-01"},
    ]
    found = [str(book.amount("SIGN", grade="L2", **facts)) for facts in asked]
    assert found == ["2wh", "9h", "8h", "8h", "7h", "6h", "8h"]
    assert book.amount("SIGN", grade="L3", category="FIN-02") is None  # a dash beats what is more general


def test_a_county_with_a_calendar_of_its_own():
    county = Calendar.objects.create(code="kecheng", name="柯城区", region="330802")
    version = CalendarVersion.objects.create(calendar=county, number=1)
    Opening.objects.create(version=version, weekday=0, opens=480, closes=1440)
    CalendarDay.objects.create(version=version, on=date(2026, 11, 24), working=True, openings=[[600, 660]])
    assert current_book().calendar("330802").code == "330800"  # a draft binds nobody
    publish(version)
    assert current_book().calendar("330802/330802100").code == "kecheng"
    assert current_book().calendar("330802100").code == "kecheng"
    assert current_book().calendar("330800").code == "330800"
    found = published_calendar("kecheng")
    assert found.coverage is None
    assert wall(due(found, at("2026-11-23 09:00"), parse_amount("1wd")).at) == "2026-11-24 11:00"


def test_a_department_may_keep_hours_of_its_own():
    nobodys = Calendar.objects.create(code="night", name="夜班")
    hotline = Calendar.objects.create(code="hotline", name="热线", department="service-centre")
    county = Calendar.objects.create(code="kecheng", name="柯城区", region="330802")
    for calendar, closes in ((nobodys, 60), (hotline, 1440), (county, 720)):
        version = CalendarVersion.objects.create(calendar=calendar, number=1)
        Opening.objects.bulk_create(Opening(version=version, weekday=day, opens=0, closes=closes) for day in range(7))
        publish(version)
    book = current_book()
    asked = [
        {"region": "330802", "department": "service-centre"},
        {"region": "330802", "department": "finance"},
        {"region": "330802"},
        {"region": "330881", "department": "finance"},
        {"department": "service-centre"},
        {"department": "service-centre-330802"},  # another department, though of that name in the county
    ]
    found = [book.calendar(**facts).code for facts in asked]
    assert found == ["hotline", "kecheng", "kecheng", "330800", "hotline", "330800"]
    saturday = at("2026-11-28 22:00")
    assert wall(due(book.calendar(department="service-centre"), saturday, parse_amount("4wh")).at) == "2026-11-29 02:00"


def test_a_department_has_one_calendar_and_a_code():
    Calendar.objects.create(code="hotline", name="热线", department="service-centre")
    for taken in ({"department": "service-centre"}, {"department": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Calendar.objects.create(code="other", name="另一", **taken)


def test_a_promise_keeps_the_calendar_it_started_with():
    old = current_book().calendar_version_id()
    calendar = Calendar.objects.get(code="330800")
    version = CalendarVersion.objects.create(calendar=calendar, number=2)
    Opening.objects.create(version=version, weekday=2, opens=0, closes=1440)
    publish(version)
    assert current_book().calendar().version == 2
    assert calendar_version(old).version == 1


def test_lineage():
    assert lineage("") == ("",)
    assert lineage("330802") == ("330802", "330800", "330000", "")
    assert lineage("330802001") == ("330802001", "330802", "330800", "330000", "")
    assert lineage("330800") == ("330800", "330000", "")
    assert lineage("330000/330800/330802") == ("330802", "330800", "330000", "")
    assert lineage("park") == ("park", "")


def unpublish(table: str) -> None:
    """As before the first start; the triggers come back with the transaction's end."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER published_is_final")
        cursor.execute(f"UPDATE {table} SET published_at = NULL")  # noqa: S608 - a table of this file


def test_before_anything_is_published():
    unpublish("promises_policyset")
    with pytest.raises(PromiseError, match="还没有发布"):
        current_book()
    unpublish("promises_calendarversion")
    with pytest.raises(PromiseError, match="还没有发布"):
        current_book()
    with pytest.raises(PromiseError, match="默认工作日历"):
        published_calendar()
    with pytest.raises(PromiseError, match="“night”"):
        published_calendar("night")
    with pytest.raises(PromiseError, match="编号"):
        calendar_version(0)
    with pytest.raises(PromiseError, match="没有适用于区划“330802”"):
        PromiseBook(1, ()).calendar("330802")


def test_what_is_published_is_final():
    policy = Policy.objects.filter(set__published_at__isnull=False).first()
    opening = Opening.objects.filter(version__published_at__isnull=False).first()
    day = CalendarDay.objects.filter(version__published_at__isnull=False).first()
    moves = [
        lambda: Policy.objects.filter(pk=policy.pk).update(value=1, unit="h"),
        policy.delete,
        lambda: Policy.objects.create(set=policy.set, clock="X", grade="L1"),
        lambda: Opening.objects.filter(pk=opening.pk).update(closes=800),
        lambda: CalendarDay.objects.filter(pk=day.pk).delete(),
        lambda: CalendarVersion.objects.filter(pk=opening.version_id).update(coverage_last=2027),
        lambda: PolicySet.objects.filter(pk=policy.set_id).update(note="改"),
    ]
    for move in moves:
        with pytest.raises(IntegrityError, match="published"), transaction.atomic():
            move()


def test_a_draft_may_be_changed_and_thrown_away():
    policy_set = draft_set()
    policy_set.policies.filter(clock="SIGN").update(value=3)
    policy_set.policies.all().delete()
    assert policy_set.delete()[0] == 1


def test_the_database_refuses_nonsense():
    policy_set = draft_set()
    version = CalendarVersion.objects.create(calendar=Calendar.objects.get(code="330800"), number=7)
    nonsense = [
        lambda: Policy.objects.create(set=policy_set, clock="X", grade="L9"),
        lambda: Policy.objects.create(set=policy_set, clock="X", grade="L1", value=1),
        lambda: Policy.objects.create(set=policy_set, clock="X", grade="L1", unit="h"),
        lambda: Policy.objects.create(set=policy_set, clock="X", grade="L1", value=0, unit="wd"),
        lambda: Policy.objects.create(set=policy_set, clock="X", grade="L1", value=1, unit="y"),
        lambda: Policy.objects.create(set=policy_set, clock="SIGN", grade="L1"),
        lambda: Opening.objects.create(version=version, weekday=7, opens=0, closes=60),
        lambda: Opening.objects.create(version=version, weekday=0, opens=60, closes=60),
        lambda: Opening.objects.create(version=version, weekday=0, opens=60, closes=1501),
        lambda: Opening.objects.create(
            version=version, weekday=0, opens=0, closes=60, from_on=date(2026, 2, 1), to_on=date(2026, 1, 1)
        ),
        lambda: CalendarDay.objects.create(version=version, on=WHEN.date(), working=False, openings=[[0, 60]]),
        lambda: CalendarVersion.objects.create(calendar=version.calendar, number=7),
        lambda: CalendarVersion.objects.create(calendar=version.calendar, number=8, coverage_first=2026),
        lambda: CalendarVersion.objects.create(
            calendar=version.calendar, number=8, coverage_first=2026, coverage_last=2025
        ),
    ]
    for move in nonsense:
        with pytest.raises(IntegrityError), transaction.atomic():
            move()


def test_rows_have_readable_names():
    version = CalendarVersion.objects.get(calendar__code="330800")
    names = [
        version,
        version.openings.order_by("weekday", "opens").first(),
        version.days.get(on=date(2025, 1, 29)),
        CalendarDay(on=date(2026, 1, 1), working=True),
        PolicySet.objects.get(number=1),
        Policy.objects.get(clock="RESOLVE", grade="L2", rework=False, set__number=1),
        Policy.objects.get(clock="FULL", grade="L2", set__number=1),
    ]
    assert [str(name) for name in names] == [
        "衢州市工作日历 第 1 版",
        "周一 09:00–12:00",
        "2025-01-29 春节",
        "2026-01-01 上班",
        "时限政策第 1 版",
        "RESOLVE L2：5 个工作日",
        "FULL L2：不设时限",
    ]
