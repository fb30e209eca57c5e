"""Copies of a whole lot, moved by weeks: the log event by event with its chain, everything else by the database.

One copy is one transaction. A copy's keys are the lot's, further on by the same distance for all of it; nothing in a
lot points out of it but to the organisation. Firms, phones and numbers are new, so that no copy repeats another.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db import connection, models, transaction

from tickets.models import (
    Alert,
    Approval,
    CallBack,
    Deadline,
    Decision,
    Event,
    Filing,
    Leg,
    Rating,
    Shift,
    Text,
    Ticket,
)
from tickets.models.event import CHAINED
from tickets.services.batch import current_stamp
from tickets.services.codes import access_code, code_hash
from tickets.services.generating.moving import PLACE, Mover, chained
from tickets.services.generating.texts import firm, person, phone
from tickets.services.numbers import number_of

_OF_TICKET: tuple[type[models.Model], ...] = (Text, Leg, Deadline, Decision, Rating, CallBack, Approval)
_OF_DEADLINE: tuple[type[models.Model], ...] = (Shift, Alert)
SERIALS = 999_999
"""After so many the numbers' sequence begins again: the date before the serial tells them apart."""
_LAG = timedelta(milliseconds=40)
"""A copy's events were recorded so soon after they had happened: it can be asked what was known when."""
_UNTIL = (
    "CASE WHEN t.data ? 'until' THEN jsonb_set(t.data, '{until}',"
    " to_jsonb(((t.data->>'until')::date + 7 * %(weeks)s)::text)) ELSE t.data END"
)
"""What an approval was asked for; of its days only an extension's is drawn by `lives`."""
_WITHIN: Mapping[str, type[models.Model]] = {"text_id": Text, "leg_id": Leg, "deadline_id": Deadline}
"""Columns that point into the lot."""


@dataclass(frozen=True, slots=True)
class Lot:
    """What is copied: its keys from `first` on without a hole, its events in order, its filings.

    `lowest` and `span`: by table, the lowest key of the lot and how far its keys reach.
    """

    first: int
    size: int
    events: Mapping[int, Sequence[tuple[Any, ...]]]
    filings: Sequence[Filing]
    submitted: Mapping[int, datetime]
    lowest: Mapping[str, int]
    span: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy: which it is (from 0), by how many weeks it is moved, its seed, and where keys begin."""

    n: int
    weeks: int
    seed: int
    tickets: int
    serials: int
    bases: Mapping[str, int]


def read_lot(first: int, size: int) -> Lot:
    """The lot just lived: every request from `first` on."""
    events = defaultdict[int, list[tuple[Any, ...]]](list)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(CHAINED)} FROM tickets_event WHERE ticket_id >= %s ORDER BY ticket_id, seq",  # noqa: S608
            [first],
        )
        for row in cursor.fetchall():
            events[row[0]].append(row)
    lowest, span = {}, {}
    every: tuple[type[models.Model], ...] = (Event, *_OF_TICKET, *_OF_DEADLINE)
    for model in every:
        low, high = _reach(model, first)
        lowest[model._meta.db_table], span[model._meta.db_table] = low, high - low + 1
    return Lot(
        first,
        size,
        events,
        list(Filing.objects.filter(ticket__gte=first).order_by("ticket")),
        dict(Ticket.objects.filter(pk__gte=first).values_list("pk", "submitted_at")),
        lowest,
        span,
    )


def _reach(model: type[models.Model], first: int) -> tuple[int, int]:
    path = "deadline__ticket" if model in _OF_DEADLINE else "ticket"
    found: models.QuerySet[Any] = models.QuerySet(model).filter(**{f"{path}__gte": first})
    keys = found.aggregate(low=models.Min("pk"), high=models.Max("pk"))
    return keys["low"] or 1, keys["high"] or 1


@transaction.atomic
def write(lot: Lot, copy: Copy) -> int:
    """One copy of the lot; how many events."""
    mover, dice = Mover(copy.weeks), Random(copy.seed)  # noqa: S311 - a seeded history, no secret
    filings = [_filing(lot, copy, filing, dice) for filing in lot.filings]
    events = list(_events(lot, copy, mover, {filing.ticket_id: filing for filing in filings}))
    _tickets(lot, copy, events)
    with connection.cursor() as cursor:
        for model in _OF_TICKET:
            cursor.execute(_copied(model, "ticket_id"), _places(model, lot, copy))
        for model in _OF_DEADLINE:
            cursor.execute(_copied(model, "deadline_id"), _places(model, lot, copy))
    Filing.objects.bulk_create(filings)
    _log(events)
    return len(events)


def _filing(lot: Lot, copy: Copy, like: Filing, dice: Random) -> Filing:
    key = copy.tickets + like.ticket_id - lot.first
    made = Filing(
        ticket_id=key,
        title=like.title,
        text=like.text,
        enterprise_name=firm(dice),
        contact_name=person(dice),
        contact_phone=phone(dice),
    )
    made.fill_indexes(number=_number(lot, copy, like.ticket_id))
    return made


def _number(lot: Lot, copy: Copy, ticket: int) -> str:
    serial = (copy.serials + ticket - lot.first - 1) % SERIALS + 1
    return number_of(serial, lot.submitted[ticket] + Mover(copy.weeks).by)


def _events(
    lot: Lot, copy: Copy, mover: Mover, filings: Mapping[int, Filing]
) -> Iterator[tuple[tuple[Any, ...], bytes]]:
    """Rows of the log, the columns `CHAINED` and the hash."""
    stamp = current_stamp()
    text_off, leg_off = _off(Text, lot, copy), _off(Leg, lot, copy)
    approval_off = _off(Approval, lot, copy)
    digests = _digests(lot)
    for ticket, log in lot.events.items():
        key = copy.tickets + ticket - lot.first
        rows = []
        for event in log:
            row = list(event)
            row[PLACE["ticket_id"]] = key
            row[PLACE["happened_at"]] = event[PLACE["happened_at"]] + mover.by
            row[PLACE["recorded_at"]] = row[PLACE["happened_at"]] + _LAG
            row[PLACE["xid"]] = stamp.xid
            row[PLACE["data"]] = _data(event[PLACE["data"]], mover, leg_off, approval_off)
            if event[PLACE["leg_id"]]:
                row[PLACE["leg_id"]] += leg_off
            if text := event[PLACE["text_id"]]:
                row[PLACE["text_id"]], row[PLACE["text_hash"]] = text + text_off, digests[text]
            elif event[PLACE["kind"]] == "submit":
                row[PLACE["text_hash"]] = filings[key].digest()
            rows.append(tuple(row))
        yield from zip(rows, chained(rows), strict=True)


_kept_digests: dict[int, dict[int, bytes]] = {}


def _digests(lot: Lot) -> dict[int, bytes]:
    """Of the lot's texts: a copy has body and salt, so it has the digest."""
    if lot.first not in _kept_digests:
        _kept_digests[lot.first] = {text.pk: text.digest() for text in Text.objects.filter(ticket__gte=lot.first)}
    return _kept_digests[lot.first]


def _data(written: str, mover: Mover, leg_off: int, approval_off: int) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(mover.text(written))
    if "approval" in data:
        data["approval"] += approval_off
    for line in data.get("clocks", ()):
        if "leg" in line:
            line["leg"] += leg_off
    return data


def _off(model: type[models.Model], lot: Lot, copy: Copy) -> int:
    table = model._meta.db_table
    return copy.bases[table] + copy.n * lot.span[table] - lot.lowest[table]


def _places(model: type[models.Model], lot: Lot, copy: Copy) -> dict[str, int]:
    """How far each kind of key moves, and the time."""
    moved = {f"off_{name}": _off(target, lot, copy) for name, target in _WITHIN.items()}
    return moved | {
        "off_id": _off(model, lot, copy),
        "off_ticket_id": copy.tickets - lot.first,
        "first": lot.first,
        "after": lot.first + lot.size,
        "weeks": copy.weeks,
    }


def _copied(model: type[models.Model], parent: str) -> str:
    """INSERT … SELECT of one table: keys further on, times moved."""
    table = model._meta.db_table
    columns = [str(field.column) for field in model._meta.concrete_fields]
    values = ", ".join(_value(field) for field in model._meta.concrete_fields)
    among = "t.ticket_id >= %(first)s AND t.ticket_id < %(after)s"
    if parent == "deadline_id":
        among = (
            "t.deadline_id IN (SELECT id FROM tickets_deadline WHERE ticket_id >= %(first)s AND ticket_id < %(after)s)"
        )
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} t WHERE {among}"  # noqa: S608


def _value(field: models.Field[Any, Any]) -> str:
    column = str(field.column)
    if field is Approval._meta.get_field("data"):
        return _UNTIL
    if column in {"id", "ticket_id", *_WITHIN}:
        return f"t.{column} + %(off_{column})s"
    if isinstance(field, models.DateTimeField):
        return f"t.{column} + make_interval(weeks => %(weeks)s)"
    if isinstance(field, models.DateField):
        return f"t.{column} + 7 * %(weeks)s"
    return f"t.{column}"


def _tickets(lot: Lot, copy: Copy, events: Sequence[tuple[tuple[Any, ...], bytes]]) -> None:
    """The requests' rows; number, access code and the end of the chain are a copy's own."""
    last = {row[0]: digest for row, digest in events}
    keys = sorted(lot.submitted)
    numbers = [_number(lot, copy, key) for key in keys]
    own = {
        "id": "own.id",
        "number": "own.number",
        "access_hash": "own.access_hash",
        "last_hash": "own.last_hash",
    }
    fields = Ticket._meta.concrete_fields
    values = ", ".join(own.get(str(field.column)) or _value(field) for field in fields)
    columns = ", ".join(str(field.column) for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO tickets_ticket ({columns}) SELECT {values}"  # noqa: S608
            " FROM tickets_ticket t JOIN unnest(%(like)s::bigint[], %(keys)s::bigint[], %(numbers)s::text[],"
            " %(access)s::bytea[], %(last)s::bytea[]) own(like_id, id, number, access_hash, last_hash)"
            " ON own.like_id = t.id",
            {
                "like": keys,
                "keys": [copy.tickets + key - lot.first for key in keys],
                "numbers": numbers,
                "access": [code_hash(number, access_code(number)) for number in numbers],
                "last": [last[copy.tickets + key - lot.first] for key in keys],
                "weeks": copy.weeks,
            },
        )


def _log(events: Sequence[tuple[tuple[Any, ...], bytes]]) -> None:
    data = PLACE["data"]
    columns = ", ".join(CHAINED)
    with connection.cursor() as cursor, cursor.copy(f"COPY tickets_event ({columns}, hash) FROM STDIN") as copy:
        for row, digest in events:
            written = list(row)
            written[data] = json.dumps(row[data], ensure_ascii=False)
            copy.write_row((*written, digest))
