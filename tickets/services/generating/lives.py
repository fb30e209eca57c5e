"""A lot of requests lived through by the real verbs, one after another: arrivals, delays and outcomes by the dice.

Everything that people do falls into opening hours. All lives come to an end within the lot's time, so that nothing of
a copy waits to fire; what broke on the way is logged by the verbs and one sweep, as it would have been.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import uuid4

from qihu.accounts.models import Region, User
from qihu.errors import DomainError
from routing.promises.book import current_book
from routing.promises.calendars import WorkCalendar
from routing.promises.worktime import add_opening
from tickets.access import Caller
from tickets.models import QRCode, Ticket
from tickets.services import approvals, callback, centre, closing, departure, dispatch, handling, intake, review, sweep
from tickets.services.generating.texts import ANSWERED, asked, firm, person, phone
from tickets.services.intent import Done
from tickets.workflow import Status

WEEKS = 4
"""In which the lot comes in."""
LASTS = timedelta(days=60)
"""After which every life of it has ended."""
_HOUR = 3600
_CODES = {
    "DEMO-CAPITAL": 26,
    "DEMO-TALENT": 18,
    "DEMO-INDUSTRY": 20,
    "DEMO-INNOVATION": 10,
    "DEMO-SERVICE": 22,
    "DEMO": 4,
}
_HOURS = (8, 9, 9, 10, 10, 10, 11, 11, 13, 14, 14, 15, 15, 16, 16, 17, 19, 21)
_DAYS = (0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 6)
_OUTCOMES = {"solved": 82, "partial": 8, "explained": 7, "unsolved": 3}
_MARKS = {5: 60, 4: 26, 3: 8, 2: 4, 1: 2}


def _drawn(dice: Random, shares: dict[str, int]) -> str:
    return dice.choices(list(shares), list(shares.values()))[0]


@dataclass(slots=True)
class Cast:
    """Who acts: read once."""

    users: dict[str, User]
    codes: dict[str, QRCode]
    counties: Sequence[str]
    calendar: WorkCalendar

    def of(self, name: str) -> Caller:
        """Somebody by their account."""
        return Caller(self.users[name])


def cast() -> Cast:
    """The demo organisation's people, codes and counties."""
    codes = QRCode.objects.select_related("chain_tag", "category", "region").filter(code__in=_CODES)
    return Cast(
        {user.username: user for user in User.objects.prefetch_related("grants")},
        {code.code: code for code in codes},
        list(Region.objects.filter(parent="330800").order_by("code").values_list("code", flat=True)),
        current_book().calendar("330800"),
    )


def live(size: int, *, seed: int, since: datetime) -> list[int]:
    """Keys of `size` requests that came in within `WEEKS` weeks from `since`, a Monday's midnight, and have ended."""
    people = cast()
    keys = [_one(Random(seed * 1_000_003 + n), people, since) for n in range(size)]  # noqa: S311 - no secret
    while sweep.sweep(at=since + timedelta(weeks=WEEKS) + LASTS):
        pass
    return keys


def _one(dice: Random, people: Cast, since: datetime) -> int:
    """Each life has dice of its own, so that no other one changes it."""
    return _Life(dice, people, since + _arrival(dice)).lived()


def _arrival(dice: Random) -> timedelta:
    day = timedelta(weeks=dice.randrange(WEEKS), days=dice.choice(_DAYS))
    return day + timedelta(hours=dice.choice(_HOURS), seconds=dice.randrange(3600))


class _Life:
    """One request and where its time stands."""

    def __init__(self, dice: Random, people: Cast, at: datetime) -> None:
        self.dice, self.people, self.at = dice, people, at
        code = _drawn(dice, _CODES)
        county = dice.choice(people.counties) if people.counties and dice.random() < 0.3 else None
        filed = intake.Filed(
            text=asked(dice, code),
            enterprise_name=firm(dice),
            contact_name=person(dice),
            contact_phone=phone(dice),
            region=county,
            difficulty=dice.choice(("L1", "L2", "L2", "L2", "L3")),
            urgent=dice.random() < 0.05,
        )
        self.key = intake.submit(filed=filed, qr=people.codes[code], key=str(uuid4()), at=at).ticket.pk

    def lived(self) -> int:
        """To its end; its key."""
        self._pass(minutes=2)
        intake.route_all(ticket_ids=[self.key], at=self.at)
        self._handed()
        self._rounds()
        self._afterwards()
        self._rounds()  # what a call-back reopened
        return self.key

    def _rounds(self) -> None:
        while self._ticket().status in {Status.ASSIGNED, Status.IN_PROGRESS}:
            self._handled()
            self._answered()

    def _ticket(self) -> Ticket:
        return Ticket.objects.select_related("department").get(pk=self.key)

    def _pass(self, *, minutes: float) -> None:
        self.at += timedelta(minutes=minutes * (0.5 + self.dice.random()))

    def _work(self, hours: float) -> None:
        """So many opening hours go by, about: the dice's exponential."""
        seconds = int(min(self.dice.expovariate(1 / hours), 8 * hours) * _HOUR) + 60
        self.at = add_opening(self.people.calendar, self.at, seconds)

    def _by(self, role: str) -> Caller:
        department = self._ticket().department
        return self.people.of(f"{role}.{department.code}" if department else "dispatcher")

    def _handed(self) -> None:
        """By hand where the rules do not know; refused, asked for facts or taken back now and then."""
        if self._ticket().status == Status.TRIAGE:
            self._work(0.6)
            to = self.dice.choice(("service-centre", "economy", "market"))
            dispatch.assign(ticket_id=self.key, caller=self.people.of("dispatcher"), at=self.at, department=to)
        roll = self.dice.random()
        if roll < 0.02:
            self._work(1)
            closing.withdraw(ticket_id=self.key, at=self.at, reason="已自行解决")
        elif roll < 0.04:
            self._granted(centre.reject, "intake", "dispatcher", reason="litigation", text="案件已由法院受理。")
        elif roll < 0.08:
            self._work(1)
            asked_for = ["营业执照", "相关合同"]
            centre.request_info(ticket_id=self.key, caller=self.people.of("intake"), at=self.at, items=asked_for)
            self._work(6)
            closing.supplement(ticket_id=self.key, at=self.at, text="材料已备好。")
        elif roll < 0.13:
            self._returned()

    def _granted(self, ask: Callable[..., Done], by: str, second: str, **more: object) -> None:
        self._work(0.5)
        done = ask(ticket_id=self.key, caller=self.people.of(by), at=self.at, **more)
        self._work(1)
        if done.approval is None:
            raise TypeError("that move needs no second word")
        approvals.approve(approval_id=done.approval.pk, caller=self.people.of(second), at=self.at)

    def _returned(self) -> None:
        self._work(0.4)
        try:
            departure.object_to(
                ticket_id=self.key,
                caller=self._by("head"),
                at=self.at,
                reason="not_our_duty",
                basis="“三定”规定第四条",
                suggested_department="economy",
            )
        except DomainError:  # too late in its working day, or already theirs: it stays
            return
        self._work(0.6)
        upheld = self.dice.random() < 0.5
        lead = self._ticket().department
        other = "market" if lead and lead.code == "economy" else "economy"
        dispatch.rule_on_return(
            ticket_id=self.key,
            caller=self.people.of("dispatcher"),
            at=self.at,
            upheld=upheld,
            text="按职责交办。",
            department=other if upheld else "",
        )

    def _handled(self) -> None:
        officer = self._by("officer")
        self._work(0.2)
        handling.sign(ticket_id=self.key, caller=officer, at=self.at)
        self._work(0.35)
        handling.contact(ticket_id=self.key, caller=officer, at=self.at, text="已电话联系，约定上门。")
        roll = self.dice.random()
        if roll < 0.06:
            self._extended()
        elif roll < 0.3:
            self._work(3)
            handling.note(ticket_id=self.key, caller=officer, at=self.at, text="已发函协办单位。")
        self._work(9)
        self._replied()

    def _extended(self) -> None:
        due = self._ticket().deadlines.filter(clock="RESOLVE", leg=None).latest("turn").due_at or self.at
        until = (due + timedelta(days=self.dice.randint(2, 6))).date()
        asked_at = self.at
        try:
            self._granted(departure.extend, self._head(), "director", reason="等银行审批", until=until)
        except DomainError:  # not in time, or no longer allowed: it goes on without
            self.at = max(self.at, asked_at)

    def _head(self) -> str:
        department = self._ticket().department
        return f"head.{department.code}" if department else "director"

    def _replied(self) -> None:
        outcome, text = _drawn(self.dice, _OUTCOMES), self.dice.choice(ANSWERED)
        saved = self.dice.randint(1, 80) * 10_000 if self.dice.random() < 0.15 else None

        def reply() -> None:
            officer = self._by("officer")
            handling.reply(
                ticket_id=self.key, caller=officer, at=self.at, outcome=outcome, text=text, burden_relieved=saved
            )

        reply()
        self._work(2)
        if self.dice.random() < 0.07:
            self._reviewed(review.send_back, text="请写明办理依据。")
            self._work(3)
            reply()
            self._work(1)
        self._reviewed(review.deliver)

    def _reviewed(self, verb: Callable[..., Done], **more: str) -> None:
        """By the head, or by the director once the ladder has raised it, which may be at this very moment."""
        try:
            verb(ticket_id=self.key, caller=self._by("head"), at=self.at, **more)
        except DomainError:
            verb(ticket_id=self.key, caller=self.people.of("director"), at=self.at, **more)

    def _answered(self) -> None:
        """What the firm says: a mark, back with it, or nothing."""
        ticket = self._ticket()
        roll, bad = self.dice.random(), ticket.outcome != "solved"
        if roll < (0.3 if bad else 0.05) and ticket.round < 2:
            self._pass(minutes=900)
            closing.rework(ticket_id=self.key, at=self.at, reason="问题还没有解决。")
        elif roll < 0.45:
            self._pass(minutes=1500)
            result = int(_drawn(self.dice, {str(mark): share for mark, share in _MARKS.items()}))
            process = min(5, max(1, result + self.dice.choice((-1, 0, 0, 1))))
            closing.rate(ticket_id=self.key, at=self.at, process=process, result=result)
        else:
            self.at = ticket.deadlines.get(clock="RATE", state="running").due_at or self.at
            closing.lapse(ticket_id=self.key, at=self.at)

    def _afterwards(self) -> None:
        """A call-back wherever one is owed; some leave the figures, by two people."""
        ticket = self._ticket()
        if ticket.status != Status.CLOSED:
            return
        if ticket.call_back_due_at:
            self._work(8)
            callback.call_back(
                ticket_id=self.key,
                caller=self.people.of("intake"),
                at=self.at,
                contacted=True,
                was_contacted=self.dice.random() < 0.98,
                solved=ticket.outcome == "solved" and self.dice.random() < 0.95,
                satisfied=True,
            )
        if self._ticket().status == Status.CLOSED and self.dice.random() < 0.008:
            self._granted(centre.exclude, "supervisor", "director", reason="恶意差评，证据在附件。")
