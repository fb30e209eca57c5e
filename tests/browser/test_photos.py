"""A firm on its phone with two photos and a bad network; the desk sees them; nothing runs that should not."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from qihu.clock import now
from tests import make
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_journey import fill_in, number_on, shot
from tests.conftest import PASSWORD
from tests.tickets.files import samples
from tickets.models import Attachment, Event
from tickets.services.codes import access_code

pytestmark = [pytest.mark.browser]
PIECE = 512 * 1024
ENTERED = {
    "enterprise_name": "衢州市衢江区宏远特种纸有限公司",
    "contact_name": "王敏",
    "contact_phone": "13700000001",
    "text": "锅炉改造补贴申报后没有消息，请告知进度。现场见照片。",
}


def noise(size: tuple[int, int]) -> bytes:
    """A PNG that does not pack, so that it is large."""
    out = io.BytesIO()
    Image.merge("RGB", [Image.effect_noise(size, 90) for _ in range(3)]).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def photos(tmp_path) -> list[str]:
    """Two photos; the second takes several pieces."""
    small, large = tmp_path / "厂房.jpg", tmp_path / "设备.png"
    small.write_bytes(samples.photo_with_place())
    whole = noise((900, 900))
    assert len(whole) > 2 * PIECE
    large.write_bytes(whole)
    return [str(small), str(large)]


def to_the_text(page: Page) -> None:
    page.get_by_role("button", name="下一步").click()


def go_on(page: Page) -> None:
    page.fill("[name=text]", "新产线扩建，资金缺口1500万元，希望协调银行授信。现场见照片。")
    page.get_by_role("button", name="下一步").click()
    page.fill("[name=enterprise_name]", "衢州安捷线束有限公司")
    page.fill("[name=contact_name]", "李娜")
    page.fill("[name=contact_phone]", "138 0000 0000")


def test_two_photos_one_interrupted(visit, photos):
    firm = visit(PHONE)
    page = firm.open("/q/DEMO-CAPITAL/")
    to_the_text(page)
    pieces = []

    def flaky(route):
        pieces.append(route.request.headers["upload-offset"])
        if len(pieces) in {3, 4}:  # the network goes in the middle of the second photo
            route.abort("internetdisconnected")
        else:
            route.continue_()

    page.route("**/api/v1/uploads/*/", lambda r: flaky(r) if r.request.method == "PATCH" else r.continue_())
    page.set_input_files("[name=new_files]", photos)
    expect(page.locator(".sent li.done")).to_have_count(2, timeout=60_000)
    assert len(pieces) > len(set(pieces)), "the lost piece was sent again"
    shot(page, "files-1-form-phone")
    go_on(page)
    page.get_by_role("button", name="提交").click()
    page.wait_for_url(re.compile(r"/t/QH-\d{8}-\d{6}/"))
    number = number_on(page)
    expect(page.locator(".files-card img")).to_have_count(2, timeout=60_000)  # looked into while she looks on
    expect(page.locator(".files-card")).to_contain_text("未扫描")
    loaded = "() => [...document.querySelectorAll('.files-card img')].every((one) => one.naturalWidth > 0)"
    page.locator(".files-card img").last.scroll_into_view_if_needed()
    page.wait_for_function(loaded)
    shot(page, "files-2-receipt-phone")
    kept = list(Attachment.objects.order_by("pk"))
    assert [(one.kept_mime, one.state) for one in kept] == [("image/jpeg", "unscanned"), ("image/png", "unscanned")]
    assert kept[1].size == Path(photos[1]).stat().st_size

    desk = visit(DESKTOP).sign_in("officer.finance", PASSWORD)
    desk.goto(f"{firm.site}/desk/t/{number}/")
    expect(desk.locator(".files-list img")).to_have_count(2)
    desk.get_by_role("button", name=re.compile("签收")).click()
    desk.locator("summary", has_text="联系").first.click()
    desk.locator("details[open] [name=new_files]").set_input_files(photos[:1])
    expect(desk.locator("details[open] .sent li.done")).to_have_count(1)
    desk.locator("details[open] [name=text]").fill("已到现场，照片见附件。")
    shot(desk, "files-3-desk")
    desk.locator("details[open] button[type=submit].primary").click()
    expect(desk.locator(".files-list img, .files-list .ext")).to_have_count(3)
    shot(desk, "files-4-desk")
    firm.complaints = [said for said in firm.complaints if "ERR_INTERNET_DISCONNECTED" not in said]


def test_an_unfinished_photo_does_not_hold_the_request_up_and_is_carried_on_at_the_receipt(visit, photos):
    firm = visit(PHONE)
    page = firm.open("/q/DEMO-CAPITAL/")
    to_the_text(page)
    sent = []

    def stuck(route):
        sent.append(1)
        if len(sent) == 1:
            route.continue_()
        else:
            route.abort("internetdisconnected")

    page.route("**/api/v1/uploads/*/", lambda r: stuck(r) if r.request.method == "PATCH" else r.continue_())
    page.set_input_files("[name=new_files]", photos[1])
    expect(page.locator(".sent")).to_contain_text("正在重试", timeout=30_000)
    go_on(page)
    page.get_by_role("button", name="提交").click()
    expect(page.locator(".bar .told")).to_contain_text("没传完")
    shot(page, "files-5-unfinished-phone")
    page.get_by_role("button", name="提交").click()
    page.wait_for_url(re.compile(r"/t/QH-\d{8}-\d{6}/"))
    expect(page.locator("body")).to_contain_text("1 个文件没传完")
    page.unroute_all()
    shot(page, "files-6-carry-on-phone")
    page.set_input_files("#material [name=new_files]", photos[1])
    expect(page.locator("#material .sent li.done")).to_have_count(1, timeout=60_000)
    page.get_by_role("button", name="补充上去").click()
    expect(page.locator(".timeline")).to_contain_text("您补充了 1 份材料")
    assert Attachment.objects.get().size == Path(photos[1]).stat().st_size, "one upload, carried on"
    firm.complaints = [said for said in firm.complaints if "ERR_INTERNET_DISCONNECTED" not in said]


def test_photos_with_javascript_off(visit, photos):
    firm = visit(PHONE, java_script_enabled=False)
    page = firm.open("/q/DEMO/")
    page.set_input_files("[name=new_files]", photos)
    fill_in(page, steps=False)
    assert Attachment.objects.filter(ticket__number=number_on(page), seq=1).count() == 2
    page.locator("summary", has_text="补充材料").click()
    page.set_input_files("#material [name=new_files]", photos[0])
    page.get_by_role("button", name="补充上去").click()
    expect(page.locator("body")).to_contain_text("您补充了 1 份材料")


def test_a_photo_with_an_entry_and_with_what_is_sent_back(visit, photos):
    """Written down with a photo by intake; what does not settle it goes back with another one, from the phone."""
    desk = visit(DESKTOP)
    page = desk.sign_in("intake", PASSWORD, to="/desk/new/")
    page.check("[name=channel][value=counter]")
    for name, said in ENTERED.items():
        page.fill(f"[name={name}]", said)
    page.select_option("[name=chain_tag]", "capital")
    page.set_input_files("#entry [name=new_files]", photos)
    expect(page.locator("#entry .sent li.done")).to_have_count(2, timeout=60_000)
    shot(page, "files-7-entry-desktop")
    page.set_viewport_size(PHONE)
    shot(page, "files-8-entry-phone")
    page.set_viewport_size(DESKTOP)
    page.click("#entry button[type=submit]:has-text('录入')")
    page.wait_for_url(re.compile(r"/desk/new/QH-"))
    number = number_on(page)
    assert Attachment.objects.filter(ticket__number=number, seq=1).count() == 2
    shot(page, "files-9-entered-desktop")
    link = page.input_value("#link")

    ticket = make.answered(at=now() - timedelta(hours=2))
    firm = visit(PHONE)
    phone = firm.open("/t/")
    phone.fill("[name=number]", ticket.number)
    phone.fill("[name=code]", access_code(ticket.number))
    phone.get_by_role("button", name="查看").click()
    phone.locator("summary", has_text="退回重办").click()
    phone.fill("#rework [name=reason]", "银行还要设备清单，见照片。")
    phone.set_input_files("#rework [name=new_files]", photos[:1])
    expect(phone.locator("#rework .sent li.done")).to_have_count(1, timeout=60_000)
    shot(phone, "files-10-rework-phone")
    phone.set_viewport_size(DESKTOP)
    shot(phone, "files-11-rework-desktop")
    phone.set_viewport_size(PHONE)
    phone.get_by_role("button", name="退回重办").click()
    expect(phone.locator("body")).to_contain_text("已退回重办")
    event = Event.objects.get(ticket=ticket, kind="rework")
    assert len(event.data["files"]) == 1
    phone.goto(link)
    expect(phone.locator("body")).to_contain_text("请您核对")
