"""Random lives of requests: every move is one of the verbs', made in batches so that hundreds take seconds.

What needs more than one transaction step (second words, merge, split, call-backs) is made at once, between batches;
where the table refuses such a move at that moment, it does not happen.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from qihu.errors import DomainError
from tests.make import receipt
from tests.people import user
from tests.tickets.topics.stories import FLATS, NOISE
from tickets.access import FIRM, Caller
from tickets.models import Ticket
from tickets.services import (
    approvals,
    callback,
    centre,
    closing,
    departure,
    dispatch,
    handling,
    intake,
    joining,
    review,
    transition,
)
from tickets.services.intent import Intent
from tickets.services.transition import perform_all
from tickets.workflow import Action, Status

CODES = ("DEMO-CAPITAL", "DEMO-TALENT", "DEMO-INDUSTRY", "DEMO-SERVICE", "DEMO")
FIRMS = ("浙江安捷（衢州）有限公司", "浙江安捷(衢州)有限公司", "衢州华友新材有限公司", "浙江开山轴承有限公司")
WHERE = {"region": ("330800", "330800", "330802"), "channel": ("qr", "qr", "app", "hotline")}
OUTCOMES = ("solved", "solved", "solved", "partial", "explained", "unsolved")
HOURS = (0.2, 1, 3, 8, 20, 30, 60, 150, 400)
Step = tuple[Callable[..., Any], dict[str, Any]]


def live(
    n: int, *, seed: int, since: datetime, until: datetime, monkeypatch: Any, varied: bool = False
) -> list[Ticket]:
    """`n` requests submitted in [since, until), each led through up to a dozen legal moves.

    `varied`: of several firms about several matters, from several places; else all of one firm about one.
    """
    dice, wanted = random.Random(seed), Together.of(monkeypatch)
    clocks = _born(n, dice, since, until, varied=varied)
    people = _People()
    for _ in range(12):
        for ticket in Ticket.objects.filter(pk__in=clocks).select_related("department").order_by("pk"):
            if dice.random() < 0.12:
                wanted.perform()
                with wanted.direct():
                    _at_once(ticket, dice, people, clocks)
                continue
            for verb, more in _next(ticket, dice, people):
                clocks[ticket.pk] += timedelta(hours=dice.choice(HOURS) * dice.random())
                made = verb(ticket_id=ticket.pk, at=clocks[ticket.pk], **more)
                if isinstance(made, Intent):
                    wanted(made)
        wanted.perform()
    monkeypatch.undo()
    return list(Ticket.objects.filter(pk__in=clocks).order_by("pk"))


class Together:
    """In place of `perform`: keeps what is wanted until a batch is full; within `direct()` performs it."""

    @classmethod
    def of(cls, monkeypatch: Any) -> Together:
        """In place of it until `monkeypatch.undo()`."""
        wanted = cls()
        for module in (transition, review, closing, dispatch):
            monkeypatch.setattr(module, "perform", wanted)
        return wanted

    def __init__(self) -> None:
        self._kept: list[Intent] = []
        self._now = False

    def __call__(self, intent: Intent) -> Any:
        return perform_all([intent])[0] if self._now else self._kept.append(intent)

    def perform(self) -> None:
        perform_all(self._kept)
        self._kept.clear()

    @contextmanager
    def direct(self) -> Iterator[None]:
        self._now = True
        yield
        self._now = False


def _born(n: int, dice: random.Random, since: datetime, until: datetime, *, varied: bool) -> dict[int, datetime]:
    """Each submitted, some routed by the rules: key → where its own time stands."""
    clocks = {}
    for _ in range(n):
        at = since + (until - since) * dice.random()
        more = _who_and_what(dice) if varied else {}
        born = receipt(
            qr=dice.choice(CODES),
            at=at,
            difficulty=dice.choice(("L1", "L2", "L2", "L3")),
            urgent=dice.random() < 0.1,
            **more,
        )
        clocks[born.ticket.pk] = at
    for key, at in clocks.items():
        if dice.random() < 0.9:
            clocks[key] = at + timedelta(minutes=dice.choice((0, 1, 90, 600)))
            if dice.random() < 0.3:
                intake.route_all(ticket_ids=[key], at=clocks[key])
    return clocks


def _who_and_what(dice: random.Random) -> dict[str, Any]:
    """One firm in two or a new one; the same few matters again and again, from here and there."""
    known = dice.random() < 0.5
    return {
        "enterprise_name": dice.choice(FIRMS) if known else f"衢州第{dice.randrange(10**6)}机械厂",
        "contact_phone": f"139{dice.randrange(20 if known else 10**8):08d}",
        "text": dice.choice((*FLATS, *NOISE)),
        **{name: dice.choice(values) for name, values in WHERE.items()},
    }


class _People(dict[str, Caller]):
    def __missing__(self, name: str) -> Caller:
        self[name] = Caller(user(name))
        return self[name]


def _rate(*, ticket_id: int, at: datetime, process: int, result: int) -> Intent:
    data = {"process": process, "result": result}
    return Intent(action=Action.RATE, ticket_id=ticket_id, at=at, caller=FIRM, data=data, changes={"closed_at": at})


def _next(ticket: Ticket, dice: random.Random, people: _People) -> Iterator[Step]:  # noqa: C901 - a table of chances
    roll, code = dice.random(), ticket.department.code if ticket.department else ""
    officer, head = people[f"officer.{code}"] if code else None, people[f"head.{code}"] if code else None
    director, dispatcher = people["director"], people["dispatcher"]
    if roll < 0.03 and ticket.is_open and not ticket.supervised:
        yield closing.withdraw, {}
    elif ticket.status in {Status.SUBMITTED, Status.TRIAGE} and roll < 0.8:
        yield dispatch.assign, {"caller": dispatcher, "department": dice.choice(("finance", "land", "tax"))}
    elif ticket.status in {Status.ASSIGNED, Status.IN_PROGRESS} and roll < 0.1:
        others = [code for code in ("finance", "market") if code != ticket.department.code]
        yield dispatch.reassign, {"caller": dispatcher, "department": dice.choice(others)}
    elif ticket.status in {Status.ASSIGNED, Status.IN_PROGRESS} and roll < 0.14:
        more = {"difficulty": dice.choice(("L1", "L3")), "chain_tag": "talent"}
        category, chain = dice.choice(((None, None), ("TAL-01", "paper"), ("FIN-02", "ic")))
        more |= {"category": category, "industry_chain": chain}
        yield dispatch.classify, {"caller": dispatcher} | more
    elif ticket.status == Status.ASSIGNED and roll < 0.85:
        yield handling.sign, {"caller": officer}
    elif ticket.status == Status.IN_PROGRESS and roll < 0.4:
        yield handling.contact, {"caller": officer, "text": "已联系"}
    elif ticket.status == Status.IN_PROGRESS and roll < 0.9 and not ticket.children.open().exists():
        more = {"outcome": dice.choice(OUTCOMES), "burden_relieved": dice.choice((None, 0, 15_000))}
        yield handling.reply, {"caller": officer, "text": "已协调"} | more
    elif ticket.status == Status.REVIEWING and roll < 0.85:
        by = head if ticket.tier == 1 else director
        yield (review.send_back, {"caller": by, "text": "说清楚"}) if roll < 0.3 else (review.deliver, {"caller": by})
    elif ticket.status == Status.ANSWERED and roll < 0.7:
        if roll < 0.2:
            yield closing.rework, {"reason": "没有解决"}
        elif roll < 0.35:
            yield closing.lapse, {}
        else:
            yield _rate, {"process": dice.randint(1, 5), "result": dice.randint(1, 5)}


def _at_once(ticket: Ticket, dice: random.Random, people: _People, clocks: dict[int, datetime]) -> None:
    """One of the moves of two people or two requests that this one may make from where it stands, or none."""
    _in_step(ticket, clocks)
    clocks[ticket.pk] += timedelta(hours=dice.choice(HOURS) * dice.random())
    made = dice.choice(_CHANCES.get(Status(ticket.status), (_tested,)))
    try:
        with transaction.atomic():
            made(Ticket.objects.get(pk=ticket.pk), dice, people, clocks)
    except DomainError:
        return
    finally:
        _in_step(ticket, clocks)


def _in_step(ticket: Ticket, clocks: dict[int, datetime]) -> None:
    """A split request and its parts live in one time: what happens to the whole is told of the parts."""
    whole = ticket.parent_id if ticket.parent_id and ticket.status != Status.MERGED else ticket.pk
    parts = Ticket.objects.filter(parent=whole).exclude(status=Status.MERGED).values_list("pk", flat=True)
    family = [whole, *parts]
    clocks.update(dict.fromkeys(family, max(clocks[key] for key in family)))


def _by(ticket: Ticket, people: _People, role: str) -> Caller:
    return people[f"{role}.{ticket.department.code if ticket.department else ''}"]


def _granted(done: Any, people: _People, clocks: dict[int, datetime]) -> None:
    key = done.ticket.pk
    clocks[key] += timedelta(hours=1)
    approvals.approve(approval_id=done.approval.pk, caller=people["director"], at=clocks[key])


def _extended(ticket: Ticket, dice: random.Random, people: _People, clocks: dict[int, datetime]) -> None:
    due = ticket.deadlines.get(clock="RESOLVE", state="running").due_at  # always: it is being handled
    until = (due + timedelta(days=dice.randint(1, 6))).date()
    head = _by(ticket, people, "head")
    asked = departure.extend(ticket_id=ticket.pk, caller=head, at=clocks[ticket.pk], reason="等银行", until=until)
    _granted(asked, people, clocks)


def _rested(ticket: Ticket, _dice: random.Random, people: _People, clocks: dict[int, datetime]) -> None:
    head = _by(ticket, people, "head")
    _granted(departure.suspend(ticket_id=ticket.pk, caller=head, at=clocks[ticket.pk], reason="quota"), people, clocks)


def _resumed(ticket: Ticket, _dice: random.Random, people: _People, clocks: dict[int, datetime]) -> None:
    departure.resume(ticket_id=ticket.pk, caller=_by(ticket, people, "officer"), at=clocks[ticket.pk])


def _asked(ticket: Ticket, _dice: random.Random, people: _People, clocks: dict[int, datetime]) -> None:
    centre.request_info(ticket_id=ticket.pk, caller=people["intake"], at=clocks[ticket.pk], items=["纳税证明"])


def _supplied(ticket: Ticket, _dice: random.Random, _people: _People, clocks: dict[int, datetime]) -> None:
    closing.supplement(ticket_id=ticket.pk, at=clocks[ticket.pk], text="已补充")


def _rejected(ticket: Ticket, _dice: random.Random, people: _People, clocks: dict[int, datetime]) -> None:
    more = {"reason": "litigation", "text": "请向法院反映"}
    _granted(centre.reject(ticket_id=ticket.pk, caller=people["intake"], at=clocks[ticket.pk], **more), people, clocks)


def _returned(ticket: Ticket, dice: random.Random, people: _People, clocks: dict[int, datetime]) -> None:
    more = {"reason": "not_our_duty", "basis": "三定", "suggested_department": "economy"}
    at, head = min(clocks[ticket.pk], ticket.assigned_at + timedelta(hours=3)), _by(ticket, people, "head")
    clocks[ticket.pk] = max(at, ticket.events.latest("seq").happened_at)
    departure.object_to(ticket_id=ticket.pk, caller=head, at=clocks[ticket.pk], **more)
    if dice.random() < 0.8:
        _ruled(ticket, dice, people, clocks)


def _ruled(ticket: Ticket, dice: random.Random, people: _People, clocks: dict[int, datetime]) -> None:
    clocks[ticket.pk] += timedelta(hours=dice.choice((1, 8, 30)))
    yes = {"upheld": True, "department": "economy"} if dice.random() < 0.5 else {"upheld": False}
    more = {"caller": people["dispatcher"], "at": clocks[ticket.pk], "text": "已核实"}
    dispatch.rule_on_return(ticket_id=ticket.pk, **more, **yes)


def _merged(ticket: Ticket, dice: random.Random, people: _People, clocks: dict[int, datetime]) -> None:
    others = Ticket.objects.open().filter(pk__in=clocks).exclude(pk=ticket.pk).order_by("pk")
    parent = dice.choice(list(others))
    _in_step(parent, clocks)
    at = max(clocks[ticket.pk], clocks[parent.pk])
    joining.merge(ticket_id=ticket.pk, caller=people["intake"], at=at, into=parent.number)
    clocks[ticket.pk] = clocks[parent.pk] = at
    _in_step(parent, clocks)


def _divided(ticket: Ticket, _dice: random.Random, people: _People, clocks: dict[int, datetime]) -> None:
    parts = [{"text": "授信", "department": "finance"}, {"text": "用地", "department": "land"}]
    at = clocks[ticket.pk]
    joining.split(ticket_id=ticket.pk, caller=people["dispatcher"], at=at, parts=parts)
    clocks.update(dict.fromkeys(ticket.children.exclude(status=Status.MERGED).values_list("pk", flat=True), at))


def _called(ticket: Ticket, dice: random.Random, people: _People, clocks: dict[int, datetime]) -> None:
    said = dice.choice(({"contacted": False}, *({"contacted": True, "solved": one} for one in (True, True, False))))
    said |= {"was_contacted": dice.choice((None, True, False))}
    callback.call_back(ticket_id=ticket.pk, caller=people["intake"], at=clocks[ticket.pk], **said)


def _reopened(ticket: Ticket, _dice: random.Random, people: _People, clocks: dict[int, datetime]) -> None:
    closing.reopen(ticket_id=ticket.pk, at=clocks[ticket.pk], reason="没到账", caller=people["supervisor"])


def _excluded(ticket: Ticket, _dice: random.Random, people: _People, clocks: dict[int, datetime]) -> None:
    asked = centre.exclude(ticket_id=ticket.pk, caller=people["supervisor"], at=clocks[ticket.pk], reason="恶意差评")
    _granted(asked, people, clocks)


def _tested(ticket: Ticket, dice: random.Random, people: _People, clocks: dict[int, datetime]) -> None:
    if dice.random() < 0.2:
        by = people["intake"]
        _granted(centre.mark_test(ticket_id=ticket.pk, caller=by, at=clocks[ticket.pk], reason="演练"), people, clocks)


_EARLY = (_asked, _rejected, _merged, _merged, _divided, _tested)
_CHANCES: dict[Status, tuple[Callable[..., None], ...]] = {
    Status.SUBMITTED: _EARLY,
    Status.TRIAGE: _EARLY,
    Status.INFO_NEEDED: (_supplied, _supplied, _merged, _divided),
    Status.ASSIGNED: (*_EARLY, _returned, _returned),
    Status.IN_PROGRESS: (_extended, _extended, _rested, _rested, _returned, _merged, _divided),
    Status.DISPUTED: (_ruled,),
    Status.SUSPENDED: (_resumed, _resumed, _merged, _divided),
    Status.ANSWERED: (_called,),
    Status.CLOSED: (_called, _reopened, _excluded, _excluded, _tested),
}
