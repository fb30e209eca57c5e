"""A new calendar for requests that are under way (cases 37, 38, 40, 41)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from qihu.errors import Invalid
from routing.promises.book import calendar_version
from routing.promises.models import Calendar, CalendarDay, Opening
from tests import make
from tests.see import deadline, local
from tests.tickets.promises.changes import calendar_draft, calendar_in_force, done, enforce_calendar, worked_off
from tickets.models import Deadline, Recalculation, Restatement, Shift
from tickets.services import dispatch, handling, review
from tickets.services.repricing import publish
from tickets.services.sweep import sweep
from tickets.workflow import Clock

pytestmark = pytest.mark.django_db
Scope = Recalculation.Scope
DAY = timedelta(days=1)
TUESDAY = make.MONDAY + DAY
LATE_IN_THE_YEAR = datetime(2026, 12, 28, 2, 0, tzinfo=UTC)


def test_case_37_the_future_part_only():
    """Tuesday: Wednesday is to be off, and Monday, half lived through, would be too: Monday stays as it was."""
    ticket = make.signed()
    before = deadline(ticket, Clock.RESOLVE)
    draft = calendar_draft(date(2026, 3, 2), date(2026, 3, 4))

    recalculation = worked_off(enforce_calendar(draft, at=TUESDAY, scope=Scope.RUNNING), at=TUESDAY)

    after = deadline(ticket, Clock.RESOLVE)
    assert before.due_at == local(3, 9, 17, 30)
    assert (after.due_at, after.calendar_version.number) == (local(3, 10, 17, 30), 2)  # one day, not two
    assert after.promised_due_at == before.due_at
    calendar = calendar_version(after.calendar_version_id)
    assert calendar.hours_on(date(2026, 3, 2))
    assert not calendar.hours_on(date(2026, 3, 4))
    shift = Shift.objects.get(deadline=after)
    assert (shift.kind, shift.due_before, shift.due_after) == (Shift.Kind.POLICY, before.due_at, after.due_at)
    assert recalculation.predicted == done(recalculation)


def test_case_37_new_hours_begin_on_their_day():
    ticket = make.signed(difficulty="L3")

    def summer(draft):
        draft.openings.filter(opens=13 * 60 + 30).update(opens=14 * 60, closes=18 * 60)

    draft = calendar_draft(then=summer)
    worked_off(enforce_calendar(draft, at=TUESDAY, scope=Scope.RUNNING, effective_on=date(2026, 3, 10)), at=TUESDAY)
    after = deadline(ticket, Clock.RESOLVE)
    assert after.due_at == local(3, 23, 18)
    calendar = calendar_version(after.calendar_version_id)
    assert calendar.hours_on(date(2026, 3, 9))[1] == (13 * 60 + 30, 17 * 60 + 30)
    assert calendar.hours_on(date(2026, 3, 10))[1] == (14 * 60, 18 * 60)


def test_what_is_due_before_the_effective_date_keeps_its_calendar():
    ticket = make.signed()
    draft = calendar_draft(date(2026, 3, 20))
    worked_off(enforce_calendar(draft, at=TUESDAY, scope=Scope.RUNNING, effective_on=date(2026, 3, 15)), at=TUESDAY)
    assert deadline(ticket, Clock.RESOLVE).calendar_version.number == 1


def test_a_date_in_the_past_is_no_effective_date():
    with pytest.raises(Invalid, match="早于今天"):
        enforce_calendar(calendar_draft(date(2026, 3, 20)), at=TUESDAY, effective_on=date(2026, 3, 2))
    assert calendar_in_force().number == 1


def test_fewer_years_are_refused():
    draft = calendar_draft()
    draft.coverage_last = 2025
    draft.save(update_fields=["coverage_last"])
    with pytest.raises(Invalid, match="2026"):
        enforce_calendar(draft, at=TUESDAY)


def load_2027(draft):
    """A notice as it might come: 1 to 3 January off, Monday the 4th too."""
    draft.coverage_last = 2027
    draft.save(update_fields=["coverage_last"])
    CalendarDay.objects.bulk_create(
        CalendarDay(version=draft, on=date(2027, 1, day), working=False, name="元旦") for day in (1, 2, 3, 4)
    )


def test_a_notice_for_the_new_year_settles_provisional_due_times_only():
    ticket = make.signed(at=LATE_IN_THE_YEAR)
    before = deadline(ticket, Clock.RESOLVE)
    certain = make.signed(at=LATE_IN_THE_YEAR - 20 * DAY)
    assert before.provisional
    draft = calendar_draft(date(2026, 12, 31), then=load_2027)

    at = LATE_IN_THE_YEAR + DAY
    worked_off(enforce_calendar(draft, at=at, scope=Scope.PROVISIONAL), at=at)

    after = deadline(ticket, Clock.RESOLVE)
    assert not after.provisional
    assert after.due_at > before.due_at
    assert deadline(certain, Clock.RESOLVE).calendar_version.number == 1


def test_a_notice_published_by_a_command_is_followed_by_itself():
    ticket = make.signed(at=LATE_IN_THE_YEAR)
    draft = calendar_draft(then=load_2027)
    type(draft).objects.filter(pk=draft.pk).update(published_at=LATE_IN_THE_YEAR)
    at = LATE_IN_THE_YEAR + DAY
    assert publish.follow_notices(at=at) == 1
    assert publish.follow_notices(at=at) == 0
    worked_off(Recalculation.objects.get(), at=at)
    assert not deadline(ticket, Clock.RESOLVE).provisional
    assert Recalculation.objects.get().author is None


def test_a_notice_loaded_from_a_file_is_followed_too(tmp_path, time_machine):
    ticket = make.signed(at=LATE_IN_THE_YEAR)
    before = deadline(ticket, Clock.RESOLVE)
    at = LATE_IN_THE_YEAR + DAY
    time_machine.move_to(at, tick=False)
    notice = tmp_path / "2027.csv"
    days = [f"2027-01-0{day},休息,元旦" for day in (1, 2, 3, 4)]
    days += [f"2027-05-0{day},休息,劳动节" for day in (1, 2)]
    days += [f"2027-10-0{day},休息,国庆节" for day in (1, 2, 3)]
    notice.write_text("\n".join(["date,working,name", *days]), encoding="utf-8")
    call_command("import_calendar", str(notice), stdout=StringIO())
    assert publish.follow_notices(at=at) == 1
    worked_off(Recalculation.objects.get(), at=at)
    after = deadline(ticket, Clock.RESOLVE)
    assert before.provisional
    assert not after.provisional
    assert after.due_at > before.due_at


def test_nothing_is_followed_where_nothing_was_published():
    assert publish.follow_notices(at=TUESDAY) == 0


def test_case_38_a_corrected_past_leaves_a_restatement_and_ended_promises_stay():
    """Wednesday was off in truth: the answer of Tuesday next was in time, and had been called late."""
    late = make.signed()
    in_time = make.signed()
    for ticket, at in ((in_time, local(3, 6, 10)), (late, local(3, 10, 10))):
        sweep(at=at)
        handling.reply(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=at, outcome="solved", text="已办妥。")
        review.deliver(ticket_id=ticket.pk, caller=make.head_of(ticket), at=at + make.MINUTE)
    rows = {ticket.pk: deadline(ticket, Clock.RESOLVE) for ticket in (late, in_time)}
    assert rows[late.pk].breached_at

    at = local(3, 11, 9)
    recalculation = worked_off(
        enforce_calendar(calendar_draft(date(2026, 3, 4)), at=at, scope=Scope.RUNNING, correction=True), at=at
    )

    found = Restatement.objects.filter(deadline__ticket=late, deadline__clock=Clock.RESOLVE).get()
    assert (found.was_late, found.would_be_late) == (True, False)
    assert (found.due_at, found.would_be_due_at) == (local(3, 9, 17, 30), local(3, 10, 17, 30))
    assert (found.reason, found.recalculation) == ("放假通知", recalculation)
    assert not Restatement.objects.filter(deadline__ticket=in_time, deadline__clock=Clock.RESOLVE).exists()
    for key, before in rows.items():
        kept = Deadline.objects.get(ticket=key, clock=Clock.RESOLVE)
        assert (kept.due_at, kept.breached_at) == (before.due_at, before.breached_at)
    assert not calendar_version(recalculation.calendar_version_id).hours_on(date(2026, 3, 4))


def test_case_40_a_calendar_in_use_cannot_go():
    make.signed()
    current = calendar_in_force()
    with pytest.raises((IntegrityError, ProtectedError)), transaction.atomic():
        current.delete()
    with pytest.raises((IntegrityError, ProtectedError)), transaction.atomic():
        Calendar.objects.get(code="330800").delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        type(current).objects.filter(pk=current.pk).update(published_at=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        CalendarDay.objects.filter(version=current).first().delete()
    assert Opening.objects.filter(version=current).count() == 10


def test_case_41_a_moved_department_changes_no_running_promise(cast):
    """Handed to the county's department: what runs keeps its calendar; a later change moves both alike."""
    ticket = make.signed()
    before = deadline(ticket, Clock.RESOLVE)
    dispatch.reassign(
        ticket_id=ticket.pk, caller=cast.as_dispatcher, at=TUESDAY, department="finance-330802", text="属地办理"
    )
    department = make.fresh(ticket).department
    department.region_id = "330803"
    department.save(update_fields=["region"])
    after = deadline(ticket, Clock.RESOLVE)
    assert (after.due_at, after.calendar_version_id) == (before.due_at, before.calendar_version_id)

    at = TUESDAY + timedelta(hours=1)
    recalculation = worked_off(enforce_calendar(calendar_draft(date(2026, 3, 5)), at=at, scope=Scope.RUNNING), at=at)

    assert deadline(ticket, Clock.RESOLVE).due_at == local(3, 10, 17, 30)
    line = next(one for one in recalculation.predicted if one["clock"] == "RESOLVE")
    assert line["department"] == department.pk
