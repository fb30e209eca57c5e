"""The main job in real browsers: a firm files on its phone, officer and head answer, it judges, a manager counts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.conftest import PASSWORD
from tests.make import TEXT
from tickets.models import Ticket

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
SHOTS = Path("test-results")


def shot(page: Page, name: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


def fill_in(page: Page, *, steps: bool) -> None:
    forward = page.get_by_role("button", name="下一步")
    if steps:
        forward.click()
    page.fill("[name=text]", TEXT)
    if steps:
        forward.click()
    page.fill("[name=enterprise_name]", "衢州安捷线束有限公司")
    page.fill("[name=contact_name]", "李娜")
    page.fill("[name=contact_phone]", "138 0000 0000")
    page.get_by_role("button", name="提交").click()
    page.wait_for_url(re.compile(r"/t/QH-\d{8}-\d{6}/"))


def number_on(page: Page) -> str:
    found = re.search(r"QH-\d{8}-\d{6}", page.url)
    assert found
    return found.group()


def act(page: Page, summary: str, **fields: str) -> None:
    """Open one of the desk's forms, fill it and send it."""
    page.locator("summary", has_text=summary).first.click()
    panel = page.locator("details[open] .act-panel")
    for name, value in fields.items():
        target = panel.locator(f"[name={name}]")
        if target.first.get_attribute("type") == "radio":
            panel.locator(f"[name={name}][value={value}]").check(force=True)
        else:
            target.fill(value)
    panel.locator("button[type=submit]").click()
    expect(page.locator("details[open] .act-panel")).to_have_count(0)


def answer(desk: Page, number: str, text: str) -> None:
    desk.goto(re.sub(r"/desk/.*", f"/desk/t/{number}/", desk.url))
    desk.get_by_role("button", name=re.compile("签收")).click()
    act(desk, "联系", text="已电话联系李女士，约定周二到厂核实。")
    act(desk, "答复", outcome="solved", text=text)
    expect(desk.locator(".detail-head .pill")).to_have_text("答复待审")


def test_scan_route_answer_send_back_confirm_rate_and_count(visit):
    firm = visit(PHONE)
    page = firm.open("/q/DEMO-CAPITAL/")
    expect(page.locator("[name=chain_tag][value=capital]")).to_be_checked()
    shot(page, "1-form-phone")
    fill_in(page, steps=True)
    number = number_on(page)
    expect(page.get_by_text("已收到您的诉求")).to_be_visible()
    expect(page.locator("body")).to_contain_text(re.compile(r"[A-Z2-9]{4}-[A-Z2-9]{4}"))
    expect(page.locator(".timeline")).to_contain_text("金融办", timeout=30_000)  # routed while she looks on
    shot(page, "2-receipt-phone")

    officer = visit(DESKTOP)
    desk = officer.sign_in("officer.finance", PASSWORD)
    expect(desk.locator(".rows")).to_contain_text("资金缺口")
    shot(desk, "3-desk")
    answer(desk, number, "已协调柯城农商银行授信1500万元，合同周五签订。")
    shot(desk, "4-desk-detail")

    head = visit(DESKTOP)
    review = head.sign_in("head.finance", PASSWORD)
    review.goto(f"{head.site}/desk/t/{number}/")
    expect(review.locator(".reply")).to_contain_text("农商银行")
    act(review, "送达")
    expect(review.locator(".detail-head .pill")).to_have_text("待评价")

    page.reload()
    expect(page.locator("body")).to_contain_text("合同周五签订")
    shot(page, "5-answered-phone")
    page.locator("summary", has_text="没有解决").click()
    page.fill("[name=reason]", "合同还没有签，贷款没有到账。")
    page.get_by_role("button", name="退回重办").click()
    expect(page.locator(".timeline")).to_contain_text("二次交办")

    answer(desk, number, "贷款已于今日到账，详见回单。")
    review.goto(f"{head.site}/desk/t/{number}/")
    act(review, "送达")
    expect(review.locator(".detail-head .pill")).to_have_text("待评价")

    page.reload()
    page.locator("[name=process][value='5']").check(force=True)
    page.locator("[name=result][value='4']").check(force=True)
    page.get_by_role("button", name="提交评价").click()
    expect(page.locator("body")).to_contain_text("已办结")
    shot(page, "6-closed-phone")

    manager = visit(DESKTOP)
    board = manager.sign_in("supervisor", PASSWORD, to="/board/")
    expect(board.locator("h1")).to_be_visible()
    shot(board, "7-board")
    board.locator(".kpi a").first.click()
    expect(board.locator("body")).to_contain_text(number)


def test_the_form_works_with_javascript_off(visit):
    firm = visit(PHONE, java_script_enabled=False)
    page = firm.open("/q/DEMO/")
    fill_in(page, steps=False)
    expect(page.locator("body")).to_contain_text(number_on(page))
    page.locator("summary", has_text="撤回").click()
    page.locator("form[action*=withdraw] button").click()
    expect(page.locator("body")).to_contain_text("已撤回")


def test_a_double_tap_makes_one_request(visit):
    firm = visit(PHONE)
    page = firm.open("/q/DEMO-TALENT/")
    page.get_by_role("button", name="下一步").click()
    page.fill("[name=text]", TEXT)
    page.get_by_role("button", name="下一步").click()
    page.fill("[name=enterprise_name]", "衢州安捷线束有限公司")
    page.fill("[name=contact_name]", "李娜")
    page.fill("[name=contact_phone]", "13800000000")
    page.evaluate("const f = document.querySelector('form.ask'); f.submit(); f.submit();")
    page.wait_for_url(re.compile(r"/t/QH-"))
    assert Ticket.objects.count() == 1


def test_bad_input_is_told_beside_the_field_and_nothing_typed_is_lost(visit):
    firm = visit(PHONE, java_script_enabled=False)
    page = firm.open("/q/DEMO/")
    page.fill("[name=text]", TEXT)
    page.fill("[name=enterprise_name]", "衢州安捷线束有限公司")
    page.fill("[name=contact_name]", "李娜")
    page.fill("[name=contact_phone]", "12")
    page.get_by_role("button", name="提交").click()
    field = page.locator(".field.bad", has=page.locator("[name=contact_phone]"))
    expect(field).to_contain_text("手机号")
    expect(page.locator("[name=text]")).to_have_value(TEXT)
    expect(page.locator("[name=contact_phone]")).to_have_value("12")
    shot(page, "8-form-error-phone")
    firm.complaints = [said for said in firm.complaints if "422" not in said]  # the answer's own status


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_no_page_is_wider_than_its_screen(visit, viewport):
    firm = visit(viewport)
    for path in ("/", "/q/DEMO-CAPITAL/", "/login/"):
        page = firm.open(path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= viewport["width"], path
    official = visit(viewport)
    page = official.sign_in("supervisor", PASSWORD)
    for path in ("/desk/", "/desk/notices/", "/board/"):
        official.open(path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= viewport["width"], path
