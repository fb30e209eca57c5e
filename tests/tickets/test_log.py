"""The log: append-only, gapless, chained, and without personal data."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from tests import make
from tickets.models import Event

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class TestLog:
    def test_the_log_refuses_update_delete_and_truncate(self):
        ticket = make.submitted()
        event = Event.objects.get(ticket=ticket)
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            Event.objects.filter(pk=event.pk).update(kind="route")
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            event.delete()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE tickets_event ENABLE TRIGGER event_no_truncate")
            with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
                cursor.execute("TRUNCATE tickets_event CASCADE")

    def test_events_are_gapless_chained_and_hold_no_personal_data(self):
        ticket = make.closed()
        previous = b""
        for number, event in enumerate(Event.objects.filter(ticket=ticket).order_by("seq"), 1):
            assert event.seq == number
            assert bytes(event.hash) == event.chained(previous)
            previous = bytes(event.hash)
            written = f"{event.data}"
            for private in ("李娜", "13800000000", "安捷线束", "授信"):
                assert private not in written
        assert bytes(make.fresh(ticket).last_hash) == previous

    def test_the_writing_transaction_is_recorded(self):
        ticket = make.submitted()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()::text::bigint")
            assert Event.objects.get(ticket=ticket).xid == cursor.fetchone()[0]
