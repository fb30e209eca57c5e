"""What a verb hands to the one function that moves requests, and what it gets back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tickets.access import SYSTEM, Caller
from tickets.models import Event, Ticket
from tickets.workflow import Action


@dataclass(frozen=True, slots=True)
class Stamp:
    """The writing transaction, as the database knows it: its moment and its id."""

    at: datetime
    xid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One move wanted. `data` is machine-coded and goes into the log; `text` and `parts` go into an erasable row.

    `changes` are attributes of the request to set (attname → value); `expected_version` refuses a stale view;
    `files` are keys of the caller's uploads to this request.
    """

    action: Action
    ticket_id: int
    at: datetime
    caller: Caller = SYSTEM
    expected_version: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    parts: Sequence[Mapping[str, str]] = ()
    files: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """A move made: the request after it and the event that records it."""

    ticket: Ticket
    event: Event
