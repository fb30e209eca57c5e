"""Getting notices out: to whom, once, again when it failed, and visible when it cannot."""

from __future__ import annotations

import email
import email.policy
import json
from datetime import timedelta
from email.policy import default

import pytest

from qihu.accounts.models import User
from qihu.errors import Conflict, Unknown
from tests import make
from tests.senders import providers
from tickets.models import Filing, Notice, NoticeTemplate, Ticket
from tickets.models.notice_rule import KINDS
from tickets.services import closing, dispatch, handling, sweep
from tickets.services.intent import Intent
from tickets.services.notify import notify_all
from tickets.services.notify.send import MOST_ATTEMPTS, back_off, claim, resend, resend_all, send_next
from tickets.services.notify.told import told
from tickets.services.transition import perform
from tickets.workflow import Action

pytestmark = pytest.mark.django_db
AT = make.MONDAY + timedelta(minutes=30)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def firm(ticket: Ticket) -> Notice:
    return Notice.objects.to_firm().filter(ticket=ticket).first()


def letters(box) -> list[str]:
    return [email.message_from_bytes(one, policy=default).get_content() for one in box.letters]


class TestFirm:
    def test_it_hears_who_has_it_and_by_when(self, aliyun, approved, round_at):
        ticket = make.assigned()
        round_at(AT)
        (sms,) = aliyun.accepted
        assert sms["PhoneNumbers"] == "13800000000"
        assert json.loads(sms["TemplateParam"]) == {
            "number": ticket.number,
            "department": "金融办",
            "due": "3月9日 17:30",
        }
        notice = firm(ticket)
        assert (notice.state, notice.sent_at, notice.provider_id) == ("sent", AT, "9001^1")
        assert sms["OutId"] == f"notice-{notice.pk}"

    def test_nothing_typed_and_no_access_code_is_in_any_sms(self, aliyun, approved, round_at):
        receipt = make.receipt(title="贷款的事")
        make.intake.route_all(ticket_ids=[receipt.ticket.pk], at=make.MONDAY)
        round_at(AT)
        said = json.dumps(aliyun.accepted, ensure_ascii=False)
        assert receipt.access_code not in said
        assert "贷款" not in said
        assert "安捷" not in said

    def test_it_is_not_told_what_it_did_itself(self, aliyun, approved, round_at):
        ticket = make.answered()
        round_at(AT + HOUR)
        closing.rework(ticket_id=ticket.pk, at=AT + 2 * HOUR, reason="没有解决")
        round_at(AT + 3 * HOUR)
        assert not Notice.objects.to_firm().filter(ticket=ticket, kind="rework").exists()

    def test_without_a_provider_it_rests_as_unsent_and_says_why(self, approved, round_at):
        ticket = make.assigned()
        round_at(AT)
        (one,) = told(ticket)
        assert (one.label, one.state, one.why) == ("未发送", "warn", "没有配置发送通道")

    def test_a_provider_taken_away_after_it_was_written_leaves_it_unsent(self, aliyun, approved, round_at, settings):
        ticket = make.assigned()
        round_at.write(AT)
        assert firm(ticket).state == "queued"
        settings.SMS_KEY_ID = ""
        round_at(AT)
        assert (firm(ticket).state, firm(ticket).error) == ("unsent", "no_provider")

    def test_a_template_without_the_providers_number_rests_too(self, aliyun, round_at):
        ticket = make.assigned()
        round_at(AT)
        assert (firm(ticket).state, firm(ticket).error) == ("unsent", "no_sms_code")
        assert aliyun.asked == []

    def test_a_template_that_the_provider_rejects_fails_visibly(self, aliyun, round_at):
        NoticeTemplate.objects.filter(code="sms-assigned").update(sms_code="SMS_999")
        ticket = make.assigned()
        round_at(AT)
        assert (firm(ticket).state, told(ticket)[0].why) == ("failed", "短信平台不认这个模板")

    def test_an_invalid_number_fails_at_once_and_is_visible(self, aliyun, approved, round_at):
        aliyun.answers = [(200, {"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": "", "RequestId": "r"})]
        ticket = make.assigned()
        round_at(AT)
        assert (firm(ticket).state, firm(ticket).attempts) == ("failed", 1)
        assert told(ticket)[0].why == "手机号码无效"

    def test_an_erased_phone_gets_nothing(self, aliyun, approved, round_at):
        ticket = make.assigned()
        Filing.objects.filter(ticket=ticket).update(contact_phone=b"")
        round_at(AT)
        assert firm(ticket).error == "no_phone"

    def test_one_phone_gets_no_storm(self, aliyun, approved, round_at, settings):
        settings.NOTICES_PER_HOUR = 2
        for _ in range(4):
            make.assigned()
        round_at(AT)
        assert len(aliyun.accepted) == 2
        round_at(AT + HOUR + timedelta(minutes=1))
        assert len(aliyun.accepted) == 4

    def test_a_restricted_request_is_told_without_saying_what_it_is(self, aliyun, approved, round_at):
        ticket = make.routed(qr="DEMO-SERVICE", category="SRV-04")
        round_at(AT)
        said = json.loads(aliyun.accepted[0]["TemplateParam"])
        assert (said["number"], said["department"]) == (ticket.number, "受理部门")


class TestTrouble:
    def test_throttled_is_retried_after_the_wait(self, aliyun, approved, round_at):
        aliyun.answers = [(200, {"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "", "RequestId": "r"})]
        ticket = make.assigned()
        round_at(AT)
        assert (firm(ticket).state, firm(ticket).error) == ("queued", "isv.BUSINESS_LIMIT_CONTROL")
        round_at(AT + timedelta(seconds=59))
        assert aliyun.accepted == []
        round_at(AT + timedelta(seconds=61))
        assert (len(aliyun.accepted), firm(ticket).state, firm(ticket).error) == (1, "sent", "")

    def test_a_lost_answer_does_not_make_a_second_sms(self, aliyun, approved, round_at):
        aliyun.silent = 1
        ticket = make.assigned()
        round_at(AT)
        assert firm(ticket).doubtful
        round_at(AT + HOUR)
        assert (len(aliyun.accepted), firm(ticket).state) == (1, "sent")

    def test_a_worker_killed_while_sending_leaves_a_doubtful_row_that_is_tried_again(self, aliyun, approved, round_at):
        ticket = make.assigned()
        round_at.write(AT)
        assert claim(at=AT) is not None  # and dies
        assert not send_next(at=AT + timedelta(minutes=1), down=set())
        assert send_next(at=AT + timedelta(minutes=6), down=set())
        assert aliyun.asked == ["QuerySendDetails", "QuerySendDetails", "SendSms"]
        assert firm(ticket).state == "sent"

    def test_one_bad_notice_does_not_hold_up_the_others(self, aliyun, approved, round_at, caplog):
        bad, good = make.assigned(), make.assigned()
        round_at.write(AT)
        NoticeTemplate.objects.filter(code="sms-received").update(body="{number", sms_code="SMS_100")
        Notice.objects.filter(ticket=bad, firm=True).update(template=NoticeTemplate.objects.get(code="sms-received"))
        round_at(AT)
        assert (firm(bad).state, firm(bad).error) == ("queued", "BadWording")
        assert firm(good).state == "sent"

    def test_after_the_last_attempt_it_fails_and_is_sent_again_by_hand(self, aliyun, approved, round_at, cast):
        ticket = make.assigned()
        round_at.write(AT)
        Notice.objects.filter(firm=True).update(attempts=MOST_ATTEMPTS - 1)
        aliyun.answers = [(503, {"Code": "ServiceUnavailable", "Message": "", "RequestId": "r"})]
        round_at(AT)
        assert firm(ticket).state == "failed"
        with pytest.raises(Unknown):
            resend(notice_id=firm(ticket).pk, user=cast.officer, at=AT)
        resend(notice_id=firm(ticket).pk, user=cast.director, at=AT)
        round_at(AT)
        assert firm(ticket).state == "sent"
        with pytest.raises(Conflict):
            resend(notice_id=firm(ticket).pk, user=cast.director, at=AT)

    def test_all_of_them_again(self, approved, aliyun, round_at, settings, cast):
        settings.SMS_KEY_ID = ""
        for _ in range(3):
            make.assigned()
        round_at(AT)
        settings.SMS_KEY_ID = providers.KEY_ID
        assert resend_all(user=cast.intake, at=AT) == 3
        assert resend_all(user=cast.rival_head, at=AT) == 0
        round_at(AT)
        assert len(aliyun.accepted) == 3

    def test_a_provider_out_of_reach_is_left_alone_for_the_rest_of_the_run(self, settings, aliyun, approved, round_at):
        settings.SMS_ENDPOINT = "http://127.0.0.1:9"
        first, second = make.assigned(), make.assigned()
        round_at(AT)
        assert [firm(first).attempts, firm(second).attempts] == [1, 0]

    def test_the_back_off_doubles_to_an_hour(self):
        assert [back_off(n).total_seconds() for n in (1, 2, 3, 8, 11)] == [30, 60, 120, 3600, 3600]


class TestStaff:
    def test_a_breach_is_mailed_at_once_to_those_with_an_address(self, mailbox, with_mail, round_at):
        with_mail("officer.finance")
        make.assigned(title="贷款的事")
        night = make.MONDAY + timedelta(hours=13)  # 23:00: SIGN and CONTACT broke at noon
        sweep.sweep(at=night)
        round_at(night)
        first, second = letters(mailbox)
        assert "“签收”应在 3月2日 12:00 前完成" in first + second
        assert "贷款的事" in first

    def test_case_67_a_retry_after_a_mail_failure_does_not_repeat(self, mailbox, with_mail, round_at):
        with_mail("officer.finance")
        ticket = make.assigned()
        at = make.MONDAY + timedelta(hours=13)
        sweep.sweep(at=at)
        mailbox.refusals = ["451 4.7.1 greylisted"]
        round_at(at)
        waiting = Notice.objects.filter(ticket=ticket, channel="mail", kind="breach")
        assert sorted(waiting.values_list("state", flat=True)) == ["queued", "sent"]
        everything = [{"ticket_id": ticket.pk, "seq": s} for s in range(1, make.fresh(ticket).last_seq + 1)]
        for later in (1, 2, 3):
            notify_all(everything, at=at)
            round_at(at + later * HOUR)
        assert len(mailbox.letters) == 2
        assert len({email.message_from_bytes(one)["Message-ID"] for one in mailbox.letters}) == 2

    def test_case_61_an_import_of_what_is_long_past_tells_nobody(self, aliyun, approved, round_at):
        ticket = make.assigned()
        round_at(AT)
        interims = Notice.objects.filter(ticket=ticket, kind="interim")
        told = {"ticket_id": ticket.pk, "at": make.MONDAY - 400 * DAY, "caller": make.officer_of(ticket)}
        perform(Intent(action=Action.INTERIM, text="去年已答复。", data={"silent": True}, **told))
        round_at(AT + HOUR)
        assert not interims.exists()
        perform(Intent(action=Action.INTERIM, text="刚答复。", **told | {"at": AT + HOUR}))
        round_at(AT + HOUR)
        assert [notice.firm for notice in interims] == [True]

    def test_a_warning_of_what_has_ended_is_not_sent(self, mailbox, with_mail, round_at):
        with_mail("officer.finance")
        ticket = make.assigned()
        at = make.MONDAY + timedelta(hours=13)
        sweep.sweep(at=at)
        round_at.write(at)
        closing.withdraw(ticket_id=ticket.pk, at=at, reason="已自行解决")
        round_at(at)
        assert mailbox.letters == []
        late = Notice.objects.filter(ticket=ticket, channel="mail", kind="breach")
        assert set(late.values_list("state", "error")) == {("skipped", "ended")}

    def test_who_no_longer_sees_it_gets_nothing(self, mailbox, with_mail, cast, round_at):
        with_mail("officer.finance")
        ticket = make.assigned()
        at = make.MONDAY + timedelta(hours=13)
        sweep.sweep(at=at)
        round_at.write(at)
        dispatch.reassign(ticket_id=ticket.pk, caller=cast.as_dispatcher, at=at, department="discipline")
        round_at(at)
        assert mailbox.letters == []
        assert Notice.objects.filter(ticket=ticket, channel="mail", error="not_theirs").exists()

    def test_an_address_taken_away_after_it_was_written_leaves_it_unsent(self, mailbox, with_mail, round_at, cast):
        with_mail("officer.finance")
        ticket = make.assigned()
        at = make.MONDAY + timedelta(hours=13)
        sweep.sweep(at=at)
        round_at.write(at)
        cast.officer.email = ""
        cast.officer.save()
        round_at(at)
        late = Notice.objects.filter(ticket=ticket, channel="mail", kind="breach")
        assert set(late.values_list("state", "error")) == {("unsent", "no_address")}
        assert mailbox.letters == []

    def test_without_its_words_it_says_what_it_is_about(self, mailbox, with_mail, round_at):
        """A template may be withdrawn between writing and sending."""
        with_mail("officer.finance")
        make.assigned()
        at = make.MONDAY + timedelta(hours=13)
        sweep.sweep(at=at)
        round_at.write(at)
        Notice.objects.update(template=None)
        round_at(at)
        subjects = {
            str(email.message_from_bytes(one, policy=email.policy.default)["Subject"]) for one in mailbox.letters
        }
        assert subjects == {KINDS["breach"]}

    def test_without_an_address_there_is_no_row(self, round_at):
        make.assigned()
        round_at(AT)
        assert not Notice.objects.filter(channel="mail").exists()


def test_an_officers_own_act_is_not_told_to_them(cast, round_at):
    ticket = make.signed()
    handling.interim(ticket_id=ticket.pk, caller=cast.as_officer, at=AT, text="已约银行。")
    round_at.write(AT)
    assert not Notice.objects.filter(ticket=ticket, recipient=User.objects.get(pk=cast.officer.pk), kind="interim")
