"""Log lines carry ids and codes, never names, phones, texts or access codes."""

import re
from collections.abc import MutableMapping
from typing import Any

_PRIVATE = ("phone", "password", "access_code", "contact", "text", "body", "token", "authorization", "cookie")
_LINK = re.compile(r"( /c/)[^/\s]+")
_ROW = re.compile(r"^DETAIL: .*?(?=\n\nThe above exception|\n\nDuring handling|\Z)", re.MULTILINE | re.DOTALL)


def drop_personal_data(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Structlog processor: blanks every value whose key names personal data or a secret.

    Of an address only the path is kept, since people search for names and phones; and of a link that opens
    something by itself not even that.
    """
    for key in event:
        if any(word in key.lower() for word in _PRIVATE):
            event[key] = "[withheld]"
    if isinstance(address := event.get("request"), str):
        event["request"] = _LINK.sub(r"\1…", address.partition("?")[0])
    return event


def drop_rows(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Structlog processor for tracebacks: PostgreSQL's DETAIL quotes the row that broke a constraint."""
    if isinstance(trace := event.get("exception"), str):
        event["exception"] = _ROW.sub("DETAIL:  [withheld]", trace)
    return event
