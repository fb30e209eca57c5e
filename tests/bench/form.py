"""The posts: the firm's form as a browser sends it, and the floor's, which carries the same body unread."""

from __future__ import annotations

import html
import json
import re
import uuid
from pathlib import Path
from urllib.parse import urlencode

from tests.bench.load import Address, Post, ask, numbered

CODE = "DEMO-CAPITAL"
_TEXTS = Path(__file__).parents[1] / "data" / "requests_dev.json"


def form_post(address: Address) -> Post:
    """Posts of the real form: cookie and token from its page, then a new key, firm and text each time."""
    page = ask(address, _head(address, "GET", f"/q/{CODE}/") + b"\r\n").decode()
    cookie, token = re.search(r"csrftoken=([^;]+)", page), re.search(r'csrfmiddlewaretoken" value="([^"]+)"', page)
    if not cookie or not token:
        raise LookupError(f"the form's page has no CSRF token: {page[:300]}")
    return _posts(address, f"/q/{CODE}/", cookie=cookie[1], token=html.unescape(token[1]))


def floor_post(address: Address, path: str = "/") -> Post:
    """The same requests for the floor, so that both servers read as many bytes."""
    return _posts(address, path, cookie="x" * 32, token="x" * 64)


def _posts(address: Address, path: str, *, cookie: str, token: str) -> Post:
    texts = [one["text"] for one in json.loads(_TEXTS.read_text(encoding="utf-8"))]
    head = (
        _head(address, "POST", path)
        + (
            f"Cookie: csrftoken={cookie}\r\nReferer: http://{address[0]}:{address[1]}{path}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
        ).encode()
    )

    def make(serial: int) -> bytes:
        typed = {
            "csrfmiddlewaretoken": token,
            "key": str(uuid.uuid4()),
            "chain_tag": "capital",
            "text": texts[serial % len(texts)],
            "enterprise_name": f"衢州安捷线束有限公司{serial:06d}",
            "uscc": "",
            "contact_name": "李娜",
            "contact_phone": f"138{serial:08d}",
            "region": "",
        }
        body = urlencode(typed).encode()
        return b"%s%d\r\n\r\n%s" % (head, len(body), body)

    return numbered(make)


def _head(address: Address, method: str, path: str) -> bytes:
    return (
        f"{method} {path} HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\n"
        "User-Agent: Mozilla/5.0 (Linux; Android 14)\r\nAccept: text/html\r\nAccept-Language: zh-CN\r\n"
    ).encode()
