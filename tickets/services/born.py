"""The parts of a split request: born assigned, with a number, a log and clocks of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from qihu.accounts.models import Department
from routing.promises.book import PromiseBook
from tickets.access import Caller
from tickets.models import Deadline, Filing, Ticket
from tickets.services import clocks as promise
from tickets.services import legwork, record
from tickets.services.batch import Batch, read_stamp
from tickets.services.codes import opening_hash
from tickets.services.filing import title_from
from tickets.services.intent import Intent
from tickets.services.ledger import Begin
from tickets.services.numbers import number_of
from tickets.workflow import Action, Clock, Party, Status, rows_of

Part = tuple[str, Department, Sequence[Department]]
_SAME = (
    *("chain_tag_id", "category_id", "industry_chain_id", "region_id", "level", "difficulty", "urgent", "tier"),
    *("shielded", "test", "channel", "qr_code_id"),
    *("contact_id", "enterprise_id", "visibility"),
)
_OF_THE_FIRM = ("enterprise_name", "uscc", "contact_name", "contact_phone")


@dataclass(frozen=True, slots=True)
class Born:
    """The children and their RESOLVE promises."""

    children: Sequence[Ticket]
    resolves: Sequence[Deadline]


def children_of(parent: Ticket, parts: Sequence[Part], *, caller: Caller, at: datetime, book: PromiseBook) -> Born:
    """A child for each part, in this transaction; the parent is locked by the caller."""
    children, resolves = [], []
    for text, lead, helpers in parts:
        child, deadlines = _child(parent, text, lead, helpers, caller=caller, at=at, book=book)
        children.append(child)
        resolves += [one for one in deadlines if one.clock == Clock.RESOLVE]
    return Born(children, resolves)


def _child(
    parent: Ticket,
    text: str,
    lead: Department,
    helpers: Sequence[Department],
    *,
    caller: Caller,
    at: datetime,
    book: PromiseBook,
) -> tuple[Ticket, Sequence[Deadline]]:
    stamp, serial, key = read_stamp()
    number = number_of(serial, at)
    child = Ticket(
        pk=key,
        number=number,
        parent=parent,
        department=lead,
        status=Status.ASSIGNED,
        assigned_at=at,
        submitted_at=parent.submitted_at,
        region=parent.region,
        **{name: getattr(parent, name) for name in _SAME},
    )
    child.access_hash = opening_hash(child)
    filing = Filing(
        ticket=child,
        title=title_from(text),
        text=text,
        **{name: getattr(parent.filing, name) for name in _OF_THE_FIRM},
    )
    filing.fill_indexes(number=number)
    child.save(force_insert=True)
    child._state.adding = False
    batch = Batch([child], live=[])
    event = record.draft(
        ticket=child,
        kind=Action.SUBMIT,
        party=Party.DISPATCHER,
        happened_at=at,
        actor_id=caller.actor_id,
        to_status=Status.ASSIGNED,
        data=_first(parent, child, lead, helpers),
    )
    begin = Begin(ticket=child, book=book, at=at, seq=event.seq)
    clocks = batch.clocks[child.pk]
    (row,) = rows_of(Action.ROUTE)
    log = promise.apply(row, begin, clocks)
    log += promise.start([Clock.FULL], clocks, begin)
    born = Intent(action=Action.ASSIGN_LEG, ticket_id=child.pk, at=at, caller=caller, helpers=helpers)
    _, more = legwork.follow(born, child, clocks, begin)
    event.data["clocks"] = [*log, *more]
    batch.add(event, then=("tickets.notify",), digest=filing.digest())
    deadlines = list(clocks.started)
    batch.write(stamp, beside=[filing])
    return child, deadlines


def _first(parent: Ticket, child: Ticket, lead: Department, helpers: Sequence[Department]) -> dict[str, object]:
    return {
        "parent": parent.pk,
        "chain_tag": child.chain_tag_id,
        "category": child.category_id,
        "industry_chain": child.industry_chain_id,
        "region": child.region_id,
        "channel": child.channel,
        "difficulty": child.difficulty,
        "urgent": child.urgent,
        "restricted": False,
        "test": child.test,
        "department": lead.code,
        "co_departments": [one.code for one in helpers],
    }
