"""Providers on this machine that speak the published protocols and check every signature themselves.

Written from the providers' documents, not from our senders: neither imports the other.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote

from aiosmtpd.controller import Controller

KEY_ID, KEY_SECRET, SIGN_NAME = "LTAI-test", "not-a-real-secret", "企呼我应"
TOKEN, SECRET, WECOM_KEY = "ding-token", "SEC000test", "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"


class Provider:
    """What was accepted, and what to answer instead of accepting."""

    def __init__(self) -> None:
        self.accepted: list[dict[str, str]] = []
        self.asked: list[str] = []
        self.answers: list[object] = []
        self.silent = 0  # so many requests are accepted and then get no answer
        self.url = ""

    def answer(self, path: str, query: str, headers: dict[str, str], body: bytes) -> tuple[int, object]:
        raise NotImplementedError


class Aliyun(Provider):
    """dysmsapi 2017-05-25: SendSms and QuerySendDetails behind signature version 3."""

    templates = frozenset({"SMS_100", "SMS_200"})

    def __init__(self) -> None:
        super().__init__()
        self.nonces: set[str] = set()

    def answer(self, path, query, headers, body):
        if wrong := self._unsigned(path, query, headers, body):
            return 400, {"Code": wrong, "Message": wrong, "RequestId": "r"}
        fields = dict(parse_qsl(query, strict_parsing=True, keep_blank_values=True))
        action = headers["x-acs-action"]
        self.asked.append(action)
        if action == "QuerySendDetails":
            return 200, self._details(fields)
        if self.answers:
            return self.answers.pop(0)
        return 200, self._send(fields)

    def _unsigned(self, path, query, headers, body) -> str | None:
        scheme, _, rest = headers.get("authorization", "").partition(" ")
        parts = dict(part.partition("=")[::2] for part in rest.split(","))
        signed = parts.get("SignedHeaders", "").split(";")
        sent = datetime.strptime(headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if scheme != "ACS3-HMAC-SHA256" or parts["Credential"] != KEY_ID:
            return "InvalidAccessKeyId.NotFound"
        if abs((datetime.now(UTC) - sent).total_seconds()) > 900:
            return "InvalidTimeStamp.Expired"
        if headers["x-acs-signature-nonce"] in self.nonces:
            return "SignatureNonceUsed"
        must = {name for name in headers if name == "host" or name.startswith("x-acs-")}
        if must - set(signed) or headers["x-acs-content-sha256"] != hashlib.sha256(body).hexdigest():
            return "SignatureDoesNotMatch"
        pairs = sorted(tuple(one.split("=", 1)) for one in query.split("&"))
        canonical_query = "&".join(f"{_rfc3986(unquote(k))}={_rfc3986(unquote(v))}" for k, v in pairs)
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(signed))
        request = f"POST\n{path}\n{canonical_query}\n{lines}\n{';'.join(sorted(signed))}\n{_hex(body)}"
        wanted = hmac.new(
            KEY_SECRET.encode(), f"ACS3-HMAC-SHA256\n{_hex(request.encode())}".encode(), hashlib.sha256
        ).hexdigest()
        if not hmac.compare_digest(wanted, parts["Signature"]):
            return "SignatureDoesNotMatch"
        self.nonces.add(headers["x-acs-signature-nonce"])
        return None

    def _send(self, fields):
        if not fields["PhoneNumbers"].isdigit() or len(fields["PhoneNumbers"]) != 11:
            return {"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": "", "RequestId": "r"}
        if fields["SignName"] != SIGN_NAME:
            return {"Code": "isv.SMS_SIGNATURE_ILLEGAL", "Message": "", "RequestId": "r"}
        if fields["TemplateCode"] not in self.templates:
            return {"Code": "isv.SMS_TEMPLATE_ILLEGAL", "Message": "", "RequestId": "r"}
        json.loads(fields["TemplateParam"])
        self.accepted.append(fields)
        return {"Code": "OK", "Message": "OK", "RequestId": "r", "BizId": f"9001^{len(self.accepted)}"}

    def _details(self, fields):
        rows = [
            {"OutId": one["OutId"], "SendStatus": 3, "PhoneNum": one["PhoneNumbers"]}
            for one in self.accepted
            if one["PhoneNumbers"] == fields["PhoneNumber"] and fields["SendDate"].isdigit()
        ]
        return {"Code": "OK", "TotalCount": len(rows), "SmsSendDetailDTOs": {"SmsSendDetailDTO": rows}}


class Robot(Provider):
    """20 messages a minute a robot, by either provider."""

    too_fast = 0

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, list[float]] = defaultdict(list)

    def answer(self, path, query, headers, body):
        fields = dict(parse_qsl(query, strict_parsing=True))
        if self.answers:
            return self.answers.pop(0)
        if wrong := self.refused(fields):
            return 200, wrong
        said = json.loads(body)
        if headers["content-type"].split(";")[0] != "application/json" or said["msgtype"] != "text":
            return 200, {"errcode": 40035, "errmsg": "invalid parameter"}
        robot = fields.get("access_token") or fields["key"]
        self.sent[robot] = [at for at in self.sent[robot] if at > time.monotonic() - 60]
        if len(self.sent[robot]) >= 20:
            return 200, {"errcode": self.too_fast, "errmsg": "send too fast, exceed 20 times per minute"}
        self.sent[robot].append(time.monotonic())
        self.accepted.append({"content": said["text"]["content"]})
        return 200, {"errcode": 0, "errmsg": "ok"}

    def refused(self, fields) -> object:
        raise NotImplementedError


class DingTalk(Robot):
    too_fast = 130101

    def refused(self, fields):
        if fields.get("access_token") != TOKEN:
            return {"errcode": 300001, "errmsg": "token is not exist"}
        stamp = fields.get("timestamp", "0")
        wanted = base64.b64encode(hmac.new(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), "sha256").digest()).decode()
        if abs(time.time() * 1000 - int(stamp)) > 3_600_000 or fields.get("sign") != wanted:
            return {"errcode": 310000, "errmsg": "sign not match"}
        return None


class WeCom(Robot):
    too_fast = 45009

    def refused(self, fields):
        return None if fields.get("key") == WECOM_KEY else {"errcode": 93000, "errmsg": "invalid webhook url"}


def _rfc3986(text: str) -> str:
    plain = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
    return "".join(chr(byte) if byte in plain else f"%{byte:02X}" for byte in text.encode())


def _hex(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


@contextmanager
def serving(provider: Provider, path: str = "") -> Iterator[Provider]:
    """The provider on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            where, _, query = self.path.partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, said = provider.answer(where, query, headers, body)
            if provider.silent:
                provider.silent -= 1
                self.close_connection = True
                return
            raw = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    provider.url = f"http://127.0.0.1:{server.server_port}{path}"
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


class MailBox:
    """A relay's handler: what it took, and what it says instead."""

    def __init__(self) -> None:
        self.letters: list[bytes] = []
        self.refusals: list[str] = []

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):  # noqa: N802 - aiosmtpd's name
        if self.refusals:
            return self.refusals.pop(0)
        if address.startswith("nobody@"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.letters.append(envelope.content)
        return "250 accepted"


@contextmanager
def relaying() -> Iterator[tuple[MailBox, int]]:
    """A mail relay on a free port of 127.0.0.1, and its port."""
    box = MailBox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    relay = Controller(box, hostname="127.0.0.1", port=port)
    relay.start()
    try:
        yield box, port
    finally:
        relay.stop()
