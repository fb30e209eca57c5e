"""A new promise table for many running promises: trying it out, and carrying it over by the shipped worker.

`python -m tests.bench --part recompute --scale 0.2` measures 20,000, and this part alone.
"""

from __future__ import annotations

import time
from typing import Any

from django.db import connection, models
from django.db.models import F

from qihu.accounts.models import User
from qihu.clock import now
from routing.promises.drafts import copy_policies
from routing.promises.models import PolicySet
from tests.bench.report import Figure
from tickets.models import Deadline, Recalculation, Shift, Ticket
from tickets.services.repricing import publish
from tickets.services.repricing.change import Change, foresee
from tickets.services.repricing.tally import total
from tickets.workflow import Clock

COUNT = 100_000
_CLOCKS = (Clock.RESOLVE, Clock.INTERIM, Clock.NOTE, Clock.CONTACT)
_PATIENCE = 1800.0


def measure(count: int = COUNT) -> list[Figure]:
    """Two figures: the preview and the change. Leaves requests that no chain vouches for."""
    made = fill(count)
    draft = _draft()
    began = time.perf_counter()
    foreseen = total(foresee(Change(at=now(), policy_set=draft)))
    tried = time.perf_counter() - began
    began = time.perf_counter()
    recalculation = publish.put_policies_in_force(
        set_id=draft.pk, author=User.objects.get(username="secadmin"), at=now(), reason="bench", running=True
    )
    if recalculation is None:
        raise RuntimeError("nothing to carry over")
    longest = _wait(recalculation)
    took = time.perf_counter() - began
    moved = Shift.objects.filter(kind=Shift.Kind.POLICY, deadline__policy_set=draft.pk).count()
    notes: dict[str, Any] = {
        "running": foreseen["running"],
        "made": made,
        "moved": moved,
        "longest_transaction": longest,
    }
    return [
        Figure(name=f"what-if, {count:,} running", value=tried, unit="s", target=10 * count / COUNT, notes=notes),
        Figure(name=f"recompute, {count:,} running", value=took, unit="s", target=60 * count / COUNT, notes=notes),
    ]


def fill(count: int) -> int:
    """So many running promises, four a request, copied by SQL from one request; every fifth was paused once."""
    pattern = Ticket.objects.filter(number__startswith="QH-", deadlines__clock=Clock.RESOLVE).latest("pk")
    last = Ticket.objects.latest("pk").pk
    requests = -(-count // len(_CLOCKS))
    cells = {
        "number": "'RP-' || n",
        "difficulty": "(ARRAY['L1','L2','L2','L3','L4'])[1 + mod(n, 5)]",
        "urgent": "mod(n, 10) = 0",
        "department_id": "(SELECT id FROM accounts_department ORDER BY id OFFSET mod(n, 40) LIMIT 1)",
        "last_seq": "0",
    }
    with connection.cursor() as cursor:
        cursor.execute(_copies(Ticket, cells, f"{requests}"), [pattern.pk])
        for clock in _CLOCKS:
            cursor.execute(_promise(clock), [pattern.pk, last])
        cursor.execute(_PAUSES, [last])
        for table in ("tickets_ticket", "tickets_deadline", "tickets_shift"):
            cursor.execute(f"ANALYZE {table}")
    return Deadline.objects.filter(ticket__pk__gt=last).count()


def _copies(model: type[models.Model], cells: dict[str, str], rows: str) -> str:
    columns = [f.column for f in model._meta.concrete_fields if not f.primary_key]
    values = ", ".join(cells.get(column, f'"{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    table = model._meta.db_table
    return (
        f"INSERT INTO {table} ({names}) SELECT {values} FROM {table}, generate_series(1, {rows}) n"  # noqa: S608
        f" WHERE id = %s"
    )


def _promise(clock: str) -> str:
    """One running promise of this clock a copied request, due in some days."""
    columns = [f.column for f in Deadline._meta.concrete_fields if not f.primary_key]
    began = "now() - mod(ticket.id, 2880) * interval '1 minute'"
    due = f"{began} + interval '9 days'"
    cells = {
        "ticket_id": "ticket.id",
        "clock": f"'{clock}'",
        "round": "1",
        "state": "'running'",
        "amount": "5",
        "unit": "'wd'",
        "started_at": began,
        "promised_due_at": due,
        "due_at": due,
        "fires_at": due,
        **dict.fromkeys(("paused_at", "met_at", "voided_at", "breached_at", "not_before", "reason_seq"), "NULL"),
        "reached": "0",
    }
    values = ", ".join(cells.get(column, f'pattern."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    return (
        f"INSERT INTO tickets_deadline ({names}) SELECT {values} FROM tickets_ticket ticket,"  # noqa: S608
        " (SELECT * FROM tickets_deadline WHERE ticket_id = %s AND clock = 'RESOLVE' LIMIT 1) pattern"
        " WHERE ticket.id > %s"
    )


_PAUSES = """
INSERT INTO tickets_shift (deadline_id, seq, kind, since, until, due_before, due_after, reason)
SELECT id, turn, 'pause', started_at + interval '1 hour', started_at + interval '5 hours', due_at, due_at, 'bench'
  FROM tickets_deadline WHERE ticket_id > %s AND mod(id, 5) = 0
"""


def _draft() -> PolicySet:
    """Every promise of the four clocks gets two more of its unit: all of them move."""
    current = PolicySet.objects.filter(published_at__isnull=False).latest("number")
    draft = copy_policies(set_id=current.pk, author=None)
    draft.policies.filter(clock__in=_CLOCKS, value__isnull=False).update(value=F("value") + 2)
    return draft


def _wait(recalculation: Recalculation) -> float:
    """Until it is finished; the longest transaction seen once slices were worked on, in seconds."""
    until, longest = time.perf_counter() + _PATIENCE, 0.0
    while True:
        row = Recalculation.objects.get(pk=recalculation.pk)
        if row.finished_at:
            return longest
        if time.perf_counter() > until:
            raise RuntimeError("the worker did not finish")
        if row.planned_at:
            longest = max(longest, _oldest_transaction())
        time.sleep(0.02)


def _oldest_transaction() -> float:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8 FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return float(cursor.fetchone()[0])
