"""Who hears of the moves of the full life, told by the moves themselves: asking, helping, objecting, supervising."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from qihu.accounts.models import User
from tests import make
from tests.people import user
from tickets.access import Caller
from tickets.models import Event, Leg, Notice
from tickets.services import approvals, centre, closing, departure, dispatch, joining, legs
from tickets.services.notify.words import words
from tickets.services.notify.write import notify_all
from tickets.services.sweep import sweep

pytestmark = pytest.mark.django_db
AT = make.MONDAY + timedelta(hours=1)
DAY = timedelta(days=1)


def heard(ticket, kind: str, *, seq: int | None = None) -> set[str]:
    """Who has a line in the inbox about the last event of a kind; nobody is ever told of what they did themselves."""
    event = last(ticket, kind, seq=seq)
    notify_all([{"ticket_id": ticket.pk, "seq": event.seq}], at=AT)
    told = Notice.objects.filter(ticket=ticket, seq=event.seq, channel="inbox").select_related("recipient")
    names = {notice.recipient.username for notice in told}
    assert event.actor is None or event.actor.username not in names
    return names


def last(ticket, kind: str, *, seq: int | None = None) -> Event:
    found = Event.objects.filter(ticket=ticket, kind=kind)
    return found.get(seq=seq) if seq else found.latest("seq")


def sms(ticket, kind: str) -> str:
    """What the firm reads; empty where nothing is sent."""
    event = last(ticket, kind)
    notify_all([{"ticket_id": ticket.pk, "seq": event.seq}], at=AT)
    sent = Notice.objects.with_words().filter(ticket=ticket, seq=event.seq, channel="sms").first()
    return words(sent).body if sent else ""


class TestSecondWord:
    """What one person asks another decides."""

    def test_more_time_is_asked_of_the_director_and_granted_to_the_asker(self, cast):
        ticket = make.signed()
        asked = departure.extend(
            ticket_id=ticket.pk, caller=cast.as_head, at=AT, reason="等银行", until=date(2026, 3, 11)
        )
        assert heard(ticket, "approval") == {"director"}
        approvals.approve(approval_id=asked.approval.pk, caller=cast.as_director, at=AT + make.MINUTE)
        assert heard(ticket, "extend") == {"head.finance"}
        assert "3月11日 17:30前答复" in sms(ticket, "extend")

    def test_a_refusal_is_told_to_whoever_asked(self, cast):
        asked = make.asked_to_rest()
        approvals.refuse(approval_id=asked.pk, caller=cast.as_director, at=AT, text="先办能办的")
        assert heard(asked.ticket, "approval") == {"head.finance"}
        assert not sms(asked.ticket, "approval")

    def test_what_is_moot_is_told_to_whoever_asked(self, cast):
        asked = make.asked_to_rest()
        closing.withdraw(ticket_id=asked.ticket_id, at=AT, reason="不办了")
        assert heard(asked.ticket, "approval") == {"head.finance"}

    def test_rejecting_may_be_granted_by_two_roles(self, cast):
        asked = make.asked_to_reject()
        assert heard(asked.ticket, "approval") == {"dispatcher", "director"}
        approvals.approve(approval_id=asked.pk, caller=cast.as_dispatcher, at=AT)
        assert heard(asked.ticket, "reject") == {"intake"}
        assert "不予受理" in sms(asked.ticket, "reject")

    def test_of_a_restricted_request_the_supervisor_decides_and_nobody_else_knows(self, cast):
        ticket = make.signed(qr="DEMO-SERVICE", category="SRV-04")
        head = Caller(user("head.discipline"))
        asked = departure.suspend(ticket_id=ticket.pk, caller=head, at=AT, reason="ruling")
        assert heard(ticket, "approval") == {"supervisor"}
        approvals.approve(approval_id=asked.approval.pk, caller=cast.as_supervisor, at=AT + make.MINUTE)
        assert heard(ticket, "suspend") == {"head.discipline"}
        centre.supervise(ticket_id=ticket.pk, caller=cast.as_supervisor, at=AT + 2 * make.MINUTE, text="三日内说明")
        assert heard(ticket, "supervise") <= {"head.discipline", "officer.discipline"}


class TestLegs:
    def test_a_new_leg_is_told_to_the_helpers_officers(self):
        leg = make.helped(department="economy")
        assert heard(leg.ticket, "assign_leg") == {"officer.economy"}

    def test_what_a_helper_answers_or_returns_goes_to_the_lead(self):
        leg = make.helped(department="economy")
        helper = Caller(user("officer.economy"))
        legs.leg_sign(ticket_id=leg.ticket_id, caller=helper, at=AT)
        legs.leg_reply(ticket_id=leg.ticket_id, caller=helper, at=AT + make.MINUTE, text="专项资金可用。")
        assert heard(leg.ticket, "leg_reply") == {"officer.finance"}
        other = make.helped(department="economy")
        legs.leg_return(ticket_id=other.ticket_id, caller=helper, at=AT, reason="不归我们管")
        assert heard(other.ticket, "leg_return") == {"officer.finance", "dispatcher"}

    def test_a_broken_leg_is_told_to_helper_lead_head_and_director(self):
        leg = make.helped(department="economy")
        sweep(at=make.MONDAY + 4 * DAY)
        broken = Event.objects.get(ticket=leg.ticket, kind="breach", data__clock="LEG")
        assert heard(leg.ticket, "breach", seq=broken.seq) == {"officer.economy", "head.finance", "director"}

    def test_of_a_signed_leg_only_the_signer_is_told(self):
        leg = make.helped(department="economy")
        signer = User.objects.create_user(username="officer2.economy", name="赵敏")
        economy = user("officer.economy")
        signer.grants.create(role="officer", department=economy.grants.get(role="officer").department)
        legs.leg_sign(ticket_id=leg.ticket_id, caller=Caller(signer), at=AT)
        sweep(at=make.MONDAY + 4 * DAY)
        broken = Event.objects.get(ticket=leg.ticket, kind="breach", data__clock="LEG")
        assert heard(leg.ticket, "breach", seq=broken.seq) == {"officer2.economy", "head.finance", "director"}


class TestReturns:
    def test_an_objection_goes_to_the_dispatcher(self):
        assert heard(make.disputed(), "object") == {"dispatcher"}

    def test_an_upheld_return_is_told_to_both_departments(self, cast):
        ticket = make.disputed()
        dispatch.rule_on_return(
            ticket_id=ticket.pk,
            caller=cast.as_dispatcher,
            at=AT,
            upheld=True,
            text="确属经信",
            department="economy",
            co_departments=["tax"],
        )
        assert heard(ticket, "rule_on_return") == {
            *("head.economy", "officer.economy", "head.finance", "officer.finance"),
            "officer.tax",
        }
        assert Leg.objects.get(ticket=ticket).department.code == "tax"

    def test_a_refused_one_to_the_department_that_objected(self, cast):
        ticket = make.disputed()
        dispatch.rule_on_return(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=AT, upheld=False, text="属金融办")
        assert heard(ticket, "rule_on_return") == {"head.finance", "officer.finance"}


class TestSupervision:
    @pytest.mark.parametrize(("verb", "by"), [("supervise", "supervisor"), ("instruct", "leader")])
    def test_head_and_officer_are_told_and_the_answer_goes_to_the_supervisor(self, cast, verb, by):
        ticket = make.signed()
        getattr(centre, verb)(ticket_id=ticket.pk, caller=Caller(user(by)), at=AT, text="请抓紧")
        assert heard(ticket, verb) == {"head.finance", "officer.finance"}
        centre.answer_supervision(ticket_id=ticket.pk, caller=cast.as_head, at=AT + make.MINUTE, text="已约银行")
        assert heard(ticket, "answer_supervision") == {"supervisor"}

    def test_who_is_picked_for_a_call_back_is_told_to_intake(self):
        bad = make.closed(result=1)
        assert heard(bad, "rate") == {"officer.finance", "intake"}
        silent = make.answered()
        closing.lapse(ticket_id=silent.pk, at=make.MONDAY + 10 * DAY)
        assert heard(silent, "lapse") == {"officer.finance", "intake"}


class TestFirm:
    """What the firm reads on its phone of what others did; never of what it did itself."""

    def test_missing_facts(self):
        assert "需要补充材料" in sms(make.info_needed(), "request_info")

    def test_a_rest_and_its_end(self, cast):
        ticket = make.suspended()
        assert "暂缓办理" in sms(ticket, "suspend")
        departure.resume(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=AT, text="额度已下达")
        assert "恢复办理" in sms(ticket, "resume")

    def test_a_reopening_by_the_supervisor_but_not_by_itself(self, cast):
        ticket = make.closed()
        closing.reopen(ticket_id=ticket.pk, at=AT + DAY, reason="没有到账", caller=cast.as_supervisor)
        assert "重新办理" in sms(ticket, "reopen")
        assert heard(ticket, "reopen") == {"head.finance", "officer.finance"}
        own = make.closed()
        closing.reopen(ticket_id=own.pk, at=AT + DAY, reason="没有到账")
        assert not sms(own, "reopen")

    def test_joined_and_divided(self, cast):
        parent, child = make.assigned(), make.assigned()
        joining.merge(ticket_id=child.pk, caller=cast.as_intake, at=AT, into=parent.number)
        assert "合并办理" in sms(child, "merge")
        assert heard(child, "merge") == {"officer.finance"}
        assert heard(parent, "absorb") == {"officer.finance"}
        whole = make.split()
        assert "分开办理" in sms(whole, "split")

    def test_the_parts_of_a_split_request_are_handed_to_their_departments(self):
        whole = make.split()
        told = {part.department.code: heard(part, "submit") for part in whole.children.all()}
        assert told == {"finance": {"officer.finance"}, "land": {"officer.land"}}
        assert not any(sms(part, "submit") for part in whole.children.all())
