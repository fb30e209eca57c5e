"""A firm's account on a phone: sign in by code, file only for oneself, invite, hand over; the colleague looks on."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from qihu.clock import now
from tests.browser.conftest import DESKTOP, PHONE, Visitor
from tests.browser.test_journey import number_on, shot
from tests.conftest import PASSWORD
from tests.firms import PHONES, firm, person
from tickets.models import Ticket

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def sign_in(visitor: Visitor, name: str) -> Page:
    page = visitor.open("/me/")
    page.fill("[name=phone]", PHONES[name])
    page.get_by_role("button", name="获取验证码").click()
    code = page.locator(".demo-code b").inner_text()
    expect(page.locator(".demo-banner")).to_be_visible()
    page.fill("[name=code]", code)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url(f"{visitor.site}/me/")
    return page


def file(visitor: Visitor, visibility: str, text: str) -> str:
    page = visitor.open("/q/DEMO-CAPITAL/")
    page.get_by_role("button", name="下一步").click()
    page.fill("[name=text]", text)
    page.get_by_role("button", name="下一步").click()
    page.locator(f"[name=visibility][value={visibility}]").check(force=True)
    shot(page, f"firm-form-{visibility}")
    page.get_by_role("button", name="提交").click()
    page.wait_for_url(re.compile(r"/t/QH-"))
    return number_on(page)


def wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth") > PHONE["width"])


def test_sign_in_file_only_me_invite_and_hand_over(visit):
    there = firm(person(at=now()), at=now())
    owner = visit(PHONE)
    page = owner.open("/me/")
    shot(page, "firm-door")
    page = sign_in(owner, "李娜")
    shot(page, "firm-list-empty")
    mine = file(owner, "me", "被拖欠设备款，先不想让同事知道，希望协调。")
    expect(page.locator("body")).to_contain_text("查询码")
    shared = file(owner, "firm", "园区道路破损，货车进出困难，希望修复。")
    expect(page.locator("body")).to_contain_text("我的诉求")
    expect(page.locator(".keep")).to_have_count(0)
    shot(page, "firm-receipt-shared")
    page.goto(f"{owner.site}/me/")
    expect(page.locator(".filed")).to_contain_text(mine)
    shot(page, "firm-list")
    assert not wide(page)

    page.goto(f"{owner.site}/me/firms/{there.pk}/")
    page.fill("[name=phone]", PHONES["王强"])
    page.get_by_role("button", name="邀请", exact=True).click()
    expect(page.locator("#members ~ .people")).to_contain_text("待对方接受")
    assert not wide(page)

    colleague = visit(PHONE)
    other = sign_in(colleague, "王强")
    expect(other.locator("body")).not_to_contain_text(shared)
    other.get_by_role("link", name="企业与成员").click()
    shot(other, "firm-invited")
    other.get_by_role("button", name="接受").click()
    expect(other.locator(".filed")).to_contain_text(shared)
    expect(other.locator("body")).not_to_contain_text(mine)
    other.goto(f"{colleague.site}/t/{mine}/")
    expect(other.locator("h1")).to_have_text("查进度")
    colleague.complaints.clear()  # the 404 of what is not theirs

    page.reload()
    shot(page, "firm-members")
    page.locator("summary", has_text="交接").click()
    page.select_option("[name=to]", index=1)
    page.get_by_role("button", name="交接", exact=True).click()
    page.wait_for_url(f"{owner.site}/me/firms/")
    page.goto(f"{owner.site}/me/")
    expect(page.locator(".filed")).to_contain_text(mine)
    expect(page.locator("body")).not_to_contain_text(shared)
    other.goto(f"{colleague.site}/me/firms/{there.pk}/")
    expect(other.get_by_role("heading", name="邀请同事")).to_be_visible()
    assert Ticket.objects.get(number=mine).visibility == "me"


def test_the_account_works_with_javascript_off(visit):
    firm(person(at=now()), at=now())
    visitor = visit(PHONE, java_script_enabled=False)
    page = sign_in(visitor, "李娜")
    page = visitor.open("/q/DEMO/")
    page.fill("[name=text]", "园区道路破损，货车进出困难，希望修复。")
    page.get_by_role("button", name="提交").click()
    page.wait_for_url(re.compile(r"/t/QH-"))
    number = number_on(page)
    page.locator("summary", has_text="谁看得到").click()
    page.locator("[name=visibility][value=me]").check(force=True)
    page.get_by_role("button", name="更改").click()
    expect(page.locator("summary", has_text="仅我可见")).to_be_visible()
    shot(page, "firm-visibility")
    assert Ticket.objects.get(number=number).visibility == "me"


def test_a_firm_claimed_on_a_phone_is_confirmed_at_the_desk(visit):
    visitor = visit(PHONE)
    page = sign_in(visitor, "李娜")
    visitor.open("/me/claim/")
    page.fill("[name=name]", "衢州安捷线束有限公司")
    page.fill("[name=uscc]", "91330800MA28F0000J")
    page.fill("[name=evidence]", "我是行政经理李娜，可拨打企业公示电话核对。")
    shot(page, "firm-claim")
    page.get_by_role("button", name="提交认领").click()
    if page.locator("[name=uscc_confirmed]").count():
        page.check("[name=uscc_confirmed]")
        page.get_by_role("button", name="提交认领").click()
        visitor.complaints.clear()  # the 422 of the doubted code
    expect(page.locator("#claims ~ .people")).to_contain_text("核对中")

    intake = visit(DESKTOP)
    desk = intake.sign_in("intake", PASSWORD)
    desk.get_by_role("link", name="企业认领").click()
    expect(desk.locator(".claim")).to_contain_text("可拨打企业公示电话核对")
    shot(desk, "desk-claims")
    desk.get_by_role("button", name="确认是其企业").click()
    expect(desk.locator("body")).to_contain_text("已确认")
    shot(desk, "desk-claims-done")

    page.reload()
    expect(page.locator("#mine ~ .people")).to_contain_text("管理员")
