"""Drill-down: exactly the requests behind one number, as rows that the viewer may see."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from qihu.errors import Invalid
from tickets.figures.facts import BY_DEPARTMENT, WHOLE, facts
from tickets.figures.measures import BY_CLOSING, BY_CODE, DIMENSIONS, Measure, Part
from tickets.figures.window import Window
from tickets.models import Ticket
from tickets.models.lists import TicketQuerySet

PAGE = 50
LAST_PAGE = 2000
"""Nobody turns further by hand; an export is for that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """One page of the requests behind a number, newest first; `total` is that number."""

    measure: Measure
    part: Part
    total: int
    page: int
    tickets: tuple[Ticket, ...]

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PAGE))


def opened(
    window: Window,
    *,
    figure: str,
    part: str,
    by: str = "",
    value: str = "",
    scope: TicketQuerySet | None = None,
    page: int = 1,
) -> Opened:
    """The requests behind figure × part × group. Two statements. Raises `Invalid` for an unknown name or page."""
    measure, wanted = _checked(figure, part, by, value, page)
    query = facts(window, scope=scope, by_closing=figure in BY_CLOSING)
    where = f"{BY_DEPARTMENT if by == 'department' else WHOLE} AND ({measure.where(wanted)})"
    if by:
        where = f"({where}) AND COALESCE({by}, '') = %(value)s"
    sql = (
        f"{query.sql} SELECT ticket_id, count(*) OVER () FROM facts WHERE {where}"  # noqa: S608 - fixed texts only
        " ORDER BY submitted_at DESC, ticket_id DESC LIMIT %(limit)s OFFSET %(offset)s"
    )
    params = query.params | {"value": value, "limit": PAGE, "offset": (page - 1) * PAGE}
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found = cursor.fetchall()
    if not found and page > 1:
        raise Invalid("没有这一页。", fields={"page": "没有这一页。"})
    rows = {t.pk: t for t in Ticket.objects.filter(pk__in=[key for key, _ in found]).for_lists()}
    return Opened(
        measure=measure,
        part=wanted,
        total=found[0][1] if found else 0,
        page=page,
        tickets=tuple(rows[key] for key, _ in found),
    )


def _checked(figure: str, part: str, by: str, value: str, page: int) -> tuple[Measure, Part]:
    errors: dict[str, str] = {}
    if figure not in BY_CODE:
        errors["figure"] = f"没有“{figure}”这项指标。"
    if part not in [str(one) for one in Part]:
        errors["part"] = "分子、分母请用 numerator、denominator 或 rest。"
    if by and by not in DIMENSIONS:
        errors["by"] = f"不能按“{by}”分组，可用：{'、'.join(DIMENSIONS)}。"
    if not value.isprintable():
        errors["value"] = "没有这一组。"
    if not 1 <= page <= LAST_PAGE:
        errors["page"] = "没有这一页。"
    if errors:
        raise Invalid("".join(errors.values()), fields=errors)
    return BY_CODE[figure], Part(part)
