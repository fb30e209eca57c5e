"""Which rows of the projection a window is about, as SQL: current ones, or those of a cut-off and what was known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tickets.figures.atoms import Atom
from tickets.figures.scope import Scope
from tickets.figures.window import Window


@dataclass(frozen=True, slots=True)
class Rows:
    """A source of rows to stand after FROM, and its parameters by name."""

    sql: str
    params: dict[str, Any]


_GONE_AT = "GREATEST(until, LEAST(replaced_at, lasts_until))"
"""From then on, known then, a row is no longer true; an index has it, and `Fact` the same expression."""
_TRUE_THEN = (
    "since <= %(as_of)s AND (until > %(as_of)s"
    " OR (%(known)s::timestamptz < replaced_at AND known_at <= %(known)s AND lasts_until > %(as_of)s))"
    " AND (%(known)s::timestamptz IS NULL OR known_at <= %(known)s)"
)
"""`Fact` says why."""


def rows_of(window: Window, scope: Scope, *, by_closing: bool = False, also: str = "TRUE") -> Rows:
    """Rows that count at the window's cut-off, first submitted (or last closed) in it, within the scope.

    `also`: a further condition. A cut-off of a moment ago is read as what is true now and was then, and what was and
    is no more: each from its own small index, however long the history.
    """
    flow = "closed_at" if by_closing else "submitted_at"
    inside, params = scope.sql()
    among = f"{flow} >= %(begins)s AND {flow} < %(ends)s AND flags & {int(Atom.COUNTED)} <> 0 AND {inside} AND {also}"
    params |= {"begins": window.since, "ends": window.until, "as_of": window.as_of, "known": window.known}
    if window.live:
        return Rows(_source(among, "state = 'now'"), params)
    still = _source(among, "state = 'now'", _TRUE_THEN)
    no_more = _source(among, "state = 'past'", f"{_GONE_AT} > %(as_of)s", _TRUE_THEN)
    ahead = _source(among, "state = 'ahead'", _TRUE_THEN)
    return Rows(f"({still} UNION ALL {no_more} UNION ALL {ahead})", params)


def _source(*conditions: str) -> str:
    return f"(SELECT * FROM tickets_fact WHERE {' AND '.join(conditions)})"  # noqa: S608 - fixed texts only


def own(scope: Scope, dimension: str) -> str:
    """Which of a split request and its parts count: the parts for who handles them, elsewhere the whole."""
    parts = scope.of_department or dimension in {"department", "officer"}
    return f"flags & {int(Atom.DIVIDED if parts else Atom.PART)} = 0"
