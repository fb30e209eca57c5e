"""What one transaction will write, gathered first and written in a handful of statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from django.db import connection
from django.db.models import Model

from qihu.outbox.publish import publish_all
from routing.promises.ladder import rehearses
from tickets.models import Alert, Deadline, Event, Shift, Text, Ticket
from tickets.models.bulk import insert_rows, update_rows
from tickets.services import record
from tickets.services.arming import Spans
from tickets.services.intent import Stamp
from tickets.services.ledger import Clocks
from tickets.workflow import Clock

_TICKET_FIELDS = (
    *("status", "outcome", "chain_tag", "category", "region", "difficulty", "urgent", "tier", "restricted", "round"),
    *("send_backs", "department", "officer", "reply_author", "assigned_at", "replied_at", "answered_at", "closed_at"),
    *("urged_at", "came_from", "info_asked", "suspensions", "extensions", "pending", "excluded", "test", "supervised"),
    *("industry_chain", "review_drawn"),
    *("planned_on", "burden_relieved", "parent", "call_back_due_at"),
    *("next_due_at", "next_clock", "late", "version", "last_seq", "last_hash"),
)
_DEADLINE_FIELDS = (
    *(
        "state",
        "amount",
        "unit",
        "extended",
        "due_at",
        "provisional",
        "paused_at",
        "met_at",
        "voided_at",
        "breached_at",
        "not_before",
        "policy_set",
        "calendar_version",
    ),
    *("reached", "reason_seq", "fires_at"),
)


class Batch:
    """Events, texts, clocks and messages of one transaction over locked requests."""

    def __init__(self, tickets: Iterable[Ticket], *, live: Iterable[Deadline]) -> None:
        self.tickets = {ticket.pk: ticket for ticket in tickets}
        spans = Spans(self.tickets)
        self.clocks = {key: Clocks([], spans=spans) for key in self.tickets}
        for deadline in live:
            self.clocks[deadline.ticket_id].live.append(deadline)
        self._events: list[tuple[Event, Text | None, bytes | None]] = []
        self._messages: list[tuple[str, Mapping[str, object]]] = []

    @cached_property
    def rehearses(self) -> bool:
        """Whether the ladder only rehearses: asked when it is first climbed."""
        return rehearses()

    def add(
        self,
        event: Event,
        *,
        text: str = "",
        parts: Sequence[Mapping[str, str]] = (),
        then: Iterable[str] = (),
        digest: bytes | None = None,
    ) -> None:
        """An event with its free text, and the topics to publish after it."""
        row = Text(ticket=event.ticket, body=text, parts=list(parts)) if text or parts else None
        self._events.append((event, row, digest))
        self._messages += [(topic, {"ticket_id": event.ticket_id, "seq": event.seq}) for topic in then]

    def write(self, stamp: Stamp | None = None, *, beside: Sequence[Model] = ()) -> None:
        """Write everything, and rows of one table `beside` it; `stamp` is read where the caller has not."""
        if not self._events and not any(clocks.alerts for clocks in self.clocks.values()):
            return
        for ticket in self.tickets.values():
            _refresh_queue(ticket, self.clocks[ticket.pk])
        Text.objects.bulk_create([text for _, text, _ in self._events if text])
        stamp = stamp or current_stamp()
        for event, text, digest in self._events:
            record.chain(event, stamp=stamp, text=text, digest=digest)
        self._update()
        self._insert(beside)
        publish_all(self._messages)

    def _update(self) -> None:
        """Before the inserts: a clock that starts again must find its predecessor ended."""
        every = self.clocks.values()
        update_rows([d for clocks in every for d in clocks.touched.values()], _DEADLINE_FIELDS)
        update_rows([ticket for ticket in self._changed() if not ticket._state.adding], _TICKET_FIELDS)

    def _insert(self, beside: Sequence[Model]) -> None:
        every = self.clocks.values()
        started = [d for clocks in every for d in clocks.started]
        about = list[Alert | Shift]()
        for clocks in every:
            about += [*clocks.shifts, *clocks.alerts]
        if any(row.deadline.pk is None for row in about):  # a promise that began and broke unseen: it needs its key
            Deadline.objects.bulk_create(started)
            started = []
            for row in about:
                row.deadline_id = row.deadline.pk
        insert_rows(
            [ticket for ticket in self._changed() if ticket._state.adding],
            beside,
            [event for event, _, _ in self._events],
            started,
            [s for clocks in every for s in clocks.shifts],
            [a for clocks in every for a in clocks.alerts],
        )

    def _changed(self) -> Iterable[Ticket]:
        return {event.ticket_id: event.ticket for event, _, _ in self._events}.values()


def _refresh_queue(ticket: Ticket, clocks: Clocks) -> None:
    """What a queue sorts and colours by: the promise that ends first, and whether one that runs has broken."""
    soonest = clocks.next_due()
    ticket.next_due_at = soonest.due_at if soonest else None
    ticket.next_clock = soonest.clock if soonest else ""
    ticket.late = any(d.breached_at for d in clocks.live)
    ticket.call_back_due_at = next((d.due_at for d in clocks.of([Clock.CALL_BACK])), None)


def current_stamp() -> Stamp:
    """The writing transaction, as the database knows it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now(), pg_current_xact_id()::text::bigint")
        return Stamp(*cursor.fetchone())


def read_stamp() -> tuple[Stamp, int, int]:
    """The transaction's stamp, the next request number and the next request key: one round trip."""
    stamp, number, key, _ = read_arrival(b"")
    return stamp, number, key


def read_arrival(phone_index: bytes) -> tuple[Stamp, int, int, int | None]:
    """As `read_stamp`, and the contact who has proved that this phone is theirs, if anybody: one round trip."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT now(), pg_current_xact_id()::text::bigint, nextval('ticket_number'),"
            " nextval(pg_get_serial_sequence('tickets_ticket', 'id')),"
            " (SELECT id FROM accounts_contact WHERE phone_index = %s)",
            [phone_index],
        )
        at, xid, number, key, contact = cursor.fetchone()
    return Stamp(at, xid), number, key, contact
