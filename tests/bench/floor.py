"""The floor under a submission: a bare Django view that commits the same rows and does nothing else.

No middleware, no form, no CSRF, no lookup, no check, no clock arithmetic, no hash, no encryption: copies of rows that
real submissions wrote, read beforehand, are given fresh keys and inserted by the ORM in one transaction.
`tests/bench/test_bench.py` holds it to the same tables, row counts and filled columns.
"""

from __future__ import annotations

import itertools
import os
import threading
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path

from qihu.outbox.models import Message
from tests.bench.floor_celery import app
from tickets.models import Answer, Deadline, Event, Filing, Ticket
from tickets.models.text import SealedField

TOPIC = "bench.floor"
"""A topic that nobody consumes."""
_Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pattern:
    """The rows of one real submission, without their keys."""

    ticket: _Row
    filing: _Row
    event: _Row
    deadlines: list[_Row]
    answer: _Row


def copied(row: models.Model, *without: str) -> _Row:
    """The row's columns as the database keeps them: what is sealed stays sealed."""
    values = {}
    for field in row._meta.concrete_fields:
        if field.attname not in {"id", "ticket_id", *without}:
            value = getattr(row, field.attname)
            values[field.attname] = field.get_prep_value(value) if isinstance(field, SealedField) else value
    return values


def pattern_of(ticket: Ticket) -> Pattern:
    """What submitting this request wrote."""
    filing = ticket.filing
    filing.fill_indexes(number=ticket.number)
    return Pattern(
        copied(ticket, "number"),
        copied(filing),
        copied(ticket.events.get(seq=1)),
        [copied(row) for row in Deadline.objects.filter(ticket=ticket, turn=1).order_by("pk")],
        copied(Answer.objects.filter(ticket=ticket).get(), "digest"),
    )


def commit_copy(pattern: Pattern) -> Ticket:
    """The same rows again, under fresh keys, in one transaction."""
    with transaction.atomic():
        ticket = Ticket.objects.create(number=f"F-{uuid.uuid4().hex[:20]}", **pattern.ticket)
        Answer.objects.create(digest=os.urandom(32), ticket=ticket, **pattern.answer)
        Filing.objects.create(ticket=ticket, **pattern.filing)
        Event.objects.create(ticket=ticket, **pattern.event)
        Deadline.objects.bulk_create([Deadline(ticket=ticket, **row) for row in pattern.deadlines])
        Message.objects.create(topic=TOPIC, args={"ticket_id": ticket.pk, "seq": 1})
    return ticket


@lru_cache(maxsize=1)
def patterns() -> tuple[Pattern, ...]:
    """Those of the newest real submissions that nothing has happened to yet."""
    newest = Ticket.objects.filter(status="submitted", number__startswith="QH-").select_related("filing")
    found = tuple(pattern_of(ticket) for ticket in newest.order_by("-pk")[:40])
    if not found:
        raise LookupError("no submission to copy: post the form first, with the worker stopped")
    return found


_turn = itertools.count()
_first = threading.Lock()


def _next_pattern() -> Pattern:
    with _first:
        known = patterns()
    return known[next(_turn) % len(known)]


def submit(request: HttpRequest) -> HttpResponse:
    """The bare view."""
    request.body  # noqa: B018 - read from the socket, not parsed
    ticket = commit_copy(_next_pattern())
    return HttpResponseRedirect(f"/t/{ticket.number}/", status=303)


def submit_and_tell(request: HttpRequest) -> HttpResponse:
    """The bare view, and then a bare task: one message a request, sent after the commit."""
    request.body  # noqa: B018 - read from the socket, not parsed
    ticket = commit_copy(_next_pattern())
    app.send_task("floor.assign", kwargs={"ticket_id": ticket.pk})
    return HttpResponseRedirect(f"/t/{ticket.number}/", status=303)


urlpatterns = [path("", submit), path("tell/", submit_and_tell)]
