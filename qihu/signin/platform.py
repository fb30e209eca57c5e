"""Trusted platforms (浙里办, 企业码): they know whose phone speaks for which firm. One protocol, an adapter each."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from django.conf import settings

from qihu.accounts.claims import Vouched
from qihu.errors import Invalid
from qihu.senders.http import post
from qihu.senders.parcel import SendError

_USCC = re.compile(r"[0-9A-Z]{18}")
_OWNERS = frozenset({"legal_representative", "administrator"})


class TrustedPlatform(Protocol):
    """Turns the one-time ticket that the platform sent the browser back with into what it vouches for."""

    def vouch(self, ticket: str) -> Vouched:
        """What the platform says. Raises `Invalid` for a ticket that it does not know or a person who is no owner."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedPlatform:
    """`POST url {"ticket"}` → `{"phone", "uscc", "name", "position"}`; `X-Signature`: HMAC-SHA256 of the ticket."""

    url: str
    secret: str
    timeout: float

    def vouch(self, ticket: str) -> Vouched:
        """As in the protocol."""
        signature = hmac.new(self.secret.encode(), ticket.encode(), sha256).hexdigest()
        try:
            said = post(self.url, json={"ticket": ticket}, headers={"X-Signature": signature}, timeout=self.timeout)
        except SendError:
            raise Invalid("平台暂时没有回应，请稍后再试，或填写认领由受理员核对。") from None
        if said.get("position") not in _OWNERS:
            raise Invalid("平台没有确认您是这家企业的法定代表人或管理员。")
        found = Vouched(**{name: str(said.get(name, "")).strip() for name in ("phone", "uscc", "name")})
        if not (found.phone and found.name and _USCC.fullmatch(found.uscc)):
            raise Invalid("平台的答复不完整，请填写认领由受理员核对。")
        return found


def platform() -> TrustedPlatform | None:
    """The one that is configured, if any."""
    if not settings.PLATFORM_URL:
        return None
    return SignedPlatform(url=settings.PLATFORM_URL, secret=settings.PLATFORM_SECRET, timeout=settings.SEND_TIMEOUT)
