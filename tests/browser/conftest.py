"""A whole stack for real browsers: Granian, worker and beat as processes on this run's test database."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.faults import processes

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}


@pytest.fixture(scope="package")
def site(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[str]:
    """Address of the running service. It ends with this folder's tests: its worker drains the others' database."""
    folder = tmp_path_factory.mktemp("site")
    folder.chmod(0o755)
    with django_db_blocker.unblock(), processes.private_broker(folder) as valkey, ExitStack() as stack:
        port = _free_port()
        env = processes.environment(valkey.url) | {
            "QIHU_DATA_DIR": str(folder),
            "MEDIA_DIR": str(settings.MEDIA_ROOT),  # the worker's
            "SECURE_COOKIES": "0",
            "HSTS_SECONDS": "0",
            "DEMO": "1",
        }
        subprocess.run(
            [sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"], env=env, check=True, timeout=120
        )
        log = stack.enter_context((folder / "web.log").open("wb"))
        web = subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"),
                *("--port", str(port), "--blocking-threads", "4", "qihu.wsgi:application"),
            ],
            env=env,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        stack.callback(processes.kill, web)
        stack.enter_context(processes.worker(valkey.url))
        stack.enter_context(processes.beat(valkey.url, folder))
        address = f"http://127.0.0.1:{port}"
        assert processes.until(lambda: _answers(f"{address}/readyz")), (folder / "web.log").read_text()
        yield address


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - our own address
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, or the one that CHROMIUM names."""
    # Playwright's synchronous API keeps an event loop on this thread; the tests' queries are synchronous all the same.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or "/usr/bin/chromium",
            args=["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
        )
        yield browser
        browser.close()


class Visitor:
    """Somebody with a browser of their own. Complaints of the browser and calls to other hosts are remembered."""

    def __init__(self, context: BrowserContext, site: str) -> None:
        self.site = site
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type in {"error", "warning"} else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda r: None if r.url.startswith((site, "data:")) else self.complaints.append(r.url))

    def open(self, path: str) -> Page:
        self.page.goto(self.site + path)
        return self.page

    def sign_in(self, username: str, password: str, to: str = "/desk/") -> Page:
        page = self.open(f"/login/?next={to}")
        page.fill("[name=username]", username)
        page.fill("[name=password]", password)
        page.click("button[type=submit]:has-text('登录')")
        page.wait_for_url(f"{self.site}{to}**")
        return page


@pytest.fixture
def visit(chromium, site, committed) -> Iterator:
    """`visit(PHONE)` gives a `Visitor`; afterwards no page may have complained or called another host."""
    with ExitStack() as stack:
        visitors: list[Visitor] = []

        def arrive(viewport: dict[str, int], **more: object) -> Visitor:
            context = chromium.new_context(viewport=viewport, locale="zh-CN", timezone_id="Asia/Shanghai", **more)
            context.set_default_timeout(20_000)
            stack.callback(context.close)
            visitors.append(Visitor(context, site))
            return visitors[-1]

        yield arrive
        for visitor in visitors:
            assert visitor.complaints == []
