"""DingTalk group robots (自定义机器人): webhook with access_token, signed with the robot's secret (加签).

Plain text on purpose: in Markdown a firm's words could draw links. 20 messages a minute, then ten minutes
of silence.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import urlencode

from qihu import clock
from qihu.senders.http import post
from qihu.senders.parcel import Parcel, SendError

PER_MINUTE = 20
_BUSY = -1
_TOO_FAST = frozenset({130101, 410100, 90030})
_SILENCE = 600  # seconds
_LONGEST = 15000  # bytes; the provider takes 20,000 for the whole message


@dataclass(frozen=True, slots=True, kw_only=True)
class DingTalk:
    """`to` is the access_token, `secret` begins with SEC ("" where the robot is not signed)."""

    url: str
    timeout: float

    def __call__(self, parcel: Parcel) -> str:
        """Nothing: the provider gives no id."""
        query = {"access_token": parcel.to}
        if parcel.secret:
            stamp = str(int(clock.now().timestamp() * 1000))
            query |= {"timestamp": stamp, "sign": sign(parcel.secret, stamp)}
        text = {"content": clipped(f"{parcel.title}\n{parcel.body}".strip(), _LONGEST)}
        answer = post(f"{self.url}?{urlencode(query)}", json={"msgtype": "text", "text": text}, timeout=self.timeout)
        code = answer.get("errcode")
        if code == 0:
            return ""
        if code in _TOO_FAST:
            raise SendError(f"dingtalk_{code}", retry=True, after=_SILENCE)
        raise SendError(f"dingtalk_{code}", retry=code == _BUSY)


def sign(secret: str, stamp: str) -> str:
    """Base64 of HMAC-SHA256 over the stamp (milliseconds), a newline and the secret."""
    mac = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()


def clipped(text: str, size: int) -> str:
    """The text, cut to at most `size` bytes of UTF-8, the cut marked."""
    raw = text.encode()
    return text if len(raw) <= size else raw[: size - 3].decode(errors="ignore") + "…"
