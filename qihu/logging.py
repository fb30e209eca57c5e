"""Log lines carry ids and codes, never names, phones, texts or access codes."""

from collections.abc import MutableMapping
from typing import Any

_PRIVATE = ("phone", "password", "access_code", "contact", "text", "body", "token", "authorization", "cookie")


def drop_personal_data(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Structlog processor: blanks every value whose key names personal data or a secret."""
    for key in event:
        if any(word in key.lower() for word in _PRIVATE):
            event[key] = "[withheld]"
    return event
