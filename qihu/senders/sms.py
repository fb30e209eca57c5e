"""SMS through Aliyun (dysmsapi 2017-05-25), signed by version 3 (ACS3-HMAC-SHA256), the one its documents recommend.

SendSms is not idempotent: "check the delivery receipt before retrying" is the provider's own advice, so a doubtful
attempt is looked up by its OutId first.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from qihu import clock
from qihu.senders.http import post
from qihu.senders.parcel import Parcel, SendError

VERSION = "2017-05-25"
_ALGORITHM = "ACS3-HMAC-SHA256"
_EMPTY = hashlib.sha256(b"").hexdigest()
_ZONE = ZoneInfo("Asia/Shanghai")  # the provider's days
_WAIT = 60  # seconds, after "too fast"
_REST = 3600  # seconds, after "quota used up" or "no credit"
_SPENT = frozenset({"isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL", "isv.OUT_OF_SERVICE", "isv.AMOUNT_NOT_ENOUGH"})
_PASSING = frozenset({"isp.SYSTEM_ERROR", "isp.GATEWAY_ERROR", "isp.UNKNOWN", "ServiceUnavailable", "InternalError"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Aliyun:
    """One account with its signature (短信签名)."""

    endpoint: str
    key_id: str
    key_secret: str
    sign_name: str
    timeout: float

    def __call__(self, parcel: Parcel) -> str:
        """The BizId. The parcel's key travels as OutId; `params` are the variables of the approved template."""
        if parcel.doubtful and self.arrived(parcel):
            return ""
        wanted = {
            "PhoneNumbers": parcel.to,
            "SignName": self.sign_name,
            "TemplateCode": parcel.template,
            "TemplateParam": json.dumps(dict(parcel.params), ensure_ascii=False),
            "OutId": parcel.key,
        }
        return str(self._call("SendSms", wanted).get("BizId", ""))

    def arrived(self, parcel: Parcel) -> bool:
        """Whether the provider took a message with this key yesterday or today (its newest fifty of the number)."""
        today = clock.now().astimezone(_ZONE)
        return any(self._listed(parcel, on=today - timedelta(days=days)) for days in (0, 1))

    def _listed(self, parcel: Parcel, *, on: datetime) -> bool:
        wanted = {"PhoneNumber": parcel.to, "SendDate": f"{on:%Y%m%d}", "PageSize": "50", "CurrentPage": "1"}
        details = self._call("QuerySendDetails", wanted).get("SmsSendDetailDTOs") or {}
        return any(row.get("OutId") == parcel.key for row in details.get("SmsSendDetailDTO", ()))

    def _call(self, action: str, wanted: Mapping[str, str]) -> dict[str, Any]:
        query = canonical_query(wanted)
        headers = {
            "host": urlsplit(self.endpoint).netloc,
            "x-acs-action": action,
            "x-acs-content-sha256": _EMPTY,
            "x-acs-date": f"{clock.now():%Y-%m-%dT%H:%M:%SZ}",
            "x-acs-signature-nonce": uuid.uuid4().hex,
            "x-acs-version": VERSION,
        }
        signed = authorization(headers, query, key_id=self.key_id, key_secret=self.key_secret)
        url = f"{self.endpoint.rstrip('/')}/?{query}"
        answer = post(url, headers=headers | {"Authorization": signed}, timeout=self.timeout)
        code = str(answer.get("Code", "no_code"))
        if code != "OK":
            raise refusal(code)
        return answer


def canonical_query(wanted: Mapping[str, str]) -> str:
    """Sorted by name, percent-encoded by RFC 3986."""
    return "&".join(f"{quote(name, safe='~')}={quote(wanted[name], safe='~')}" for name in sorted(wanted))


def authorization(headers: Mapping[str, str], query: str, *, key_id: str, key_secret: str) -> str:
    """Value of the Authorization header for a POST without a body to `/` that carries exactly these headers."""
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    canonical = "\n".join(["POST", "/", query, lines, names, headers["x-acs-content-sha256"]])
    to_sign = f"{_ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(key_secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return f"{_ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature}"


def refusal(code: str) -> SendError:
    """Too fast, out of credit and the provider's own troubles pass; a bad number, template or key does not."""
    if code.startswith("Throttling") or code == "isv.BUSINESS_LIMIT_CONTROL":
        return SendError(code, retry=True, after=_WAIT)
    if code in _SPENT:
        return SendError(code, retry=True, after=_REST)
    return SendError(code, retry=code in _PASSING)
