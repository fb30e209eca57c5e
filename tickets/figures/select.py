"""Which rows of the projection a window is about, as SQL: current ones, or those of a cut-off and what was known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tickets.figures.atoms import BIT
from tickets.figures.scope import Scope
from tickets.figures.window import Window


@dataclass(frozen=True, slots=True)
class Rows:
    """A condition over `tickets_fact` and its parameters by name."""

    sql: str
    params: dict[str, Any]


_TRUE_THEN = (
    "since <= %(as_of)s AND (until > %(as_of)s"
    " OR (%(known)s::timestamptz < replaced_at AND known_at <= %(known)s AND lasts_until > %(as_of)s))"
    " AND (%(known)s::timestamptz IS NULL OR known_at <= %(known)s)"
)
"""`Fact` says why."""


def rows_of(window: Window, scope: Scope, *, by_closing: bool = False) -> Rows:
    """Rows that count at the window's cut-off, first submitted (or last closed) in it, within the scope."""
    flow = "closed_at" if by_closing else "submitted_at"
    when = "state = 'now'" if window.live else _TRUE_THEN
    inside, params = scope.sql()
    sql = f"{flow} >= %(begins)s AND {flow} < %(ends)s AND {when} AND flags & {BIT['counted']} <> 0 AND {inside}"
    return Rows(
        sql, params | {"begins": window.since, "ends": window.until, "as_of": window.as_of, "known": window.known}
    )


def own(scope: Scope, dimension: str) -> str:
    """Which of a split request and its parts count: the parts for who handles them, elsewhere the whole."""
    parts = scope.of_department or dimension in {"department", "officer"}
    return f"flags & {BIT['divided' if parts else 'part']} = 0"
