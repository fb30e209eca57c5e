"""Drill-down: exactly the requests behind one number, as rows that the viewer may see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

from qihu.errors import Invalid
from tickets.figures.measures import BY_CODE, DIMENSIONS, PERIODS, Definitions, Kind, Measure, Part
from tickets.figures.scope import Scope, everything
from tickets.figures.select import own, rows_of
from tickets.figures.tally import value_sql
from tickets.figures.window import Window
from tickets.models import Checkpoint, Ticket
from tickets.models.lists import TicketQuerySet

PAGE = 50
LAST_PAGE = 2000
"""Nobody turns further by hand; an export is for that."""
_BATCH = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One page of the requests behind a number, newest first; `total` is that number.

    `hidden`: how many of this page the viewer may not open (any more): they are counted and not listed.
    """

    measure: Measure
    part: Part
    total: int
    page: int
    tickets: tuple[Ticket, ...]
    window: Window
    hidden: int = 0

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PAGE))


@dataclass(frozen=True, slots=True)
class _Behind:
    """What is listed: a statement over the rows, and its parameters."""

    sql: str
    params: dict[str, Any]
    measure: Measure
    part: Part
    window: Window


def opened(  # noqa: PLR0913 - what one address of a list names
    window: Window,
    *,
    figure: str,
    part: str,
    by: str = "",
    value: str = "",
    scope: Scope | None = None,
    seen: TicketQuerySet | None = None,
    page: int = 1,
    definitions: Definitions | None = None,
) -> Opened:
    """The requests behind figure × part × group; those of `seen` are shown. Raises `Invalid` for an unknown name.

    `definitions`: of a number that was counted by another edition than the newest.
    """
    if not 1 <= page <= LAST_PAGE:
        raise Invalid("没有这一页。", fields={"page": "没有这一页。"})
    behind = _behind(window, figure, part, by, value, scope, definitions)
    total = _total(behind)
    if page > max(1, -(-total // PAGE)):
        raise Invalid("没有这一页。", fields={"page": "没有这一页。"})
    keys = _page(behind, page) if total else []
    among = Ticket.objects.all() if seen is None else seen
    rows = {ticket.pk: ticket for ticket in among.filter(pk__in=keys).for_lists()}
    return Opened(
        measure=behind.measure,
        part=behind.part,
        total=total,
        page=page,
        tickets=tuple(rows[key] for key in keys if key in rows),
        window=replace(behind.window, live=False),
        hidden=len(keys) - len(rows),
    )


def behind(
    window: Window, *, figure: str, part: str, by: str = "", value: str = "", scope: Scope | None = None
) -> Iterator[int]:
    """Keys of all requests behind a number, newest first, read in batches: for exports."""
    found = _behind(window, figure, part, by, value, scope)
    place = ""
    params = found.params | {"limit": _BATCH}
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT submitted_at, ticket_id {found.sql} {place}"
                " ORDER BY submitted_at DESC, ticket_id DESC LIMIT %(limit)s",
                params,
            )
            rows = cursor.fetchall()
        yield from (key for _, key in rows)
        if len(rows) < _BATCH:
            return
        place = "WHERE (submitted_at, ticket_id) < (%(last_at)s, %(last_key)s)"
        params |= {"last_at": rows[-1][0], "last_key": rows[-1][1]}


def _total(behind: _Behind) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {behind.sql}", behind.params)
        total: int = cursor.fetchone()[0]
    return total


def _page(behind: _Behind, page: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT ticket_id {behind.sql} ORDER BY submitted_at DESC, ticket_id DESC"
            " LIMIT %(limit)s OFFSET %(offset)s",
            behind.params | {"limit": PAGE, "offset": (page - 1) * PAGE},
        )
        return [key for (key,) in cursor.fetchall()]


def _behind(
    window: Window,
    figure: str,
    part: str,
    by: str,
    value: str,
    scope: Scope | None,
    definitions: Definitions | None = None,
) -> _Behind:
    measure, wanted = _checked(figure, part, by, value, definitions.by_code if definitions else BY_CODE)
    scope, window = scope or everything(), _standing(window)
    closing = measure.by_closing
    also = [own(scope, by), measure.where(wanted).sql()]
    also += [f"{measure.times} IS NOT NULL"] if measure.times else []
    also += [f"{value_sql(by, by_closing=closing)} = %(value)s"] if by else []
    rows = rows_of(window, scope, by_closing=closing, also=" AND ".join(also))
    return _Behind(f"FROM {rows.sql} f", rows.params | {"value": value}, measure, wanted, window)


def _standing(window: Window) -> Window:
    """A live window's cut-off; without a checkpoint there is nothing to be current."""
    if not window.live:
        return window
    state = Checkpoint.objects.filter(pk=1).first()
    if state is None or state.as_of is None:
        return replace(window, live=False)
    return replace(window, as_of=state.as_of, known=state.known_at)


def _checked(figure: str, part: str, by: str, value: str, measures: Mapping[str, Measure]) -> tuple[Measure, Part]:
    errors: dict[str, str] = {}
    if figure not in measures or measures[figure].kind is Kind.INDEX:
        errors["figure"] = f"没有“{figure}”这项指标。"
    if part not in [str(one) for one in Part]:
        errors["part"] = "分子、分母请用 numerator、denominator 或 rest。"
    if by and by not in DIMENSIONS and by not in PERIODS:
        errors["by"] = f"不能按“{by}”分组，可用：{'、'.join([*DIMENSIONS, *PERIODS])}。"
    if not value.isprintable():
        errors["value"] = "没有这一组。"
    if errors:
        raise Invalid("".join(errors.values()), fields=errors)
    return measures[figure], Part(part)
