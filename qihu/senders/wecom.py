"""WeCom group robots (企业微信群机器人): webhook with a key. Plain text, at most 2,048 bytes; 20 a minute a robot."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from qihu.senders.dingtalk import clipped
from qihu.senders.http import post
from qihu.senders.parcel import Parcel, SendError

PER_MINUTE = 20
_BUSY, _TOO_FAST = -1, 45009
_WAIT = 60  # seconds
_LONGEST = 2048  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class WeCom:
    """`to` is the robot's key."""

    url: str
    timeout: float

    def __call__(self, parcel: Parcel) -> str:
        """Nothing: the provider gives no id."""
        text = {"content": clipped(f"{parcel.title}\n{parcel.body}".strip(), _LONGEST)}
        url = f"{self.url}?{urlencode({'key': parcel.to})}"
        code = post(url, json={"msgtype": "text", "text": text}, timeout=self.timeout).get("errcode")
        if code == 0:
            return ""
        raise SendError(f"wecom_{code}", retry=code in {_BUSY, _TOO_FAST}, after=_WAIT if code == _TOO_FAST else 0)
