"""Where a rating came from, so that many firms' ratings out of one device show, and nothing else does.

What a browser is known by never reaches the database: an HMAC-SM3 of it does, under a key of the calendar month. The
same browser in two months gives two hashes that nobody can bring together, and no guess can be tried without the
key. The row stands beside the rating, never in the log; it goes after `KEPT` and with the request's personal data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from qihu.crypto import keyed
from tickets.models import RatedFrom, Rating

KEPT = timedelta(days=93)
"""As far back as anybody can look for what is worth checking (`tickets.figures.anomalies`)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """As a door saw it: a random token that this browser keeps (none from a program), and its address with the name
    that the browser gives itself.
    """

    browser: str
    network: str


def keep(rating: Rating, origin: Origin, *, seq: int) -> RatedFrom:
    """The row beside a rating. `seq`: the event that it was made by."""
    at = rating.rated_at
    return RatedFrom.objects.create(
        rating=rating,
        seq=seq,
        browser=_hash("browser", origin.browser, at),
        network=_hash("network", origin.network, at),
        at=at,
    )


def forget(*, at: datetime) -> int:
    """Drop what is older than `KEPT`; how many rows."""
    return RatedFrom.objects.filter(at__lt=at - KEPT).delete()[0]


def _hash(what: str, told: str, at: datetime) -> bytes | None:
    return keyed(f"origin:{what}:{at:%Y-%m}", told) if told else None
