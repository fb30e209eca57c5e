"""Random lives: legal and illegal moves by random people on a few requests, and after each step what must hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import ClassVar

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from qihu.accounts.models import Department, Region, User
from qihu.errors import DomainError
from tests import make
from tests.people import user
from tests.tickets.lives import VERBS, allowed_to_see, keeps_clocks, keeps_log
from tests.tickets.lives_of_firms import People
from tests.tickets.lives_on_ladder import Climbs, keeps_ladder
from tickets import access
from tickets.access import FIRM, SYSTEM, Caller
from tickets.models import Alert, Approval, Deadline, Event, Leg, Ticket
from tickets.services import approvals, intake, legs, sweep
from tickets.terms import LegAction, Status
from tickets.workflow import open_moves

STAFF = (
    *("officer.finance", "head.finance", "officer.land", "head.land", "officer.rural-bank", "officer.finance-330802"),
    "head.rural-bank",  # only ever helps
    *("intake", "dispatcher", "director", "supervisor", "leader", "officer.discipline", "auditor"),
)
STEPS = (timedelta(0), make.MINUTE, 20 * make.MINUTE, timedelta(hours=1), timedelta(hours=5))
LEAPS = (timedelta(days=1), timedelta(days=6), timedelta(days=12), timedelta(days=31))
MOST = 7
ONWARD = frozenset(
    {"assign", "sign", "reply", "deliver", "rate", "supplement", "rework", "resume", "rule_on_return", "call_back"}
)
TURNS = frozenset({"reject", "extend", "suspend", "exclude", "object", "request_info", "assign_leg", "split", "reopen"})
SELDOM = frozenset({"merge", "supervise", "instruct", "withdraw", "urge", "mark_test"})
"""Left to the rule that tries anything: they end a story, or crowd the others out."""
_random = st.randoms(use_true_random=True)
_steps = st.sampled_from(STEPS)


class Lives(RuleBasedStateMachine):
    """One to three requests of one firm, and the parts they are split into."""

    people: ClassVar[dict[str, User]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        if not self.people:
            self.people.update({name: user(name) for name in STAFF})
        county = User.objects.create_user("intake.330802", name="县受理员")
        county.grants.create(role="intake", region=Region.objects.get(code="330802"))
        self.staff = {**self.people, "intake.330802": county}
        self.firm = People()
        self.climbs = Climbs()
        self.at = make.MONDAY
        self.keys: list[int] = []
        self.promised: dict[int, object] = {}
        self.codes = dict(Department.objects.values_list("pk", "code"))

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    # who and what

    def callers(self) -> dict[str, Caller]:
        staff = {name: Caller(one) for name, one in self.staff.items()}
        return {"firm": FIRM, "system": SYSTEM} | staff | self.firm.callers()

    def ticket(self, rng: Random) -> Ticket:
        return make.fresh(Ticket.objects.get(pk=rng.choice(self.keys)))

    def state(self) -> list[tuple[object, ...]]:
        rows = Ticket.objects.order_by("pk").values_list("pk", "status", "version", "last_seq", "pending")
        return [*rows, Event.objects.count(), Approval.objects.filter(state="pending").count()]

    def attempt(self, verb: Callable[[], object]) -> None:
        """Make the move; a refusal must leave everything as it was."""
        before = self.state()
        refused = ""
        try:
            with transaction.atomic():
                verb()
        except DomainError as refusal:
            refused = refusal.message
        assert not refused or self.state() == before, refused
        self.keys = list(Ticket.objects.order_by("pk").values_list("pk", flat=True))

    # steps

    @initialize(count=st.integers(1, 3), rng=_random)
    def file(self, count: int, rng: Random) -> None:
        for n in range(count):
            where = rng.choice(("DEMO-CAPITAL", "DEMO-CAPITAL", "DEMO", "DEMO-SERVICE"))
            more = {"category": "SRV-04"} if where == "DEMO-SERVICE" and rng.random() < 0.5 else {}
            more["text"] = f"第{n + 1}件：资金缺口1500万元。1. 授信；2. 用地。"
            if rng.random() < 0.5:
                made = self.firm.file(qr=where, at=self.at, rng=rng, **more)
            else:
                made = make.receipt(qr=where, at=self.at, **more).ticket
            self.keys.append(made.pk)
        if rng.random() < 0.7:
            intake.route_all(ticket_ids=self.keys, at=self.at)
            self.onward(rng, make.MINUTE, rng.randint(0, 4))

    @precondition(lambda self: Ticket.objects.filter(status="submitted").exists())
    @rule(wait=_steps)
    def route(self, wait: timedelta) -> None:
        self.at += wait
        intake.route_all(ticket_ids=self.keys, at=self.at)

    @rule(rng=_random, wait=_steps, count=st.integers(1, 4))
    def onward(self, rng: Random, wait: timedelta, count: int) -> None:
        """A few moves in a row that bring one request further."""
        ticket = self.ticket(rng)
        for _ in range(count):
            self._likely(ticket, rng, wait, only=ONWARD)

    @rule(rng=_random, wait=_steps)
    def likely(self, rng: Random, wait: timedelta) -> None:
        """A move that the table opens to somebody; a guard may still refuse it."""
        self._likely(self.ticket(rng), rng, wait, only=frozenset(VERBS) - SELDOM)

    @rule(rng=_random, wait=_steps)
    def turns(self, rng: Random, wait: timedelta) -> None:
        """Something that a plain life does without."""
        self._likely(self.ticket(rng), rng, wait, only=TURNS)

    def _likely(self, ticket: Ticket, rng: Random, wait: timedelta, *, only: frozenset[str]) -> None:
        ticket = make.fresh(ticket)
        self.at += wait
        offered: dict[str, list[Caller]] = {}
        for caller in self.callers().values():
            for action in open_moves(Status(ticket.status), access.parties(caller, ticket)):
                if action in only and (action != "split" or len(self.keys) < MOST):
                    offered.setdefault(action, []).append(caller)
        if offered:
            action = rng.choice(sorted(offered))
            caller = rng.choice(offered[action])
            self.attempt(lambda: VERBS[action](ticket, caller, self.at, rng))

    @rule(rng=_random, wait=_steps)
    def whatever(self, rng: Random, wait: timedelta) -> None:
        """Any move by anybody."""
        ticket, self.at = self.ticket(rng), self.at + wait
        caller = rng.choice(list(self.callers().values()))
        action = rng.choice([one for one in VERBS if one != "split" or len(self.keys) < MOST])
        self.attempt(lambda: VERBS[action](ticket, caller, self.at, rng))

    @rule(rng=_random, wait=_steps, mine=st.booleans())
    def helping(self, rng: Random, wait: timedelta, mine: bool) -> None:
        """A move of a leg, by its own department or by anybody."""
        self.at += wait
        leg = rng.choice(list(Leg.objects.filter(ticket__in=self.keys).order_by("pk")) or [None])
        if leg is None:
            return
        own = [Caller(one) for one in self.staff.values() if leg.department_id in one.departments()]
        caller = rng.choice(own if own and mine else list(self.callers().values()))
        action = rng.choice(list(LegAction))
        more = {"leg_sign": {}, "leg_reply": {"text": "可以办。"}, "leg_return": {"reason": "不归我们。"}}[action]
        verb = getattr(legs, action)
        self.attempt(lambda: verb(ticket_id=leg.ticket_id, leg=leg.pk, caller=caller, at=self.at, **more))

    @precondition(lambda self: Approval.objects.exists())
    @rule(rng=_random, wait=_steps, yes=st.booleans())
    def second_word(self, rng: Random, wait: timedelta, yes: bool) -> None:
        self.at += wait
        waiting = list(Approval.objects.order_by("state", "pk"))
        pending = [one for one in waiting if one.state == "pending"] or waiting
        asked = rng.choice(pending)
        likely = [Caller(self.staff[name]) for name in ("director", "dispatcher", "supervisor")]
        caller = rng.choice([*likely, *self.callers().values()])
        verb = approvals.approve if yes else approvals.refuse
        self.attempt(lambda: verb(approval_id=asked.pk, caller=caller, at=self.at, text="理由" if not yes else ""))

    @rule(leap=st.sampled_from(LEAPS))
    def time_passes(self, leap: timedelta) -> None:
        """The sweep comes by afterwards, and leaves nothing that is due."""
        self.at += leap
        while sweep.sweep(at=self.at):
            pass
        assert not Deadline.objects.filter(fires_at__lt=self.at).exists()

    # what must hold

    @invariant()
    def everything_agrees(self) -> None:
        tickets = list(Ticket.objects.filter(pk__in=self.keys).select_related("region", "department"))
        events: dict[int, list[Event]] = {key: [] for key in self.keys}
        for event in Event.objects.select_related("department").order_by("ticket", "seq"):
            events[event.ticket_id].append(event)
        clocks: dict[int, list[Deadline]] = {key: [] for key in self.keys}
        for one in Deadline.objects.order_by("pk"):
            clocks[one.ticket_id].append(one)
            assert self.promised.setdefault(one.pk, one.promised_due_at) == one.promised_due_at
            self.climbs.keep(one)
        alerts: dict[int, list[Alert]] = {}
        for alert in Alert.objects.order_by("pk"):
            alerts.setdefault(alert.deadline_id, []).append(alert)
        helping: dict[int, list[Leg]] = {key: [] for key in self.keys}
        for leg in Leg.objects.select_related("department").order_by("pk"):
            helping[leg.ticket_id].append(leg)
        waiting = list(Approval.objects.filter(state="pending").values_list("ticket_id", flat=True))
        for ticket in tickets:
            assert ticket.pending == waiting.count(ticket.pk)
            keeps_log(ticket, events[ticket.pk], helping[ticket.pk], at=self.at)
            keeps_clocks(ticket, clocks[ticket.pk], helping[ticket.pk])
            keeps_ladder(clocks[ticket.pk], alerts, events[ticket.pk], at=self.at)
        self._nobody_sees_more(tickets, helping)
        self._nobody_of_a_firm_sees_more(tickets)

    def _nobody_sees_more(self, tickets: list[Ticket], helping: dict[int, list[Leg]]) -> None:
        for person in self.staff.values():
            seen = set(access.visible_to(person).values_list("pk", flat=True))
            assert seen == {t.pk for t in tickets if allowed_to_see(person, t, helping[t.pk])}, person.username
            for ticket in tickets:
                assert not access.parties(Caller(person), ticket) or ticket.pk in seen

    def _nobody_of_a_firm_sees_more(self, tickets: list[Ticket]) -> None:
        for name, contact in self.firm.everybody.items():
            seen = set(access.visible_to_contact(contact).values_list("pk", flat=True))
            assert seen == {t.pk for t in tickets if self.firm.may_see(contact, t)}, name
            assert seen == {t.pk for t in tickets if access.parties(access.signed_in(contact), t)}, name


COMMON = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "print_blob": True,
}


@pytest.mark.django_db
def test_random_lives_stay_sound():
    run_state_machine_as_test(
        Lives, settings=settings(max_examples=6, stateful_step_count=20, derandomize=True, database=None, **COMMON)
    )


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.django_db
def test_many_long_random_lives_stay_sound():
    run_state_machine_as_test(Lives, settings=settings(max_examples=150, stateful_step_count=60, **COMMON))
