"""The month of the worked example (domain.md §5), lived through by the verbs."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import pytest

from tests import make
from tests.people import user
from tests.tickets.figures.histories import Together
from tickets.access import Caller
from tickets.figures import Window, window_from
from tickets.models import Ticket
from tickets.services import approvals, callback, centre, closing, departure, handling, intake, joining, review

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CUT = datetime(2026, 3, 31, 16, 0, tzinfo=UTC)  # 1 April, 00:00 in Shanghai
EARLY, SPARE, LATE_WEEK = make.MONDAY, make.MONDAY + 18 * DAY, make.MONDAY + 25 * DAY  # 2, 20 and 27 March
SOLVED, PARTIAL, EXPLAINED, UNSOLVED = "solved", "partial", "explained", "unsolved"
GRADES = {5: 5, 4: 5, 3: 4, 2: 3, 1: 3}
"""What the firms that say this of the result say of how it was handled."""


class March:
    """The month of the example, made step by step; requests are kept by what becomes of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._numbers = itertools.count(1)
        self._people: dict[str, Caller] = {}

    def by(self, username: str) -> Caller:
        return self._people.setdefault(username, Caller(user(username)))

    def submitted(self, count: int, *, at: datetime, **more: Any) -> list[Ticket]:
        """Each of another firm, by turns with three departments."""
        codes = itertools.cycle(("DEMO-CAPITAL", "DEMO-TALENT", "DEMO-INDUSTRY"))
        return [self._one(qr=code, at=at, **more) for code, _ in zip(codes, range(count), strict=False)]

    def _one(self, **more: Any) -> Ticket:
        n = next(self._numbers)
        return make.submitted(enterprise_name=f"衢州第{n}机械有限公司", contact_phone=f"139{n:08d}", **more)

    def accepted(self, count: int, *, at: datetime) -> list[Ticket]:
        """Routed within the minute."""
        born = self.submitted(count, at=at)
        intake.route_all(ticket_ids=[one.pk for one in born], at=at + make.MINUTE)
        return _fresh(born)

    def signed(self, tickets: Sequence[Ticket], *, after: timedelta = timedelta()) -> list[Ticket]:
        """Signed and contacted half an hour after assignment."""
        with self._batch() as together:
            for one in tickets:
                officer, at = self.by(f"officer.{one.department.code}"), one.assigned_at + after + HOUR / 2
                together(handling.sign, one, caller=officer, at=at)
                together(handling.contact, one, caller=officer, at=at, text="已联系")
        return _fresh(tickets)

    def answered(self, tickets: Sequence[Ticket], outcomes: Sequence[str], *, at: datetime) -> list[Ticket]:
        """Replied at `at`, delivered an hour later."""
        with self._batch() as together:
            for one, outcome in zip(tickets, outcomes, strict=True):
                officer, head = (self.by(f"{role}.{one.department.code}") for role in ("officer", "head"))
                together(handling.reply, one, caller=officer, at=at, outcome=outcome, text="已协调办理")
                together(review.deliver, one, caller=head, at=at + HOUR)
        return _fresh(tickets)

    def closed(self, tickets: Sequence[Ticket], results: Sequence[int], *, by_silence_at: datetime) -> None:
        """Rated as said an hour after delivery, the others by silence."""
        for one, result in zip(tickets, results, strict=False):
            closing.rate(ticket_id=one.pk, at=one.answered_at + HOUR, process=GRADES[result], result=result)
        with self._batch() as together:
            for one in tickets[len(results) :]:
                together(closing.lapse, one, at=by_silence_at)

    def granted(self, done: Any, *, by: str, at: datetime) -> None:
        approvals.approve(approval_id=done.approval.pk, caller=self.by(by), at=at)

    def _batch(self) -> _Batch:
        return _Batch(self._monkeypatch)


class _Batch:
    """Verbs called within are performed together at its end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __enter__(self) -> Self:
        self._together = Together.of(self._monkeypatch)
        return self

    def __call__(self, verb: Any, ticket: Ticket, **more: Any) -> None:
        verb(ticket_id=ticket.pk, **more)

    def __exit__(self, *_raised: object) -> None:
        self._together.perform()
        self._monkeypatch.undo()


def _fresh(tickets: Sequence[Ticket]) -> list[Ticket]:
    found = Ticket.objects.select_related("department").in_bulk([one.pk for one in tickets])
    return [found[one.pk] for one in tickets]


def lived(monkeypatch: pytest.MonkeyPatch) -> Window:
    """The month at its end. 100 submitted: 87 accepted, 6 merged, 4 rejected, 2 asked and withdrawn, 1 restricted;
    of the accepted 83 stay whole, 4 become 12 units.
    """
    march = March(monkeypatch)
    assert make.routed(qr="DEMO-SERVICE", category="SRV-04", at=EARLY).restricted
    _turned_away(march)
    _never_handled(march)
    in_time, extended, late = _whole(march)
    _divided(march)
    _unfinished(march)
    _merged(march, in_time)
    spoken = _spoken_of(march, in_time, extended, late)
    _called(march, spoken)
    return window_from("2026-03-01", "2026-04-01", at=CUT)


def _turned_away(march: March) -> None:
    """4 rejected with guidance by two people before they were routed, within the two hours that ACCEPT has."""
    for one in march.submitted(4, at=EARLY):
        more = {"reason": "litigation", "text": "请向承办法官反映。"}
        asked = centre.reject(ticket_id=one.pk, caller=march.by("intake"), at=EARLY + HOUR / 2, **more)
        march.granted(asked, by="dispatcher", at=EARLY + HOUR)


def _never_handled(march: March) -> None:
    """2 asked for facts, then withdrawn."""
    for one in march.submitted(2, at=EARLY):
        centre.request_info(ticket_id=one.pk, caller=march.by("intake"), at=EARLY + HOUR, items=["纳税证明"])
        closing.withdraw(ticket_id=one.pk, at=EARLY + DAY, reason="不办了")


def _whole(march: March) -> tuple[list[Ticket], list[Ticket], list[Ticket]]:
    """74 matured: 62 met the original date, 4 only the extended one, 2 are suspended, 6 late (2 still open)."""
    in_time = march.signed(march.accepted(62, at=EARLY + DAY))
    extended = march.signed(march.accepted(4, at=EARLY))
    for one in extended:
        until = (one.deadlines.get(clock="RESOLVE").due_at + 3 * DAY).date()
        head = march.by(f"head.{one.department.code}")
        asked = departure.extend(ticket_id=one.pk, caller=head, at=EARLY + 2 * DAY, reason="等银行", until=until)
        march.granted(asked, by="director", at=EARLY + 2 * DAY + HOUR)
    late = march.signed(march.accepted(6, at=EARLY))
    for one in march.signed(march.accepted(2, at=SPARE)):
        head = march.by(f"head.{one.department.code}")
        asked = departure.suspend(ticket_id=one.pk, caller=head, at=SPARE + 5 * DAY, reason="quota")
        march.granted(asked, by="director", at=SPARE + 6 * DAY)
    return in_time, extended, late


def _divided(march: March) -> None:
    """4 requests become 12 units: 6 of them solved in time, with their parents; 6 not due yet."""
    parts = march.signed(_split(march, march.accepted(2, at=EARLY + DAY), at=EARLY + DAY + HOUR))
    march.closed(march.answered(parts, [SOLVED] * 6, at=EARLY + 3 * DAY), [5] * 6, by_silence_at=CUT)
    parents = _fresh([one.parent for one in parts[::3]])
    answered = march.answered(parents, [SOLVED] * 2, at=EARLY + 4 * DAY)
    march.closed(answered, [], by_silence_at=EARLY + 20 * DAY)
    _split(march, march.accepted(2, at=LATE_WEEK), at=LATE_WEEK + HOUR)


def _split(march: March, tickets: Sequence[Ticket], *, at: datetime) -> list[Ticket]:
    parts = [{"text": "协调", "department": code} for code in ("finance", "land", "tax")]
    for one in tickets:
        joining.split(ticket_id=one.pk, caller=march.by("dispatcher"), at=at, parts=parts)
    children = Ticket.objects.filter(parent__in=tickets).select_related("department", "parent")
    return list(children.order_by("parent", "pk"))


def _unfinished(march: March) -> None:
    """6 of the 9 whole requests that are not due yet: 2 assigned, 3 in progress, 1 replied."""
    march.accepted(2, at=LATE_WEEK)
    signed = march.signed(march.accepted(4, at=LATE_WEEK))
    officer = march.by(f"officer.{signed[0].department.code}")
    more = {"outcome": SOLVED, "text": "已协调办理"}
    handling.reply(ticket_id=signed[0].pk, caller=officer, at=LATE_WEEK + DAY, **more)


def _merged(march: March, into: Sequence[Ticket]) -> None:
    """6 that say again what others had said."""
    for one, parent in zip(march.submitted(6, at=EARLY + DAY + HOUR), into, strict=False):
        at = EARLY + DAY + 2 * HOUR
        joining.merge(ticket_id=one.pk, caller=march.by("intake"), at=at, into=parent.number)


def _spoken_of(
    march: March, in_time: list[Ticket], extended: list[Ticket], late: list[Ticket]
) -> tuple[list[Ticket], list[Ticket]]:
    """68 closed whole: 53 solved, 34 of them rated well; 15 otherwise, of which 4 rated "not" and 2 basic."""
    outcomes = [SOLVED] * 51 + [PARTIAL] * 6 + [EXPLAINED] * 5
    answered = march.answered(in_time, outcomes, at=EARLY + 4 * DAY)  # 5 of the solved wait for the firm's word
    extended = march.answered(extended, [SOLVED] * 4, at=EARLY + 9 * DAY)
    late = march.answered(late[:4], [UNSOLVED, UNSOLVED, PARTIAL, EXPLAINED], at=EARLY + 9 * DAY)
    soon = march.answered(march.signed(march.accepted(3, at=LATE_WEEK)), [SOLVED] * 3, at=LATE_WEEK + HOUR)
    solved, others = [*answered[5:51], *extended, *soon], [*late, *answered[51:]]
    rated = [5] * 20 + [4] * 12 + [3] * 2
    march.closed(solved[:-3], rated[3:], by_silence_at=EARLY + 20 * DAY)
    march.closed(solved[-3:], rated[:3], by_silence_at=CUT)
    march.closed(others, [2, 2, 1, 1, 3, 3], by_silence_at=EARLY + 26 * DAY)
    return solved, others


def _called(march: March, spoken: tuple[list[Ticket], list[Ticket]]) -> None:
    """25 reached: 19 say solved, 6 do not; 3 calls that nobody answered count nowhere."""
    solved, others = spoken
    said = [
        *((one, True) for one in solved[:19]),
        *((one, False) for one in others[:6]),
        *((o, None) for o in others[6:9]),
    ]
    for one, answer in said:
        more = {"contacted": answer is not None, "solved": answer}
        callback.call_back(ticket_id=one.pk, caller=march.by("intake"), at=EARLY + 27 * DAY, **more)
