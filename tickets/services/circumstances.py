"""What guards have to look up: read once, and only when one of them asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, FloatField, OuterRef, QuerySet, Subquery

from qihu.accounts.models import User
from qihu.crypto import sm3
from routing.promises.amount import Amount
from routing.promises.book import PromiseBook, calendar_version, current_book
from routing.promises.ladder import closing_before
from routing.promises.worktime import due
from tickets.asks import asks_in
from tickets.models import Approval, CallBack, Deadline, Draw, Event, Filing, Leg, Ticket
from tickets.services.clocks import policy, price
from tickets.workflow import ENDED, Action, Clock, Status

_LIVE = (Deadline.State.RUNNING, Deadline.State.PAUSED)


@dataclass
class Looked:
    """The circumstances of one request for one person at one moment.

    A page that has read the promises in force and the round's clocks anyhow lends them.
    """

    ticket: Ticket
    user: User | None
    at: datetime
    book: Callable[[], PromiseBook] = current_book
    deadlines: Sequence[Deadline] | None = None

    @cached_property
    def _found(self) -> dict[str, Any]:
        """Everything that can be counted, in one query."""
        found: dict[str, Any] = dict(Ticket.objects.filter(pk=self.ticket.pk).values(**_counted()).get())
        return found

    @property
    def open_legs(self) -> Sequence[str]:
        """Names of co-handling departments that owe an answer."""
        names: list[str] = self._found["_legs"]
        return names

    @property
    def open_children(self) -> int:
        """Parts of a split request, not closed yet."""
        return int(self._found["_children"] or 0)

    @property
    def objected(self) -> bool:
        """Whether this department has objected in this round."""
        return bool(self._found["_objected"])

    @property
    def asked(self) -> frozenset[str]:
        """Actions that wait for a second person's word; asked of the database only where some do."""
        return frozenset(self._found["_asked"]) if self.ticket.pending else frozenset()

    @property
    def missed_calls(self) -> int:
        """Call-backs of this round in which nobody was reached."""
        return int(self._found["_missed"] or 0)

    @property
    def supervision_runs(self) -> bool:
        """Whether a written answer is owed: the clock's, or on the restricted path the attribute's."""
        return bool(self._found["_supervised"]) or self.ticket.supervised

    @property
    def follow_up_runs(self) -> bool:
        """Whether a plan is being followed up."""
        return bool(self._found["_followed"])

    @property
    def called_back_by_draw(self) -> bool:
        """Whether the draw for call-backs takes this request and round."""
        return drawn(self.ticket, Draw.Code.CALL_BACK, self._share("_call_back"))

    @property
    def reviewed_by_draw(self) -> bool:
        """Whether the draw for the director's review takes this request and round."""
        return drawn(self.ticket, Draw.Code.REVIEW, self._share("_review"))

    def _share(self, name: str) -> float:
        return float(self._found[name] or 0)

    @property
    def withdrawn_at(self) -> datetime | None:
        """When it lapsed or was withdrawn."""
        at: datetime | None = self._found["_withdrawn"]
        return at

    @cached_property
    def asks(self) -> Sequence[str]:
        """What the firm asks, point by point."""
        filing = getattr(self.ticket, "filing", None) or Filing.objects.get(ticket=self.ticket)
        return asks_in(filing.text)

    @property
    def outside(self) -> bool:
        """Whether the actor belongs to none of the handling departments."""
        mine = self.user.departments() if self.user else frozenset[int]()
        helped = Leg.objects.of_ticket(self.ticket).held_by(mine)
        return self.ticket.department_id not in mine and not (mine and helped.exists())

    @cached_property
    def _book(self) -> PromiseBook:
        return self.book()

    @cached_property
    def return_until(self) -> datetime | None:
        """End of the return window, counted from the assignment."""
        amount = price(self._book, self.ticket, "RETURN_WINDOW")
        assigned_at = self.ticket.assigned_at
        return self._after(assigned_at, amount) if amount and assigned_at else None

    def _after(self, start: datetime, amount: Amount) -> datetime:
        lead = self.ticket.department if self._book.departmental else None
        return due(self._book.calendar(self.ticket.region.path, department=lead.code if lead else ""), start, amount).at

    @cached_property
    def _resolve(self) -> Deadline | None:
        if self.deadlines is not None:
            live = (one for one in self.deadlines if one.clock == Clock.RESOLVE and one.state in _LIVE)
            return next(live, None)
        return Deadline.objects.live([self.ticket.pk]).filter(clock=Clock.RESOLVE).first()

    @cached_property
    def extend_until(self) -> datetime | None:
        """The last closing of the working day before the day on which RESOLVE is due."""
        deadline = self._resolve
        if deadline is None or deadline.due_at is None:
            return None
        return closing_before(calendar_version(deadline.calendar_version_id), deadline.due_at, 1)

    @cached_property
    def extension(self) -> tuple[Amount | None, int]:
        """The longest single extension and how many there may be, by the table."""
        row = policy(self._book, self.ticket, "EXTENSION")
        amount = row.amount() if row else None
        return amount, row.times if row and amount else 0

    @property
    def extension_times(self) -> int:
        """How many extensions the table allows."""
        return self.extension[1]


def drawn(ticket: Ticket, purpose: str, share: float) -> bool:
    """Reproducible: the same request and round are drawn, or not, whoever asks and whenever."""
    lot = int.from_bytes(sm3(f"{purpose}|{ticket.number}|{ticket.round}".encode())[:6])
    return lot < share * 2**48


def _counted() -> dict[str, Any]:
    legs = Leg.objects.open().filter(ticket=OuterRef("pk")).order_by("pk").values("department__name")
    asked = Approval.objects.pending().filter(ticket=OuterRef("pk")).order_by("pk").values("action")
    mine = Event.objects.filter(
        ticket=OuterRef("pk"), kind=Action.OBJECT, department=OuterRef("department"), round=OuterRef("round")
    )
    live = Deadline.objects.filter(ticket=OuterRef("pk"), state__in=_LIVE)
    children = Ticket.objects.filter(parent=OuterRef("pk"))
    ended = Event.objects.filter(ticket=OuterRef("pk"), to_status=Status.WITHDRAWN).order_by("-seq")
    missed = CallBack.objects.filter(ticket=OuterRef("pk"), round=OuterRef("round"), contacted=False)
    return {
        "_legs": ArraySubquery(legs),
        "_asked": ArraySubquery(asked),
        "_children": Subquery(_how_many(children.exclude(status__in=sorted(ENDED)))),
        "_objected": Exists(mine),
        "_missed": Subquery(_how_many(missed)),
        "_supervised": Exists(live.filter(clock=Clock.SUPERVISE)),
        "_followed": Exists(live.filter(clock=Clock.FOLLOW_UP)),
        "_call_back": _share_of(Draw.Code.CALL_BACK),
        "_review": _share_of(Draw.Code.REVIEW),
        "_withdrawn": Subquery(ended.values("happened_at")[:1]),
    }


def _how_many(found: QuerySet[Any]) -> QuerySet[Any, Any]:
    counted: QuerySet[Any, Any] = found.order_by().annotate(_one=F("pk") * 0).values("_one").annotate(n=Count("pk"))
    return counted.values("n")


def _share_of(code: str) -> Subquery:
    return Subquery(Draw.objects.filter(code=code).values("share")[:1], output_field=FloatField())
