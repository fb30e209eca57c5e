"""The API's page works under the strict policy: a console that complains fails the test."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_a_developer_reads_the_page_and_tries_a_call(visit):
    page = visit(DESKTOP).open("/api/docs/")
    expect(page.get_by_role("heading", name="企呼我应 API")).to_be_visible()
    assert page.locator(".opblock").count() >= 25

    submit = page.locator("#operations-诉求-tickets_submit")
    submit.get_by_role("button").first.click()
    submit.get_by_role("button", name="Try it out").click()
    submit.get_by_role("button", name="Execute").click()
    expect(submit.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("201")
