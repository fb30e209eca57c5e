"""Lists of requests: named queries, each served by an index of `Ticket`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Concat, Lower

from qihu.accounts.models import Department
from tickets.models.search import lexeme_query, words_of
from tickets.workflow import OPEN, Clock, Status

if TYPE_CHECKING:
    from tickets.models.ticket import Ticket

DUE = "next_due_at"
"""When the next promise ends: what the lists of work go by, unless they say otherwise."""


class TicketQuerySet(models.QuerySet["Ticket"]):
    """Named queries; every list that a page shows is one of these, paged and served by an index."""

    def lock(self, keys: Iterable[int]) -> TicketQuerySet:
        """Rows of `keys`, locked in key order (law: the ticket first).

        The lock is FOR NO KEY UPDATE, so rows that refer to the ticket can be inserted meanwhile.
        """
        return (
            self.filter(pk__in=list(keys))
            .select_related("region")
            .order_by("pk")
            .select_for_update(of=("self",), no_key=True)
        )

    def parts_of(self, parent: Ticket) -> TicketQuerySet:
        """What it was split into; not what was merged into it, which is somebody else's."""
        return self.filter(parent=parent).exclude(status=Status.MERGED)

    def open(self) -> TicketQuerySet:
        """Not ended."""
        return self.filter(status__in=sorted(OPEN))

    def soonest_first(self, by: str = DUE) -> TicketQuerySet:
        """What burns first, told by that moment; requests that have none come last."""
        return self.order_by(F(by).asc(nulls_last=True), "pk")

    def newest_first(self) -> TicketQuerySet:
        """Latest submission first."""
        return self.order_by("-submitted_at", "-pk")

    def for_lists(self) -> TicketQuerySet:
        """With everything a row shows, in one query."""
        return self.select_related("filing", "department", "chain_tag", "category", "officer", "region")

    def after_soonest(self, due_at: datetime | None, key: int, by: str = DUE) -> TicketQuerySet:
        """What follows that row in `soonest_first`."""
        without = Q(**{f"{by}__isnull": True})
        if due_at is None:
            return self.filter(without, pk__gt=key)
        return self.filter(Q(**{f"{by}__gt": due_at}) | Q(**{by: due_at}, pk__gt=key) | without)

    def after_newest(self, submitted_at: datetime, key: int) -> TicketQuerySet:
        """What follows that row in `newest_first`."""
        return self.filter(submitted_at__lte=submitted_at).exclude(submitted_at=submitted_at, pk__gte=key)

    def standing_at(self, *statuses: str) -> TicketQuerySet:
        """In one of these statuses."""
        return self.filter(status__in=statuses)

    def running_late(self) -> TicketQuerySet:
        """Open, with a promise broken that still runs."""
        return self.open().filter(late=True)

    def in_rework(self) -> TicketQuerySet:
        """Open, and sent back by the firm at least once."""
        return self.open().filter(round__gt=1)

    def supervised(self) -> TicketQuerySet:
        """Open, with a written answer owed."""
        return self.open().filter(supervised=True)

    def to_call_back(self) -> TicketQuerySet:
        """Picked for a call that has not been made."""
        return self.filter(call_back_due_at__isnull=False)

    def with_plan(self) -> TicketQuerySet:
        """Closed with a plan that is still followed up.

        Its clock runs, so the next due time is there: said aloud, because the list's index holds only those.
        """
        live = Q(deadlines__clock=Clock.FOLLOW_UP, deadlines__state="running")
        return self.filter(live, status=Status.CLOSED, next_due_at__isnull=False)

    def due_within(self, start: datetime, end: datetime) -> TicketQuerySet:
        """Whose next promise ends in `[start, end)`."""
        return self.filter(next_due_at__gte=start, next_due_at__lt=end)

    def tagged(self, chain_tag: str) -> TicketQuerySet:
        """Of one chain."""
        return self.filter(chain_tag=chain_tag)

    def at_department(self, code: str) -> TicketQuerySet:
        """Of the lead department with this code: looked up first, so that the list's index gives the order."""
        return self.filter(department=Department.objects.filter(code=code).values("pk")[:1])

    def led_by(self, departments: Iterable[int]) -> TicketQuerySet:
        """Of these lead departments."""
        return self.filter(department__in=list(departments))

    def waiting_for_review(self, reviewer: int, *, tier_one: bool) -> TicketQuerySet:
        """Replies this person may review: never their own; tier 1 is the head's, what is drawn and the rest the
        director's.
        """
        tiers = Q(tier=1, review_drawn=False) if tier_one else Q(tier__gt=1) | Q(review_drawn=True)
        return self.filter(tiers, status=Status.REVIEWING).exclude(reply_author=reviewer)

    def matching(self, typed: str, *, named: Q) -> TicketQuerySet:
        """Whose number, title, text or firm's name contains every word typed.

        The name counts only where `named` holds: a search must not tell who a shielded firm is.
        """
        words = words_of(typed)
        if not words:
            return self
        hit = Func(
            F("filing__search"),
            Value(lexeme_query(words)),
            template="(%(expressions)s::tsquery)",  # as it is: no parser, no dictionary
            arg_joiner=" @@ ",
            output_field=models.BooleanField(),
        )
        found = self.filter(hit).alias(
            open_words=_plain("number", "filing__title", "filing__text"),
            all_words=_plain("number", "filing__title", "filing__enterprise_name", "filing__text"),
        )
        everywhere, unnamed = Q(named), Q()
        for word in words:
            unnamed &= Q(open_words__contains=word)
            if len(word) > 2:  # shorter ones are whole lexemes: the index has answered for them
                everywhere &= Q(all_words__contains=word)
        return found.filter(everywhere | unnamed)


def _plain(*columns: str) -> Func:
    """These columns in lower case and without white space, as the lexemes were made."""
    joined = [part for column in columns for part in (F(column), Value("|"))]
    return Func(
        Lower(Concat(*joined, output_field=models.TextField())),
        Value(r"\s"),
        Value(""),
        Value("g"),
        function="regexp_replace",
        output_field=models.TextField(),
    )
