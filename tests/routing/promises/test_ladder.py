"""When a promise reaches the steps of the ladder, worked out by hand over nights, weekends and pauses."""

import pytest
from django.db import IntegrityError, connection, transaction

from routing.promises.amount import Unit, parse_amount
from routing.promises.book import current_book
from routing.promises.coverage import coverage_warnings
from routing.promises.defaults import load_defaults
from routing.promises.ladder import BREACH, Step, after, ladder, moment, rehearses
from routing.promises.models import Calendar, CalendarVersion, LadderSwitch, Opening, Policy, PolicySet, Rung
from tests.routing.promises.calendars import CITY, at, wall
from tests.routing.promises.test_book import publish, unpublish

WEEK = ("2026-11-23 09:00", "2026-11-27 17:30")  # Monday to Friday, 35 hours of opening time


def step(measure: str, value: int, unit: str = "") -> Step:
    amount = parse_amount(f"{value}{unit}") if unit else None
    return Step(20, "x", measure, value, amount, None, "yellow")


def reached(one: Step, span: tuple[str, str] = WEEK, unit: str = "wd", pauses: tuple[str, ...] = ()) -> str:
    spans = [(at(f"2026-11-{a}"), at(f"2026-11-{b}")) for a, b in (pause.split(" – ") for pause in pauses)]
    return wall(moment(one, CITY, start=at(span[0]), due_at=at(span[1]), unit=Unit(unit), pauses=spans))


@pytest.mark.parametrize(
    ("one", "more", "expected"),
    [
        # 70 % of 35 h are 24.5 h: three days and 3.5 h
        (step("share", 70), {}, "2026-11-26 14:00"),
        # a day of it was paused: 70 % of 28 h are 19.6 h, Monday, Wednesday and 5.6 h of Thursday
        (step("share", 70), {"pauses": ("24 00:00 – 25 00:00",)}, "2026-11-26 16:06"),
        # the same said twice, and a pause before the start or behind the end, are nothing more
        (
            step("share", 70),
            {"pauses": ("24 00:00 – 24 14:00", "24 12:00 – 25 00:00", "20 09:00 – 20 10:00", "28 09:00 – 28 10:00")},
            "2026-11-26 16:06",
        ),
        (step("share", 50), {"pauses": ("23 09:00 – 23 10:00", "24 09:00 – 24 10:00")}, "2026-11-25 15:00"),
        # on the clock
        (step("share", 70), {"span": ("2026-11-23 10:00", "2026-11-24 10:00"), "unit": "h"}, "2026-11-24 02:48"),
        (
            step("share", 50),
            {"span": ("2026-11-23 10:00", "2026-11-24 10:00"), "unit": "h", "pauses": ("23 12:00 – 23 22:00",)},
            "2026-11-24 03:00",
        ),
        # all of it paused: warned at the due time and not after it
        (step("share", 70), {"pauses": ("23 09:00 – 27 17:30",)}, "2026-11-27 17:30"),
        (step("before", 1, "wd"), {}, "2026-11-26 17:30"),
        (step("before", 1, "wd"), {"span": ("2026-11-27 10:00", "2026-11-30 17:30")}, "2026-11-27 17:30"),
        (step("before", 5, "wd"), {}, "2026-11-23 09:00"),
        (step("after", 1, "wd"), {}, "2026-11-30 17:30"),
        (step("after", 3, "wd"), {"pauses": ("26 09:00 – 30 09:30",)}, "2026-12-03 09:30"),
    ],
)
def test_a_step_is_reached(one, more, expected):
    found = reached(one, **more)
    assert found == expected


@pytest.mark.parametrize(
    ("one", "written", "words"),
    [
        (step("share", 70), "70%", "已用 70%"),
        (step("before", 1, "wd"), "1wd", "到期前 1 个工作日"),
        (step("after", 3, "wd"), "3wd", "超期 3 个工作日"),
    ],
)
def test_a_step_in_the_log_and_for_people(one, written, words):
    assert (one.written(), one.words()) == (written, words)


@pytest.fixture
def _defaults(db):
    load_defaults()


@pytest.mark.usefixtures("_defaults")
def test_the_steps_of_a_promise_in_their_order():
    policies = current_book().policy_set_id
    long, short = parse_amount("5wd"), parse_amount("24h")

    def climb(promised, reached):
        found = after(policies, "RESOLVE", promised, reached=reached)
        return found.code if found else None

    assert [climb(long, position) for position in (0, 20, 30, BREACH, 60, 70, 80)] == [
        "used-70", "left-1wd", None, "late-1wd", "late-3wd", "late-5wd", None,
    ]  # fmt: skip
    assert [climb(short, position) for position in (0, 20)] == ["used-70", None]
    assert after(None, "RESOLVE", long, reached=0) is None
    assert ladder(policies, "RATE") == ()


@pytest.mark.usefixtures("_defaults")
def test_rows_of_the_ladder_have_readable_names_and_the_switch_is_one():
    rung = Rung.objects.filter(code="used-70").latest("pk")
    late = Rung.objects.filter(code="late-3wd").latest("pk")
    assert [str(rung), str(late)] == ["RESOLVE 已用承诺时间的百分比 70% → 黄灯", "RESOLVE 到期后 3wd → 升级，抄送领导"]
    LadderSwitch.objects.update_or_create(pk=1, defaults={"rehearsal": True})
    assert rehearses()
    LadderSwitch.objects.update(rehearsal=False)
    assert not rehearses()
    assert [str(LadderSwitch(rehearsal=on)) for on in (True, False)] == ["演练", "启用"]
    with pytest.raises(IntegrityError), transaction.atomic():
        LadderSwitch.objects.create(pk=2)


def strip(*tables: str) -> None:
    """As an older release left them; the triggers come back with the transaction's end."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")


@pytest.mark.usefixtures("_defaults")
def test_an_older_installation_gets_what_its_table_lacks_as_a_new_set():
    strip("promises_policy", "promises_rung")
    before = current_book().policy_set_id
    Policy.objects.filter(clock__in=["RETURN_WINDOW", "EXTENSION"]).delete()
    load_defaults()
    limits = current_book().policy_set_id
    assert limits != before
    assert current_book().amount("EXTENSION", grade="L2") == parse_amount("5wd")
    Rung.objects.all().delete()
    load_defaults()
    assert current_book().policy_set_id not in {before, limits}
    assert ladder(current_book().policy_set_id, "RESOLVE")[0].code == "used-70"
    load_defaults()


@pytest.mark.usefixtures("_defaults")
def test_where_only_a_draft_is_nothing_is_added_to_it():
    strip("promises_policy", "promises_rung")
    unpublish("promises_policyset")
    Policy.objects.filter(clock__in=["RETURN_WINDOW", "EXTENSION"]).delete()
    before = PolicySet.objects.count()
    load_defaults()
    assert PolicySet.objects.count() == before


@pytest.mark.usefixtures("_defaults")
@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("2026-11-01 23:59", None),
        ("2026-11-02 00:00", "还有 59 天"),
        ("2026-12-31 23:59", "还有 0 天"),
        ("2027-01-02 00:00", "已过 2 天"),
    ],
)
def test_a_calendar_that_ends_soon_is_warned_about(now, told):
    found = coverage_warnings(at(now))
    assert [told in one for one in found] == ([True] if told else [])


@pytest.mark.usefixtures("_defaults")
def test_a_calendar_that_needs_no_notice_never_ends():
    version = CalendarVersion.objects.create(calendar=Calendar.objects.get(code="330800"), number=9)
    Opening.objects.create(version=version, weekday=0, opens=0, closes=1440)
    publish(version)
    assert coverage_warnings(at("2030-01-01 00:00")) == []
