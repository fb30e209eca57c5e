"""Sealing in tests, and what somebody with the database's own password might do to the log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from tickets.models import Seal
from tickets.services.sealing import oldest_unsealed, seal

_GUARDS = {
    "tickets_event": "event_append_only",
    "tickets_seal": "seal_append_only",
    "audit_entry": "entry_append_only",
    "audit_reason": "reason_only_erased",
}


def seal_all() -> int:
    """Seal until nothing is left: another database of this server may hold the horizon back for a while."""
    deadline = time.monotonic() + 60
    made = seal()
    while oldest_unsealed() > 0:
        assert time.monotonic() < deadline, "nothing was sealed for a minute"
        time.sleep(0.02)
        made += seal()
    return made


def verify(**more: object) -> str:
    out = StringIO()
    call_command("verify_log", stdout=out, stderr=out, **more)
    return out.getvalue()


def refused(**more: object) -> str:
    with pytest.raises(CommandError) as refusal:
        verify(**more)
    assert refusal.value.returncode == 1
    return str(refusal.value)


@contextmanager
def superuser() -> Iterator[None]:
    """Every guard of the database switched off, as only its owner can."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a trigger cannot be switched with checks pending
        for table, trigger in _GUARDS.items():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        yield
        for table, trigger in _GUARDS.items():
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")


def forge(sql: str, *values: object) -> None:
    with superuser(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def newest() -> Seal:
    return Seal.objects.order_by("-number")[0]
