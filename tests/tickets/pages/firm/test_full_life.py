"""The receipt through the full life: asked, resting, split, merged, declined, planned, reopened."""

from __future__ import annotations

from datetime import timedelta
from html import unescape

import pytest

from qihu.errors import RefusedByRule
from tests import make
from tickets.models import Ticket
from tickets.pages.firm import receipt
from tickets.services import approvals, centre, closing, departure, handling, review
from tickets.workflow import Status

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def shown(phone, monday):
    def show(ticket, at=None) -> str:
        monday.at = at or make.MONDAY + HOUR
        phone.open(ticket)
        return unescape(phone.page(ticket))

    return show


def offers(page: str, move: str) -> bool:
    return f'/{move}/"' in page


def test_asked_for_facts_it_names_each_and_until_when(shown, cast):
    ticket = make.assigned()
    items = ["近三年纳税证明", "营业执照副本"]
    centre.request_info(ticket_id=ticket.pk, caller=cast.as_intake, at=make.MONDAY, items=items, text="请写清楚。")
    page = shown(ticket)
    for words in (*items, "请写清楚。", "3 月 9 日 17:30 前补充材料", "您补充材料 → 接着办理"):
        assert words in page
    assert offers(page, "supplement")
    assert offers(page, "material")


def test_supplementing_goes_on_where_it_was(shown, phone):
    ticket = make.info_needed()
    shown(ticket)
    empty = phone.post(f"/t/{ticket.number}/supplement/", {"text": " "})
    assert (empty.status_code, 'id="id_text_error"' in empty.content.decode()) == (422, True)
    page = phone.post(f"/t/{ticket.number}/supplement/", {"text": "纳税 320 万元"}, follow=True).content.decode()
    assert "纳税 320 万元" in page
    assert not offers(page, "supplement")
    assert make.fresh(ticket).status == Status.ASSIGNED
    assert phone.post(f"/t/{ticket.number}/supplement/", {"text": "再来"}).status_code == 409


def test_nothing_is_drawn_anew_under_what_the_firm_types(shown, phone, monday):
    ticket = make.info_needed()
    shown(ticket)
    tag = phone.get(f"/t/{ticket.number}/live/")["ETag"]
    monday.at += HOUR
    assert phone.get(f"/t/{ticket.number}/live/", headers={"If-None-Match": tag}).status_code == 304


def test_what_lapsed_is_reopened_within_thirty_days(shown, phone, monday):
    ticket = make.info_needed()
    closing.lapse(ticket_id=ticket.pk, at=make.MONDAY + 8 * DAY)
    page = shown(ticket, make.MONDAY + 9 * DAY)
    assert "到期未补充，已自动撤回" in page
    assert "4 月 9 日（含）之前可以重开" in page
    monday.at = make.MONDAY + 39 * DAY
    assert not offers(unescape(phone.page(ticket)), "reopen")
    monday.at = make.MONDAY + 38 * DAY
    assert phone.post(f"/t/{ticket.number}/reopen/", {"reason": "补上了"}).status_code == 303
    assert make.fresh(ticket).status == Status.ASSIGNED


def test_what_the_firm_took_back_is_not_reopened(shown):
    assert not offers(shown(make.withdrawn()), "reopen")


def test_closed_it_is_reopened_until_the_thirtieth_day(shown, phone, monday):
    ticket = make.closed()
    page = shown(ticket, make.MONDAY + 30 * DAY)
    assert "4 月 1 日（含）之前可以重开" in page
    assert offers(page, "reopen")
    empty = phone.post(f"/t/{ticket.number}/reopen/", {"reason": ""})
    assert '<details class="extra no-print" id="reopen" open>' in empty.content.decode()
    again = phone.post(f"/t/{ticket.number}/reopen/", {"reason": "又抽贷了"}, follow=True).content.decode()
    assert "又抽贷了" in again
    assert (make.fresh(ticket).status, make.fresh(ticket).round) == (Status.ASSIGNED, 2)


def test_on_the_thirty_first_day_it_is_neither_offered_nor_done(shown, phone):
    ticket = make.closed()
    page = shown(ticket, make.MONDAY + 31 * DAY)
    assert not offers(page, "reopen")
    assert phone.post(f"/t/{ticket.number}/reopen/", {"reason": "又抽贷了"}).status_code == 409
    with pytest.raises(RefusedByRule):
        closing.reopen(ticket_id=ticket.pk, at=make.MONDAY + 31 * DAY, reason="又抽贷了")


def test_resting_it_says_why_and_until_when(shown):
    page = shown(make.suspended())
    assert "经批准挂起：待资金额度" in page
    assert "前重新核查" in page
    assert "恢复办理 → 答复" in page


def test_extended_it_says_the_new_day_and_not_why(shown, cast):
    ticket = make.signed()
    asked = departure.extend(
        ticket_id=ticket.pk,
        caller=make.head_of(ticket),
        at=make.MONDAY + HOUR,
        reason="银行内部评审排期。",
        until=(make.MONDAY + 9 * DAY).date(),
    )
    approvals.approve(approval_id=asked.approval.pk, caller=cast.as_director, at=make.MONDAY + 2 * HOUR)
    page = shown(ticket, make.MONDAY + 3 * HOUR)
    assert "首次承诺 3 月 9 日 17:30，经批准延期" in page
    assert "经批准延期至 3 月 11 日" in page
    assert "评审排期" not in page


def test_declined_it_says_why_and_where_to_go(shown):
    page = shown(make.rejected())
    assert "不予受理：已进入诉讼、仲裁或复议" in page
    assert page.count("请向承办法官反映") == 1
    assert not offers(page, "urge")


def test_split_it_shows_the_parts_with_department_state_and_link(shown, django_assert_max_num_queries, phone):
    ticket = make.split()
    page = shown(ticket)
    for words in ("分成 2 件办理", "金融办", "自然资源局", "待签收"):
        assert words in page
    for part in Ticket.objects.parts_of(ticket):
        assert f'href="/t/{part.number}/"' in page
    with django_assert_max_num_queries(7):
        phone.get(f"/t/{ticket.number}/")


def test_merged_it_follows_the_main_request_and_tells_nothing_of_its_firm(shown, phone, monday):
    other = {"enterprise_name": "衢州别家有限公司", "contact_name": "孙涛", "contact_phone": "13600000003"}
    parent, ticket = make.signed(**other, text="我们别家厂区也缺钱。"), make.assigned()
    make.joining.merge(ticket_id=ticket.pk, caller=make.Caller(make.user("intake")), at=make.MONDAY, into=parent.number)
    page = shown(ticket)
    assert "已并入同一件诉求办理" in page
    assert "办理中" in page
    text = "孙涛您好：衢州别家有限公司与贵司已一并协调授信，电话13600000003。"
    at = make.MONDAY + HOUR
    handling.reply(ticket_id=parent.pk, caller=make.officer_of(parent), at=at, outcome="solved", text=text)
    assert "一并协调授信" not in shown(ticket), "an unreviewed reply is nobody's yet"
    review.deliver(ticket_id=parent.pk, caller=make.head_of(parent), at=at + HOUR)
    page = shown(ticket, at + 2 * HOUR)
    assert "一并协调授信" in page
    for words in (*other.values(), parent.number, "也缺钱"):
        assert words not in page
    assert not any(offers(page, move) for move in ("rate", "rework", "urge", "withdraw", "reopen"))


def test_planned_it_says_by_when_and_keeps_telling(shown):
    ticket = make.signed()
    handling.reply(
        ticket_id=ticket.pk,
        caller=make.officer_of(ticket),
        at=make.MONDAY + HOUR,
        outcome="planned",
        text="列入二期管网计划。",
        planned_on=(make.MONDAY + 20 * DAY).date(),
    )
    review.deliver(ticket_id=ticket.pk, caller=make.head_of(ticket), at=make.MONDAY + 2 * HOUR)
    closing.rate(ticket_id=ticket.pk, at=make.MONDAY + 3 * HOUR, process=5, result=4)
    page = shown(ticket, make.MONDAY + 4 * HOUR)
    assert "部门承诺 3 月 22 日前完成，完成前会一直跟踪" in page
    handling.follow_up(
        ticket_id=ticket.pk, caller=make.officer_of(ticket), at=make.MONDAY + 9 * DAY, text="管网已完工。", done=True
    )
    page = shown(ticket, make.MONDAY + 10 * DAY)
    assert "计划事项已完成" in page
    assert "管网已完工。" in page


@pytest.mark.parametrize("status", [s for s in Status if s not in {"closed", "rejected", "withdrawn", "merged"}])
def test_every_open_status_says_what_comes_next(status):

    assert status in receipt._NEXT
