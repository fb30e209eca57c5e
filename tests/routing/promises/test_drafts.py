"""Drafts of tables and calendars: copied, put in force, and refused before anything is stored."""

from datetime import UTC, date, datetime

import pytest

from qihu.audit.models import Action, Entry
from qihu.errors import Conflict, Invalid, Unknown
from routing.promises.book import calendar_version, current_book, published_calendar
from routing.promises.calendars import Day
from routing.promises.defaults import load_defaults
from routing.promises.drafts import copy_calendar, copy_policies, publish_calendar, publish_policies
from routing.promises.models import Calendar, CalendarDay, CalendarVersion, Opening, Policy, PolicySet
from routing.promises.splice import changed_dates, settled_before, spliced
from tests.routing.promises.calendars import calendar, weekly

NOW = datetime(2026, 11, 28, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 28)
LONG = ((480, 1080),)


@pytest.fixture(autouse=True)
def _defaults(db):
    load_defaults()


def newest() -> CalendarVersion:
    return CalendarVersion.objects.filter(calendar__code="330800", published_at__isnull=False).latest("number")


def draft() -> CalendarVersion:
    return copy_calendar(version_id=newest().pk, author=None)


def stored() -> list[object]:
    return [published_calendar().version, current_book(), Entry.objects.count()]


def test_a_table_is_copied_changed_and_put_in_force():
    source = PolicySet.objects.filter(published_at__isnull=False).latest("number")
    copy = copy_policies(set_id=source.pk, author=None)
    assert copy.policies.count() == source.policies.count()
    copy.policies.filter(clock="SIGN", grade="L2").update(value=1)
    assert publish_policies(set_id=copy.pk, author=None, at=NOW, reason="市政府会议决定").published_at == NOW
    assert str(current_book().amount("SIGN", grade="L2")) == "1wh"
    entry = Entry.objects.filter(action=Action.PROMISES).latest("pk")
    assert (entry.before, entry.after) == ({"number": source.number}, {"number": copy.number})


def test_a_table_that_is_none_old_or_empty_is_refused():
    source = PolicySet.objects.filter(published_at__isnull=False).latest("number")
    older, newer = (copy_policies(set_id=source.pk, author=None) for _ in range(2))
    publish_policies(set_id=newer.pk, author=None, at=NOW)
    for again in (older, newer):
        with pytest.raises(Conflict, match="已经启用"):
            publish_policies(set_id=again.pk, author=None, at=NOW)
    empty = PolicySet.objects.create(number=90)
    Policy.objects.create(set=empty, clock="SIGN", grade="L2")
    with pytest.raises(Invalid, match="没有任何时限"):
        publish_policies(set_id=empty.pk, author=None, at=NOW)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: copy_policies(set_id=0, author=None),
        lambda: publish_policies(set_id=0, author=None, at=NOW),
        lambda: copy_calendar(version_id=0, author=None),
        lambda: publish_calendar(version_id=0, author=None, at=NOW),
    ],
)
def test_what_is_not_there_is_unknown(ask):
    with pytest.raises(Unknown, match="没有这一版"):
        ask()


def test_a_calendar_tells_the_days_to_come_and_leaves_the_past():
    version = draft()
    for on in (date(2026, 11, 23), date(2026, 12, 1)):
        CalendarDay.objects.create(version=version, on=on, working=False, name="停办")
    published = calendar_version(publish_calendar(version_id=version.pk, author=None, at=NOW).pk)
    assert published.hours_on(date(2026, 11, 23))
    assert not published.hours_on(date(2026, 12, 1))
    assert CalendarDay.objects.filter(version=version, name="停办").count() == 1


def test_a_correction_tells_the_past_anew():
    version = draft()
    CalendarDay.objects.create(version=version, on=date(2026, 11, 23), working=False, name="停办")
    publish_calendar(version_id=version.pk, author=None, at=NOW, correction=True)
    assert not published_calendar().hours_on(date(2026, 11, 23))


def test_the_first_version_of_a_calendar_has_no_past_to_keep():
    night = CalendarVersion.objects.create(calendar=Calendar.objects.create(code="night", name="夜班"), number=1)
    Opening.objects.create(version=night, weekday=0, opens=1320, closes=1800)
    publish_calendar(version_id=night.pk, author=None, at=NOW)
    assert Entry.objects.filter(action=Action.CALENDAR).latest("pk").before is None
    assert published_calendar("night").hours_on(date(2026, 11, 30)) == ((1320, 1800),)


def overlap(version: CalendarVersion) -> None:
    Opening.objects.create(version=version, weekday=0, opens=600, closes=700)


def never_open(version: CalendarVersion) -> None:
    version.openings.all().delete()


def own_hours_overlap(version: CalendarVersion) -> None:
    CalendarDay.objects.create(version=version, on=date(2026, 12, 5), working=True, openings=[[540, 720], [700, 800]])


def end_before_start(version: CalendarVersion) -> None:
    CalendarDay.objects.create(version=version, on=date(2026, 12, 5), working=True, openings=[[720, 540]])


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (overlap, "重叠"),
        (never_open, "没有任何开放时间|没有开放时间"),
        (own_hours_overlap, "重叠"),
        (end_before_start, "开放时间有误"),
    ],
)
@pytest.mark.parametrize("correction", [False, True])
def test_a_draft_that_makes_no_calendar_is_refused_and_nothing_changes(spoil, complaint, correction):
    version = draft()
    spoil(version)
    before = stored()
    with pytest.raises(Invalid, match=complaint):
        publish_calendar(version_id=version.pk, author=None, at=NOW, correction=correction)
    assert stored() == before


def test_a_version_covers_no_fewer_years_than_the_one_before():
    version = draft()
    CalendarVersion.objects.filter(pk=version.pk).update(coverage_last=2025)
    before = stored()
    with pytest.raises(Invalid, match="不能少于现行版"):
        publish_calendar(version_id=version.pk, author=None, at=NOW)
    assert stored() == before


def test_a_draft_cannot_take_effect_in_the_past_nor_follow_a_newer_one():
    older, version = draft(), draft()
    with pytest.raises(Invalid, match="不能早于今天"):
        publish_calendar(version_id=version.pk, author=None, at=NOW, effective_on=date(2026, 11, 27))
    publish_calendar(version_id=version.pk, author=None, at=NOW, effective_on=date(2026, 12, 1))
    with pytest.raises(Conflict, match="已经启用"):
        publish_calendar(version_id=older.pk, author=None, at=NOW)


def test_two_halves_that_do_not_fit_are_refused():
    night = CalendarVersion.objects.create(calendar=Calendar.objects.create(code="night", name="夜班"), number=1)
    Opening.objects.create(version=night, weekday=4, opens=1320, closes=2700)
    publish_calendar(version_id=night.pk, author=None, at=NOW)
    version = copy_calendar(version_id=night.pk, author=None)
    version.openings.all().delete()
    Opening.objects.create(version=version, weekday=5, opens=0, closes=600)
    with pytest.raises(Invalid, match="重叠"):
        publish_calendar(version_id=version.pk, author=None, at=NOW)


def test_new_hours_hold_from_the_day_they_take_effect():
    old, new = calendar(), calendar(LONG)
    both = spliced(old, new, effective_on=TODAY)
    assert both.hours_on(date(2026, 11, 27)) == old.hours_on(date(2026, 11, 27))
    assert both.hours_on(date(2026, 11, 30)) == LONG
    assert changed_dates(old, both, first=date(2026, 11, 1), last=date(2026, 12, 1)) == [
        date(2026, 11, 30),
        date(2026, 12, 1),
    ]
    seasons = weekly(LONG, to_on=date(2026, 11, 1)) + weekly(((540, 600),), from_on=date(2026, 12, 24))
    third = spliced(both, calendar(weekly=seasons + weekly(((600, 660),), (5,))), effective_on=date(2026, 12, 25))
    assert third.hours_on(date(2026, 12, 24)) == LONG
    assert third.hours_on(date(2026, 12, 25)) == ((540, 600),)
    late = spliced(third, calendar(), effective_on=date(2026, 12, 20))
    assert late.hours_on(date(2026, 12, 18)) == LONG


def test_what_no_notice_told_may_be_told_anew():
    assert settled_before(calendar(), TODAY) == TODAY
    assert settled_before(calendar(coverage=(2015, 2024)), TODAY) == date(2025, 1, 1)
    old = calendar(coverage=(2015, 2024), days={date(2024, 1, 1): Day(working=False)})
    new = calendar(coverage=(2015, 2026), days={date(2026, 1, 1): Day(working=False)})
    assert list(spliced(old, new, effective_on=TODAY).days) == [date(2024, 1, 1), date(2026, 1, 1)]
