"""Random lives of requests: every move is one of the verbs', made in batches so that hundreds take seconds."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from tests.make import receipt
from tests.people import user
from tickets.access import FIRM, Caller
from tickets.models import Ticket
from tickets.services import closing, dispatch, handling, intake, review, transition
from tickets.services.intent import Intent
from tickets.services.transition import perform_all
from tickets.workflow import Action, Status

CODES = ("DEMO-CAPITAL", "DEMO-TALENT", "DEMO-INDUSTRY", "DEMO-SERVICE", "DEMO")
OUTCOMES = ("solved", "solved", "solved", "partial", "explained", "unsolved")
HOURS = (0.2, 1, 3, 8, 20, 30, 60, 150, 400)
Step = tuple[Callable[..., Any], dict[str, Any]]


def live(n: int, *, seed: int, since: datetime, until: datetime, monkeypatch: Any) -> list[Ticket]:
    """`n` requests submitted in [since, until), each led through up to a dozen legal moves."""
    dice = random.Random(seed)
    wanted: list[Intent] = []
    for module in (transition, review, closing, dispatch):
        monkeypatch.setattr(module, "perform", wanted.append)
    clocks = _born(n, dice, since, until)
    people = _People()
    for _ in range(12):
        wanted.clear()
        for ticket in Ticket.objects.filter(pk__in=clocks).select_related("department").order_by("pk"):
            for verb, more in _next(ticket, dice, people):
                clocks[ticket.pk] += timedelta(hours=dice.choice(HOURS) * dice.random())
                made = verb(ticket_id=ticket.pk, at=clocks[ticket.pk], **more)
                if isinstance(made, Intent):
                    wanted.append(made)
        perform_all(wanted)
    monkeypatch.undo()
    return list(Ticket.objects.filter(pk__in=clocks).order_by("pk"))


def _born(n: int, dice: random.Random, since: datetime, until: datetime) -> dict[int, datetime]:
    """Each submitted, some routed by the rules: key → where its own time stands."""
    clocks = {}
    for _ in range(n):
        at = since + (until - since) * dice.random()
        born = receipt(
            qr=dice.choice(CODES), at=at, difficulty=dice.choice(("L1", "L2", "L2", "L3")), urgent=dice.random() < 0.1
        )
        clocks[born.ticket.pk] = at
    for key, at in clocks.items():
        if dice.random() < 0.9:
            clocks[key] = at + timedelta(minutes=dice.choice((0, 1, 90, 600)))
            if dice.random() < 0.3:
                intake.route_all(ticket_ids=[key], at=clocks[key])
    return clocks


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
    if roll < 0.03 and ticket.is_open:
        yield closing.withdraw, {}
    elif ticket.status in {Status.SUBMITTED, Status.TRIAGE} and roll < 0.8:
        yield dispatch.assign, {"caller": dispatcher, "department": dice.choice(("finance", "land", "tax"))}
    elif ticket.status in {Status.ASSIGNED, Status.IN_PROGRESS} and roll < 0.1:
        others = [code for code in ("finance", "market") if code != ticket.department.code]
        yield dispatch.reassign, {"caller": dispatcher, "department": dice.choice(others)}
    elif ticket.status in {Status.ASSIGNED, Status.IN_PROGRESS} and roll < 0.14:
        yield dispatch.classify, {"caller": dispatcher, "difficulty": dice.choice(("L1", "L3")), "chain_tag": "talent"}
    elif ticket.status == Status.ASSIGNED and roll < 0.85:
        yield handling.sign, {"caller": officer}
    elif ticket.status == Status.IN_PROGRESS and roll < 0.4:
        yield handling.contact, {"caller": officer, "text": "已联系"}
    elif ticket.status == Status.IN_PROGRESS and roll < 0.9:
        yield handling.reply, {"caller": officer, "outcome": dice.choice(OUTCOMES), "text": "已协调"}
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
