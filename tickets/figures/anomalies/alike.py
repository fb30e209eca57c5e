"""Replies alike: nearly the same words to different firms, which nobody meant to be the same."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from routing.triage.alike import firm_key, grams, likeness
from tickets.figures.anomalies.grouping import departments
from tickets.figures.anomalies.kind import Cluster, Flag, Found, Kind
from tickets.figures.anomalies.reading import Odd, rows
from tickets.figures.anomalies.watched import Watched
from tickets.figures.window import Window

LIKE = 0.9
"""Cosine over pairs of characters from which two answers are the same in all but names and figures."""
FEWEST_GRAMS = 15
"""Shorter answers ("已协调解决，请放心") are alike by nature."""
FIRMS = 3
"""To so many different firms: two answers of one officer may well resemble each other."""
OF_DEPARTMENT, OF_ALL = 300, 6000
"""Answers compared at most, the newest: of one department, and altogether."""
_STAND = 10
_BANDS = tuple(zlib.crc32(bytes([n])) for n in range(1, 9))
"""Eight orders of the pairs. Two texts at `LIKE` share their first pair in one order with a chance of about 0.8, so
they meet in none of eight less than once in a hundred thousand."""

_REPLIES = """
WITH replied AS MATERIALIZED (
    SELECT e.ticket_id, e.seq, e.department_id, e.actor_id, e.happened_at AS at, e.text_id,
        row_number() OVER (PARTITION BY e.department_id ORDER BY e.happened_at DESC, e.id DESC) AS nth
    FROM tickets_event e JOIN tickets_ticket t ON t.id = e.ticket_id
    WHERE e.kind = 'reply' AND e.happened_at >= %(since)s AND e.happened_at < %(until)s
        AND t.topic_id IS NULL AND t.status <> 'merged' AND {in_scope}
), newest AS MATERIALIZED (
    SELECT * FROM replied WHERE nth <= %(of_department)s ORDER BY at DESC, ticket_id DESC LIMIT %(of_all)s
)
SELECT r.ticket_id, r.seq, r.department_id, r.actor_id, r.at, x.body, f.enterprise_name
FROM newest r JOIN tickets_text x ON x.id = r.text_id JOIN tickets_filing f ON f.ticket_id = r.ticket_id
WHERE x.body <> '' ORDER BY r.at DESC, r.ticket_id DESC
"""
"""Words are read of those alone that are compared."""


@dataclass(frozen=True, slots=True)
class _Reply:
    odd: Odd
    firm: str
    grams: frozenset[str]


def replies(watched: Watched, window: Window) -> Found:
    """Clusters of answers of one department that are alike, to at least `FIRMS` firms."""
    by_department: dict[int, list[_Reply]] = defaultdict(list)
    for key, seq, department, author, at, body, firm in rows(
        _REPLIES, watched, window, of_department=OF_DEPARTMENT, of_all=OF_ALL
    ):
        reply = _Reply(Odd(key, seq, department, author, at, {}), firm_key(firm), grams(body))
        if len(reply.grams) >= FEWEST_GRAMS and department is not None:
            by_department[department].append(reply)
    names, flags, clusters = departments(), [], {}
    for key, replied in by_department.items():
        for members in alike_in(replied):
            code, name = names[key]
            value = f"{code}:{min(one.odd.ticket_id for one in members)}"
            clusters[value] = _cluster(name, members, len(replied))
            flags += [_flag(one, members[0], value) for one in members]
    return Found(flags=tuple(flags), clusters=clusters)


def alike_in(replied: Sequence[_Reply]) -> Iterator[list[_Reply]]:
    """Groups in which each answer is alike to another one's, of enough firms, newest first."""
    parent = list(range(len(replied)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for one, other in _pairs(replied):
        a, b = root(one), root(other)
        parent[max(a, b)] = min(a, b)
    found: dict[int, list[_Reply]] = defaultdict(list)
    for place, reply in enumerate(replied):
        found[root(place)].append(reply)
    yield from (members for members in found.values() if len({one.firm for one in members}) >= FIRMS)


def _pairs(replied: Sequence[_Reply]) -> Iterator[tuple[int, int]]:
    """Pairs that are alike, among those that begin with the same pair of characters in one of the orders.

    Linear in the answers: each is held against what stands for its bucket, at most `_STAND` of them.
    """
    for band in _BANDS:
        standing: dict[int, list[int]] = defaultdict(list)
        for place, reply in enumerate(replied):
            bucket = standing[_lowest(reply.grams, band)]
            same = next((one for one in bucket if likeness(replied[one].grams, reply.grams) >= LIKE), None)
            if same is not None:
                yield same, place
            elif len(bucket) < _STAND:
                bucket.append(place)


def _lowest(pairs: Iterable[str], band: int) -> int:
    return min(zlib.crc32(pair.encode(), band) for pair in pairs)


def _cluster(name: str, members: Sequence[_Reply], among: int) -> Cluster:
    firms = len({one.firm for one in members})
    return Cluster(
        label=name,
        why=f"给 {firms} 家企业的 {len(members)} 个答复几乎相同（比较了最近 {among} 个）；"
        "针对不同诉求的答复通常各不相同。",
        expected=1.0,
        among=among,
    )


def _flag(one: _Reply, other: _Reply, value: str) -> Flag:
    return one.odd.flag(f"与组内答复相似 {likeness(one.grams, other.grams):.0%}", cluster=value)


ALIKE_REPLIES = Kind(
    code="alike_replies",
    label="答复雷同",
    sentence=f"同一部门给至少 {FIRMS} 家不同企业的答复，除名称和数字外几乎一样（相似度 {LIKE:.0%} 以上）。"
    "纳入专题统一答复的、已并案的不计；同一政策的统一口径也会这样：值得核对是否答到了各自的问题。",
    over="答复",
    look=replies,
)
