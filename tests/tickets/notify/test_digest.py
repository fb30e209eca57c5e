"""What is not urgent: gathered for the receiver's next opening, once, and never on a day off."""

from __future__ import annotations

import email
from datetime import timedelta
from email.policy import default

import pytest

from tests import make
from tests.see import local
from tests.senders import providers
from tickets.models import Digest, Notice, RobotHook
from tickets.services import closing, sweep
from tickets.services.notify import parcels
from tickets.services.notify.digest import gather

pytestmark = pytest.mark.django_db
TEN = make.MONDAY
HALF_PAST_ONE = local(3, 2, 13, 30)
TUESDAY_NINE = local(3, 3, 9)


@pytest.fixture
def letters(mailbox, with_mail):
    """What 陈伟 has been sent, newest last: subject and text."""
    with_mail("officer.finance")

    def read() -> list[tuple[str, str]]:
        found = [email.message_from_bytes(one, policy=default) for one in mailbox.letters]
        return [(one["Subject"], one.get_content()) for one in found]

    return read


def test_two_requests_of_a_morning_are_one_letter_at_half_past_one(letters, round_at):
    make.assigned(title="贷款的事", at=TEN)
    make.assigned(title="担保的事", at=TEN)
    round_at(TEN + timedelta(minutes=1))
    assert letters() == []
    round_at(HALF_PAST_ONE - timedelta(minutes=1))
    assert letters() == []
    round_at(HALF_PAST_ONE)
    ((subject, text),) = letters()
    assert subject == "企呼我应：2 条通知"
    assert "3月2日 10:01 交给您部门办理：贷款的事 QH-" in text
    assert "担保的事" in text
    assert set(Notice.objects.filter(channel="mail").values_list("state", flat=True)) == {"sent"}


def test_it_is_made_once_however_often_somebody_looks(letters, round_at):
    make.assigned(at=TEN)
    round_at(TEN)
    for minute in range(4):
        round_at(HALF_PAST_ONE + timedelta(minutes=minute))
    assert len(letters()) == 1
    assert Digest.objects.count() == 1


def test_what_comes_after_the_opening_waits_for_the_next(letters, round_at):
    make.assigned(at=HALF_PAST_ONE)
    round_at(HALF_PAST_ONE + timedelta(minutes=5))
    round_at(local(3, 2, 17, 29))
    assert letters() == []
    round_at(local(3, 2, 20))
    assert letters() == []
    round_at(TUESDAY_NINE)
    assert len(letters()) == 1


def test_a_worker_that_was_down_at_nine_still_gathers_while_the_morning_lasts(letters, round_at):
    make.assigned(at=HALF_PAST_ONE)
    round_at(HALF_PAST_ONE)
    round_at(local(3, 3, 11, 59))
    assert len(letters()) == 1


def test_nothing_on_a_day_off_and_something_on_a_make_up_day(letters, round_at):
    friday = local(2, 13, 17)  # 2026: the Saturday after it is a make-up day, Spring Festival begins on Sunday
    make.assigned(at=friday, title="节前")
    round_at(friday)
    round_at(local(2, 14, 9))
    assert len(letters()) == 1
    saturday = local(2, 14, 17)
    make.assigned(at=saturday, title="节后再说")
    round_at(saturday)
    for day in range(15, 24):
        round_at(local(2, day, 10))
    assert len(letters()) == 1
    round_at(local(2, 24, 9))
    assert "节后再说" in letters()[-1][1]


def test_what_has_ended_meanwhile_is_left_out_and_an_empty_letter_is_not_sent(letters, round_at):
    ticket = make.assigned(at=TEN)
    round_at(TEN)
    closing.urge(ticket_id=ticket.pk, at=TEN + timedelta(minutes=5))
    round_at(TEN + timedelta(minutes=6))
    make.dispatch.reassign(
        ticket_id=ticket.pk, caller=make.Caller(make.user("dispatcher")), at=TEN + timedelta(hours=1), department="land"
    )
    round_at(HALF_PAST_ONE)
    assert letters() == []
    assert Digest.objects.get().state == "skipped"
    mine = Notice.objects.filter(channel="mail", recipient__username="officer.finance")
    assert set(mine.values_list("state", flat=True)) == {"skipped"}


def test_a_refused_letter_fails_its_notices_visibly(letters, round_at, mailbox):
    mailbox.refusals = ["550 5.1.1 no such user"]
    make.assigned(at=TEN)
    round_at(TEN)
    round_at(HALF_PAST_ONE)
    assert set(Notice.objects.filter(channel="mail").values_list("state", "error")) == {("failed", "smtp_550")}
    assert Notice.objects.stuck().exists()


def test_a_letter_put_off_comes_once_with_all_it_had(letters, round_at, mailbox):
    mailbox.refusals = ["451 4.7.1 greylisted"]
    make.assigned(at=TEN)
    round_at(TEN)
    round_at(HALF_PAST_ONE)
    assert letters() == []
    round_at(HALF_PAST_ONE + timedelta(minutes=2))
    round_at(HALF_PAST_ONE + timedelta(minutes=20))
    assert len(letters()) == 1


def test_a_storm_of_breaches_is_capped_and_the_rest_gathered(letters, round_at, settings):
    settings.NOTICES_PER_HOUR = 3
    for _ in range(4):
        make.assigned(at=TEN)
    noon = local(3, 2, 12, 5)
    sweep.sweep(at=noon)
    round_at(noon)
    assert len(letters()) == 3
    round_at(HALF_PAST_ONE)
    subject, text = letters()[-1]
    assert len(letters()) == 4
    assert "超过承诺时间" in text
    assert subject == "企呼我应：9 条通知"  # 5 breaches of 8, and the four assignments


def test_a_group_has_its_digest_too(wecom, round_at):
    finance = make.assigned(at=TEN, title="贷款的事").department
    RobotHook.objects.create(department=finance, kind="wecom", name="群", token=providers.WECOM_KEY)
    round_at(TEN)
    assert wecom.accepted == []
    round_at(HALF_PAST_ONE)
    assert "贷款的事" in wecom.accepted[0]["content"]


def test_nothing_waiting_costs_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert gather(at=HALF_PAST_ONE) == 0


def test_what_is_written_while_the_letter_leaves_waits_for_the_next(letters, round_at):
    make.assigned(title="贷款的事", at=TEN)
    round_at(HALF_PAST_ONE)
    make.assigned(title="担保的事", at=TEN)
    round_at(HALF_PAST_ONE)  # at the very moment that the opening began
    assert "担保的事" not in "".join(text for _, text in letters())
    round_at(TUESDAY_NINE)
    assert "担保的事" in letters()[-1][1]


def test_nobody_is_urged_to_do_what_has_ended(letters, round_at):
    ticket = make.assigned(at=TEN)
    closing.urge(ticket_id=ticket.pk, at=TEN + timedelta(minutes=5))
    round_at(TEN + timedelta(minutes=6))
    closing.withdraw(ticket_id=ticket.pk, at=TEN + timedelta(minutes=9), reason="已自行解决")
    round_at(HALF_PAST_ONE)
    urged = Notice.objects.get(ticket=ticket, kind="urge", channel="mail")
    assert (urged.state, urged.error) == ("skipped", "over")


def test_a_long_letter_says_how_many_lines_it_leaves_out(letters, round_at, monkeypatch):
    monkeypatch.setattr(parcels, "_LINES", 1)
    make.assigned(title="贷款的事", at=TEN)
    make.assigned(title="担保的事", at=TEN)
    round_at(TEN)
    round_at(HALF_PAST_ONE)
    ((_, text),) = letters()
    assert "贷款的事" in text
    assert "担保的事" not in text
    assert "另有 1 条。" in text
