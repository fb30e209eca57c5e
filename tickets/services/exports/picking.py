"""What is to be exported, as the page or the call that it comes from shows it: how many, which, and in what words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from qihu.accounts.models import OF_DEPARTMENT, OF_REGION, User
from qihu.errors import Forbidden, Invalid
from tickets.figures.scope import counted_for
from tickets.models import Export
from tickets.models.lists import TicketQuerySet
from tickets.services.exports import counted, figures_table
from tickets.services.exports.cells import Row

AT_ONCE = 5000
"""Rows up to which a file is made while it is sent."""
_CHUNK = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """`keys`: requests in their order, to be walked once; of the figures' table `lines` instead, already counted.

    `total`: how many the list says there are, those that never leave the house not counted.
    """

    what: Export.What
    words: str
    total: int
    as_of: datetime
    definitions: int
    known_at: datetime | None = None
    keys: Iterable[int] = field(default=())
    lines: Sequence[Row] = field(default=())

    @property
    def at_once(self) -> bool:
        """Whether the file is made while it is sent: the figures' table is counted whole anyway."""
        return self.total <= AT_ONCE or bool(self.lines)

    def limited(self) -> Picked:
        """Itself. Raises `Invalid` where it is more than may leave at once."""
        limit = settings.EXPORT_LIMIT
        if self.total > limit:
            raise Invalid(
                f"共 {self.total:,} 行，超过一次导出的上限 {limit:,} 行。"
                "请缩短时段，或加上部门、链、状态等条件，分几次导出。",
                code="export-too-large",
            )
        return self


def may_export(user: User, what: str) -> None:
    """Raises `Forbidden` unless the page that such an export comes from is the person's."""
    if what != Export.What.TICKETS:
        counted_for(user)
    elif not user.is_active or not user.roles() & (OF_DEPARTMENT | OF_REGION):
        raise Forbidden("诉求列表由经办、部门负责人、服务中心和督办使用，您的账号不能导出。")


def of_list(found: TicketQuerySet, words: str, *, user: User, at: datetime) -> Picked:
    """A list of requests: the list's own queryset, as it stands filtered and sorted, without restricted ones."""
    may_export(user, Export.What.TICKETS)
    return _of_query(found, words, Export.What.TICKETS, at=at)


def _of_query(found: TicketQuerySet, words: str, what: Export.What, *, at: datetime) -> Picked:
    rows = found.filter(restricted=False)
    keys = rows.values_list("pk", flat=True).iterator(chunk_size=_CHUNK)
    return Picked(
        what=what, words=words, total=rows.count(), as_of=at, keys=keys, definitions=counted.definitions_at(at)
    )


def of_number(user: User, asked: counted.Asked, *, at: datetime) -> Picked:
    """The requests behind a number of the board. Raises `Forbidden` for who has no board, `Invalid`."""
    what = Export.What.FIGURE_ROWS
    may_export(user, what)
    if now := counted.waiting(user, asked, at=at):
        return _of_query(*now, what, at=at)
    found = counted.behind(user, asked, at=at)
    return Picked(
        what=what,
        words=found.words,
        total=found.total,
        as_of=found.window.as_of,
        known_at=found.window.known,
        keys=found.keys,
        definitions=counted.definitions_at(found.window.as_of),
    )


def of_figures(user: User, asked: counted.Asked, *, at: datetime) -> Picked:
    """The figures of a period, by a dimension or whole. Raises as `of_number`."""
    may_export(user, Export.What.FIGURES)
    found, words = counted.table(user, asked, at=at)
    lines = figures_table.rows(found)
    return Picked(
        what=Export.What.FIGURES,
        words=words,
        total=len(lines),
        as_of=found.window.as_of,
        known_at=found.window.known,
        lines=lines,
        definitions=found.edition,
    )
