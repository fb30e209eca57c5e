"""Ratings from one device: many firms' ratings out of one browser, or out of one network in a day."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import partial

from tickets.figures.anomalies.kind import Cluster, Flag, Found, Kind
from tickets.figures.anomalies.reading import rows
from tickets.figures.anomalies.watched import Watched
from tickets.figures.window import Window, zone

FIRMS_OF_A_BROWSER = 3
"""An agent may file for two firms; three firms' ratings out of one browser within a month are worth a look."""
FIRMS_OF_A_NETWORK = 8
"""In one day: firms of one park share an address, and eight of them rating with the same browser model on the same
day do not often."""

_SHARED = """
WITH rated AS MATERIALIZED (
    SELECT {key} AS origin, o.seq, o.at, r.ticket_id, t.department_id,
        COALESCE(t.enterprise_id::text, f.enterprise_name) AS firm
    FROM tickets_ratedfrom o JOIN tickets_rating r ON r.id = o.rating_id
    JOIN tickets_ticket t ON t.id = r.ticket_id JOIN tickets_filing f ON f.ticket_id = t.id
    WHERE o.at >= %(since)s AND o.at < %(until)s AND o.{column} IS NOT NULL AND {in_scope}
), shared AS (
    SELECT origin, count(DISTINCT firm) AS firms FROM rated GROUP BY origin HAVING count(DISTINCT firm) >= %(fewest)s
)
SELECT encode(sha256(origin), 'hex'), firms, ticket_id, seq, department_id, at
FROM rated JOIN shared USING (origin) ORDER BY at DESC, ticket_id DESC LIMIT 5000
"""
_BY_DAY = "o.network || convert_to(to_char(o.at AT TIME ZONE %(zone)s, 'YYYYMMDD'), 'UTF8')"


def _found(key: str, column: str, fewest: int, said: str, watched: Watched, window: Window) -> Found:
    """Origins that `fewest` firms share; what a group is called says nothing of the hash itself."""
    sql = _SHARED.replace("{key}", key).replace("{column}", column)
    flags: list[Flag] = []
    firms: dict[str, int] = {}
    led: dict[str, Counter[int]] = defaultdict(Counter)
    for origin, n, ticket_id, seq, department_id, at in rows(sql, watched, window, fewest=fewest, zone=str(zone())):
        value = f"{column}:{origin[:16]}"
        firms[value] = n
        led[value][department_id] += 1
        flags.append(
            Flag(
                ticket_id=ticket_id,
                seq=seq,
                department_id=department_id,
                officer_id=None,
                at=at,
                note=f"{at.astimezone(zone()):%m-%d %H:%M} 评价",
                cluster=value,
            )
        )
    clusters = {value: _cluster(said, value, n, led[value]) for value, n in firms.items()}
    return Found(flags=tuple(flags), clusters=clusters)


def _cluster(said: str, value: str, firms: int, led: Counter[int]) -> Cluster:
    label = f"{said} {value.partition(':')[2][:6].upper()}"
    n, most = led.total(), led.most_common(1)[0][1]
    where = "都是同一部门的" if most == n else f"其中 {most} 个是同一部门的"
    return Cluster(label=label, why=f"{firms} 家企业的 {n} 个评价来自{said}，{where}；平常一处只有一家。", expected=1.0)


ONE_BROWSER = Kind(
    code="one_browser",
    label="同一设备评价",
    sentence=f"同一个浏览器在一个月里替至少 {FIRMS_OF_A_BROWSER} 家企业作出评价。只存每月换钥的杂凑，看不出是谁的设备；"
    "代办人员也会这样：值得核对。",
    over="评价",
    look=partial(_found, "o.browser", "browser", FIRMS_OF_A_BROWSER, "同一设备"),
)
ONE_NETWORK = Kind(
    code="one_network",
    label="同一网络评价",
    sentence=f"同一天、同一网络、同一型号的浏览器替至少 {FIRMS_OF_A_NETWORK} 家企业作出评价。"
    "园区企业共用出口也会这样：值得核对。",
    over="评价",
    look=partial(_found, _BY_DAY, "network", FIRMS_OF_A_NETWORK, "同一网络"),
)
