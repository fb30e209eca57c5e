"""A firm on its phone: asked for facts, it adds a photo and words; it rates, and reopens."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from qihu.clock import now
from tests import make
from tests.browser.conftest import PHONE
from tests.browser.test_journey import shot
from tests.people import user
from tests.tickets.files import samples
from tickets.access import Caller
from tickets.models import Attachment, Ticket
from tickets.services import centre, handling, review
from tickets.services.codes import access_code
from tickets.workflow import Status

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def holding(visitor, ticket: Ticket) -> Page:
    page = visitor.open("/t/")
    page.fill("[name=number]", ticket.number)
    page.fill("[name=code]", access_code(ticket.number))
    page.locator("main button[type=submit]").click()
    page.wait_for_url(re.compile(ticket.number))
    return page


def test_supplement_with_a_photo_then_rate_and_reopen(visit, tmp_path):
    ticket = make.assigned(at=now())
    items = ["近三年纳税证明", "新产线现场照片"]
    centre.request_info(ticket_id=ticket.pk, caller=Caller(user("intake")), at=now(), items=items)
    page = holding(visit(PHONE), ticket)
    expect(page.locator(".wanted li")).to_have_text(items)
    photo = tmp_path / "现场.jpg"
    photo.write_bytes(samples.photo_with_place())
    page.set_input_files("#supplement [name=new_files]", str(photo))
    expect(page.locator("#supplement .sent li.done")).to_have_count(1, timeout=60_000)
    page.fill("#supplement [name=text]", "近三年纳税合计 320 万元，现场见照片。")
    shot(page, "life-1-asked-phone")
    page.get_by_role("button", name="提交补充").click()
    expect(page.locator(".timeline")).to_contain_text("近三年纳税合计 320 万元")
    expect(page.locator("main")).to_contain_text("现场.jpg")
    assert Attachment.objects.filter(ticket=ticket).count() == 1

    officer, head = make.officer_of(ticket), make.head_of(ticket)
    handling.sign(ticket_id=ticket.pk, caller=officer, at=now())
    handling.contact(ticket_id=ticket.pk, caller=officer, at=now(), text="已电话联系。")
    handling.reply(ticket_id=ticket.pk, caller=officer, at=now(), outcome="solved", text="已协调授信1500万元。")
    review.deliver(ticket_id=ticket.pk, caller=head, at=now())
    page.reload()
    for name in ("process", "result"):
        page.locator(f"[name={name}][value='4']").check(force=True)
    page.get_by_role("button", name="提交评价").click()
    expect(page.locator("body")).to_contain_text("谢谢您的评价")
    page.locator("#reopen summary").click()
    shot(page, "life-2-closed-phone")
    page.fill("#reopen [name=reason]", "银行又收回了额度。")
    page.get_by_role("button", name="重开", exact=True).click()
    expect(page.locator(".timeline")).to_contain_text("银行又收回了额度。")
    again = Ticket.objects.get(pk=ticket.pk)
    assert (again.status, again.round) == (Status.ASSIGNED, 2)
