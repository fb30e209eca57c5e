"""What a sender is given, and how it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One message to one receiver.

    `key` names it for ever, across attempts; `to` is an address, a phone or a robot's token; `template` and `params`
    are what an SMS provider knows the words by. `doubtful`: an earlier attempt may have arrived unseen.
    """

    key: str
    to: str
    title: str = ""
    body: str = ""
    secret: str = ""
    template: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    doubtful: bool = False


class SendError(Exception):
    """Not sent. `code` is the provider's or our own word for why; `retry`: trying again later may help, not before
    `after` seconds; `doubtful`: it may have arrived all the same.
    """

    def __init__(self, code: str, *, retry: bool, after: int = 0, doubtful: bool = False) -> None:
        super().__init__(code)
        self.code, self.retry, self.after, self.doubtful = code, retry, after, doubtful


class Sender(Protocol):
    """Sends a parcel: returns the provider's id of it ("" where there is none) or raises `SendError`."""

    def __call__(self, parcel: Parcel) -> str:
        """Send it now."""
        ...
