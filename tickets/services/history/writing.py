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
from routing.promises.book import PromiseBook, current_book
from tickets.models import Deadline, Filing, Source, Ticket
from tickets.models.source import reference_index
from tickets.services import record
from tickets.services.batch import Batch, current_stamp
from tickets.services.codes import access_code, code_hash
from tickets.services.filing import NAME_MAX, TEXT_MAX, title_from
from tickets.services.history.lives import UNRECORDED, Life, Step
from tickets.services.history.mapping import Mapping
from tickets.services.intake import number_of
from tickets.terms import Action, Clock, Party, Status
from tickets.workflow import MOVES

BATCH = 100
PAST = {"imported": True, "silent": True}
"""On every event of a past life."""
_PARTY = {
    "assign": Party.DISPATCHER,
    "reassign": Party.DISPATCHER,
    "sign": Party.OFFICER,
    "reply": Party.OFFICER,
    "deliver": Party.HEAD,
    "lapse": Party.SYSTEM,
    "reopen": Party.FIRM,
}
_WHEN = {"assign": "assigned_at", "reassign": "assigned_at", "reply": "replied_at", "deliver": "answered_at"}
_CLOSES, _BREACH = "lapse", "breach"


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
        _Past(ticket, life, departments, batch, book, at).live()
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
    opened = life.opened_at
    if opened is None:
        raise TypeError("a life that began nowhen is grave")
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


def _led_to(action: str, before: str) -> tuple[str, bool]:
    """By the table: the status after that move from there, and whether a new round begins."""
    for move in MOVES:
        if move.action == action and before in move.sources:
            return move.target or before, move.new_round
    if action == "reopen" and before == Status.CLOSED:
        return Status.ASSIGNED, True
    raise ValueError(f"{action} does not start from {before}")


@dataclass(slots=True)
class _Past:
    """One request being led through what happened to it."""

    ticket: Ticket
    life: Life
    departments: Lookup[str, Department]
    batch: Batch
    book: PromiseBook
    at: datetime
    promise: Deadline | None = None

    def live(self) -> None:
        """Every move in its order, the broken promise where it broke."""
        for step in self._steps():
            if step.action == _BREACH:
                self._break(step.at)
            else:
                self._move(step)
        if self.promise is not None:
            self._leave(self.promise)

    def _steps(self) -> list[Step]:
        steps = list(self.life.steps)
        if self.life.missed(self.at) and (due := self.life.due_at):
            later = next((n for n, step in enumerate(steps) if step.at > due), len(steps))
            steps.insert(max(later, 1), Step(action=_BREACH, at=max(due, steps[0].at)))
        return steps

    def _move(self, step: Step) -> None:
        ticket, before = self.ticket, self.ticket.status
        ticket.status, new_round = _led_to(step.action, before)
        ticket.version += 1
        ticket.round += new_round
        if name := _WHEN.get(step.action):
            setattr(ticket, name, step.at)
        data: dict[str, object] = dict(PAST)
        if step.department:
            ticket.department = self.departments[step.department]
            data["department"] = ticket.department.code
        if step.action == "reply":
            ticket.outcome = data["outcome"] = self.life.outcome
        if step.action == _CLOSES:
            ticket.closed_at = step.at
        event = record.draft(
            ticket=ticket,
            kind=step.action,
            party=_PARTY[step.action],
            happened_at=step.at,
            from_status=before,
            to_status=ticket.status,
            data=data,
        )
        if log := self._clocks(step, event.seq):
            event.data["clocks"] = [log]
        self.batch.add(event)

    def _clocks(self, step: Step, seq: int) -> dict[str, object] | None:
        """The source's own promise: it starts at the first assignment and is met by the first answer delivered."""
        if step.action == "assign" and self.life.due_at is not None:
            self.promise = self._promised(step.at, self.life.due_at, seq)
            return _told(self.promise, "started")
        promise = self.promise
        if step.action == "deliver" and promise is not None and promise.met_at is None:
            promise.state, promise.met_at = Deadline.State.MET, self.ticket.replied_at
            return _told(promise, "met")
        return None

    def _promised(self, started_at: datetime, due_at: datetime, seq: int) -> Deadline:
        """Of no amount of ours: the moment is the source's, or stands for its verdict (`provisional`)."""
        return Deadline(
            ticket=self.ticket,
            clock=Clock.RESOLVE,
            turn=seq,
            unit="h",
            calendar_version_id=self.book.calendar_version_id(self.ticket.region.path),
            started_at=started_at,
            promised_due_at=due_at,
            due_at=due_at,
            provisional=self.life.by_verdict,
        )

    def _break(self, when: datetime) -> None:
        promise = self.promise
        if promise is None:
            return
        promise.breached_at = when
        data = PAST | {"clock": str(Clock.RESOLVE), "turn": promise.turn, "round": promise.round}
        self.batch.add(record.draft(ticket=self.ticket, kind=_BREACH, party=Party.SYSTEM, happened_at=when, data=data))

    def _leave(self, promise: Deadline) -> None:
        """A promise that runs on is swept like any other, unless it has broken already."""
        if promise.state == Deadline.State.RUNNING and promise.breached_at is None:
            promise.fires_at = promise.due_at
        clocks = self.batch.clocks[self.ticket.pk]
        clocks.started.append(promise)
        clocks.live += [promise] if promise.state == Deadline.State.RUNNING else []


def _told(promise: Deadline, op: str) -> dict[str, object]:
    line: dict[str, object] = {"clock": str(promise.clock), "op": op}
    for name in ("due_at", "promised_due_at", "met_at"):
        if moment := getattr(promise, name):
            line[name] = moment.isoformat()
    return line


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
