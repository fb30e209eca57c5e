"""Closed within minutes: answered as solved right after the assignment, rated right after the answer came."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta
from functools import partial

from qihu.accounts.models import Region
from routing.promises.book import PromiseBook, calendar_version, current_book
from routing.promises.worktime import opening_seconds
from routing.promises.zones import micros, moment
from tickets.figures.anomalies.kind import Found, Kind
from tickets.figures.anomalies.reading import Odd, rated
from tickets.figures.anomalies.watched import Watched
from tickets.figures.window import Window

REPLY_MINUTES = 10
"""Working minutes. To read a request, ring the firm and write an answer takes longer; the shortest promise to sign
alone is 30 minutes (domain.md §4)."""
RATING_SECONDS = 60
"""To get the notice, open it, read the answer and choose twice takes a person longer."""
_LONGEST = timedelta(days=20)
"""No rest between two working days is longer, so nothing older can be within `REPLY_MINUTES` of opening time."""

_REPLIES = """
    SELECT e.ticket_id, e.seq, e.department_id, e.actor_id AS officer_id, e.happened_at AS at,
        e.happened_at - handed.at <= %(span)s OR (
            e.happened_at - handed.at <= %(longest)s
            AND e.happened_at - (%(opens)s::timestamptz[])[width_bucket(e.happened_at, %(opens)s::timestamptz[])]
                <= %(span)s
        ) AS odd,
        jsonb_build_object('since', handed.at, 'region', t.region_id) AS detail
    FROM tickets_event e JOIN tickets_ticket t ON t.id = e.ticket_id
    CROSS JOIN LATERAL (
        SELECT h.happened_at AS at FROM tickets_event h
        WHERE h.ticket_id = e.ticket_id AND h.seq < e.seq AND h.to_status = 'assigned'
            AND h.kind IN ('submit', 'route', 'assign', 'reassign', 'rule_on_return', 'rework', 'reopen')
        ORDER BY h.seq DESC LIMIT 1
    ) handed
    WHERE e.kind = 'reply' AND e.happened_at >= %(since)s AND e.happened_at < %(until)s
        AND e.data->>'outcome' = 'solved' AND {in_scope}"""

_RATINGS = """
    SELECT e.ticket_id, e.seq, e.department_id, t.officer_id::int AS officer_id, e.happened_at AS at,
        e.happened_at - sent.at <= %(span)s AS odd,
        jsonb_build_object('seconds', extract(epoch FROM e.happened_at - sent.at)::int) AS detail
    FROM tickets_event e JOIN tickets_ticket t ON t.id = e.ticket_id
    CROSS JOIN LATERAL (
        SELECT d.happened_at AS at FROM tickets_event d
        WHERE d.ticket_id = e.ticket_id AND d.seq < e.seq AND d.kind = 'deliver' ORDER BY d.seq DESC LIMIT 1
    ) sent
    WHERE e.kind = 'rate' AND e.happened_at >= %(since)s AND e.happened_at < %(until)s AND {in_scope}"""


def replies(watched: Watched, window: Window) -> Found:
    """Answers with the outcome solved within `REPLY_MINUTES` working minutes of the assignment to the department."""
    book = current_book()
    paths = dict(Region.objects.order_by("pk").values_list("pk", "path"))
    return rated(
        _REPLIES,
        watched,
        window,
        partial(_quick, book, paths),
        span=timedelta(minutes=REPLY_MINUTES),
        longest=_LONGEST,
        opens=_openings(book, window),
    )


def ratings(watched: Watched, window: Window) -> Found:
    """Ratings within `RATING_SECONDS` of the delivery."""
    span = timedelta(seconds=RATING_SECONDS)
    return rated(_RATINGS, watched, window, lambda odd: f"送达后 {odd.detail['seconds']} 秒评价", span=span)


def _quick(book: PromiseBook, paths: dict[str, str], odd: Odd) -> str | None:
    """The statement only narrows it down; working time is reckoned here, by the region's calendar."""
    since = datetime.fromisoformat(odd.detail["since"])
    seconds = opening_seconds(book.calendar(paths[odd.detail["region"]]), since, odd.at)
    return f"交办后 {seconds // 60} 个工作分钟答复“已解决”" if seconds <= REPLY_MINUTES * 60 else None


def _openings(book: PromiseBook, window: Window) -> list[datetime]:
    """When any of the calendars opens, in order, from before the window to its end."""
    first, last = micros(window.since - _LONGEST), micros(window.until)
    found: set[int] = set()
    for one in book.published:
        opens = calendar_version(one.version_id).table(first, last).opens
        found.update(opens[max(bisect_right(opens, first) - 1, 0) : bisect_left(opens, last)])
    return [moment(at) for at in sorted(found)]


QUICK_REPLY = Kind(
    code="quick_reply",
    label="交办即办结",
    sentence=f"交办本部门后不到 {REPLY_MINUTES} 个工作分钟就答复“已解决”的；占比明显高于其他部门的列出。"
    "也可能是电话里当场办成：值得核对答复和回访。",
    over="答复“已解决”的",
    look=replies,
)
QUICK_RATING = Kind(
    code="quick_rating",
    label="送达即评价",
    sentence=f"答复送达后 {RATING_SECONDS} 秒内就作出评价的；占比明显高于其他部门的列出。值得核对是否由企业本人评价。",
    over="已评价的",
    look=ratings,
)
