"""Coming in: submitting, and the rules' first decision where a request goes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from qihu.accounts.models import Department, Region
from qihu.crypto import sm3
from qihu.errors import Invalid
from qihu.phones import index
from routing.promises.book import current_book
from routing.rules.book import current_rules
from routing.rules.matching import Decision as Ruling
from routing.rules.matching import Facts, decide
from routing.rules.models import Category
from tickets.access import FIRM, SYSTEM, Caller
from tickets.models import Answer, Decision, Filing, QRCode, Ticket
from tickets.services import clocks as promise
from tickets.services import record
from tickets.services.attachments import NO_FILES, Files, attach
from tickets.services.batch import Batch, read_arrival
from tickets.services.codes import opening_hash, shown_code
from tickets.services.filing import title_from
from tickets.services.intent import Done, Intent
from tickets.services.ledger import Begin
from tickets.services.material import add_late
from tickets.services.numbers import number_of
from tickets.services.transition import perform_all
from tickets.workflow import Action, Party, Status, rows_of

SUBMIT = "submit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A filing that has passed the checks of `services.filing`. Codes, not rows, so that it can be compared.

    `contact`, `enterprise`, `visibility`: of who is signed in for a firm, checked by `services.belonging`.
    """

    text: str
    enterprise_name: str
    contact_name: str
    contact_phone: str
    title: str = ""
    uscc: str = ""
    chain_tag: str | None = None
    category: str | None = None
    region: str | None = None
    channel: str = Ticket.Channel.QR
    difficulty: str = Ticket.Difficulty.L2
    urgent: bool = False
    shielded: bool = False
    test: bool = False
    contact: int | None = None
    enterprise: int | None = None
    visibility: str = ""

    def fingerprint(self, qr: QRCode | None) -> bytes:
        """SM3 of the body under a key: another body under the same key is refused."""
        body = asdict(self) | {"qr_code": qr.code if qr else None}
        return sm3(json.dumps(body, ensure_ascii=False, sort_keys=True).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Behalf:
    """Who enters a request for a firm; `stated` goes into the log, `fingerprint` tells one entry from another."""

    actor_id: int | None
    caller: Caller = SYSTEM
    stated: Mapping[str, object]
    fingerprint: bytes = b""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the firm gets: the request, the code to read it with, and whether the key was seen before."""

    ticket: Ticket
    access_code: str
    repeated: bool = False


@transaction.atomic
def submit(
    *,
    filed: Filed,
    qr: QRCode | None,
    key: str,
    at: datetime,
    behalf: Behalf | None = None,
    files: Files = NO_FILES,
) -> Receipt:
    """Accept a request: its row, content, first event, clocks and the wish to be routed, in one transaction.

    Entered by somebody for the firm where there is a `behalf` (`services.entry`). `key` (form UUID or
    Idempotency-Key, kept 24 h) makes a double tap, a reload and a retry one request. Raises `Invalid` where the key
    was used with another body, and of staff where a file cannot go along (a firm's never holds a request up). `files`
    that come with a repeat are added to the request.
    """
    stamp, serial, pk, contact = read_arrival(index(filed.contact_phone))
    digest, fingerprint = sm3(f"{SUBMIT}|{key}".encode()), filed.fingerprint(qr)
    if behalf:
        fingerprint = sm3(fingerprint, behalf.fingerprint)
    if not Answer.objects.claim(digest=digest, fingerprint=fingerprint, ticket_id=pk, at=stamp.at):
        return _answered(digest, fingerprint, files, behalf, at=at)
    ticket = born(filed, qr, pk=pk, number=number_of(serial, at), at=at)
    ticket.contact_id = filed.contact or contact  # a phone sees what it submits
    filing = filing_of(filed, ticket)
    batch = _announce(ticket, filing, filed, qr, at=at, behalf=behalf, files=files)
    batch.write(stamp, beside=[filing])
    return Receipt(ticket, shown_code(ticket))


def _answered(digest: bytes, fingerprint: bytes, files: Files, behalf: Behalf | None, *, at: datetime) -> Receipt:
    kept = Answer.objects.select_related("ticket__chain_tag").get(digest=digest)
    if bytes(kept.fingerprint) != fingerprint:
        raise Invalid("这次提交的内容与之前同一编号的提交不同。请刷新页面后重新提交。", code="key-reused")
    add_late(kept.ticket_id, files, at=at, party=party_of(behalf), caller=behalf.caller if behalf else FIRM)
    return Receipt(kept.ticket, shown_code(kept.ticket), repeated=True)


def party_of(behalf: Behalf | None) -> Party:
    """As what a submission is made."""
    return Party.INTAKE if behalf else Party.FIRM


def born(filed: Filed, qr: QRCode | None, *, pk: int, number: str, at: datetime) -> Ticket:
    """The request's row, unsaved."""
    kept_tag = qr is not None and filed.chain_tag in {None, qr.chain_tag_id}  # another tag: another matter
    category = filed.category or (qr.category_id if qr and kept_tag else None)
    region = filed.region or (qr.region_id if qr else None) or settings.DEFAULT_REGION
    ticket = Ticket(
        pk=pk,
        number=number,
        chain_tag_id=filed.chain_tag or (qr.chain_tag_id if qr else None),
        category_id=category,
        region=Region.objects.get(pk=region) if not qr or qr.region_id != region else qr.region,
        difficulty=filed.difficulty,
        urgent=filed.urgent,
        shielded=filed.shielded,
        enterprise_id=filed.enterprise,
        visibility=filed.visibility,
        test=filed.test,
        channel=filed.channel,
        qr_code=qr,
        submitted_at=at,
    )
    ticket.access_hash = opening_hash(ticket)
    if category:
        ticket.restricted = Category.objects.filter(pk=category, restricted=True).exists()
    return ticket


def filing_of(filed: Filed, ticket: Ticket) -> Filing:
    """Its content, unsaved."""
    filing = Filing(
        ticket=ticket,
        title=filed.title or title_from(filed.text),
        text=filed.text,
        enterprise_name=filed.enterprise_name,
        uscc=filed.uscc,
        contact_name=filed.contact_name,
        contact_phone=filed.contact_phone,
    )
    filing.fill_indexes(number=ticket.number)
    return filing


def _announce(
    ticket: Ticket,
    filing: Filing,
    filed: Filed,
    qr: QRCode | None,
    *,
    at: datetime,
    behalf: Behalf | None,
    files: Files,
) -> Batch:
    """The first event, the first clocks and the outbox row, gathered."""
    (move,) = rows_of(Action.SUBMIT)
    batch = Batch([ticket], live=[])
    event = record.draft(
        ticket=ticket,
        kind=Action.SUBMIT,
        party=party_of(behalf),
        actor_id=behalf.actor_id if behalf else None,
        happened_at=at,
        to_status=Status.SUBMITTED,
        data={**submitted_with(ticket, filed, qr), **(behalf.stated if behalf else {})},
    )
    begin = Begin(ticket=ticket, book=current_book(), at=at, seq=event.seq)
    event.data["clocks"] = promise.apply(move, begin, batch.clocks[ticket.pk])
    attach(event, files, lenient=behalf is None)
    batch.add(event, then=move.then, digest=filing.digest())
    return batch


def submitted_with(ticket: Ticket, filed: Filed, qr: QRCode | None) -> dict[str, object]:
    """What the first event keeps of a submission: codes, nothing personal."""
    belongs = {"visibility": filed.visibility, "enterprise": filed.enterprise} if filed.visibility else {}
    return {
        "chain_tag": ticket.chain_tag_id,
        "chain_tag_of_code": qr.chain_tag_id if qr else None,
        "chain_tag_typed": filed.chain_tag,
        "category": ticket.category_id,
        "region": ticket.region_id,
        "channel": ticket.channel,
        "difficulty": ticket.difficulty,
        "urgent": ticket.urgent,
        "restricted": ticket.restricted,
        "test": ticket.test,
        "qr_code": qr.pk if qr else None,
        **belongs,
    }


@transaction.atomic
def route_all(*, ticket_ids: Sequence[int], at: datetime) -> list[Done]:
    """Let the rules decide for every request that still waits for it; each decision is recorded with its reasons.

    Requests that have moved on meanwhile are left alone, so a second run is harmless.
    """
    waiting = Ticket.objects.lock(ticket_ids).select_related("region", "filing").filter(status=Status.SUBMITTED)
    locked = {ticket.pk: ticket for ticket in waiting}
    if not locked:
        return []
    book = current_rules()
    rulings = {key: decide(book, _facts(ticket)) for key, ticket in locked.items()}
    leads = _departments(rulings.values())
    done = perform_all([_intent(locked[key], ruling, leads, at=at) for key, ruling in rulings.items()], locked=locked)
    Decision.objects.bulk_create([_decision(one, rulings[one.ticket.pk], leads) for one in done])
    return done


def _facts(ticket: Ticket) -> Facts:
    return Facts(
        chain_tag=ticket.chain_tag_id,
        category=ticket.category_id,
        region=ticket.region.path,
        text=f"{ticket.filing.title}\n{ticket.filing.text}",
        level=ticket.level,
        channel=ticket.channel,
        urgent=ticket.urgent,
        industry_chain=ticket.industry_chain_id,
        tag_from="code" if ticket.qr_code_id else "firm",
    )


def _departments(rulings: Iterable[Ruling]) -> dict[str, Department]:
    codes = {code for ruling in rulings for code in (ruling.department, *ruling.co_departments) if code}
    return {row.code: row for row in Department.objects.filter(code__in=codes)}


def _intent(ticket: Ticket, ruling: Ruling, leads: dict[str, Department], *, at: datetime) -> Intent:
    data = {
        "rule_set": ruling.rule_set,
        "rule": ruling.rule_position,
        "department": ruling.department,
        "co_departments": list(ruling.co_departments),
        "restricted": ruling.restricted,
    }
    if ruling.department is None:
        return Intent(action=Action.DEFER, ticket_id=ticket.pk, at=at, data=data)
    return Intent(
        action=Action.ROUTE,
        ticket_id=ticket.pk,
        at=at,
        data=data,
        changes={"department": leads[ruling.department], "assigned_at": at, "restricted": ruling.restricted},
        helpers=[leads[code] for code in ruling.co_departments],
    )


def _decision(done: Done, ruling: Ruling, leads: dict[str, Department]) -> Decision:
    full = ruling.record()
    return Decision(
        ticket=done.ticket,
        seq=done.event.seq,
        rule_set_id=ruling.rule_set_id,
        rule_id=ruling.rule_id,
        department=leads.get(ruling.department or ""),
        facts={
            "seen": _facts(done.ticket).record(),
            "ruling": {k: v for k, v in full.items() if k != "second"},
        },
        second=full["second"],
        reason=ruling.reason,
        decided_at=done.event.happened_at,
    )
