"""A new promise table for requests that are under way (cases 34 to 36, 39, 46)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from qihu.errors import Conflict, Forbidden, Invalid
from qihu.outbox.models import Message
from routing.promises import worktime
from routing.promises.amount import parse_amount
from routing.promises.book import calendar_version
from routing.promises.drafts import copy_policies
from routing.promises.models import Policy, PolicySet
from tests import make
from tests.people import user
from tests.see import deadline, kinds
from tests.tickets.promises.changes import done, enforce, policy_draft, table_in_force, worked_off
from tickets.models import Deadline, Event, NoticeRule, NoticeTemplate, Shift
from tickets.pages.firm.promises import _standing
from tickets.services import approvals, departure, dispatch
from tickets.services.repricing import publish
from tickets.services.sweep import sweep
from tickets.timeline import timeline
from tickets.workflow import Clock

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
LATER = make.MONDAY + DAY


def due(start, amount):
    return worktime.due(calendar_version(deadline_calendar()), start, parse_amount(amount)).at


def deadline_calendar():
    return Deadline.objects.values_list("calendar_version_id", flat=True).first()


def test_new_promises_follow_at_once_and_running_ones_only_if_wanted():
    old = make.signed()
    before = deadline(old, Clock.RESOLVE)

    assert enforce(policy_draft(("RESOLVE", "L2", "3wd")), at=LATER, running=False) is None

    young = make.signed(at=LATER)
    assert deadline(young, Clock.RESOLVE).due_at == due(LATER, "3wd")
    assert deadline(old, Clock.RESOLVE).due_at == before.due_at
    assert deadline(old, Clock.RESOLVE).policy_set.number == 1


def test_running_promises_move_with_ledger_row_and_one_event():
    ticket = make.signed()
    before = deadline(ticket, Clock.RESOLVE)

    recalculation = worked_off(
        enforce(policy_draft(("RESOLVE", "L2", "3wd"), ("NOTE", "L2", "1wd")), at=LATER), at=LATER
    )

    after = deadline(ticket, Clock.RESOLVE)
    assert after.fires_at < after.due_at == due(before.started_at, "3wd")
    assert after.promised_due_at == before.promised_due_at == before.due_at
    assert (after.amount, after.unit, after.policy_set.number) == (3, "wd", 2)
    shift = Shift.objects.get(deadline=after)
    assert (shift.kind, shift.due_before, shift.due_after) == (Shift.Kind.POLICY, before.due_at, after.due_at)
    assert (shift.approver.username, shift.reason) == ("secadmin", "时限政策第 2 版")
    assert kinds(ticket).count("policy") == 1
    event = Event.objects.get(ticket=ticket, kind="policy")
    assert shift.seq == event.seq
    assert {line["clock"] for line in event.data["clocks"]} == {"RESOLVE", "NOTE"}
    assert recalculation.predicted == done(recalculation)
    assert deadline(ticket, Clock.INTERIM).policy_set.number == 2  # follows although it did not move


@pytest.mark.parametrize(("clock", "told"), [("RESOLVE", 1), ("SIGN", 1), ("LEG", 0)])
def test_the_firm_is_told_where_a_promise_to_it_moved(clock, told):
    ticket = make.helped().ticket if clock == "LEG" else make.assigned()
    worked_off(enforce(policy_draft((clock, "L2", "12wd")), at=make.MONDAY + HOUR), at=make.MONDAY + HOUR)
    lines = [entry.says for entry in timeline(make.fresh(ticket), for_firm=True) if entry.kind == "policy"]
    assert lines == ["时限规定调整，到期时间已重新推算"] * told
    if clock == "RESOLVE":
        row = deadline(ticket, Clock.RESOLVE)
        assert "时限规定调整" in _standing(row, list(row.shifts.order_by("pk")), LATER)
    assert kinds(ticket).count("policy") == 1


@pytest.mark.parametrize("wanted", [True, False])
def test_somebody_is_notified_only_by_a_rule_of_its_own(wanted):
    ticket = make.signed()
    if wanted:
        NoticeRule.objects.create(
            kind="policy", audience="officer", way="inbox", template=NoticeTemplate.objects.get(code="handed")
        )
    Message.objects.all().delete()
    worked_off(enforce(policy_draft(("RESOLVE", "L2", "3wd")), at=LATER), at=LATER)
    assert Message.objects.filter(topic="tickets.notify", args__ticket_id=ticket.pk).exists() == wanted


def test_what_has_ended_or_broken_stays_as_it_was():
    met = make.replied()
    late = make.assigned()
    sweep(at=make.MONDAY + 2 * DAY)
    assert deadline(late, Clock.SIGN).breached_at
    rows = [deadline(late, Clock.SIGN), deadline(met, Clock.SIGN), deadline(met, Clock.CONTACT)]

    worked_off(
        enforce(policy_draft(("SIGN", "L2", "30wd"), ("CONTACT", "L2", "30wd")), at=make.MONDAY + 2 * DAY),
        at=make.MONDAY + 2 * DAY,
    )

    for row in rows:
        assert Deadline.objects.values().get(pk=row.pk) == {
            field.attname: getattr(row, field.attname) for field in Deadline._meta.concrete_fields
        }


def test_a_due_time_in_the_past_is_literal_and_breaks_after_the_change():
    ticket = make.signed()
    changed = make.MONDAY + 3 * DAY
    recalculation = worked_off(enforce(policy_draft(("RESOLVE", "L2", "1wd")), at=changed), at=changed)
    line = next(one for one in recalculation.predicted if one["clock"] == "RESOLVE")
    assert (line["earlier"], line["breaks"]) == (1, 1)
    assert deadline(ticket, Clock.RESOLVE).due_at == due(make.MONDAY, "1wd") < changed
    assert deadline(ticket, Clock.RESOLVE).breached_at is None
    sweep(at=changed + HOUR)
    assert deadline(ticket, Clock.RESOLVE).breached_at == changed  # nobody is dated late before the rule was there


def test_case_34_pauses_credits_and_extensions_are_kept(cast):
    """Rested for a day, extended by two working days; the new table gives three working days less."""
    asked = make.asked_to_rest()
    ticket = asked.ticket
    approvals.approve(approval_id=asked.pk, caller=cast.as_director, at=make.MONDAY + 25 * make.MINUTE)
    back = make.MONDAY + 25 * make.MINUTE + DAY
    departure.resume(ticket_id=ticket.pk, caller=make.head_of(make.fresh(ticket)), at=back)
    before = deadline(ticket, Clock.RESOLVE)
    extension = departure.extend(
        ticket_id=ticket.pk,
        caller=make.head_of(make.fresh(ticket)),
        at=back + HOUR,
        reason="银行尽调",
        until=(before.due_at + 2 * DAY).date(),
    )
    approvals.approve(approval_id=extension.approval.pk, caller=cast.as_director, at=back + 2 * HOUR)
    extended = deadline(ticket, Clock.RESOLVE)
    assert extended.extended

    worked_off(enforce(policy_draft(("RESOLVE", "L2", "3wd")), at=back + 3 * HOUR), at=back + 3 * HOUR)

    after = deadline(ticket, Clock.RESOLVE)
    pause = Shift.objects.get(deadline=after, kind=Shift.Kind.PAUSE)
    calendar = calendar_version(after.calendar_version_id)
    fresh = worktime.due(calendar, after.started_at, parse_amount(f"{3 + extended.extended}wd")).at
    assert after.extended == extended.extended
    assert after.due_at == worktime.shift(calendar, parse_amount("1wd").unit, fresh, [(pause.since, pause.until)])


def test_case_34_a_promise_that_rests_goes_on_resting(cast):
    ticket = make.suspended()
    worked_off(enforce(policy_draft(("RESOLVE", "L2", "3wd")), at=LATER), at=LATER)
    resting = deadline(ticket, Clock.RESOLVE)
    assert (resting.state, resting.fires_at) == (Deadline.State.PAUSED, None)
    departure.resume(ticket_id=ticket.pk, caller=make.head_of(ticket), at=LATER)
    after = deadline(ticket, Clock.RESOLVE)
    assert after.due_at > due(make.MONDAY, "3wd")
    assert after.due_at == worktime.shift(
        calendar_version(after.calendar_version_id),
        parse_amount("3wd").unit,
        resting.due_at,
        [(resting.paused_at, LATER)],
    )


def test_case_35_a_change_of_grade_switches_the_policy(cast):
    ticket = make.signed()
    dispatch.classify(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=make.MONDAY + HOUR, difficulty="L3")
    worked_off(enforce(policy_draft(("RESOLVE", "L3", "8wd"), ("RESOLVE", "L2", "2wd")), at=LATER), at=LATER)
    assert deadline(ticket, Clock.RESOLVE).amount == 8
    dispatch.classify(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=LATER + HOUR, difficulty="L2")
    after = deadline(ticket, Clock.RESOLVE)
    assert (after.amount, after.due_at) == (2, due(make.MONDAY, "2wd"))  # by the table it follows now


def test_case_36_a_change_of_category_switches_the_policy(cast):
    draft = policy_draft(("RESOLVE", "L2", "2wd"), category="FIN-02")
    enforce(draft, at=make.MONDAY - HOUR, running=False)
    ticket = make.signed()
    assert deadline(ticket, Clock.RESOLVE).amount == 5
    dispatch.classify(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=make.MONDAY + HOUR, category="FIN-02")
    after = deadline(ticket, Clock.RESOLVE)
    assert (after.amount, after.due_at) == (2, due(make.MONDAY, "2wd"))


def test_case_39_a_published_table_cannot_be_withdrawn_or_deleted():
    make.signed()
    current = table_in_force()
    for refused in (
        lambda: PolicySet.objects.filter(pk=current.pk).update(published_at=None),
        lambda: Policy.objects.filter(set=current, clock="RESOLVE").update(value=None, unit=""),
        lambda: Policy.objects.filter(set=current).first().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            refused()
    with pytest.raises(Conflict):
        publish.put_policies_in_force(
            set_id=current.pk, author=user("secadmin"), at=LATER, reason="再次启用", running=True
        )


def test_case_46_going_back_is_a_copy_of_the_earlier_version():
    first = table_in_force()
    ticket = make.signed()
    before = deadline(ticket, Clock.RESOLVE)
    worked_off(enforce(policy_draft(("RESOLVE", "L2", "3wd")), at=LATER), at=LATER)
    back = copy_policies(set_id=first.pk, author=user("sysadmin"))
    worked_off(enforce(back, at=LATER + HOUR), at=LATER + HOUR)
    after = deadline(ticket, Clock.RESOLVE)
    assert (after.due_at, after.amount, after.policy_set.number) == (before.due_at, 5, 3)
    assert Shift.objects.filter(deadline=after, kind=Shift.Kind.POLICY).count() == 2


def test_a_dash_and_a_clock_without_policy_leave_what_was_promised():
    ticket = make.signed()
    before = deadline(ticket, Clock.RESOLVE)
    worked_off(enforce(policy_draft(("RESOLVE", "L2", "–")), at=LATER), at=LATER)
    after = deadline(ticket, Clock.RESOLVE)
    assert (after.due_at, after.amount, after.policy_set.number) == (before.due_at, 5, 2)


def test_a_second_run_changes_nothing():
    ticket = make.signed()
    recalculation = worked_off(enforce(policy_draft(("RESOLVE", "L2", "3wd")), at=LATER), at=LATER)
    recalculation.slices.update(done_at=None)
    recalculation.finished_at = None
    recalculation.save(update_fields=["finished_at"])
    worked_off(recalculation, at=LATER + HOUR)
    assert kinds(ticket).count("policy") == 1
    assert Shift.objects.filter(deadline__ticket=ticket).count() == 1


class TestWhoMay:
    @pytest.mark.parametrize("name", ["sysadmin", "auditor", "director", "officer.finance", "leader"])
    def test_only_the_security_administrator_puts_it_in_force(self, name):
        draft = policy_draft(("RESOLVE", "L2", "3wd"))
        with pytest.raises(Forbidden):
            publish.put_policies_in_force(set_id=draft.pk, author=user(name), at=LATER, reason="调整", running=True)
        assert table_in_force().number == 1

    def test_a_reason_is_needed(self):
        draft = policy_draft(("RESOLVE", "L2", "3wd"))
        with pytest.raises(Invalid):
            publish.put_policies_in_force(set_id=draft.pk, author=user("secadmin"), at=LATER, reason=" ", running=True)

    def test_one_at_a_time(self):
        make.signed()
        enforce(policy_draft(("RESOLVE", "L2", "3wd")), at=LATER)
        with pytest.raises(Conflict, match="还没有完成"):
            enforce(policy_draft(("RESOLVE", "L2", "4wd")), at=LATER)
