"""One row of facts a request, folded from its events in one statement: what every figure is a predicate over.

The log is read as it stood at `as_of`: later events are not there. Who leads a request, its tags, its status, whether
it is a test or left out come from the events; from the request's row only that it is not restricted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet

from routing.promises.book import PromiseBook, current_book
from tickets.figures.openings import calendars
from tickets.figures.statement import FACTS, MATTERS_CLOSED, MATTERS_SUBMITTED, POSITION
from tickets.figures.window import Window, zone
from tickets.models.lists import TicketQuerySet
from tickets.workflow import MOVES, Action, Status


@dataclass(frozen=True, slots=True)
class Query:
    """A statement's opening (`WITH … facts AS (…)`) and its parameters by name."""

    sql: str
    params: dict[str, Any]


ACCEPTED_BY = [Action.ROUTE, Action.DEFER, Action.ASSIGN, Action.REJECT, Action.REQUEST_INFO, Action.SPLIT]
"""What answers ACCEPT (domain.md §5, acceptance)."""
HANDED_BY = [Action.ROUTE, Action.ASSIGN, Action.REASSIGN, Action.RULE_ON_RETURN, Action.SPLIT]
"""What names a lead department; a part of a split request is born with one."""
CLOSED_BY = [move.action for move in MOVES if move.target == Status.CLOSED]
WHOLE, BY_DEPARTMENT = "NOT part", "NOT divided"
"""Rows that count, for the whole and for each department: a split request once, or its parts (domain.md §5)."""


def facts(
    window: Window,
    *,
    scope: TicketQuerySet | None,
    by_closing: bool = False,
    book: PromiseBook | None = None,
) -> Query:
    """The rows of `window`, of `scope` only where given. `by_closing`: the window is about the closing.

    Net handling time uses the calendars of `book` (default: those in force), nearest to the request's region.
    """
    inside, params = _scoped(scope)
    sql = (
        FACTS.replace("{matters}", MATTERS_CLOSED if by_closing else MATTERS_SUBMITTED)
        .replace("{parent_in_scope}", inside.format("parent"))
        .replace("{in_scope}", inside.format("ticket_id"))
        .replace("{position}", POSITION)
        .replace("{flow}", "closed_at" if by_closing else "submitted_at")
        .replace("{life}", ", ".join(_LIFE))
        .replace("{kept}", ", ".join(_KEPT))
    )
    return Query(
        sql,
        params
        | calendars(window, book or current_book())
        | {
            "since": window.since,
            "until": window.until,
            "as_of": window.as_of,
            "zone": str(zone()),
            "accepted_by": [str(one) for one in ACCEPTED_BY],
            "handed_by": [str(one) for one in HANDED_BY],
            "closed_by": [str(one) for one in CLOSED_BY],
        },
    )


_LIFE = [
    "status",
    "round",
    "department_id",
    "departments",
    "chain_tag",
    "category",
    "accepted_at",
    "dispatched_at",
    "delivered_outcome",
    "first_closed_at",
    "first_outcome",
    "first_result",
    "first_close_round",
    "closed_at",
    "outcome",
    "process",
    "result",
    "reopened_at",
    "divided",
    "returned",
    "upheld",
    "extended",
    "rested",
    "excluded",
    "called_round",
    "called_solved",
    "burden",
]
_KEPT = [
    "accept_due_at",
    "accept_matured",
    "contact_due",
    "contact_missed",
    "resolve_broken",
    "resolve_promised_at",
    "resolve_due_at",
    "resolve_met_at",
    "resolve_agreed_matured",
    "resolve_original_matured",
    "net_seconds",
]


def _scoped(scope: TicketQuerySet | None) -> tuple[str, dict[str, Any]]:
    """SQL that a column, to be filled in for `{}`, is a request of the scope; and its parameters."""
    if scope is None:
        return "", {}
    try:
        sql, values = scope.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:  # Django knows beforehand that this viewer sees nothing
        return "AND FALSE", {}
    sql = sql.replace("{", "{{").replace("}", "}}")
    names = iter(f"scope_{i}" for i in range(len(values)))
    named = re.sub(r"%s", lambda _: f"%({next(names)})s", sql)
    return f"AND {{}} IN ({named})", {f"scope_{i}": value for i, value in enumerate(values)}
