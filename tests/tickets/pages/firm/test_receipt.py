"""The receipt through a request's life: which promise, who, what happened, and what the firm may do now."""

from __future__ import annotations

from datetime import timedelta
from html import unescape

import pytest

from tests import make
from tickets.models import Rating, Ticket
from tickets.services import closing, handling, review
from tickets.services.sweep import sweep
from tickets.workflow import Status

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def shown(phone, monday):
    """The page of a request at a moment, as words."""

    def show(ticket, at=None) -> str:
        monday.at = at or monday.at + HOUR
        phone.open(ticket)
        return unescape(phone.page(ticket))

    return show


def offered(page: str) -> set[str]:
    return {move for move in ("urge", "withdraw", "rate", "rework") if f'/{move}/"' in page}


def test_submitted_it_promises_a_department(shown):
    page = shown(make.submitted(at=make.MONDAY + HOUR), make.MONDAY + HOUR)
    assert "承诺" in page
    assert "今天 14:30" in page  # 11:00 and two working hours, past the noon break
    assert "企业综合服务中心" in page
    assert offered(page) == {"urge", "withdraw"}


def test_in_triage_it_says_that_a_person_decides(shown):
    assert "研判员" in shown(make.triaged())


def test_assigned_it_promises_an_answer_and_says_who(shown):
    page = shown(make.assigned(), make.MONDAY + HOUR)
    assert "3 月 9 日 17:30" in page
    assert "首次承诺，未延期 · 已用" in page
    assert "今天 12:00 前签收，今天 12:00 前联系您" in page
    assert "金融办" in page


def test_signed_it_names_the_officer_who_called(shown):
    page = shown(make.signed())
    assert "已签收，已联系您" in page
    assert "已电话联系，约定周二到厂。" in page


def test_the_derivation_is_day_by_day_and_ends_at_the_due_time(shown):
    page = shown(make.assigned())
    assert "这个时间怎么算的" in page
    assert "休息" in page, "the weekend in between is named"
    assert "到期：2026-03-09 17:30:00" in page


def test_a_review_pauses_the_promise_and_the_ledger_explains_the_shift(shown, cast):
    ticket = make.replied()
    page = shown(ticket, make.MONDAY + HOUR)
    assert "正在审核" in page
    assert "已协调农商银行" not in page, "an unreviewed reply is not the firm's yet"
    late = make.MONDAY + timedelta(days=1)
    review.send_back(ticket_id=ticket.pk, caller=make.head_of(ticket), at=late, text="请写明利率")
    page = shown(ticket, late + HOUR)
    assert "首次承诺 3 月 9 日 17:30，已顺延" in page
    assert "顺延" in page.split("到期：")[0]
    assert "请写明利率" not in page


def test_a_broken_promise_is_said_plainly(shown):
    ticket = make.assigned()
    at = make.MONDAY + timedelta(days=10)
    sweep(at=at)
    page = shown(ticket, at)
    assert "已超" in page
    assert "超过承诺时间" in page
    assert 'class="bad"' in page


def test_answered_it_shows_the_reply_and_asks(shown):
    page = shown(make.answered())
    assert "金融办的答复" in page
    assert page.count("已协调农商银行授信1500万元") == 1, "the reply is not said twice"
    assert offered(page) == {"urge", "withdraw", "rate", "rework"}


def test_the_firm_rates_and_is_thanked(shown, phone):
    ticket = make.answered()
    shown(ticket)
    answer = phone.post(f"/t/{ticket.number}/rate/", {"process": "5", "result": "4", "text": "办得快"}, follow=True)
    page = unescape(answer.content.decode())
    assert "谢谢您的评价" in page
    assert offered(page) == set()
    assert Rating.objects.values_list("process", "result").get() == (5, 4)
    again = phone.post(f"/t/{ticket.number}/rate/", {"process": "1", "result": "1"})
    assert again.status_code == 409
    assert Rating.objects.count() == 1


@pytest.mark.parametrize("typed", [{}, {"process": "6", "result": "0"}, {"process": "x", "result": "5"}])
def test_a_rating_that_is_none_is_told_on_the_page(shown, phone, typed):
    ticket = make.answered()
    shown(ticket)
    answer = phone.post(f"/t/{ticket.number}/rate/", typed | {"text": "我写的话"})
    assert answer.status_code == 422
    assert 'id="id_process_error"' in answer.content.decode()
    assert "我写的话" in answer.content.decode()
    assert make.fresh(ticket).status == Status.ANSWERED


def test_not_solved_goes_back_with_a_reason(shown, phone):
    ticket = make.answered()
    shown(ticket)
    empty = phone.post(f"/t/{ticket.number}/rework/", {"reason": " "})
    assert empty.status_code == 422
    assert '<details class="extra no-print" id="rework" open>' in empty.content.decode()
    page = phone.post(f"/t/{ticket.number}/rework/", {"reason": "款没有到账"}, follow=True).content.decode()
    assert "款没有到账" in page
    assert "已协调农商银行授信1500万元" in page, "the first answer stays in the story"
    again = make.fresh(ticket)
    assert (again.status, again.round) == (Status.ASSIGNED, 2)


def test_urging_works_once_a_day(shown, phone, monday):
    ticket = make.signed()
    shown(ticket)
    page = phone.post(f"/t/{ticket.number}/urge/", follow=True).content.decode()
    assert "今天已催办" in page
    assert offered(page) == {"withdraw"}
    refused = phone.post(f"/t/{ticket.number}/urge/")
    assert refused.status_code == 409
    assert "明天可以再催" in refused.content.decode()
    monday.at += timedelta(days=1)
    assert phone.post(f"/t/{ticket.number}/urge/").status_code == 303


def test_withdrawing_ends_it(shown, phone):
    ticket = make.assigned()
    shown(ticket)
    page = phone.post(f"/t/{ticket.number}/withdraw/", {"reason": "已自行解决"}, follow=True).content.decode()
    assert "已撤回" in page
    assert offered(page) == set()


def test_silence_is_named_as_unrated(shown):
    ticket = make.answered()
    closing.lapse(ticket_id=ticket.pk, at=make.MONDAY + timedelta(days=8))
    assert "未评价" in shown(ticket, make.MONDAY + timedelta(days=9))


def test_a_restricted_request_has_a_receipt_too(shown):
    ticket = make.assigned(qr="DEMO-SERVICE", category="SRV-04", text="反映一名工作人员收受礼品。")
    page = shown(ticket)
    assert ticket.restricted
    assert "答复" in page


def test_every_move_lands_on_the_receipt_when_its_address_is_opened(shown, phone):
    ticket = make.answered()
    shown(ticket)
    assert phone.get(f"/t/{ticket.number}/rate/")["Location"] == f"/t/{ticket.number}/"
    assert phone.post(f"/t/{ticket.number}/deliver/").status_code == 404
    assert phone.get(f"/t/{ticket.number}/nonsense/").status_code == 404


def test_the_living_part_is_sent_once_and_then_only_when_something_happened(shown, phone, monday):
    ticket = make.assigned()
    shown(ticket, make.MONDAY + HOUR)
    address = f"/t/{ticket.number}/live/"
    first = phone.get(address)
    assert "<html" not in first.content.decode()
    assert f'data-live-tag="{first["ETag"]}"' in unescape(phone.page(ticket)), "the first poll need not draw it again"
    again = phone.get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    handling.sign(ticket_id=ticket.pk, caller=make.officer_of(ticket), at=monday.at)
    changed = phone.get(address, headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert "已签收" in changed.content.decode()


def test_while_the_firm_rates_nothing_is_drawn_anew_under_its_hands(shown, phone, monday):
    ticket = make.answered()
    shown(ticket)
    address = f"/t/{ticket.number}/live/"
    tag = phone.get(address)["ETag"]
    monday.at += HOUR
    assert phone.get(address, headers={"If-None-Match": tag}).status_code == 304


def test_the_price_of_a_receipt(shown, phone, django_assert_num_queries):
    ticket = make.answered()
    closing.rework(ticket_id=ticket.pk, at=make.MONDAY + HOUR, reason="没有到账")
    shown(ticket)
    with django_assert_num_queries(5):  # request, log, promises, ledger, uploads that broke off
        phone.get(f"/t/{ticket.number}/")
    tag = phone.get(f"/t/{ticket.number}/live/")["ETag"]
    with django_assert_num_queries(1):
        phone.get(f"/t/{ticket.number}/live/", headers={"If-None-Match": tag})
    assert Ticket.objects.get().round == 2
