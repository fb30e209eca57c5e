"""`manage.py import_calendar`: a notice of 2027 as a file, and each way in which such a file is wrong."""

from datetime import UTC, date, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from qihu.audit.models import Action, Entry
from routing.promises.amount import PromiseError, parse_amount
from routing.promises.book import calendar_version, current_book, published_calendar
from routing.promises.calendars import Day
from routing.promises.defaults import load_defaults
from routing.promises.models import Calendar, CalendarDay, CalendarVersion, Opening
from routing.promises.notice import read_notice
from routing.promises.worktime import due
from routing.promises.years import load_notice, weigh
from tests.routing.promises.calendars import CITY, at, calendar, wall
from tests.routing.promises.test_book import publish

NOW = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
FIXED = """2027-01-01,休息,元旦
2027-05-01,休息,劳动节
2027-05-02,休息,劳动节
2027-10-01,休息,国庆节
2027-10-02,休息,国庆节
2027-10-03,休息,国庆节
"""
# An invented notice: the real one had not been published.
NOTICE = f"""日期,上班,名称,开放时间
2026-12-27,上班,调休上班,
{FIXED}2027/2/5,休息,除夕
2027年2月6日,休息,春节
,,,
2027-2-14,1,调休上班,09:00-12:00
2027-02-08,0,春节,
"""
HEAD = "date,working,name,openings\n"


@pytest.fixture
def city(db, monkeypatch):
    monkeypatch.setattr("routing.promises.management.commands.import_calendar.now", lambda: NOW)
    load_defaults()
    return Calendar.objects.get(code="330800")


@pytest.fixture
def file(tmp_path):
    def write(text: str, encoding: str = "utf-8"):
        path = tmp_path / "notice.csv"
        path.write_bytes(text.encode(encoding))
        return str(path)

    return write


def run(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("import_calendar", *arguments, stdout=out)
    return out.getvalue().splitlines()


def stored() -> list[int]:
    tables = (CalendarVersion, CalendarDay, Opening, Entry)
    return [table.objects.count() for table in tables]


def test_a_notice_becomes_the_next_version_and_the_year_is_covered(city, file):
    before, promise = published_calendar(), parse_amount("2wd")
    assert due(before, at("2026-12-30 10:00"), promise).provisional

    told = run(file(NOTICE), "--calendar", "330800")

    assert told[0] == "2026-12-27 上班 调休上班"
    assert told[-2:] == ["休息 9 天，上班 2 天；放假通知覆盖 2015–2027 年", "工作日历“330800”：已发布第 2 版"]
    after = current_book().calendar()
    assert (after.version, after.coverage, after.weekly) == (2, (2015, 2027), before.weekly)
    assert after.fixed == before.fixed
    assert due(after, at("2026-12-30 10:00"), promise) == (at("2027-01-04 17:30"), False)
    assert wall(due(after, at("2027-02-12 18:00"), parse_amount("1wd")).at) == "2027-02-14 12:00"
    assert after.days[date(2027, 2, 14)] == Day(working=True, openings=((540, 720),), name="调休上班")
    assert set(before.days.items()) <= set(after.days.items())


def test_what_was_promised_under_the_old_version_keeps_it(city, file):
    old = current_book().calendar_version_id()
    run(file(NOTICE))
    assert calendar_version(old).coverage == (2015, 2026)
    assert current_book().calendar_version_id() != old


def test_loading_is_on_record(city, file):
    run(file(NOTICE))
    entry = Entry.objects.filter(action=Action.CALENDAR).latest("pk")
    assert (entry.kind, entry.key, entry.actor_id) == ("promises.calendar", "330800", None)
    assert entry.before == {"number": 1, "coverage": [2015, 2026]}
    assert entry.after == {"number": 2, "coverage": [2015, 2027]}


def test_a_dry_run_tells_the_same_and_stores_nothing(city, file):
    before = stored()
    told = run(file(NOTICE), "--dry-run")
    assert stored() == before
    assert told[-1] == "工作日历“330800”：试算，没有写入"
    assert told[:-1] == run(file(NOTICE))[:-1]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_file_as_spreadsheets_write_it(city, file, encoding):
    assert run(file(NOTICE.replace("\n", "\r\n"), encoding))[-1].endswith("已发布第 2 版")


def test_the_same_file_again_has_nothing_to_change(city, file):
    run(file(NOTICE))
    before = stored()
    with pytest.raises(CommandError, match="都已载入"):
        run(file(NOTICE))
    assert stored() == before


def test_a_later_correction_of_days_to_come_is_a_version_too(city, file):
    told = run(file(HEAD + "2026-12-31,休息,临时放假\n"))
    assert told[-1].endswith("已发布第 2 版")
    version = CalendarVersion.objects.latest("pk")
    assert (version.note, version.coverage_last) == ("更正 1 个日期", 2026)


def test_a_number_that_a_draft_has_is_not_taken_again(city, file):
    CalendarVersion.objects.create(calendar=city, number=2)
    assert run(file(NOTICE))[-1].endswith("已发布第 3 版")
    assert current_book().calendar().version == 3


WRONG = [
    ("", "缺少列 date、working、name"),
    ("date,name\n", "缺少列 working"),
    (HEAD, "没有任何日期"),
    (HEAD + "2027-02-30,休息,x\n", "第 2 行：看不懂的日期“2027-02-30”"),
    (HEAD + "明天,休息,x\n", "第 2 行：看不懂的日期“明天”"),
    (HEAD + ",休息,x\n", "第 2 行：看不懂的日期“”"),
    (HEAD + "2700-01-01,休息,x\n", "第 2 行：日期 2700-01-01 超出可计算的范围"),
    (HEAD + "2027-01-01,也许,x\n", "第 2 行：看不懂“也许”"),
    (HEAD + "2027-01-01\n", "第 2 行：看不懂“”，应写上班或休息"),
    (HEAD + f"2027-01-01,休息,{'长' * 101}\n", "第 2 行：名称超过 100 个字"),
    (HEAD + "2027-01-01,休息,元旦,09:00-12:00\n", "第 2 行：休息日不能有开放时间"),
    (HEAD + "2027-01-03,上班,x,九点\n", "第 2 行：看不懂的开放时间“九点”"),
    (HEAD + "2027-01-03,上班,x,09:00-25:00\n", "第 2 行：看不懂的开放时间"),
    (HEAD + "2027-01-03,上班,x,09:00-12:60\n", "第 2 行：看不懂的开放时间"),
    (HEAD + "2027-01-01,休息,元旦\n2027-01-01,休息,元旦\n", "第 3 行：2027-01-01 在第 2 行已经写过"),
    (HEAD + "2026-11-27,休息,昨天\n", "第 2 行：2026-11-27 已经过去"),
    (HEAD + "2027-01-01,休息,元旦\n", "2027 年的通知不全，缺少法定节日：05-01 劳动节"),
    (HEAD + FIXED.replace("2027", "2028"), "2027 年没有放假通知，载入后会有空档；已载入 2015–2026 年"),
    (HEAD + "2012-01-01,休息,元旦\n", "2013 年没有放假通知"),
    (HEAD + FIXED + "2027-12-25,上班,x,09:00-12:00 11:00-13:00\n", "重叠"),
    (HEAD + FIXED + "2027-12-25,上班,x,24:00-25:00\n", "看不懂的开放时间"),
    (HEAD + FIXED + "2027-12-25,上班,x,24:00-01:00\n", "开放时间有误"),
]


@pytest.mark.parametrize(("text", "complaint"), WRONG)
def test_a_wrong_file_is_refused_by_its_line_and_nothing_is_stored(city, file, text, complaint):
    before = stored()
    for dry in ((), ("--dry-run",)):
        with pytest.raises(CommandError) as refusal:
            run(file(text), *dry)
        assert complaint in str(refusal.value)
    assert stored() == before


def test_all_faults_are_told_at_once():
    with pytest.raises(PromiseError) as refusal:
        read_notice(HEAD + "x,休息,a\n2027-01-01,休息,b\n2027-01-02,y,c\n")
    assert [line[:6] for line in str(refusal.value).splitlines()] == ["第 2 行：", "第 4 行："]


def test_a_file_that_is_not_there_or_no_text(city, file, tmp_path):
    with pytest.raises(CommandError, match="读不了"):
        run(str(tmp_path / "none.csv"))
    unreadable = tmp_path / "x.csv"
    unreadable.write_bytes(b"\xff\xff\xff")
    with pytest.raises(CommandError, match="文字编码认不出来"):
        run(str(unreadable))


def test_a_calendar_that_is_unknown_or_needs_no_notice(city, file):
    hotline = CalendarVersion.objects.create(calendar=Calendar.objects.create(code="hotline", name="热线"), number=1)
    Opening.objects.create(version=hotline, weekday=0, opens=0, closes=1440)
    publish(hotline)
    with pytest.raises(CommandError, match="“hotline”不依赖放假通知"):
        run(file(NOTICE), "--calendar", "hotline")
    with pytest.raises(CommandError, match="没有已发布的工作日历“night”"):
        run(file(NOTICE), "--calendar", "night")


def test_earlier_years_may_be_loaded_for_what_is_imported(city):
    rows = read_notice(HEAD + "2014-01-01,休息,元旦\n2013-01-01,休息,元旦\n")
    notice = load_notice(code="330800", rows=rows, author=None, at=NOW)
    assert (notice.new.coverage, notice.years) == ((2013, 2026), (2013, 2014))


def test_a_night_in_the_file_ends_on_the_next_day():
    (row,) = read_notice(HEAD + "2027-01-03,上班,值班,22:00-06:00\n")
    assert row.day.openings == ((1320, 1800),)


def test_weighing_leaves_the_calendar_as_it_was():
    kept = dict(CITY.days)
    notice = weigh(CITY, read_notice(HEAD + FIXED), today=date(2026, 11, 28))
    assert (CITY.days, CITY.coverage) == (kept, (2015, 2026))
    assert notice.new.coverage == (2015, 2027)
    with pytest.raises(PromiseError, match="标为工作日，却没有开放时间"):
        weigh(
            calendar(weekdays=(1,), coverage=(2026, 2026)),
            read_notice(HEAD + "2027-01-03,上班,x\n"),
            today=date(2026, 11, 28),
        )
