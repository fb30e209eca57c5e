"""Lives into the log: the table's moves, chained and dated as they happened, by the batch that writes every move.

Nobody is told and nothing is asked: no outbox row, no notice, no alert, and no promise but the source's own. What
broke is recorded as broken, dated when it did.
"""

from __future__ import annotations

from collections.abc import Mapping as Lookup
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.utils.text import slugify

from qihu.accounts.models import Department, Region
from qihu.crypto import sm3
from routing.promises.book import current_book
from tickets.models import Filing, Source, Ticket
from tickets.models.source import reference_index
from tickets.services import record
from tickets.services.batch import Batch, current_stamp
from tickets.services.codes import access_code, code_hash
from tickets.services.filing import NAME_MAX, TEXT_MAX, title_from
from tickets.services.history.lives import UNRECORDED, Life
from tickets.services.history.mapping import Mapping
from tickets.services.history.past import PAST, Past
from tickets.services.numbers import number_of
from tickets.terms import Action, Party, Status

BATCH = 100


@dataclass(slots=True)
class Written:
    """What was written: requests by what happened to them."""

    written: int = 0
    known: int = 0
    missed: int = 0
    reopened: int = 0
    reassigned: int = 0
    promised: int = 0
    numbers: dict[str, str] = field(default_factory=dict)
    """Key at the other system → our number, of those known before too."""


def write(lives: Sequence[Life], mapping: Mapping, *, region: Region, at: datetime) -> Written:
    """Write what can be written, a hundred in a transaction; what is there already is left alone.

    May be interrupted and run again: each request's number at the other system is taken once, by constraint.
    """
    done = Written()
    good = [life for life in lives if not life.grave]
    departments = _departments(good, mapping, region)
    for start in range(0, len(good), BATCH):
        _write(good[start : start + BATCH], mapping, departments, region, at, done)
    return done


def reference_of(life: Life, mapping: Mapping) -> str:
    """The number at the other system, under that system's name."""
    return f"{mapping.name}:{life.key}"


def _taken(life: Life, mapping: Mapping) -> bytes | None:
    return reference_index(Ticket.Channel.IMPORT, reference_of(life, mapping))


@transaction.atomic
def _write(
    lives: Sequence[Life],
    mapping: Mapping,
    departments: Lookup[str, Department],
    region: Region,
    at: datetime,
    done: Written,
) -> None:
    wanted = {_taken(life, mapping): life for life in lives}
    for source in Source.objects.filter(reference_index__in=wanted).select_related("ticket"):
        done.numbers[wanted.pop(bytes(source.reference_index or b"")).key] = source.ticket.number
        done.known += 1
    if not wanted:
        return
    book = current_book()
    pairs = zip(wanted.values(), _keys(len(wanted)), strict=True)
    born = [_born(life, mapping, region, key, serial) for life, (key, serial) in pairs]
    batch = Batch([ticket for ticket, _, _ in born], live=[])
    sources = []
    for ticket, filing, life in born:
        source = _source(ticket, life, mapping, at)
        _submit(ticket, filing, life, source, batch)
        Past(ticket, life, departments, batch, book, at).live()
        sources.append(source)
        _count(done, life, at, ticket.number)
    batch.write(current_stamp(), beside=[filing for _, filing, _ in born])
    Source.objects.bulk_create(sources)


def _count(done: Written, life: Life, at: datetime, number: str) -> None:
    done.written += 1
    done.promised += life.due_at is not None
    done.missed += life.missed(at)
    done.reopened += life.times("reopen") > 0
    done.reassigned += life.times("reassign") > 0
    done.numbers[life.key] = number


def _keys(count: int) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('tickets_ticket', 'id')), nextval('ticket_number')"
            " FROM generate_series(1, %s)",
            [count],
        )
        return [(int(key), int(serial)) for key, serial in cursor.fetchall()]


def _born(life: Life, mapping: Mapping, region: Region, key: int, serial: int) -> tuple[Ticket, Filing, Life]:
    opened = life.steps[0].at
    number = number_of(serial, opened)
    ticket = Ticket(
        pk=key,
        number=number,
        region=region,
        channel=Ticket.Channel.IMPORT,
        submitted_at=opened,
        access_hash=code_hash(number, access_code(number)),
    )
    text = _text(life, mapping)
    filing = Filing(
        ticket=ticket,
        title=(_cell(life, mapping, "title") or title_from(text))[:60],
        text=text,
        enterprise_name=_cell(life, mapping, "enterprise_name")[:NAME_MAX] or "（原系统未记载）",
        uscc=_cell(life, mapping, "uscc")[:18],
        contact_name=_cell(life, mapping, "contact_name"),
        contact_phone=_cell(life, mapping, "contact_phone"),
    )
    filing.fill_indexes(number=number)
    return ticket, filing, life


def _cell(life: Life, mapping: Mapping, name: str) -> str:
    return life.cells.get(mapping.columns.get(name, ""), "")


def _text(life: Life, mapping: Mapping) -> str:
    parts = [value for heading in mapping.text if (value := life.cells.get(heading, ""))]
    return (_cell(life, mapping, "text") or " · ".join(parts) or f"原系统编号 {life.key}")[:TEXT_MAX]


def _source(ticket: Ticket, life: Life, mapping: Mapping, at: datetime) -> Source:
    return Source(
        ticket=ticket,
        seq=1,
        channel=Ticket.Channel.IMPORT,
        reference=reference_of(life, mapping),
        reference_index=_taken(life, mapping),
        received_at=ticket.submitted_at,
        entered_at=at,
    )


def _submit(ticket: Ticket, filing: Filing, life: Life, source: Source, batch: Batch) -> None:
    data = PAST | {
        "on_behalf": True,
        "channel": ticket.channel,
        "region": ticket.region_id,
        "difficulty": ticket.difficulty,
        "received_at": ticket.submitted_at.isoformat(),
        "source": source.digest().hex(),
    }
    if life.outcome:
        data["outcome_from"] = "source"
    event = record.draft(
        ticket=ticket,
        kind=Action.SUBMIT,
        party=Party.INTAKE,
        happened_at=ticket.submitted_at,
        to_status=Status.SUBMITTED,
        data=data,
    )
    batch.add(event, digest=filing.digest())


def _departments(lives: Sequence[Life], mapping: Mapping, region: Region) -> dict[str, Department]:
    """By the names of the file: ours where one is called so, else one of the past, which nobody is given work by."""
    wanted = sorted({step.department for life in lives for step in life.steps if step.department})
    ours = Department.objects.filter(name__in=wanted, region=region, active=True)
    found = {department.name: department for department in ours}
    codes = {name: _code(name, mapping) for name in wanted if name not in found}
    Department.objects.bulk_create(
        [
            Department(code=code, name=f"原系统 {name}"[:60], region=region, active=False)
            for name, code in codes.items()
        ],
        ignore_conflicts=True,
    )
    made = {department.code: department for department in Department.objects.filter(code__in=codes.values())}
    return found | {name: made[code] for name, code in codes.items()}


def _code(name: str, mapping: Mapping) -> str:
    short = slugify(name) or ("none" if name == UNRECORDED else sm3(name.encode()).hex()[:8])
    return f"past-{slugify(mapping.name)}-{short}"[:40]
