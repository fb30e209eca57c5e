"""`manage.py due` and `elapsed` as a script reads them: the answer is the last line."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from routing.promises.defaults import load_defaults
from routing.promises.models import Calendar, CalendarVersion, Opening
from tests.routing.promises.test_book import publish

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _defaults(db):
    load_defaults()


def run(*arguments: str) -> list[str]:
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=out)
    return out.getvalue().splitlines()


def test_due_prints_the_moment_in_the_calendars_zone():
    assert run("due", "--from", "2025-01-24T08:00:00Z", "--amount", "5wd") == ["2025-02-07T17:30:00+08:00"]


def test_due_explains_itself_day_by_day():
    lines = run("due", "--from", "2025-01-27T17:00:00+08:00", "--amount", "2wh", "--explain")
    assert lines == [
        "2025-01-27  开始计时：2025-01-27 17:00:00，时限 2 个工作小时，日历 330800 第 1 版",
        "2025-01-27  周一 计 30 分，还差 1 小时 30 分",
        "2025-01-28  周二 休息：农历除夕，不计",
        "2025-01-29  周三 休息：春节，不计",
        "2025-01-30  周四 休息：春节，不计",
        "2025-01-31  周五 休息：春节，不计",
        "2025-02-01  周六 休息，不计",
        "2025-02-02  周日 休息，不计",
        "2025-02-03  周一 休息：与 2025-01-26 调休，不计",
        "2025-02-04  周二 休息：与 2025-02-08 调休，不计",
        "2025-02-05  周三 计 1 小时 30 分，至 2025-02-05 10:30:00",
        "2025-02-05  到期：2025-02-05 10:30:00",
        "2025-02-05T10:30:00+08:00",
    ]


def test_past_the_last_notice_only_when_asked_for():
    asked = ("due", "--from", "2026-12-30T10:00:00+08:00", "--amount", "2wd")
    with pytest.raises(CommandError, match=r"2015–2026.*--provisional"):
        run(*asked)
    lines = run(*asked, "--provisional")
    assert lines[0].startswith("暂定")
    assert lines[-1] == "2027-01-04T17:30:00+08:00"


def test_another_calendar_by_its_code():
    hotline = Calendar.objects.create(code="hotline", name="热线", zone="Europe/Berlin")
    version = CalendarVersion.objects.create(calendar=hotline, number=1)
    Opening.objects.bulk_create(Opening(version=version, weekday=day, opens=0, closes=1440) for day in range(7))
    publish(version)
    asked = ("--from", "2026-03-28T12:00:00+01:00", "--calendar", "hotline")
    assert run("due", *asked, "--amount", "1d") == ["2026-03-30T00:00:00+02:00"]
    assert run("elapsed", *asked, "--to", "2026-03-30T00:00:00+02:00") == [str(35 * 3600)]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--from", "2026-11-23T10:00:00", "--amount", "1wd"], "缺少时区"),
        (["--from", "明天", "--amount", "1wd"], "看不懂的时间"),
        (["--from", "2026-11-23T10:00:00Z", "--amount", "1week"], "未知的时限单位"),
        (["--from", "2026-11-23T10:00:00Z", "--amount=-1wd"], "不能为负"),
        (["--from", "2026-11-23T10:00:00Z", "--amount", "1wd", "--calendar", "x"], "没有已发布的工作日历“x”"),
    ],
)
def test_due_refuses_in_one_line(arguments, complaint):
    with pytest.raises(CommandError, match=re.escape(complaint)) as refusal:
        run("due", *arguments)
    assert "\n" not in str(refusal.value)


def test_elapsed_counts_working_seconds():
    assert run("elapsed", "--from", "2026-11-23T11:00:00+08:00", "--to", "2026-11-24T09:30:00+08:00") == ["19800"]
    guessed = run("elapsed", "--from", "2026-12-31T17:00:00+08:00", "--to", "2027-01-04T09:30:00+08:00")
    assert guessed == ["提示：所问时段超出已载入放假通知的年份，结果为暂定", "3600"]
    with pytest.raises(CommandError, match="早于"):
        run("elapsed", "--from", "2026-11-24T11:00:00+08:00", "--to", "2026-11-23T09:30:00+08:00")
