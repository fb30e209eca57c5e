"""What a verb hands to the one function that moves requests, and what it gets back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from qihu.accounts.models import Department
from tickets.access import SYSTEM, Caller
from tickets.models import Approval, Event, Leg, Ticket
from tickets.services.attachments import NO_FILES, Files
from tickets.services.ledger import Order
from tickets.workflow import Action, LegAction, Party


@dataclass(frozen=True, slots=True)
class Stamp:
    """The writing transaction, as the database knows it: its moment and its id."""

    at: datetime
    xid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One move wanted. `data` is machine-coded and goes into the log; `text` and `parts` go into an erasable row.

    `changes` are attributes of the request to set (attname → value); `expected_version` refuses a stale view;
    `files` are keys of the caller's uploads to this request; `helpers` get a leg each; `orders` change running
    promises; `approval`: the second person says yes to it.
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
    helpers: Sequence[Department] = ()
    orders: Sequence[Order] = ()
    approval: Approval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegIntent:
    """One move of a leg wanted."""

    action: LegAction
    ticket_id: int
    leg_id: int
    at: datetime
    caller: Caller
    expected_version: int | None = None
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """Something that belongs on the request's log without being a move of the table: its status stays.

    Whoever makes one has checked who may; `party` says as what. `files` become part of it. `then`: topics published
    after it. `turns_version`: whoever has the request open must look again; a message does not take a half-written
    reply from anybody.
    """

    kind: str
    ticket_id: int
    at: datetime
    party: Party
    caller: Caller = SYSTEM
    data: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    parts: Sequence[Mapping[str, str]] = ()
    orders: Sequence[Order] = ()
    files: Files = NO_FILES
    then: Sequence[str] = ("tickets.notify",)
    turns_version: bool = True


@dataclass(frozen=True, slots=True)
class Done:
    """A move made: the request after it and the event that records it; `approval`: it was only asked for."""

    ticket: Ticket
    event: Event
    approval: Approval | None = None
    legs: Sequence[Leg] = ()
